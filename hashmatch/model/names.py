"""Names on evidence are raw bytes: kept without loss, shown without disguise."""

from __future__ import annotations

import base64
import unicodedata


def to_json(path: bytes, key: str = "path") -> dict[str, str]:
    """Give a path for a JSON line: text, and the exact bytes where text alone would lose some.

    Returns:
        ``{"path": text}``, and ``path_b64`` beside it when the bytes are not UTF-8.
    """
    text = path.decode("utf-8", "replace")
    if text.encode() == path:
        return {key: text}
    return {key: text, f"{key}_b64": base64.b64encode(path).decode()}


def from_json(line: dict[str, object], key: str = "path") -> bytes:
    """Read back what :func:`to_json` wrote, byte for byte.

    Raises:
        ValueError: the fields are missing or not of that form.
    """
    exact, text = line.get(f"{key}_b64"), line.get(key)
    if isinstance(exact, str):
        return base64.b64decode(exact, validate=True)
    if isinstance(text, str):
        return text.encode()
    msg = f"no {key} in this line"
    raise ValueError(msg)


def to_text(path: bytes) -> str:
    """Give a path as text in which surrogates stand for the bytes that are not UTF-8."""
    return path.decode("utf-8", "surrogateescape")


def from_text(text: str) -> bytes:
    """Give the bytes behind :func:`to_text`; a surrogate that stands for none is spelt out."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def shown(path: bytes | str) -> str:
    r"""Make a name safe to print for a person.

    Control, bidirectional and zero-width characters and unpaired surrogates become visible
    (``‹U+202E›``), bytes that are not UTF-8 become ``\xNN``. Markup is the renderer's concern.
    """
    text = path.decode("utf-8", "backslashreplace") if isinstance(path, bytes) else path
    return "".join(f"‹U+{ord(c):04X}›" if is_hidden(c) else c for c in text)


def is_hidden(char: str) -> bool:
    """Tell whether a character cannot be seen, or makes others be seen otherwise."""
    category = unicodedata.category(char)
    if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return True
    return category == "Zs" and char != " "
