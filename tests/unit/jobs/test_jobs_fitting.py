"""Whatever a container says of its members, they arrive; whatever else is sent does not."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.custody import canonical
from hashmatch.hashing.digests import of_bytes
from hashmatch.jobs.confinement import answers
from hashmatch.jobs.packing import Packing, weight
from hashmatch.jobs.telling import Answer, Telling
from hashmatch.model.facts import MOST_EXTENTS, Facts, Recovery, Standing
from hashmatch.model.hashes import ALWAYS, FrameHash
from hashmatch.model.outcomes import (
    Failed,
    Member,
    Picture,
    Reading,
    Reason,
    Rule,
    Skipped,
    Stage,
    Video,
)

PACKING = Packing(ALWAYS)
READ = Reading(of_bytes(b"content", ALWAYS))
PATH, PLACE = b"!/a", "zip:a;n=0"
WORDS = st.text(st.characters(codec=None), max_size=20)
NUMBERS = st.integers(-(1 << 70), 1 << 70)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple)
FACTS = st.builds(
    Facts,
    times=PAIRS,
    notes=PAIRS,
    fragments=NUMBERS,
    extents=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=2).map(tuple),
)
READS = st.sampled_from(
    [
        READ,
        Reading(READ.digests, Picture("image/png", 1 << 60)),
        Reading(READ.digests, video=Video("video/mp4", length=-5, hashes=(None,))),
        Failed(b"x" * (2 << 20), Stage.UNPACK, Reason.CHECKSUM, "no place", Facts()),
        Skipped(PATH, Rule.SYMLINK, "no place", Facts()),
    ]
)


def arrived(*members):
    """Members as they are after a way through a pipe."""
    sent = pickle.dumps(Answer([PACKING.packed(one) for one in members]))
    return [PACKING.member(one) for one in PACKING.unpacked(answers.read(sent, Answer).results)]


@given(NUMBERS, NUMBERS, READS, st.none() | FACTS)
def test_every_member_arrives_and_can_be_recorded(size, modified, read, facts):
    (found,) = arrived(Member(PATH, PLACE, size, modified, read, facts))
    assert (found.path, found.place) == (PATH, PLACE)
    if facts is None or all(0 <= one <= 1 << 53 for pair in facts.extents for one in pair):
        assert facts is None or facts.fragments < 0 or type(found.read) is type(read)
    else:
        assert found.read.reason is Reason.DAMAGED_CONTAINER
    if found.facts is not None:
        canonical.decode(canonical.encode(found.facts.to_json()))


@pytest.mark.parametrize(
    "word", ["Screenshot 3.00\u202fPM.png", "ภาพ\u200bทดสอบ", "a\xa0b", "写真\u3000", "\t\n\0"]
)
def test_words_that_cannot_be_printed_are_kept_as_they_are(word):
    facts = Facts(notes=(("original", word),))
    assert arrived(Member(PATH, PLACE, 1, 0, READ, facts)) == [
        Member(PATH, PLACE, 1, 0, READ, facts)
    ]


def test_words_that_are_too_long_say_that_they_were_cut():
    notes = tuple((f"{n}", "x" * 70_000) for n in range(64))
    (found,) = arrived(Member(PATH, PLACE, 1, 0, READ, Facts(notes=notes)))
    assert [name for name, _ in found.facts.notes] == [name for name, _ in notes]
    assert all(word.startswith("xxx") and word.endswith("x…") for _, word in found.facts.notes)


@pytest.mark.parametrize(("path", "place"), [(b"!/" + b"x" * (2 << 20), PLACE), (PATH, "?" * 9)])
def test_a_member_that_cannot_be_named_has_failed_by_a_name_of_its_own(path, place):
    first, second = arrived(
        Member(path, place, 1, 0, READ), Member(path + b"y", place + "y", 1, 0, READ)
    )
    assert first.read.reason is second.read.reason is Reason.NAME_TOO_LONG
    assert first.place != second.place
    assert path.startswith(first.path)


def test_what_a_decoder_cannot_have_found_costs_the_decoding_only():
    odd = Reading(
        READ.digests, Picture("image/png", -1), Video("v", hashes=(FrameHash(0, 1, b""),))
    )
    for found in (
        PACKING.unpacked([PACKING.packed(odd)])[0],
        arrived(Member(PATH, "", 1, 0, odd))[0].read,
    ):
        assert found.digests == READ.digests
        assert found.picture.trouble is found.video.trouble is Reason.WORKER_DIED


def deep():
    inner = ()
    for _ in range(5000):
        inner = (inner,)
    return inner


SENT = ("allocated", None, (), ((1, 2),), 1, "", (("a", "b"),))


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, deep()),
        (0, "elsewhere"),
        (1, "by-luck"),
        (2, [("a", "b")]),
        (2, (("a", 5),)),
        (3, ((float("inf"), 0),)),
        (3, ((10**5000, 0),)),
        (3, ((-1, 1),)),
        (3, ((1 << 80, 1),)),
        (3, ((1, 2),) * (MOST_EXTENTS + 1)),
        (3, ((1, 2, 3),)),
        (4, -1),
        (5, None),
        (6, (("e\u0301", "a key of no record"),)),
        (6, (("a", "\ud800"),)),
        (6, (("a", "x" * 70_000),)),
        (6, tuple((f"{n}", "x" * 60_000) for n in range(9))),
        (6, (("a", "b"),) * 65),
    ],
)
def test_facts_of_another_form_are_the_end_of_their_worker(at, value):
    digests = b"".join(one.value for one in READ.digests)
    known = Facts(extents=((1, 2),), fragments=1, notes=(("a", "b"),))
    (found,) = PACKING.unpacked([(PATH, PLACE, 0, 0, digests, SENT)])
    assert PACKING.member(found).facts == known
    bad = (*SENT[:at], value, *SENT[at + 1 :])
    for facts in (bad, SENT[:-1], "facts", {"standing": "allocated"}):
        with pytest.raises(EOFError):
            PACKING.unpacked([(PATH, PLACE, 0, 0, digests, facts)])


class Pipe:
    def __init__(self):
        self.sent = []

    def send(self, answer):
        self.sent.append(pickle.dumps(answer))


def test_no_message_is_longer_than_what_is_read():
    pipe = Pipe()
    telling = Telling(pipe, PACKING)
    path, place = b"!/" + b"x" * 300_000, "zip:" + "x" * 900_000
    for _ in range(100):
        telling.add(Member(path, place, 1, 0, READ, Facts(Standing.CARVED, Recovery.BY_RECORD)))
    telling.flush()
    assert max(map(len, pipe.sent)) < answers.MOST // 4
    assert sum(len(answers.read(one, Answer).results) for one in pipe.sent) == 100


def test_a_picture_and_notes_weigh_more_than_digests():
    plain = PACKING.packed(Member(PATH, PLACE, 1, 0, READ))
    noted = PACKING.packed(Member(PATH, PLACE, 1, 0, READ, Facts(notes=(("a", "b" * 9000),))))
    assert weight(plain) + 9000 < weight(noted)
