"""Packages with a perceptual hasher, as ``pip`` would have installed them into a folder."""

from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "plugins.md"
AVERAGES, PHOTODNA = (
    block.split("```")[0] for block in PAGE.read_text("utf-8").split("```python\n")[1:]
)
"""The two examples of the page: one that stands for PhotoDNA, one for a licensed library."""


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
