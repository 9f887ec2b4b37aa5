"""Hashes of a picture by methods beside PDQ, where a run asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hashmatch.hashing import hashers
from hashmatch.model.hashes import VARIANTS, Method, PictureHash
from hashmatch.model.wanted import Effort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from hashmatch.hashing.pixels import Rendering
    from hashmatch.model.wanted import Wanted


class Further(NamedTuple):
    """Hashes by rendering, then method; and the methods whose hasher failed on any rendering.

    ``starved`` says that one of them failed for want of memory.
    """

    hashes: tuple[PictureHash, ...] = ()
    failed: tuple[Method, ...] = ()
    starved: bool = False


def further(
    renderings: Iterable[Rendering], qualities: Mapping[str, int], wanted: Wanted
) -> Further:
    """Hash renderings by every method that is wanted beside PDQ.

    A hasher gets the colours of the whole picture. It fails where a rendering is not there, or
    only reduced, and when it raises, or gives nonsense; other methods go on. That
    it has no value for a picture is no failure.

    Args:
        renderings: decoded in full.
        qualities: PDQ quality of each rendering to be hashed, by its name; it stands for the
            quality of these hashes too.
        wanted: the methods. Except with the least effort, values of turned pictures are derived
            where the method can.

    Raises:
        MemoryError: memory does not suffice for the pixels themselves.
        HasherError: a hasher cannot be loaded at all.
    """
    found: list[PictureHash] = []
    failed: set[Method] = set()
    starved = False
    there = {one.name: one for one in renderings if one.reduction == 1}
    for name, quality in qualities.items():
        rendering = there.get(name)
        if rendering is None:
            failed.update(wanted.further)
            continue
        pixels = _colours(rendering)
        for method in wanted.further:
            hasher = hashers.load(method)
            try:
                values = _values(hasher, pixels, wanted.effort)
            except (Exception, SystemExit) as error:  # noqa: BLE001  # a plug-in may raise anything
                starved = starved or isinstance(error, MemoryError)
                failed.add(method)
                continue
            if values:
                turns = tuple(values)
                found.append(PictureHash(method, name, quality, tuple(values.values()), turns))
    return Further(tuple(found), tuple(one for one in wanted.further if one in failed), starved)


def _values(hasher: hashers.Hasher, pixels: NDArray[np.uint8], effort: Effort) -> dict[str, bytes]:
    """Values by the name of the turn; none where the method has no value for the picture."""
    value = hashers.checked(hasher, pixels)
    if value is None:
        return {}
    turned = {} if effort is Effort.FAST else hashers.turned(hasher, value)
    return {VARIANTS[0]: value} | turned


def _colours(rendering: Rendering) -> NDArray[np.uint8]:
    """All pixels as RGB, not to be written to."""
    rgb = rendering.image.mode == "RGB"
    rows = np.asarray(rendering.image) if rgb else rendering.rows(0, rendering.size[0])
    colours = rows if rows.ndim == 3 else np.repeat(rows[..., None], 3, axis=2)
    pixels = np.ascontiguousarray(colours, np.uint8)
    pixels.flags.writeable = False
    return pixels
