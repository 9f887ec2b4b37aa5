"""The images of a run: opened, digested and listed in processes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.errors import EvidenceError, UsageError
from hashmatch.evidence import stamps, state
from hashmatch.evidence.image import ImageSource
from hashmatch.evidence.media import sidecars
from hashmatch.evidence.media.sidecars import Compared
from hashmatch.evidence.stamps import Stamp
from hashmatch.jobs.lister import Lister
from hashmatch.jobs.medium_account import Account
from hashmatch.jobs.verifying import Checking, Verify
from hashmatch.model import locators, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hashmatch.evidence.media.check import MediumCheck
    from hashmatch.evidence.media.interface import MediumFacts
    from hashmatch.evidence.media.sidecars import Noted
    from hashmatch.evidence.state import SourceState
    from hashmatch.jobs.lister import Terms
    from hashmatch.model.evidence import Entry, Source

_WHOLE_FILES = frozenset({"raw", "split", "device"})
"""Forms whose files are the content itself: the digests of the medium say it all."""


class Media:
    """Asks about the sources of a run. Those that the kernel lists need no process.

    Args:
        sources: all of the run.
        terms: how listing processes run.
        verify: when images are digested.
        show: told how far that is.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        terms: Terms,
        verify: Verify,
        show: Callable[[Checking], None],
    ) -> None:
        self._sources = tuple(sources)
        self._verify = verify
        self._show = show
        self._listers = {
            number: Lister(source, terms, source.secrets.count)
            for number, source in enumerate(sources)
            if isinstance(source, ImageSource)
        }
        self._before: dict[int, MediumCheck] = {}
        self._after: dict[int, MediumCheck] = {}
        self._files: dict[int, tuple[str, ...]] = {}
        self._listed: dict[int, SourceState] = {}

    @property
    def numbers(self) -> range:
        """Numbers of all sources."""
        return range(len(self._sources))

    @property
    def images(self) -> frozenset[int]:
        """Numbers of those that are images, the items of which have places on a medium."""
        return frozenset(self._listers)

    def close(self) -> None:
        """End all processes."""
        for one in self._listers.values():
            one.close()

    def open(self) -> None:
        """Open every image, so that one that cannot be used ends the run before it begins.

        Raises:
            EvidenceError: one cannot be used.
            UsageError: one is only to be used when its content is verified.
        """
        for number, one in self._listers.items():
            facts, _ = one.opened()
            if facts.must_verify and self._verify is Verify.NONE:
                where = names.shown(self._sources[number].location)
                msg = (
                    f"{where}: what reads images of the form '{facts.form}' does not notice damage"
                    " by itself; do without --verify none"
                )
                raise UsageError(msg)

    def check(self) -> None:
        """Digest every image, unless that is not wanted.

        Raises:
            EvidenceError: one cannot be read to its end.
        """
        if self._verify is Verify.NONE:
            return
        for number, one in self._listers.items():
            source = self._sources[number]
            whole = isinstance(source, ImageSource) and source.form in _WHOLE_FILES
            found, files = one.check(self._shown(number, again=False), files=not whole)
            self._before[number] = found
            self._files[number] = files

    def _shown(self, number: int, *, again: bool) -> Callable[[int], None]:
        total = self._listers[number].opened()[0].size
        label = locators.label(number)
        return lambda done: self._show(Checking(label, done, total, again))

    def entries(self, number: int) -> Iterable[Entry]:
        """List a source, an image through its process.

        Raises:
            EvidenceError: it cannot be listed as a whole.
        """
        lister = self._listers.get(number)
        return self._sources[number].entries() if lister is None else lister.entries()

    def state(self, number: int, note: Callable[[Entry], None]) -> SourceState:
        """List a source, and give its state before anything else is read.

        Raises:
            EvidenceError: it cannot be listed as a whole.
        """
        source = self._sources[number]
        lister = self._listers.get(number)
        if lister is None or not isinstance(source, ImageSource):
            return state.of(source, note)
        listed = state.of(source, note, lister.entries())
        self._listed[number] = listed
        return self._of_medium(number, source.parts, self._before.get(number))

    def after(self) -> tuple[SourceState, ...]:
        """Give the states of all sources at the end. Images are not listed again.

        Raises:
            EvidenceError: one cannot be listed or read any more.
        """
        return tuple(map(self._state_after, self.numbers))

    def _state_after(self, number: int) -> SourceState:
        source = self._sources[number]
        if not isinstance(source, ImageSource):
            return state.of(source)
        parts = tuple(map(_now, source.parts))
        check = None
        if self._verify is Verify.FULL and parts == source.parts:
            lister = self._listers[number]
            check, _ = lister.check(self._shown(number, again=True), files=False)
            self._after[number] = check
        return self._of_medium(number, parts, check)

    def _of_medium(
        self, number: int, parts: Sequence[Stamp], check: MediumCheck | None
    ) -> SourceState:
        source = self._sources[number]
        form = source.form if isinstance(source, ImageSource) else ""
        compared = check.digests if check and self._verify is Verify.FULL else ()
        sha256 = dict(compared).get("sha256", "")
        return state.of_medium(self._listed[number], form, parts, sha256)

    def accounts(self) -> dict[int, Account]:
        """Say what is known of each image, by the number of its source."""
        return {number: self._account(number) for number in self._listers}

    def _account(self, number: int) -> Account:
        lister = self._listers[number]
        facts, volumes = lister.opened()
        before = self._before.get(number)
        noted, unread = sidecars.find(self._sources[number].location)
        return Account(
            label=locators.label(number),
            verify=self._verify,
            facts=facts,
            volumes=volumes,
            told=dict(lister.told),
            before=before,
            after=self._after.get(number),
            files=self._files.get(number, ()),
            sidecars=_compared(before, facts, noted),
            unread=unread,
        )


def _compared(
    check: MediumCheck | None, facts: MediumFacts, noted: tuple[Noted, ...]
) -> tuple[Compared, ...]:
    if check is None:
        return tuple(Compared(one, "not-compared") for one in noted)
    return sidecars.compare(check, facts, noted)


def _now(part: Stamp) -> Stamp:
    try:
        return stamps.of(part.path)
    except EvidenceError:  # it is gone: the state says so by a size that no file has
        return Stamp(part.path, (0, 0), -1, 0)
