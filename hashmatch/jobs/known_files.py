"""The values that a list carries about a file, computed as a scan computes them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hashmatch.demo.lists import KnownFile
from hashmatch.hashing import digests, pictures, sniff
from hashmatch.model.hashes import ALWAYS
from hashmatch.model.wanted import Effort, Wanted

if TYPE_CHECKING:
    from hashmatch.demo.truth import Original


def known_file(original: Original) -> KnownFile:
    """Compute the digests of an original and, when it is a picture, its PDQ hash."""
    content = original.content
    read = digests.read(io.BytesIO(content), ALWAYS, lambda _: False, 0)
    md5, sha1, sha256 = (digest.hex for digest in read.digests)
    kind = sniff.picture_kind(read.head)
    # In full and in colour, as the programs decode that lists are made with.
    in_full = Wanted(effort=Effort.THOROUGH)
    picture = pictures.examine(content, kind, wanted=in_full) if kind and original.picture else None
    pdq = picture.hashes[0] if picture and picture.hashes else None
    return KnownFile(
        name=original.name,
        size=len(content),
        md5=md5,
        sha1=sha1,
        sha256=sha256,
        pdq=pdq.variants[0].hex() if pdq else None,
        quality=pdq.quality if pdq else None,
        listings=original.listings,
    )
