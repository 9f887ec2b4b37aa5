"""Packages with a perceptual hasher, as ``pip`` would have installed them into a folder."""

AVERAGES = '''
import numpy as np


class Averages:
    """Stands for PhotoDNA: 144 bytes, each the mean of one of 12 by 12 fields. Not PhotoDNA."""

    method = "photodna"
    implementation = "averages/1"
    nbytes = 144
    metric = "sql2"

    def selftest(self):
        return self.hash(np.full((24, 36, 3), 7, np.uint8)) == bytes([7]) * 144

    def hash(self, pixels):
        grey = pixels.mean(axis=2)
        rows = np.array_split(grey, 12)
        fields = [cell.mean() for row in rows for cell in np.array_split(row, 12, axis=1)]
        return np.array(fields).astype(np.uint8).tobytes()

    def derive(self, value):
        fields = np.frombuffer(value, np.uint8).reshape(12, 12)
        turned = {"rot180": fields[::-1, ::-1], "flipx": fields[::-1], "flipy": fields[:, ::-1]}
        return {name: one.tobytes() for name, one in turned.items()}
'''


def install(folder, source=AVERAGES, *, name="averages", method="photodna"):
    """Put a package into a folder, which is then to be on Python's path.

    Args:
        folder: what stands in for ``site-packages``.
        source: the one module; it defines ``Averages``.
        name: of package and module.
        method: name of the entry point.
    """
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(source)
    facts = folder / f"{name}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[hashmatch.hashers]\n{method} = {name}:Averages\n")
    return folder
