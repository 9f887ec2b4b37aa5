"""A benign exhibit: folders full of known, edited, unrelated, odd and broken files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.demo import damage, drawing, edits, odd_names, originals
from hashmatch.demo.edits import encoded
from hashmatch.demo.planting import PICTURE, Look, Planter
from hashmatch.demo.truth import Likeness
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PIL import Image

    from hashmatch.demo.truth import Expected, Original

UNRELATED = 6
"""How many unrelated pictures an exhibit holds, where nothing else is asked for."""

_FIRST_UNRELATED = 100  # number of the picture; smaller ones belong to originals and damage
_EDITED = 1, "all-values.png"  # number and name of the original of which every edit is made
_ONLY_SIMILAR = 9, "only-similar.png"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An exhibit on disk and the whole truth about it.

    ``entries`` holds everything below ``folder`` that is not a folder, exactly once, in byte
    order of the path; ``folders`` the rest, without ``folder`` itself. ``originals`` are the
    files that the demo's lists are to be written about. ``left_out`` names what this file
    system cannot hold, such as a name that is not UTF-8.
    """

    folder: Path
    seed: int
    entries: tuple[Expected, ...]
    folders: tuple[bytes, ...]
    originals: tuple[Original, ...]
    left_out: tuple[bytes, ...]


def build(folder: Path, seed: int, *, unrelated: int = UNRELATED) -> Exhibit:
    """Write the exhibit into a new or empty folder.

    The same seed gives the same names, bytes, modes and times of change, on one machine with
    one version of Pillow. Nothing in it is evidence of anything; all content is drawn.

    Args:
        folder: is made where it is missing.
        seed: 0 or greater.
        unrelated: how many pictures that agree with nothing.

    Raises:
        UsageError: there is something in the folder already.
        OutputError: the folder cannot be written.
    """
    planter = Planter.begin(folder)
    known = originals.make(seed)
    _plant_copies(planter, known)
    _plant_edits(planter, known, seed)
    _plant_unrelated(planter, seed, unrelated)
    _plant_broken(planter, seed)
    _plant_special(planter)
    odd_names.plant(planter, known)
    folders = planter.finish()
    entries = tuple(sorted(planter.entries, key=lambda entry: entry.path))
    left_out = tuple(sorted(planter.left_out))
    return Exhibit(folder, seed, entries, folders, tuple(known.values()), left_out)


def _plant_copies(planter: Planter, known: Mapping[str, Original]) -> None:
    """Exact copies under other names, in other folders, with other extensions."""
    for path, name in (
        (b"DCIM/IMG_0001.png", "all-values.png"),
        (b"DCIM/IMG_0002.jpg", "two-digests.jpg"),
        (b"DCIM/IMG_0003.jpg", "digests-and-pdq.jpg"),
        (b"DCIM/IMG_0004.png", "comparison.png"),
        (b"Backup/old/a.tmp", "two-digests.jpg"),
        (b"Backup/old/b.jpg", "uncategorized.jpg"),
        (b"Backup/notes.txt", "hotline.png"),
        (b"Downloads/video.mp4", "clip.bin"),
        (b"Downloads/in-two-lists.jpeg", "in-two-lists.jpg"),
        (b"Downloads/only-similar.png", "only-similar.png"),
        (b"System/disputed.jpg", "disputed.jpg"),
        (b"System/wallpaper.jpg", "wallpaper.jpg"),
        (b"System/LICENCE", "licence.txt"),
    ):
        planter.copy(path, known[name])


def _plant_edits(planter: Planter, known: Mapping[str, Original], seed: int) -> None:
    """Every edit of one picture, and two of a picture of which only a PDQ hash is listed."""
    few = (edits.named("jpeg-q30"), edits.named("crop-30"))
    for start, (number, name), chosen in (
        (b"Edited/", _EDITED, edits.available()),
        (b"Downloads/similar-", _ONLY_SIMILAR, few),
    ):
        picture = originals.drawn(seed, number)
        for edit in chosen:
            _plant_edit(planter, start, edit, picture, known[name])


def _plant_edit(
    planter: Planter, start: bytes, edit: edits.Edit, picture: Image.Image, original: Original
) -> None:
    path = start + edit.name.encode() + edit.suffix.encode()
    likeness = Likeness.SIMILAR if edit.similar else Likeness.TOO_DIFFERENT
    sentence = f"{original.name}, {edit.sentence}"
    planter.edited(path, edit.apply(picture), sentence, original, likeness)


def _plant_unrelated(planter: Planter, seed: int, count: int) -> None:
    for number in range(_FIRST_UNRELATED, _FIRST_UNRELATED + count):
        content = originals.as_file(originals.drawn(seed, number), ".jpg")
        path = b"Holiday/%04d.jpg" % number
        planter.file(path, content, "a picture that stands in no list", PICTURE)
    card = encoded(drawing.card(originals.picture_seed(seed, 50)), "PNG")
    planter.file(b"Holiday/card.png", card, "a text card that stands in no list", PICTURE)


def _plant_broken(planter: Planter, seed: int) -> None:
    """Files that a scan must survive, and pictures that cannot or must not be compared."""
    featureless = Look(is_picture=True, featureless=True)
    blank = encoded(drawing.blank(), "PNG")
    gradient = encoded(drawing.gradient(seed), "PNG")
    planter.file(b"Broken/blank.png", blank, "a white picture", featureless)
    planter.file(b"Broken/gradient.png", gradient, "a picture without features", featureless)
    planter.file(b"Broken/zero-bytes.jpg", b"", "an empty file")
    planter.file(b"Broken/one-byte.jpg", b"\xff", "a file of one byte")
    planter.file(b"Broken/text.jpg", b"This is no picture.\n", "text named as a picture")
    cut = damage.truncated_jpeg(originals.picture_seed(seed, 51))
    look = Look(is_picture=True, partial=True)
    planter.file(b"Broken/truncated.jpg", cut, "a JPEG that ends in the middle", look)
    for name, content, sentence, trouble in (
        (
            b"corrupt.png",
            damage.corrupt_png(originals.picture_seed(seed, 52)),
            "a PNG that is overwritten after its first bytes",
            Reason.CORRUPT,
        ),
        (
            b"huge.png",
            damage.huge_png(),
            "a PNG of a few bytes that claims to be 60000 by 60000 pixels",
            Reason.TOO_MANY_PIXELS,
        ),
        (b"tiny.png", damage.tiny_png(), "a picture of 3 by 3 pixels", Reason.TOO_SMALL),
    ):
        look = Look(is_picture=True, trouble=trouble)
        planter.file(b"Broken/" + name, content, sentence, look)


def _plant_special(planter: Planter) -> None:
    """Links, a pipe, an empty folder."""
    planter.hard_link(b"Links/hard.png", b"DCIM/IMG_0001.png")
    planter.symbolic_link(b"Links/soft.png", b"../DCIM/IMG_0001.png", "a link to a known file")
    planter.symbolic_link(b"Links/dangling", b"nowhere", "a link to nothing")
    planter.symbolic_link(b"Links/loop-a", b"loop-b", "a link to a link that links back")
    planter.symbolic_link(b"Links/loop-b", b"loop-a", "a link to a link that links back")
    planter.symbolic_link(b"Links/up", b"..", "a link to the folder above")
    planter.fifo(b"Links/pipe")
    planter.folder(b"Empty folder")
