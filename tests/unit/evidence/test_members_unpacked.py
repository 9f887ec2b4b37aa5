"""Streams that unpack while they are read, and moments as archives store them."""

import pytest

from hashmatch.evidence.members import moments
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import Unpacked, exactly
from hashmatch.model.outcomes import Reason


def breaking(error):
    yield b"12345"
    yield b""
    raise error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemberError(Reason.KEY_NEEDED), Reason.KEY_NEEDED),
        (OSError(5, "no"), Reason.IO),
        (MemoryError(), Reason.OUT_OF_MEMORY),
    ],
)
def test_trouble_stays_where_it_is(error, reason):
    """What comes before it is given, and each read after that says it anew."""
    stream = Unpacked(breaking(error))
    assert (stream.read(3), stream.read(9), stream.tell()) == (b"123", b"45", 5)
    for read in (lambda: stream.read(1), stream.readall, lambda: stream.readinto(bytearray(1))):
        with pytest.raises(MemberError) as caught:
            read()
        assert caught.value.reason is reason


def test_all_or_nothing_where_all_is_asked_for():
    for read in (Unpacked.read, Unpacked.readall, lambda stream: stream.read(None)):
        with pytest.raises(MemberError):
            read(Unpacked(breaking(MemberError(Reason.CHECKSUM))))
    assert Unpacked([b"12", b"", b"3"]).read() == b"123"


def test_reads_into_buffers_are_short_at_the_end():
    stream, buffer = Unpacked([b"12", b"34"]), bytearray(3)
    assert (stream.readinto(buffer), bytes(buffer)) == (3, b"123")
    assert (stream.readinto(buffer), bytes(buffer)) == (1, b"423")
    assert (stream.readinto(buffer), stream.readable(), stream.seekable()) == (0, True, False)


def test_exactly_so_much_is_asked_for():
    def more():
        yield b"12345"
        pytest.fail("no more was wanted")

    assert b"".join(exactly(more(), 4)) == b"1234"
    assert list(exactly(more(), 0)) == []
    with pytest.raises(MemberError):
        list(exactly([b"1"], 2))


def test_moments_no_calendar_has_are_numbers():
    assert moments.iso(-1) == "1969-12-31T23:59:59.999999999Z"
    assert moments.iso(10**9 * 10**15) == "@1000000000000000"
    assert moments.since_1601(116444736000000000) == 0
