"""What is known in advance about an exhibit: every entry, and what a scan must say about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from hashmatch.model.hits import Claim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.outcomes import Reason, Rule


class DemoList(StrEnum):
    """The lists of the demo, by the names under which they are installed."""

    NATIONAL = "demo-national"
    HOTLINE = "demo-hotline"
    SIMILAR = "demo-similar"
    KNOWN_GOOD = "demo-known-good"


class Value(StrEnum):
    """A value that a list may carry about a file."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PDQ = "pdq"


@dataclass(frozen=True, slots=True)
class Listing:
    """One file stands in one list, with these values and this category code."""

    list: DemoList
    values: frozenset[Value]
    category: str | None = None

    @property
    def exact(self) -> Claim | None:
        """The claim for a file of the same bytes, by digests alone."""
        digests = self.values - {Value.PDQ}
        if len(digests) > 1 or Value.SHA256 in digests:
            return Claim.EXACT_2
        return Claim.EXACT_1 if digests else None


@dataclass(frozen=True, slots=True)
class Original:
    """A file that the lists are about. It need not lie in the exhibit itself.

    ``picture`` says whether a perceptual hash can be had from ``content``.
    """

    name: str
    content: bytes
    picture: bool
    listings: tuple[Listing, ...]


class Likeness(StrEnum):
    """How a file of the exhibit relates to an original."""

    SAME_BYTES = "same-bytes"
    SIMILAR = "similar"
    TOO_DIFFERENT = "too-different"


Claims: TypeAlias = "Mapping[DemoList, Claim]"
"""The strongest claim against each list; a list that is not named must not agree at all."""


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """A regular file must be examined.

    ``claims`` are those with all lists of the demo loaded. ``is_picture`` says whether the
    content, whatever the name says, is a picture; ``trouble`` why no comparison of pixels is
    possible then, ``partial`` that only a part could be decoded, ``featureless`` that its
    quality is below every gate. ``sentence`` tells how the file was made.
    """

    path: bytes
    size: int
    sentence: str
    claims: Claims
    is_picture: bool = False
    trouble: Reason | None = None
    partial: bool = False
    featureless: bool = False

    @property
    def conflict(self) -> bool:
        """A benign and another list both agree."""
        return DemoList.KNOWN_GOOD in self.claims and len(self.claims) > 1


@dataclass(frozen=True, slots=True)
class ExpectedSkip:
    """An entry that is no regular file must be left out by this rule."""

    path: bytes
    rule: Rule
    sentence: str


Expected: TypeAlias = ExpectedFile | ExpectedSkip


def claims(original: Original | None, likeness: Likeness) -> Claims:
    """Work out what each list must say about a file, from its likeness to an original."""
    found: dict[DemoList, Claim] = {}
    if original is None or likeness is Likeness.TOO_DIFFERENT:
        return found
    for listing in original.listings:
        exact = listing.exact if likeness is Likeness.SAME_BYTES else None
        near = Claim.NEAR if Value.PDQ in listing.values else None
        if claim := exact or near:
            found[listing.list] = claim
    return found
