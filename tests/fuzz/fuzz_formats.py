"""Coverage-guided fuzzing of one list format: only events or typed refusals may come.

    python tests/fuzz/fuzz_formats.py FORMAT [libFuzzer options, such as -max_total_time=60]

Begins with the contract examples of the format. Ends with 0 when nothing was found; a finding is
written by libFuzzer as ``crash-...`` into the working folder. Not for networks, nor for timing.
"""

import importlib.util
import io
import itertools
import sys
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
MOST_EVENTS = 5000

sys.path[:0] = [str(HERE.parents[1])]

with atheris.instrument_imports(include=["hashmatch.formats"]):
    from hashmatch.errors import HashmatchError
    from hashmatch.formats import registry
    from hashmatch.formats.interface import BatchFormat, ReadOptions

    registry.all_formats()  # found by looking into the folder, so they are imported here


def examples(name):
    """Give the contract examples of a format, as data with options."""
    sys.path.insert(0, str(HERE.parent / "contract"))
    for path in sorted((HERE.parent / "contract").glob("test_formats_contract*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for one in vars(module).values():
            if isinstance(one, type) and getattr(one, "name", None) == name:
                yield from one.examples


def target(name, options):
    """Make the function that is fed with damaged lists."""
    form = registry.by_name(name)

    def feed(data):
        form.detect(data, "x")
        chosen = options[len(data) % len(options)]
        readers = [form.read]
        if isinstance(form, BatchFormat):
            readers.append(form.read_batches)
        for read in readers:
            try:
                for _ in itertools.islice(read(io.BytesIO(data), chosen), MOST_EVENTS):
                    pass
            except HashmatchError:
                continue

    return feed


def main():
    name, *rest = sys.argv[1:]
    corpus = [one for one in rest if not one.startswith("-")]
    given = list(examples(name))
    if not given:
        sys.exit(f"no contract examples of a format {name}")
    for folder in corpus[:1]:
        for number, example in enumerate(given):
            Path(folder, f"example-{number}").write_bytes(example.data)
    stated = {repr(one.options): one.options for one in given}
    options = [*stated.values(), ReadOptions()]
    atheris.Setup([sys.argv[0], *rest], target(name, options))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
