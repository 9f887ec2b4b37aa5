"""What ``run.json`` says of images and devices, read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.report.medium_record import (
    Check,
    Damage,
    Guard,
    MediumUse,
    Noted,
    PhoneUse,
    Segment,
    Stretch,
    VolumeUse,
)

if TYPE_CHECKING:
    from hashmatch.report.fields import Fields

_ABOUT = ("mount_point", "file_system", "options", "device")


def segments(source: Fields) -> tuple[Segment, ...]:
    """Read the files of an image; folders, and runs of earlier versions, have none."""
    if not source.has("segments"):
        return ()
    return tuple(
        Segment(
            one.path("name"),
            one.number("size"),
            one.hex("sha256", 64) if one.has("sha256") else None,
        )
        for one in source.objects("segments")
    )


def guard(source: Fields) -> Guard | None:
    """Read how a source was kept from being written to; earlier versions do not say."""
    if not source.has("protection"):
        return None
    one = source.object("protection")
    return Guard(
        mount=_known(one, "read_only_mount"),
        device=_known(one, "device_read_only"),
        removable=_known(one, "removable"),
        loop=_known(one, "loop"),
        about={key: one.text(key) if one.has(key) else "" for key in _ABOUT},
    )


def medium(source: Fields) -> MediumUse | None:
    """Read what was learnt of an image or device; None for what is neither.

    Raises:
        CustodyError: a field does not fit.
    """
    if not source.has("medium"):
        return None
    one = source.object("medium")
    return MediumUse(
        size=one.number("size"),
        said=one.object("said").plain,
        stored=one.labels("stored"),
        imager=_stretches(one.object("unread_by_imager")),
        verify=one.text("verify"),
        verdict=one.text("verdict"),
        doubtful=one.flag("doubtful"),
        volumes=tuple(_volume(found) for found in one.objects("volumes")),
        check=_check(one, "check"),
        again=_check(one, "check_after"),
        sidecars=tuple(_noted(found) for found in _listed(one, "sidecars")),
        unread=tuple(
            (found.path("file"), found.text("why")) for found in _listed(one, "sidecars_unread")
        ),
    )


def phones(source: Fields) -> tuple[PhoneUse, ...]:
    """Read which backups of phones were met in a source."""
    return tuple(
        PhoneUse(
            path=one.path(),
            encrypted=one.optional_flag("encrypted"),
            named=one.number("named"),
            unnamed=one.number("unnamed"),
            unfit=one.number("unfit_names"),
            missing=one.text("names_missing") if one.has("names_missing") else None,
        )
        for one in _listed(source, "phone_backups")
    )


def _known(one: Fields, key: str) -> bool | None:
    return one.flag(key) if one.has(key) else None


def _listed(one: Fields, key: str) -> list[Fields]:
    return one.objects(key) if one.has(key) else []


def _stretches(one: Fields) -> Damage:
    """Read the short form, a list for each stretch."""
    first = tuple(
        Stretch(*row)  # type: ignore[arg-type]  # rows() made sure of it
        for row in one.rows("first", (int, int, str, str))
    )
    return Damage(one.number("count"), one.number("bytes"), first)


def _check(medium: Fields, key: str) -> Check | None:
    if not medium.has(key):
        return None
    one = medium.object(key)
    first = tuple(_stretch(found) for found in one.objects("damage"))
    damage = Damage(one.number("damaged_stretches"), one.number("damaged_bytes"), first)
    return Check(one.number("size"), one.number("read"), one.labels("digests"), damage)


def _stretch(one: Fields) -> Stretch:
    return Stretch(one.number("offset"), one.number("length"), one.text("why"), one.text("part"))


def _noted(one: Fields) -> Noted:
    return Noted(
        file=one.path("file"),
        line=one.number("line"),
        algorithm=one.text("algorithm"),
        value=one.text("value"),
        of=one.text("of"),
        result=one.text("result"),
    )


def _volume(one: Fields) -> VolumeUse:
    return VolumeUse(
        number=one.number("number"),
        place=one.text("place"),
        offset=one.number("offset"),
        size=one.number("size"),
        kind=one.text("kind") if one.has("kind") else "",
        gap=one.flag("gap") if one.has("gap") else False,
        trouble=one.text("trouble") if one.has("trouble") else None,
        advice=one.text("advice") if one.has("advice") else "",
    )
