"""Settings of a project: ``.hashmatch-lint.yaml``, or a table in ``pyproject.toml``.

They are looked for in the folder of the list and upward. Words are those of the command line,
and the command line wins.
"""

from __future__ import annotations

import datetime
import tomllib
from typing import TYPE_CHECKING, NoReturn

import yaml

from hashmatch.errors import UsageError
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME, SHARED = ".hashmatch-lint.yaml", "pyproject.toml"
_MOST = 1 << 20

_TEXT, _TEXTS, _NUMBER, _COUNT = "a text", "a list of texts", "a number", "a whole number"
_DAY = "a day such as 2027-01-31"
KEYS: Mapping[str, str] = {
    "select": _TEXTS,
    "ignore": _TEXTS,
    "fail-level": _TEXT,
    "baseline": _TEXT,
    "waivers": _TEXT,
    "max-findings": _COUNT,
    "scheme": _TEXT,
    "kind": _TEXT,
    "previous": _TEXT,
    "previous-set": _TEXT,
    "benign": _TEXT,
    "benign-set": _TEXT,
    "key": _TEXT,
    "key-expires": _DAY,
    "manifest": _TEXT,
    "max-age": _COUNT,
    "max-removed": _NUMBER,
    "max-changed": _NUMBER,
    "columns": _TEXTS,
    "hub": _COUNT,
    "list-format": _TEXT,
    "type": _TEXT,
    "map": _TEXTS,
    "delimiter": _TEXT,
    "environment": _TEXT,
    "mapping": _TEXT,
}
"""What may be set, and of which type."""

PATHS = frozenset({"baseline", "waivers", "previous", "benign", "key", "manifest"})
"""Settings that name a file, from the folder of the settings."""


def refuse(path: Path, why: str) -> NoReturn:
    """Refuse a file of settings or waivers."""
    msg = f"{path}: {why}"
    raise UsageError(msg)


def load_yaml(path: Path) -> object:
    """Read a small YAML file.

    Raises:
        UsageError: it cannot be read, is too long, or is no YAML.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST + 1)
    except OSError as error:
        refuse(path, f"cannot be read: {error.strerror}")
    if len(data) > _MOST:
        refuse(path, f"longer than {_MOST} bytes")
    try:
        return yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
        refuse(path, "is not YAML")


def found_from(folder: Path) -> tuple[Path, dict[str, object]] | None:
    """Look for settings in a folder and upward; the nearest counts alone.

    Raises:
        UsageError: a file of settings is damaged, or has an unknown key.
    """
    folder = folder.absolute()
    for place in (folder, *folder.parents):
        own, shared = place / NAME, place / SHARED
        table = _table(shared) if shared.is_file() else None
        if own.is_file():
            if table is not None:
                refuse(own, f"{SHARED} beside it has settings too; keep one of them")
            return own, read(own)
        if table is not None:
            return shared, _checked(shared, table)
    return None


def read(path: Path) -> dict[str, object]:
    """Read one file of settings; raises ``UsageError`` as :func:`found_from` does."""
    if path.suffix == ".toml":
        return _checked(path, _table(path) or {})
    return _checked(path, load_yaml(path) or {})


def _table(path: Path) -> object:
    try:
        with path.open("rb") as stream:
            value = tomllib.load(stream)
    except OSError as error:
        refuse(path, f"cannot be read: {error.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        refuse(path, "is not TOML")
    tool = value.get("tool", {}).get("hashmatch", {})
    return tool.get("lint") if isinstance(tool, dict) else None


def _checked(path: Path, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        refuse(path, "expected keys and values")
    for key, one in value.items():
        if key not in KEYS:
            name = shown(str(key)[:40])
            refuse(path, f"{name} is no setting; known are {', '.join(sorted(KEYS))}")
        if not _fits(one, KEYS[key]):
            refuse(path, f"{key} must be {KEYS[key]}")
    return {key: str(path.parent / str(one)) if key in PATHS else one for key, one in value.items()}


def _fits(value: object, kind: str) -> bool:
    if kind == _TEXTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == _TEXT:
        return isinstance(value, str) and bool(value)
    if kind == _DAY:
        return type(value) is datetime.date
    if kind == _COUNT:
        return type(value) is int and value >= 0
    return type(value) in {int, float}
