"""Pictures that are drawn from integers alone, the same on every machine, to try methods with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture made from integers: coloured blocks under a slanting ramp; sizes in pixels."""

    width: int
    height: int
    across: int
    down: int
    seed: int


def draw(drawing: Drawing) -> NDArray[np.uint8]:
    """Draw a picture as (H, W, 3) RGB; the same on every machine."""
    import numpy as np  # noqa: PLC0415

    cells = list(islice(_bytes(drawing.seed), drawing.across * drawing.down * 3))
    blocks = np.array(cells, np.int32).reshape(drawing.down, drawing.across, 3)
    x, y = np.arange(drawing.width), np.arange(drawing.height)
    block_of_y, block_of_x = y * drawing.down // drawing.height, x * drawing.across // drawing.width
    colours = blocks[block_of_y][:, block_of_x]
    ramp = (x * 64 // drawing.width)[None, :] + (y * 64 // drawing.height)[:, None]
    picture: NDArray[np.uint8] = np.clip(colours * 3 // 4 + ramp[..., None] - 32, 0, 255).astype(
        np.uint8
    )
    return picture


def _bytes(seed: int) -> Iterator[int]:
    """Upper bytes of a linear congruential sequence."""
    while True:
        seed = (1664525 * seed + 1013904223) & 0xFFFFFFFF
        yield seed >> 24
