"""``run.json`` read into a :class:`~hashmatch.report.run_record.RunRecord`, strictly."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from hashmatch.errors import CustodyError
from hashmatch.model.hits import Claim, Disposition
from hashmatch.report import medium_reading, noteworthy
from hashmatch.report.run_record import (
    Category,
    Counts,
    ListFile,
    Reopened,
    RunRecord,
    SelfTest,
    SetUse,
    SourceUse,
    TallyRow,
)

if TYPE_CHECKING:
    from hashmatch.report.fields import Fields

SCHEMA = "hashmatch.run/1"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)")

COUNTED = (
    "seen", "examined", "failed", "skipped", "folders", "bytes", "pictures", "compared_near",
    "low_quality", "not_compared", "items_with_hits", "items_with_notable_hits", "hits",
    "conflicts",
)  # fmt: skip
COUNTED_LATER = (
    *("uncompared_records", "items_with_leads"),
    "pictures_sampled",
    *("videos", "videos_compared", "videos_low_quality", "videos_not_compared"),
    *("inside", "deleted", "carved", "media_doubtful", "reopened_differ"),
    "backups_locked",
)
"""What runs of earlier versions did not count."""

RECORDS = ("read", "kept", "dropped", "quarantined")
CHANGED = ("carried", "superseded", "withdrawn")
_FACTS = ("publisher", "list_version", "list_date", "issued", "expires", "handling")


def parse(line: Fields) -> RunRecord:
    """Read ``run.json``.

    Raises:
        CustodyError: a field does not fit, or the counts do not add up.
    """
    if line.text("schema") != SCHEMA:
        msg = f"{line.where} has another schema than {SCHEMA}; use the hashmatch that wrote it"
        raise CustodyError(msg)
    if not _UUID.fullmatch(line.text("run")):
        msg = f"{line.where}: field 'run' is not the id of a run"
        raise CustodyError(msg)
    zone = _zone(line)
    return RunRecord(
        run=line.text("run"),
        case={key: line.object("case").text(key) for key in ("id", "reference", "agency")},
        status=line.text("status"),
        operator={key: line.object("operator").text(key) for key in ("name", "agency")},
        started=_time(line, line.text("started"), zone),
        finished=_time(line, line.text("finished"), zone),
        resumed=tuple(_time(line, text, zone) for text in line.texts("resumed")),
        argv=line.texts("argv"),
        tool=line.labels("tool"),
        host=line.labels("host"),
        sources=tuple(_source(one) for one in line.objects("sources")),
        sets=tuple(_set(one) for one in line.objects("sets")),
        settings=line.object("settings").plain,
        self_test=tuple(
            SelfTest(one.text("name"), one.flag("passed")) for one in line.objects("self_test")
        ),
        counts=_counts(line.object("counts")),
        floods=noteworthy.floods(line),
        chance=noteworthy.chance(line),
        roots=line.labels("roots"),
        exit_code=line.number("exit_code"),
        reopened=_reopened(line),
    )


def _zone(line: Fields) -> timezone:
    found = _OFFSET.fullmatch(line.text("utc_offset"))
    if not found or int(found[2]) > 23:
        msg = f"{line.where}: field 'utc_offset' is not of the form +07:00"
        raise CustodyError(msg)
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


def _time(line: Fields, text: str, zone: timezone) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        msg = f"{line.where} holds a time that is not ISO 8601 with its offset"
        raise CustodyError(msg)
    return moment.astimezone(zone)


def _source(one: Fields) -> SourceUse:
    return SourceUse(
        index=one.number("index"),
        kind=one.text("kind"),
        location=one.path("location"),
        read_only=one.optional_flag("read_only"),
        before=one.hex("before", 64),
        after=one.hex("after", 64),
        unchanged=one.flag("unchanged"),
        entries=one.number("entries"),
        folders=one.number("folders"),
        bytes=one.number("bytes"),
        access_times=one.text("access_times"),
        label=one.text("label") if one.has("label") else "",
        form=one.text("form") if one.has("form") else "",
        segments=medium_reading.segments(one),
        medium=medium_reading.medium(one),
        guard=medium_reading.guard(one),
        phones=medium_reading.phones(one),
    )


def _reopened(line: Fields) -> Reopened | None:
    if not line.has("reopened"):
        return None
    one = line.object("reopened")
    found = Reopened(
        items=one.number("items"),
        agreed=one.number("agreed"),
        differed=one.number("differed"),
        unreachable=one.number("unreachable"),
        named=tuple((named.text("locator"), named.text("why")) for named in one.objects("named")),
    )
    if found.items != found.agreed + found.differed + found.unreachable:
        one.refuse("items", "not the sum of what came of them")
    return found


def _set(one: Fields) -> SetUse:
    codes = one.object("categories")
    return SetUse(
        name=one.text("name"),
        version=one.hex("version", 32),
        kind=one.text("kind"),
        scheme=one.optional_text("scheme"),
        scheme_title=_both(title) if (title := one.optional_object("scheme_title")) else {},
        categories={code: _category(codes.object(code)) for code in codes.plain},
        facts={key: one.loose_text(key) for key in _FACTS},
        files=tuple(
            ListFile(file.text("name"), file.number("size"), file.hex("sha256", 64))
            for file in one.objects("files")
        ),
        records=_records(one.object("records")),
        values=one.counts("values"),
        not_evaluated=one.counts("not_evaluated"),
        why=one.optional_labels("why"),
        dropped=one.counts("dropped"),
        lost_values=one.optional_counts("lost_values"),
        quarantined=one.counts("quarantined"),
        quarantined_values=one.optional_counts("quarantined_values"),
        unmatchable=one.object("records").counted("unmatchable"),
        uncompared=one.counted("uncompared"),
        accepted_losses=one.flag("accepted_losses"),
    )


def _records(one: Fields) -> dict[str, int]:
    read, *ends = (one.number(name) for name in RECORDS)
    changed = {name: one.counted(name) for name in CHANGED}
    idle = changed["superseded"] + changed["withdrawn"]
    if read + changed["carried"] != sum(ends) + idle:
        msg = f"{one.where}: read is not kept + dropped + quarantined; it cannot be reported"
        raise CustodyError(msg)
    return dict(zip(RECORDS, (read, *ends), strict=True)) | changed


def _both(labels: Fields) -> dict[str, str]:
    return {language: labels.text(language) for language in ("en", "th")}


def _category(one: Fields) -> Category:
    return Category(one.word("disposition", Disposition), _both(one))


def _counts(one: Fields) -> Counts:
    counts = Counts(
        numbers={name: one.number(name) for name in COUNTED}
        | {name: one.counted(name) for name in COUNTED_LATER}
        | {"partial": sum(one.optional_counts("partial_by").values())},
        failed_by=one.counts("failed_by"),
        skipped_by=one.counts("skipped_by"),
        not_compared_by=one.counts("not_compared_by"),
        videos_not_compared_by=one.optional_counts("videos_not_compared_by"),
        table=tuple(_row(row) for row in one.objects("table")),
        partial_by=one.optional_counts("partial_by"),
    )
    if unequal := _unequal(counts):
        msg = f"{one.where}: the counts do not add up ({unequal}); the run cannot be reported"
        raise CustodyError(msg)
    return counts


def _unequal(counts: Counts) -> str | None:
    """Name the first sum that does not hold."""
    ended = counts["examined"] + counts["failed"] + counts["skipped"]
    sums = {
        "seen = examined + failed + skipped": counts["seen"] == ended,
        "failed = sum of failed_by": counts["failed"] == sum(counts.failed_by.values()),
        "skipped = sum of skipped_by": counts["skipped"] == sum(counts.skipped_by.values()),
        "not_compared = sum of not_compared_by": (
            counts["not_compared"] == sum(counts.not_compared_by.values())
        ),
        "videos_not_compared = sum of videos_not_compared_by": (
            counts["videos_not_compared"] == sum(counts.videos_not_compared_by.values())
        ),
        "videos >= videos_compared + videos_low_quality + videos_not_compared": (
            counts.videos_not_asked >= 0
        ),
        "pictures >= compared_near + low_quality + not_compared": counts.not_asked >= 0,
        "seen >= inside": counts["seen"] >= counts["inside"],
        "examined >= deleted + carved": (
            counts["examined"] >= counts["deleted"] + counts["carved"]
        ),
        "hits = sum of the table": counts["hits"] == sum(row.hits for row in counts.table),
    }
    return next((name for name, holds in sums.items() if not holds), None)


def _row(one: Fields) -> TallyRow:
    return TallyRow(
        set_name=one.text("set"),
        scheme=one.optional_text("scheme"),
        category=one.optional_text("category"),
        disposition=one.word("disposition", Disposition),
        claim=one.word("claim", Claim),
        items=one.number("items"),
        distinct=one.number("distinct"),
        hits=one.number("hits"),
    )
