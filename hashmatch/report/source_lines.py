"""Sources as JSON values for machines: as the run recorded them, or without any name in them.

Without names stays what can be compared and counted: digests, sizes, verdicts, places of damage.
Fields of headers, mount points, advice and names of files are left out; ``run.json`` has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.model.records import Json
    from hashmatch.report.item_names import ItemNames
    from hashmatch.report.medium_record import (
        Check,
        Damage,
        Guard,
        MediumUse,
        Noted,
        PhoneUse,
        Segment,
        VolumeUse,
    )
    from hashmatch.report.run_record import Reopened, SourceUse

Line = dict[str, "Json"]


def masked(source: SourceUse, shown: ItemNames) -> Line:
    """Give one source without names."""
    line: Line = {
        "index": source.index,
        "kind": source.kind,
        "location": shown.source(source),
        "read_only": source.read_only,
        "before": source.before,
        "after": source.after,
        "unchanged": source.unchanged,
        "entries": source.entries,
        "folders": source.folders,
        "bytes": source.bytes,
        "access_times": source.access_times,
    }
    line |= {key: value for key in ("label", "form") if (value := getattr(source, key))}
    if source.segments:
        numbered = enumerate(source.segments, start=1)
        line["segments"] = [_segment(one, shown.file(one.name, n)) for n, one in numbered]
    if source.phones:
        numbered_phones = enumerate(source.phones, start=1)
        line["phone_backups"] = [_phone(one, shown.file(one.path, n)) for n, one in numbered_phones]
    if source.guard is not None:
        line["protection"] = _guard(source.guard)
    if source.medium is not None:
        line["medium"] = _medium(source.medium, shown)
    return line


def reopened(found: Reopened, shown: ItemNames) -> Line:
    """Give what came of opening the items with hits again."""
    return {
        "items": found.items,
        "agreed": found.agreed,
        "differed": found.differed,
        "unreachable": found.unreachable,
        "named": [{"locator": shown.where(where), "why": why} for where, why in found.named],
    }


def _guard(guard: Guard) -> Line:
    known = {
        "read_only_mount": guard.mount,
        "device_read_only": guard.device,
        "removable": guard.removable,
        "loop": guard.loop,
    }
    return {key: value for key, value in known.items() if value is not None}


def _medium(medium: MediumUse, shown: ItemNames) -> Line:
    line: Line = {
        "size": medium.size,
        "stored": dict(medium.stored),
        "unread_by_imager": _damage(medium.imager),
        "verify": medium.verify,
        "verdict": medium.verdict,
        "doubtful": medium.doubtful,
        "volumes": [_volume(one, shown.volume(one.place)) for one in medium.volumes],
        "sidecars": [
            _noted(one, shown.file(one.file, n)) for n, one in enumerate(medium.sidecars, 1)
        ],
        "sidecars_unread": len(medium.unread),
    }
    checks = {"check": medium.check, "check_after": medium.again}
    return line | {key: _check(one) for key, one in checks.items() if one is not None}


def _segment(one: Segment, name: str) -> Line:
    line: Line = {"name": name, "size": one.size}
    return line if one.sha256 is None else line | {"sha256": one.sha256}


def _phone(one: PhoneUse, path: str) -> Line:
    return {
        "path": path,
        "encrypted": one.encrypted,
        "named": one.named,
        "unnamed": one.unnamed,
        "unfit_names": one.unfit,
        "names_missing": one.missing,
    }


def _volume(one: VolumeUse, place: str) -> Line:
    return {
        "number": one.number,
        "place": place,
        "offset": one.offset,
        "size": one.size,
        "kind": one.kind,
        "gap": one.gap,
        "trouble": one.trouble,
    }


def _noted(one: Noted, file: str) -> Line:
    return {
        "file": file,
        "line": one.line,
        "algorithm": one.algorithm,
        "value": one.value,
        "of": one.of,
        "result": one.result,
    }


def _check(check: Check) -> Line:
    return {
        "size": check.size,
        "read": check.read,
        "digests": dict(check.digests),
        "damage": _damage(check.damage),
    }


def _damage(damage: Damage) -> Line:
    first: list[Json] = [[one.offset, one.length, one.why] for one in damage.first]
    return {"count": damage.count, "bytes": damage.bytes, "first": first}
