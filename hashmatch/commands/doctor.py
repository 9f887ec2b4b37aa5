"""``hashmatch doctor``: what is installed, what is missing, and whether it computes right."""

from __future__ import annotations

import importlib.util

import click

from hashmatch.commands.keys import library_key_file, signing_key_file
from hashmatch.commands.options import library_at
from hashmatch.commands.setting import home, present
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

_OPTIONAL = {
    "heif": ("pillow_heif", "HEIC pictures"),
    "compat": ("imagehash", "pHash, dHash and aHash for lists that carry them"),
}


@click.command("doctor")
def command() -> int:
    """Show what is installed and what is missing, and run the self-test.

    Exit code 1 when the self-test fails: nothing that this installation says can be trusted.
    """
    from hashmatch.hashing import known_answers  # noqa: PLC0415  # NumPy takes a while

    setting = present()
    for name, version in setting.tool.items():
        if name != "name":
            _line("hashmatch" if name == "version" else name, version)
    _line("system", setting.system)
    for extra, (module, purpose) in _OPTIONAL.items():
        found = importlib.util.find_spec(module) is not None
        missing = f"missing: {purpose}; pip install 'hashmatch[{extra}]'"
        _line(f"[{extra}]", purpose if found else missing)
    _line("data folder", shown(str(home())))
    for name, path in (
        ("library", library_at(None)),
        ("library key", library_key_file(None)),
        ("signing key", signing_key_file()),
    ):
        _line(name, shown(str(path)) if path.exists() else f"none yet ({shown(str(path))})")
    answers = known_answers.check()
    for name, passed in answers:
        _line(f"test {name}", "passed" if passed else "FAILED")
    return ExitCode.CLEAR if all(passed for _, passed in answers) else ExitCode.CRASH


def _line(key: str, value: str) -> None:
    click.echo(f"{key:<24}{value}")
