"""The text that describes an LVM volume group, read into sections.

Source: the description of LVM2's metadata by libyal (libvslvm); lvm.conf(5) has the same grammar.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Value: TypeAlias = "str | int | list[str | int] | Section"
Section: TypeAlias = dict[str, Value]

MOST_DEPTH = 8
_TOKEN = re.compile(
    r"""(?:\s|\#[^\n]*+)*+(?:(?P<text>"(?:[^"\\]|\\.)*+")|(?P<number>-?\d+(?:\.\d+)?)(?![\w-])
    |(?P<name>[\w.+-]+)|(?P<mark>[][{}=,]))""",
    re.VERBOSE | re.ASCII,
)


class TextError(ValueError):
    """The text is not of that grammar."""


def parse(text: str) -> Section:
    """Read the text into sections, numbers, strings and lists of these.

    Raises:
        TextError: it cannot be read to its end.
    """
    whole: Section = {}
    open_: list[Section] = [whole]
    tokens = _tokens(text)
    at = 0
    while at < len(tokens):
        kind, word = tokens[at]
        if word == "}" and kind == "mark" and len(open_) > 1:
            open_.pop()
            at += 1
        elif _follows(tokens, at, "{") and len(open_) <= MOST_DEPTH:
            inner: Section = {}
            _add(open_[-1], word, inner)
            open_.append(inner)
            at += 2
        elif _follows(tokens, at, "="):
            value, at = _value(tokens, at + 2)
            _add(open_[-1], word, value)
        else:
            msg = "no name of a value or section"
            raise TextError(msg)
    if len(open_) > 1:
        msg = "the text ends within a section"
        raise TextError(msg)
    return whole


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    at = 0
    text = text.rstrip("\0 \t\r\n")
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            if text[at:].lstrip().startswith("#") and "\n" not in text[at:].strip():
                break
            msg = "a sign that does not belong there"
            raise TextError(msg)
        found.append((token.lastgroup or "", token[token.lastgroup or 0]))
        at = token.end()
    return found


def _follows(tokens: list[tuple[str, str]], at: int, mark: str) -> bool:
    named = tokens[at][0] in {"name", "number"}
    return named and tokens[at + 1 : at + 2] == [("mark", mark)]


def _add(section: Section, name: str, value: Value) -> None:
    if name in section:
        msg = "a name that is there twice"
        raise TextError(msg)
    section[name] = value


def _value(tokens: list[tuple[str, str]], at: int) -> tuple[Value, int]:
    if tokens[at : at + 1] != [("mark", "[")]:
        return _single(tokens, at), at + 1
    found: list[str | int] = []
    at += 1
    while tokens[at : at + 1] != [("mark", "]")]:
        found.append(_single(tokens, at))
        at += 1
        if tokens[at : at + 1] == [("mark", ",")]:
            at += 1
    return found, at + 1


def _single(tokens: list[tuple[str, str]], at: int) -> str | int:
    kind, word = tokens[at] if at < len(tokens) else ("", "")
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    if kind == "number" and "." not in word and len(word) < 20:
        return int(word)
    msg = "a value that is neither text nor a whole number"
    raise TextError(msg)
