"""The file hashes that a STIX pattern asks for, as alternatives of which each is one file.

A pattern is a condition over what was observed. Hashes that must agree together (``AND``) are of
one file, those of which one is enough (``OR``, ``IN``) are of different ones. Time limits and the
order of observations say nothing about files and are passed over. A condition that excludes a
hash, or compares it other than for equality, cannot be turned into a list; it is pointed out.
Source: STIX 2.1, part 9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"\s*(?:(?P<text>[tbh]?'(?:[^'\\]|\\.)*+')|(?P<word>[A-Za-z_][\w-]*+)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<sign>!=|<>|<=|>=|==|[=<>\[\]().,:*]))",
    re.DOTALL,
)
_DEEPEST = 32
_MOST = 10_000
_MOST_TERMS = 1000
"""Conditions on one file; no pattern has need of so many."""
_MOST_TOGETHER = 100_000
_OBSERVED = ("AND", "OR", "FOLLOWEDBY")
_QUALIFIERS = ("REPEATS", "WITHIN", "START", "STOP", "TIMES", "SECONDS")
_WHOLE_FILES = ("file", "artifact")


class PatternError(ValueError):
    """A pattern cannot be read. The message holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on one property: of which object, by which path, equal to what.

    ``value`` is None where the condition is another one than equality.
    """

    of: str
    path: tuple[str, ...]
    value: str | None

    @property
    def hash_name(self) -> str | None:
        """The hash algorithm as spelled, where this is about the content of a whole file."""
        path = self.path
        if len(path) < 2 or path[-2] != "hashes":
            return None
        own = len(path) == 2 and self.of in _WHOLE_FILES
        referred = len(path) > 2 and path[-3].endswith("_ref")
        return path[-1] if own or referred else None

    @property
    def is_of_piece(self) -> bool:
        """Whether this is a hash of something else than a whole file, such as a section."""
        return "hashes" in self.path and self.of in _WHOLE_FILES and self.hash_name is None


Alternative = tuple[Term, ...]


def alternatives(pattern: str) -> list[Alternative]:
    """Give what the pattern asks for, in order; each alternative holds all its terms.

    Raises:
        PatternError: it is no such pattern, is nested too deeply or has too many alternatives.
    """
    reader = _Reader(pattern)
    found = reader.observations()
    reader.end()
    return found


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._tokens = list(_tokens(pattern))
        self._at = 0
        self._depth = 0

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise PatternError

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise PatternError
        self._at += 1
        return token

    def _take(self, *expected: str) -> bool:
        if self._peek().upper() in expected:
            self._at += 1
            return True
        return False

    def _need(self, expected: str) -> None:
        if not self._take(expected):
            raise PatternError

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise PatternError

    def observations(self) -> list[Alternative]:
        """Read observations; each is about files of its own, however they are combined."""
        found = self._observation()
        while self._take(*_OBSERVED):
            found += self._observation()
            _check(len(found) <= _MOST)
        return found

    def _observation(self) -> list[Alternative]:
        if self._take("("):
            self._deeper()
            found = self.observations()
            self._depth -= 1
            self._need(")")
        else:
            self._need("[")
            found = self._any()
            self._need("]")
        while self._take(*_QUALIFIERS):
            while self._peek()[:2] == "t'" or self._peek()[:1].isdigit():
                self._next()
        return found

    def _any(self) -> list[Alternative]:
        found = self._all()
        while self._take("OR"):
            found += self._all()
            _check(len(found) <= _MOST)
        return found

    def _all(self) -> list[Alternative]:
        found = self._condition()
        while self._take("AND"):
            other = self._condition()
            _check(len(found) * len(other) <= _MOST)
            _check(max(map(len, found)) + max(map(len, other)) <= _MOST_TERMS)
            terms = len(other) * sum(map(len, found)) + len(found) * sum(map(len, other))
            _check(terms <= _MOST_TOGETHER)
            found = [one + two for one, two in product(found, other)]
        return found

    def _condition(self) -> list[Alternative]:
        if self._take("("):
            self._deeper()
            found = self._any()
            self._depth -= 1
            self._need(")")
            return found
        return self._comparison()

    def _comparison(self) -> list[Alternative]:
        exists = self._take("EXISTS")
        of, path = self._path()
        if exists:
            return [(Term(of, path, None),)]
        excluded = self._take("NOT")
        sign = self._next().upper()
        values = self._values() if sign == "IN" else [_value(self._next())]
        if excluded or sign not in {"=", "==", "IN"}:
            return [(Term(of, path, None),)]
        return [(Term(of, path, value),) for value in values]

    def _path(self) -> tuple[str, tuple[str, ...]]:
        of = self._next()
        self._need(":")
        path = [_name(self._next())]
        while True:
            if self._take("."):
                path.append(_name(self._next()))
            elif self._take("["):
                self._next()
                self._need("]")
            else:
                return of, tuple(path)

    def _values(self) -> list[str]:
        self._need("(")
        values = [_value(self._next())]
        while self._take(","):
            values.append(_value(self._next()))
        self._need(")")
        return values


def _tokens(pattern: str) -> Iterator[str]:
    pattern = pattern.strip()
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise PatternError
        at = found.end()
        yield found[0].strip()


def _name(token: str) -> str:
    if token[:1] == "'":
        return _value(token)
    if not (token[0].isalpha() or token[0] == "_"):
        raise PatternError
    return token


def _value(token: str) -> str:
    if token[-1:] == "'":
        return re.sub(r"\\(.)", r"\1", token[token.index("'") + 1 : -1], flags=re.DOTALL)
    if not token[0].isalnum() and token[0] not in "+-":
        raise PatternError
    return token


def _check(bearable: bool) -> None:  # noqa: FBT001  # reads as a sentence
    if not bearable:
        raise PatternError
