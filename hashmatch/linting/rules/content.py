"""HM501, HM502: what a hash list must not hold, and texts that do harm where they are opened.

Whole columns are joined and looked at once; only where something is found, cells are looked at
one by one. Nothing that is found is ever repeated.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence  # noqa: TC003  # a field of a dataclass
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.formats.hash_text import kind_named, plain_name
from hashmatch.linting.check import Check, Family, Subject, Terms
from hashmatch.linting.finding import Sighting
from hashmatch.linting.personal import citizen_ids, holds_citizen_id, holds_mobile, in_ascii
from hashmatch.linting.rule import Level, Rule, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.linting.stretch import Stretch

FORBIDDEN = Rule(
    "HM501",
    Level.ERROR,
    Words("content that a hash list must not hold", "เนื้อหาที่รายการค่าแฮชต้องไม่มี"),
    "Embedded pictures, personal data and addresses of material must not spread with a list that"
    " is meant to hold hashes only.",
    Words("remove the column or the cell", "ลบคอลัมน์หรือเซลล์นี้"),
    about=("cells",),
)
HARMFUL = Rule(
    "HM502",
    Level.WARNING,
    Words("text that does harm where it is opened", "ข้อความที่เป็นอันตรายเมื่อเปิด"),
    "Spreadsheets run cells that begin as a formula, browsers run markup, and control or"
    " direction signs make a text look like another.",
    Words("remove the signs", "ลบอักขระเหล่านี้"),
    about=("cells",),
)

_PERSONAL = frozenset(
    [
        "email",
        "emailaddress",
        "mail",
        "phone",
        "phonenumber",
        "telephone",
        "mobile",
        "firstname",
        "lastname",
        "surname",
        "fullname",
        "victimname",
        "suspectname",
        "address",
        "homeaddress",
        "nationalid",
        "citizenid",
        "passport",
        "passportnumber",
        "dateofbirth",
        "birthdate",
        "dob",
    ]
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|hxxps?)(://|%3a%2f%2f)|\bwww\.[a-z0-9-]+\.")
_BARE = re.compile(
    r"(?i)(?<![\w@./\\-])(?:"
    r"(?:[a-z0-9-]{1,63}\.){1,5}(?:com|net|org|info|biz|io|ru|cn|th|to|me|cc|tv|xyz|top|site)/[^\s/]"
    r"|(?:t|telegram)\.me/[a-z0-9_+]"
    r"|(?:[a-z0-9-]{1,63}\.){0,3}(?:[a-z2-7]{16}|[a-z2-7]{56})\.onion\b"
    r")"
)
_IP = re.compile(r"(?<![\w.+-])(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5}\b|/[^\s\d]|(?![\w.+/-]))")
_PHONE = re.compile(r"(?<![\w.+-])\+\d{1,3}[ -]?\(?\d{1,4}\)?([ -]?\d{2,4}){2,4}(?![\w-])")
_LOCAL_PHONE = re.compile(r"(?<![\w.+-])0\d{1,2}[ -]\d{3}[ -]?\d{3,4}(?![\w.-])")
_MEDIA = re.compile(r"^(data:(image|video|audio)|/9j/|iVBORw0KGgo|R0lGOD|UklGR|AAAA.GZ0eX)")
_MARKUP = re.compile(r"(?i)<\s*(script|img|iframe|a|b|i|p|div|span|svg|object|html|body)\b[^>]*>")
_SIGNS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_FORMULA = re.compile(r"[\t\r ]*[=+@-]")
_NUMBER = re.compile(r"[\t\r ]*[+-]?[\d.,]+([eE][+-]?\d+)?\s*")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z_ -]{0,23}[0-9]{0,2}")
_HEXADECIMAL = frozenset(string.hexdigits)
_LONGEST_HASH = 288  # digits of a PhotoDNA
_LONG = 256  # base64 of a PhotoDNA has 192 characters
_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]+={0,2}")

_NEAR_BARE = re.compile(r"(?i)\.(?:[a-z]{2,4}/|onion)")
_NEAR_PHONE = re.compile(r"0\d{1,2}[ -]\d{3}|0[689]\d{8}")
_CITIZEN_ID = "a citizen id"
_NEAR_CITIZEN_ID = re.compile(r"[1-8][ -]?\d{4}[ -]?\d{5}[ -]?\d{2}[ -]?\d")
_BEGINS = ("data:", "/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR", "GZ0eX")
_SCHEMES = ("://", "%3a%2f%2f", "%3A%2F%2F", "%3A%2f%2f", "%3a%2F%2F", "www.", "WWW.", "Www.")
_OPENING = frozenset("\t\r =+@-")


@dataclass(frozen=True, slots=True)
class _Test:
    """What is looked for: ``quick`` rules out a whole column, joined and cell by cell."""

    rule: Rule
    note: str
    quick: Callable[[str, Sequence[str]], bool]
    sure: Callable[[str], bool]

    def found(self, joined: str, texts: Sequence[str]) -> list[int]:
        """Give the numbers of the cells in which it stands."""
        if not self.quick(joined, texts):
            return []
        return [at for at, text in enumerate(texts) if self.sure(text)]


def _holds_any(parts: tuple[str, ...]) -> Callable[[str, Sequence[str]], bool]:
    return lambda joined, _texts: any(part in joined for part in parts)


def _may_be_media(joined: str, texts: Sequence[str]) -> bool:
    return max(map(len, texts)) > _LONG or any(one in joined for one in _BEGINS)


def _is_media(text: str) -> bool:
    if _MEDIA.match(text):
        return True
    return len(text) > _LONG and _BASE64.fullmatch(text) is not None and not _is_hash(text)


def _is_hash(text: str) -> bool:
    """Tell long hexadecimal, such as a PhotoDNA in 288 digits, from packed content."""
    return len(text) <= _LONGEST_HASH and _HEXADECIMAL.issuperset(text)


def _may_be_address(joined: str, _texts: Sequence[str]) -> bool:
    if any(part in joined for part in _SCHEMES):
        return True
    return "." in joined and (
        _NEAR_BARE.search(joined) is not None or _IP.search(joined) is not None
    )


def _is_address(text: str) -> bool:
    return bool(_ADDRESS.search(text) or _BARE.search(text)) or any(
        _is_ip(found[1]) for found in _IP.finditer(text)
    )


def _is_ip(text: str) -> bool:
    """Tell an address from a number of a version, which has small parts, or an odd address."""
    parts = [int(one) for one in text.split(".")]
    return 0 < parts[0] < 224 and max(parts) <= 255 and sum(one > 9 for one in parts) >= 2


def _may_be_phone(joined: str, _texts: Sequence[str]) -> bool:
    return "+" in joined or _NEAR_PHONE.search(in_ascii(joined)) is not None


def _is_phone(text: str) -> bool:
    text = in_ascii(text)
    return bool(_PHONE.search(text) or _LOCAL_PHONE.search(text) or holds_mobile(text))


def _may_be_citizen_id(joined: str, _texts: Sequence[str]) -> bool:
    return _NEAR_CITIZEN_ID.search(in_ascii(joined)) is not None


def _may_be_formula(_joined: str, texts: Sequence[str]) -> bool:
    return not _OPENING.isdisjoint({text[:1] for text in texts})


def _is_formula(text: str) -> bool:
    if not text.strip("\t\r -"):
        return False  # a dash stands for nothing
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


_TESTS = (
    _Test(FORBIDDEN, "a mail address", _holds_any(("@",)), lambda one: bool(_MAIL.search(one))),
    _Test(
        FORBIDDEN,
        "an address in a network",
        _may_be_address,
        _is_address,
    ),
    _Test(FORBIDDEN, "a telephone number", _may_be_phone, _is_phone),
    _Test(FORBIDDEN, _CITIZEN_ID, _may_be_citizen_id, lambda one: holds_citizen_id(in_ascii(one))),
    _Test(FORBIDDEN, "embedded media", _may_be_media, _is_media),
    _Test(HARMFUL, "a formula", _may_be_formula, _is_formula),
    _Test(HARMFUL, "markup", _holds_any(("<",)), lambda one: bool(_MARKUP.search(one))),
    _Test(
        HARMFUL,
        "control or direction signs",
        lambda joined, _texts: not joined.isprintable(),
        lambda one: bool(_SIGNS.search(one)),
    ),
)


class Content(Check):
    """Looks at every text of a list, whatever its column is called."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._named: set[str] = set()

    def begin(self, subject: Subject) -> None:
        """Forget the list before."""
        del subject
        self._named = set()

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Look at the names of columns and at their texts."""
        del subject
        if stretch.pictures:
            yield Sighting(FORBIDDEN, stretch.pictures, note="embedded media")
        plain = stretch.plain_columns()
        for name, cells in stretch.cells.items():
            if name in plain:
                continue
            yield from self._name(name, cells.texts)
            joined = cells.joined
            if joined.isdigit():
                if found := citizen_ids(cells.texts):
                    places = stretch.places[cells.rows[found]]
                    yield Sighting(FORBIDDEN, places, note=f"{_CITIZEN_ID}{_in(name)}")
                continue
            for test in _TESTS:
                found = test.found(joined, cells.texts)
                if found:
                    places = stretch.places[cells.rows[found]]
                    yield Sighting(test.rule, places, note=f"{test.note}{_in(name)}")

    def _name(self, name: str, texts: Sequence[str]) -> Iterator[Sighting]:
        if name in self._named or not any(texts):
            return
        self._named.add(name)
        if plain_name(name[:64]) in _PERSONAL:
            yield Sighting(FORBIDDEN, note="a column named after personal data")
        elif not self._allowed(name):
            yield Sighting(FORBIDDEN, note="a column that is not allowed")

    def _allowed(self, name: str) -> bool:
        allowed = self.terms.columns
        return allowed is None or name in allowed or kind_named(name) is not None


def _in(name: str) -> str:
    """Name a column, unless its name may itself be content."""
    return f" in column {name}" if _PLAIN_NAME.fullmatch(name) else ""


FAMILY = Family((FORBIDDEN, HARMFUL), Content)
