"""Statements of an SQL text, taken apart into words. Nothing here is ever executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TOKEN = re.compile(
    r"""\s*(?:([A-Za-z_]\w*)|'([^']*(?:''[^']*)*)'|"([^"]+)"|(-?\d+)|([(),;=]))""", re.ASCII
)

Literal: TypeAlias = "str | int | None"


@dataclass(frozen=True, slots=True)
class Token:
    """A word (upper case), a ``name`` in double quotes, a ``text``, a ``number`` or a mark."""

    kind: str
    value: str


_KINDS = ("word", "text", "name", "number", "mark")


class Statement:
    """The words of one statement, taken one after the other.

    ``line`` is where it begins. Whatever is not as expected raises a :class:`HashSetError` that
    names the line.
    """

    def __init__(self, line: int, tokens: list[Token]) -> None:
        self.line = line
        self._tokens = tokens
        self._at = 0

    def is_at(self, *words: str) -> bool:
        """Tell whether these words or marks come next, and pass over them if so."""
        found = self._tokens[self._at : self._at + len(words)]
        if [one.value for one in found if one.kind in {"word", "mark"}] != [*words]:
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Pass over these words or marks."""
        if not self.is_at(*words):
            raise self.refusal()

    def name(self) -> str:
        """Take the name of a table or column, in lower case."""
        return self._take({"word", "name"}).value.lower()

    def literal(self) -> Literal:
        """Take a text, a whole number or NULL."""
        if self.is_at("NULL"):
            return None
        token = self._take({"text", "number"})
        if token.kind == "text":
            return token.value.replace("''", "'")
        if len(token.value) > 20:
            raise self.refusal()
        return int(token.value)

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self._at != len(self._tokens):
            raise self.refusal()

    def refusal(self) -> HashSetError:
        """Say that this statement is not one that a list of changes may hold."""
        return HashSetError(
            f"line {self.line}: expected only plain rows inserted into, deleted from and updated in"
            " tables of the NSRL; apply the changes to a copy with sqlite3 and import that"
        )

    def _take(self, kinds: set[str]) -> Token:
        if self._at >= len(self._tokens) or self._tokens[self._at].kind not in kinds:
            raise self.refusal()
        self._at += 1
        return self._tokens[self._at - 1]


def statements(lines: Iterable[tuple[int, str | None]], maximum: int) -> Iterator[Statement]:
    """Give the statements of a text, each ended by ``;``.

    Raises:
        HashSetError: something is no SQL, a statement is longer than ``maximum`` characters, or
            the last one does not end.
    """
    begun, length, quoted = 0, 0, False
    pieces: list[str] = []
    for place, line in lines:
        length += len(line or "")
        if line is None or length > maximum:
            msg = f"line {begun or place}: the statement is longer than {maximum} characters"
            raise HashSetError(msg)
        if not pieces and (not line.strip() or line.lstrip().startswith("--")):
            length = 0
            continue
        begun = begun if pieces else place
        pieces.append(line)
        # A doubled quote inside quotes changes nothing about which side of them the end is on.
        quoted ^= line.count("'") % 2 == 1
        if not quoted and line.rstrip().endswith(";"):
            yield from _split(begun, "\n".join(pieces))
            pieces, length = [], 0
    if pieces:
        msg = f"line {begun}: the statement does not end; the file is cut off, get a whole copy"
        raise HashSetError(msg)


def _split(line: int, text: str) -> Iterator[Statement]:
    tokens: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastindex is None:
            raise Statement(line, []).refusal()
        at = found.end()
        kind = _KINDS[found.lastindex - 1]
        value = found[found.lastindex]
        if (kind, value) == ("mark", ";"):
            yield Statement(line, tokens)
            tokens = []
        else:
            tokens.append(Token(kind, value.upper() if kind == "word" else value))
