"""Coverage-guided fuzzing of one list format: only events or typed refusals may come.

    python tests/fuzz/fuzz_formats.py FORMAT[,FORMAT...] [FOLDER] [options of libFuzzer]

Several formats run one after the other, each in a process and a folder below FOLDER of its own.
Begins with the contract examples of the format. Ends with 0 when nothing was found; a finding is
written by libFuzzer as ``crash-...`` into the working folder. Not for networks, nor for timing.
"""

import importlib.util
import io
import itertools
import os
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


def fuzz(name, folder, options):
    """Feed a format from a folder with its contract examples; does not return."""
    given = list(examples(name))
    if not given:
        sys.exit(f"no contract examples of a format {name}")
    for number, example in enumerate(given if folder else ()):
        Path(*folder, f"example-{number}").write_bytes(example.data)
    stated = {repr(one.options): one.options for one in given}
    feed = target(name, [*stated.values(), ReadOptions()])
    atheris.Setup([sys.argv[0], *folder, *options], feed)
    atheris.Fuzz()


def one_after_the_other(names, folder, options):
    """Feed each format in a process of its own, so that what all of them load is loaded once."""
    failed = []
    for name in names:
        own = Path(folder[0], name)
        own.mkdir()
        child = os.fork()
        if not child:
            os.write(2, f"format {name}\n".encode())
            fuzz(name, [os.fspath(own)], options)
            os._exit(1)  # not reached: the fuzzer ends the process
        if os.waitpid(child, 0)[1]:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")


def main():
    names, *rest = sys.argv[1:]
    folder = [one for one in rest if not one.startswith("-")][:1]
    options = [one for one in rest if one.startswith("-")]
    if "," in names:
        one_after_the_other(names.split(","), folder, options)
    else:
        fuzz(names, folder, options)


if __name__ == "__main__":
    main()
