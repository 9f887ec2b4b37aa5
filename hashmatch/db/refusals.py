"""When a list is refused: it lost something, means something else than stated, or is empty.

A list that is taken for what it is not gives no hit, or turns illegal into benign. So each rule
refuses the whole list and says what to do; counts and places are named, content never.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hashmatch.db.description import SetKind
from hashmatch.db.never import LEAST_QUALITY
from hashmatch.db.profiles import all_profiles
from hashmatch.errors import HashSetError
from hashmatch.model.hits import Disposition
from hashmatch.model.records import Quarantine

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence
    from datetime import date

    from hashmatch.db.counts import Counts
    from hashmatch.db.description import SetDescription
    from hashmatch.db.profiles import Profile

_MOST_PLACES = 10
_ZONES = timedelta(days=1)  # somewhere it may be tomorrow already
_EXPLOITATIVE = "exploitative"
"""In the name of an environment: its files are not, or not all, unlawful."""


class Losses:
    """Remembers where the first losses were, a few places only."""

    def __init__(self) -> None:
        self._places: list[str] = []
        self._more = False

    def note(self, file: int, place: int) -> None:
        """Remember a place: number of the file from 1, line or record number in it."""
        if len(self._places) < _MOST_PLACES:
            self._places.append(f"{file}:{place}")
        else:
            self._more = True

    def check(self, counts: Counts, *, accepted: bool) -> None:
        """Refuse a list that lost anything, unless that was accepted.

        Raises:
            HashSetError: names the reasons with their counts and the first places.
        """
        lost = counts.losses
        if accepted or not lost:
            return
        reasons = ", ".join(f"{reason} {number}" for reason, number in sorted(lost.items()))
        places = ", ".join(self._places) + (" and more" if self._more else "")
        msg = (
            f"the list would lose {lost.total()} {'entry' if lost.total() == 1 else 'entries'} "
            f"({reasons}; file:place {places}); "
            "get a sound copy, or import it with --accept-losses, which every report will state"
        )
        raise HashSetError(msg)


def check_facts(description: SetDescription, facts: Mapping[str, str]) -> None:
    """Compare what the list says about itself with what the operator stated.

    Raises:
        HashSetError: the list looks benign and could become notable, is from an environment of
            files that may be lawful and could become illegal, or the category scheme is for
            another country than the list.
    """
    profile, context = description.profile, facts.get("context")
    if facts.get("looks_benign") and not _stays_benign(description):
        msg = (
            f"this list looks like known-benign files ({facts['looks_benign']}) but would be taken "
            "for notable; import it with --kind benign, or with the scheme that was made for it"
        )
        raise HashSetError(msg)
    if _EXPLOITATIVE in facts.get("environment", "") and _may_be_illegal(description):
        msg = (
            f"this list is from the environment {facts['environment']}, whose files may well be"
            " lawful, but would be taken for illegal; import it with --kind exploitative, or with"
            " a scheme that makes nothing illegal"
        )
        raise HashSetError(msg)
    if profile is not None and context is not None and not profile.fits(context):
        msg = (
            f"the list says it is for {context}, the scheme {profile.name} is for "
            f"{', '.join(profile.contexts or ())}; choose the scheme of that country, "
            "or --scheme unmapped to keep the codes without a meaning"
        )
        raise HashSetError(msg)
    _check_version(description, facts)


def _check_version(description: SetDescription, facts: Mapping[str, str]) -> None:
    """Refuse a scheme in which the codes mean something else than in this version of a list."""
    form, version = description.importer.get("format"), facts.get("format_version")
    profile = description.profile
    if profile is None or profile.fits_version(form, version):
        return
    others = [
        one.name
        for one in all_profiles()
        if form in one.versions and one.fits_version(form, version)
    ]
    msg = (
        f"the list is of version {version}, in which codes mean something else than in the scheme "
        f"{profile.name}, which is for {', '.join(profile.versions[form or ''])}; choose "
        f"{' or '.join(f'--scheme {name}' for name in (*others, 'unmapped'))}"
    )
    raise HashSetError(msg)


def check_whole(files: Sequence[Mapping[str, str]], *, accepted: bool) -> None:
    """Refuse files that are known to be only a part of their list.

    A page that names a next one is no such file when the last page is there as well.

    Args:
        files: what each file says about itself.
        accepted: a part was asked for.

    Raises:
        HashSetError: every file is a part, and none of several is the last page.
    """
    parts = [facts["partial"] for facts in files if "partial" in facts]
    ended = len(files) > 1 and any("last_page" in facts for facts in files)
    if accepted or not parts or len(parts) < len(files) or ended:
        return
    msg = (
        f"this is only a part of the list ({parts[-1]}): what is not in it would never hit; import"
        " all of its files together, add changes with --delta, or say --accept-losses"
    )
    raise HashSetError(msg)


def check_codes(counts: Counts, profile: Profile | None, *, accepted: bool) -> None:
    """Refuse a list most of whose codes the scheme does not know: it is likely another's.

    Raises:
        HashSetError: more than half of the records with a code have an unknown one, and that was
            not accepted.
    """
    if profile is None or accepted or 2 * counts.unknown_codes <= counts.coded:
        return
    msg = (
        f"{counts.unknown_codes} of {counts.coded} records carry codes that the scheme "
        f"{profile.name} does not know: they would decide nothing; choose another scheme, "
        "--scheme unmapped to keep the codes without a meaning, or say --accept-losses"
    )
    raise HashSetError(msg)


def _stays_benign(description: SetDescription) -> bool:
    if description.profile is not None:
        return description.profile.only_benign
    return description.kind is SetKind.BENIGN


def _may_be_illegal(description: SetDescription) -> bool:
    if description.profile is None:
        return description.kind in {SetKind.ILLEGAL, SetKind.BASELINE}
    kinds = {one.disposition for one in description.profile.categories.values()}
    return not kinds.isdisjoint({Disposition.ILLEGAL, Disposition.BASELINE})


def check_expiry(description: SetDescription, today: date, *, allowed: bool) -> None:
    """Refuse a list outside the days for which its publisher stands behind it.

    Raises:
        HashSetError: it is dated in the future, which is a slip whatever is allowed; its first
            day is not yet come or its last day is past, and that was not allowed.
    """
    dated = description.list_date
    if dated is not None and dated > today + _ZONES:
        msg = (
            f"--list-date {dated.isoformat()} is a day that has not come: today is "
            f"{today.isoformat()}; state the date of the list"
        )
        raise HashSetError(msg)
    if allowed:
        return
    issued, expires = description.issued, description.expires
    if issued is not None and today < issued:
        msg = (
            f"the list may be used from {issued.isoformat()} on and today is {today.isoformat()}; "
            "check both days, or import it with --allow-expired; reports show the day of issue"
        )
        raise HashSetError(msg)
    if expires is not None and today > expires:
        msg = (
            f"the list expired on {expires.isoformat()}; get the newer one, "
            "or import it with --allow-expired; reports show the day it expired"
        )
        raise HashSetError(msg)


def check_result(counts: Counts, *, filters: int = 0) -> None:
    """Refuse a set that could never answer; a set of nothing but a filter can.

    Raises:
        HashSetError: nothing in it can match, or the counts do not add up.
    """
    if not counts.balanced:
        msg = "the counts of this import do not add up; report this as a defect of hashmatch"
        raise HashSetError(msg)
    if not counts.usable and not filters:
        ends = (
            (counts.dropped, "dropped", counts.dropped_by),
            (counts.quarantined, "never to match", counts.quarantined_by),
            (counts.unmatchable, "of kinds that cannot be compared", counts.not_evaluated),
        )
        told = ", ".join(f"{number} {how}{_reasons(by)}" for number, how, by in ends)
        checks = "check --format, --type and --map"
        if counts.quarantined_by[str(Quarantine.LOW_QUALITY)]:
            checks += (
                f"; a perceptual hash of which the list states a quality below {LEAST_QUALITY}"
                " never matches"
            )
        msg = f"of {counts.read} records nothing can be matched ({told}); {checks}"
        raise HashSetError(msg)


def _reasons(by: Counter[str]) -> str:
    found = ", ".join(f"{reason} {number}" for reason, number in sorted((+by).items()))
    return f": {found}" if found else ""
