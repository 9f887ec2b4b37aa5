"""Strict reading of a stored run's JSON objects: a field is there and fits, or it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

from hashmatch.errors import CustodyError
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

    from hashmatch.model.records import Json

    Word = TypeVar("Word", bound=StrEnum)
    Value = TypeVar("Value")

HEX = frozenset("0123456789abcdef")


class Fields:
    """One JSON object and where it stands, so that a message can name file, line and field.

    Every method raises :class:`~hashmatch.errors.CustodyError` when the field is missing or of
    another kind. Messages name the field, never its value.
    """

    def __init__(self, value: Json, where: str) -> None:
        if not isinstance(value, dict):
            msg = f"{where} is not a JSON object; the run is not as hashmatch wrote it"
            raise CustodyError(msg)
        self._value = value
        self.where = where

    @property
    def plain(self) -> Mapping[str, Json]:
        """The object as it was read."""
        return self._value

    def has(self, key: str) -> bool:
        """Tell whether the field is present, null included."""
        return key in self._value

    def only(self, *keys: str) -> None:
        """Refuse a field that is not among ``keys``."""
        if unknown := sorted(set(self._value) - set(keys)):
            self.refuse(unknown[0], "not known to this version of hashmatch")

    def text(self, key: str) -> str:
        """A text."""
        value = self._get(key)
        return value if isinstance(value, str) else self.refuse(key, "not a text")

    def optional_text(self, key: str) -> str | None:
        """A text or null."""
        return None if self._get(key) is None else self.text(key)

    def loose_text(self, key: str) -> str | None:
        """A text, or a whole number as text, or null; for facts that a list states about itself."""
        value = self._value.get(key)
        if value is None or isinstance(value, str):
            return value
        return str(self.number(key))

    def number(self, key: str) -> int:
        """A whole number, not negative."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.refuse(key, "not a whole number from 0")
        return value

    def optional_number(self, key: str) -> int | None:
        """A whole number or null."""
        return None if self._get(key) is None else self.number(key)

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._get(key)
        return value if isinstance(value, bool) else self.refuse(key, "not true or false")

    def optional_flag(self, key: str) -> bool | None:
        """True, false or null (not known)."""
        return None if self._get(key) is None else self.flag(key)

    def hex(self, key: str, digits: int) -> str:
        """Lower-case hexadecimal of a fixed length."""
        value = self.text(key)
        if len(value) != digits or not HEX.issuperset(value):
            self.refuse(key, f"not {digits} hexadecimal digits")
        return value

    def word(self, key: str, words: type[Word]) -> Word:
        """One of a closed set of codes."""
        try:
            return words(self.text(key))
        except ValueError:
            self.refuse(key, "not one of the known codes")

    def words(self, key: str, words: type[Word]) -> tuple[Word, ...]:
        """A list of codes of a closed set."""
        try:
            return tuple(words(one) for one in self.texts(key))
        except ValueError:
            self.refuse(key, "not a list of known codes")

    def path(self, key: str = "path") -> bytes:
        """A path as raw bytes, from its text and the exact bytes beside it."""
        try:
            return names.from_json(cast("dict[str, object]", self._value), key)
        except ValueError:
            self.refuse(key, "not a path")

    def object(self, key: str) -> Fields:
        """An object inside this one."""
        return Fields(self._get(key), f"{self.where}, field {key}")

    def optional_object(self, key: str) -> Fields | None:
        """An object inside this one, or null."""
        return None if self._get(key) is None else self.object(key)

    def objects(self, key: str) -> list[Fields]:
        """A list of objects."""
        return [Fields(one, f"{self.where}, field {key}") for one in self._list(key)]

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        texts = tuple(one for one in self._list(key) if isinstance(one, str))
        return texts if len(texts) == len(self._list(key)) else self.refuse(key, "not texts")

    def rows(self, key: str, kinds: tuple[type, ...]) -> tuple[tuple[Json, ...], ...]:
        """A list of lists, each with values of these kinds in this order."""
        found = []
        for row in self._list(key):
            if not isinstance(row, list) or tuple(map(type, row)) != kinds:
                self.refuse(key, "not rows of the right form")
            found.append(tuple(row))
        return tuple(found)

    def spans(self, key: str) -> tuple[tuple[int, int], ...]:
        """A list of pairs of whole numbers."""
        return cast("tuple[tuple[int, int], ...]", self.rows(key, (int, int)))

    def counts(self, key: str) -> dict[str, int]:
        """An object of whole numbers, in the order of its keys."""
        return self._sorted(key, Fields.number)

    def optional_counts(self, key: str) -> dict[str, int]:
        """An object of whole numbers; empty when the field is missing."""
        return self.counts(key) if key in self._value else {}

    def optional_flags(self, key: str) -> dict[str, bool]:
        """An object of true and false; empty when the field is missing."""
        return self._sorted(key, Fields.flag) if key in self._value else {}

    def counted(self, key: str) -> int:
        """A whole number; 0 when the field is missing."""
        return self.number(key) if key in self._value else 0

    def optional_labels(self, key: str) -> dict[str, str]:
        """An object of texts; empty when the field is missing."""
        return self.labels(key) if key in self._value else {}

    def labels(self, key: str) -> dict[str, str]:
        """An object of texts, in the order of its keys."""
        return self._sorted(key, Fields.text)

    def _sorted(self, key: str, read: Callable[[Fields, str], Value]) -> dict[str, Value]:
        inner = self.object(key)
        return {name: read(inner, name) for name in sorted(inner.plain)}

    def _list(self, key: str) -> list[Json]:
        value = self._get(key)
        return value if isinstance(value, list) else self.refuse(key, "not a list")

    def _get(self, key: str) -> Json:
        if key not in self._value:
            self.refuse(key, "missing")
        return self._value[key]

    def refuse(self, key: str, found: str) -> NoReturn:
        """Refuse a field; ``found`` completes the sentence "field ... is"."""
        # the key comes from our own format, except an unknown one, which is shown with repr
        msg = f"{self.where}: field {key!r} is {found}; the run is not as hashmatch wrote it"
        raise CustodyError(msg)
