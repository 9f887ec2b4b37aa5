"""What every list format promises. A format's test supplies examples and inherits the rest."""

import io
import re
from dataclasses import dataclass, field
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.errors import HashSetError
from hashmatch.formats import other_kinds, registry
from hashmatch.formats.interface import HEAD_SIZE, BatchFormat, ReadOptions
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import (
    Dropped,
    HashRecord,
    ListFacts,
    MembershipFilter,
    RecordBatch,
)


@dataclass(frozen=True)
class Example:
    """A list and the records that reading it must give. ``recognised``: detect accepts it."""

    data: bytes
    records: list
    options: ReadOptions = field(default_factory=ReadOptions)
    recognised: bool = True


class Endless(io.RawIOBase):
    """A list that never ends: an opening, then the same rows for ever."""

    def __init__(self, opening, rows):
        self.given = 0
        self._held = opening
        self._rows = rows

    def read(self, size=-1):
        while len(self._held) < size:
            self._held += self._rows * (1 + size // len(self._rows))
        block, self._held = self._held[:size], self._held[size:]
        self.given += len(block)
        return block


def md5(text):
    return Digest.parse(Algorithm.MD5, text)


def sha1(text):
    return Digest.parse(Algorithm.SHA1, text)


def sha256(text):
    return Digest.parse(Algorithm.SHA256, text)


def pdq(text, quality=None):
    return PerceptualHash.parse(Method.PDQ, text, quality)


def read(name, data, options=None):
    """Read bytes with the named format."""
    return list(registry.by_name(name).read(io.BytesIO(data), options or ReadOptions()))


def records(name, data, options=None):
    return [event for event in read(name, data, options) if isinstance(event, HashRecord)]


def losses(name, data, options=None):
    return [event for event in read(name, data, options) if isinstance(event, Dropped)]


def facts(name, data, options=None):
    return merged_facts(read(name, data, options))


def flat(events):
    """Give batches as the single records that they stand for."""
    for event in events:
        if isinstance(event, RecordBatch):
            yield from event.records()
        else:
            yield event


def by_place(events):
    """Give what is not a fact in the order of places; a loss of a value before its record."""
    told = [event for event in events if not isinstance(event, ListFacts)]
    return sorted(told, key=lambda event: (event.place, isinstance(event, HashRecord)))


def merged_facts(events):
    merged = {}
    for event in events:
        if isinstance(event, ListFacts):
            merged.update(event.facts)
    return merged


def values(events):
    found = set()
    for event in events:
        if isinstance(event, HashRecord):
            found.update((*event.digests, *event.perceptual))
    return found


def digests_in(text):
    return re.findall(r"[0-9A-Fa-f]{31,}", text)


class FormatContract:
    """Subclass it for each format.

    ``text``: the format is text, so that another encoding changes nothing. ``endless``: it can be
    read as it comes; False for databases and other files of a fixed or stated length.
    """

    text = True
    endless = True
    name: str
    examples: tuple
    opening: bytes = b""  # of a list that never ends,
    rows: bytes  # and its rows

    @property
    def format(self):
        return registry.by_name(self.name)

    def test_is_described_for_people(self):
        assert self.format.name == self.name
        assert self.format.title.strip()
        assert isinstance(self.format.has_categories, bool)
        assert set(self.format.takes) <= {"type", "map", "delimiter", "environment", "mapping"}

    def test_batches_say_the_same_as_single_records(self):
        if not isinstance(self.format, BatchFormat):
            pytest.skip("the format has no batches")
        for example in self.examples:
            stream = io.BytesIO(example.data)
            fast = list(flat(self.format.read_batches(stream, example.options)))
            slow = read(self.name, example.data, example.options)
            assert by_place(fast) == by_place(slow)
            assert merged_facts(fast) == merged_facts(slow)

    def test_examples_read_to_the_expected_records(self):
        for example in self.examples:
            assert records(self.name, example.data, example.options) == example.records

    def test_nothing_of_an_example_is_lost(self):
        for example in self.examples:
            assert losses(self.name, example.data, example.options) == []

    def test_what_cannot_be_compared_is_called_by_a_name_of_ours(self):
        for example in self.examples:
            records = [one for one in example.records if isinstance(one, HashRecord)]
            assert other_kinds.NAMES.issuperset(name for one in records for name in one.other)

    def test_own_examples_are_recognised_whatever_the_file_is_called(self):
        for example in self.examples:
            if example.recognised:
                assert self.format.detect(example.data[:HEAD_SIZE], "list.jpg")
                assert registry.detect(example.data[:HEAD_SIZE], "list.jpg") is self.format

    def test_examples_of_other_formats_are_not_recognised(self):
        for other in FormatContract.__subclasses__():
            for example in other.examples:
                if other.name != self.name and example.recognised:
                    assert not self.format.detect(example.data, f"list.{self.name}"), other.name

    def test_the_name_alone_recognises_nothing(self):
        for name in (f"list.{self.name}", "list.json", "list.csv", "list.txt"):
            assert not self.format.detect(b"", name)
            assert not self.format.detect(b"\x00\x01 some \xff text\nmore of it\n", name)

    def test_a_byte_order_mark_and_utf_16_change_nothing(self):
        if not self.text:
            pytest.skip("not a text format")
        for example in self.examples:
            try:
                text = example.data.decode()
            except UnicodeDecodeError:
                continue
            if "\0" in text or text.startswith("\ufeff"):
                continue
            for encoding in ("utf-8-sig", "utf-16"):
                encoded = text.encode(encoding)
                assert records(self.name, encoded, example.options) == example.records
                assert self.format.detect(encoded[: HEAD_SIZE // 2], "x") == example.recognised

    def test_a_truncated_list_invents_no_hash_and_does_not_crash(self):
        for example in self.examples:
            whole = values(example.records)
            for end in range(len(example.data)):
                try:
                    cut = read(self.name, example.data[:end], example.options)
                except HashSetError as error:
                    assert not digests_in(str(error))
                else:
                    assert values(cut) <= whole

    def test_a_file_without_anything_recognisable_is_refused(self):
        for data in (b"", b"\n\n", b"\xff\xfe", b"lorem ipsum\ndolor sit\n", b"\x00" * 100):
            with pytest.raises(HashSetError):
                read(self.name, data)

    def test_an_endless_list_is_read_as_it_comes(self):
        if not self.endless:
            pytest.skip("such a file says how long it is")
        stream = Endless(self.opening, self.rows)
        options = self.examples[0].options
        events = self.format.read(stream, options)
        last = max(event.place for event in islice(events, 3000) if isinstance(event, HashRecord))
        assert last >= 1000
        assert stream.given < 2_000_000
        events.close()

    def test_any_bytes_give_events_or_a_refusal_without_list_content(self):
        @given(st.data())
        @settings(max_examples=150, deadline=None)
        def spoil(data):
            example = data.draw(st.sampled_from(self.examples))
            start = data.draw(st.integers(0, len(example.data)))
            end = data.draw(st.integers(start, min(len(example.data), start + 40)))
            noise = data.draw(st.binary(max_size=30) | st.sampled_from(NOISE))
            spoilt = example.data[:start] + noise + example.data[end:]
            self._survives(spoilt, data.draw(st.sampled_from([example.options, ReadOptions()])))

        spoil()

    def test_noise_gives_events_or_a_refusal(self):
        @given(st.binary(max_size=200), st.sampled_from(["md5", "pdq", None]))
        @settings(max_examples=100, deadline=None)
        def disturb(noise, algorithm):
            self._survives(noise, ReadOptions(algorithm=algorithm))
            self._survives(self.opening + noise, ReadOptions(algorithm=algorithm))

        disturb()

    def _survives(self, data, options):
        self.format.detect(data, "x")
        try:
            events = read(self.name, data, options)
        except HashSetError as error:
            assert not digests_in(str(error)), "a message repeats list content"
            return
        spoken = [event for event in events if not isinstance(event, ListFacts | MembershipFilter)]
        places = [event.place for event in spoken]
        assert places == sorted(places)
        assert all(place >= 1 for place in places)
        kept = [event.place for event in events if isinstance(event, HashRecord)]
        lost = [event.place for event in events if isinstance(event, Dropped) and event.whole]
        assert len({*kept, *lost}) == len(kept) + len(lost), "a record is counted twice"


NOISE = [
    *(b'"', b'""', b'",', b"'", b"\n", b"\r", b"\r\n", b"\0", b"\\", b"\\n", b") = ", b")= "),
    *(b",", b";", b"\t", b"|", b"=", b"#", b"{", b"}", b"[", b"]", b"null", b'"value":['),
    *(b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x81", b"1e999", b"1" * 5000, b"G" * 32),
    *(b"\\ud800", b"MD5\n", b"hash=", b"%%%% ", b"sep=;\n", "\u2028\u0e01".encode()),
]
