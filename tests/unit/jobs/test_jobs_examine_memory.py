"""An item for which memory does not suffice is digested all the same, or told as failed."""

import hashlib
import io
from dataclasses import dataclass, replace

import pytest
from PIL import Image

from hashmatch.hashing import pictures
from hashmatch.jobs.examine import BYTES_A_PIXEL, Limits, examine
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Failed, Picture, Reading, Reason, Stage
from hashmatch.model.wanted import Wanted
from tests.fakes import item

WANTED = Wanted((Algorithm.SHA256,))


def picture():
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "PNG")
    return out.getvalue()


@dataclass
class Short:
    """A source with too little memory the first times it is read."""

    content: bytes
    times: int
    location = b"/"

    def open(self, wanted):
        self.times -= 1
        if self.times >= 0:
            raise MemoryError
        return io.BytesIO(self.content)

    trusted = True

    @property
    def readable(self):
        return (self.location,)

    def doubt(self, _wanted, _stream):
        return None

    def unchanged(self, wanted, _stream):
        return True


def test_a_picture_that_takes_too_much_is_digested_without_decoding():
    found = examine(Short(picture(), 1), item(b"a"), WANTED, Limits()).result
    assert found.digests[0].value == hashlib.sha256(picture()).digest()
    assert found.picture == Picture("image/png", trouble=Reason.OUT_OF_MEMORY)


def test_what_is_no_picture_is_simply_read_again():
    found = examine(Short(b"text", 1), item(b"a"), WANTED, Limits()).result
    assert isinstance(found, Reading)
    assert found.picture is None


def test_what_cannot_even_be_read_has_failed():
    found = examine(Short(picture(), 2), item(b"a"), WANTED, Limits()).result
    assert found == Failed(b"a", Stage.READ, Reason.OUT_OF_MEMORY)


DAMAGED = Picture("image/png", 1000, 1000, 1, trouble=Reason.CORRUPT)


def examined(monkeypatch, found, **limits):
    monkeypatch.setattr(pictures, "examine", lambda *_: found)
    return examine(
        Short(picture(), 0), item(b"a"), WANTED, replace(Limits(), **limits)
    ).result.picture


@pytest.mark.parametrize("trouble", [Reason.CORRUPT, Reason.TRUNCATED])
def test_damage_where_memory_may_not_have_sufficed_is_told_as_want_of_memory(monkeypatch, trouble):
    damaged, needed = replace(DAMAGED, trouble=trouble), BYTES_A_PIXEL * 1000 * 1000
    assert examined(monkeypatch, damaged, memory=needed - 1).trouble is Reason.OUT_OF_MEMORY
    assert examined(monkeypatch, damaged, memory=needed).trouble is trouble


def test_damage_of_what_is_decoded_at_a_fraction_stays_damage(monkeypatch):
    assert examined(monkeypatch, DAMAGED, memory=1 << 20, pixels=999_999) == DAMAGED


def test_a_part_that_could_be_hashed_is_kept(monkeypatch):
    part = replace(DAMAGED, trouble=None, damage=Reason.TRUNCATED)
    assert examined(monkeypatch, part) == part
    in_doubt = replace(part, damage=Reason.OUT_OF_MEMORY)
    assert examined(monkeypatch, part, memory=1 << 20) == in_doubt


def test_by_default_no_picture_within_the_limit_on_pixels_is_in_doubt():
    assert Limits().pixels * BYTES_A_PIXEL <= Limits().memory
