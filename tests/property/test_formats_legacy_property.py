"""Databases and binary lists from hostile hands: typed refusals or events, nothing else."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord, MembershipFilter, RecordBatch
from tests.contract import test_formats_contract_legacy as contract
from tests.contract.format_contract import by_place, digests_in, flat

BINARY = {
    one.name: one.examples[0].data
    for one in (
        contract.TestAutopsyKdb,
        contract.TestIpedSqlite,
        contract.TestNsrlRds3,
        contract.TestEncase,
        contract.TestHashlookupBloom,
    )
}
EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0xFFFE, 0xFFFF, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
EXTREMES += ((1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def survives(name, data, stream=None):
    try:
        stream = io.BytesIO(data) if stream is None else stream
        events = list(registry.by_name(name).read(stream, ReadOptions()))
        for event in events:
            if isinstance(event, MembershipFilter):
                assert sum(map(len, event.blocks)) <= len(data)
    except HashSetError as error:
        assert not digests_in(str(error))
        return
    assert len(events) <= len(data)


@pytest.mark.parametrize("name", BINARY)
def test_damaged_bytes_give_events_or_a_refusal(name):
    @settings(deadline=None, max_examples=300)
    @given(st.randoms(use_true_random=False), st.integers(1, 12))
    def damage(random_, count):
        data = bytearray(BINARY[name])
        used = len(data) if name != "hashlookup-bloom" else 60
        for _ in range(count):
            data[random_.randrange(used)] = random_.choice(
                (0, 1, 0x7F, 0x80, 0xFF, random_.randrange(256))
            )
        survives(name, bytes(data))

    damage()


@pytest.mark.parametrize("name", BINARY)
def test_extreme_numbers_anywhere_in_the_header_give_a_refusal_or_events(name):
    for at in range(112):
        for value in EXTREMES:
            for size in (2, 4, 8):
                if value < 1 << 8 * size:
                    for order in ("little", "big"):
                        data = bytearray(BINARY[name])
                        data[at : at + size] = value.to_bytes(size, order)
                        survives(name, bytes(data))


@pytest.mark.parametrize("name", ["autopsy-kdb", "iped-sqlite", "nsrl-rds3"])
def test_a_damaged_database_file_gives_events_or_a_refusal(name, tmp_path):
    path = tmp_path / "list.db"
    chance = random.Random(7)
    for _ in range(150):
        data = bytearray(BINARY[name])
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(100, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        with path.open("rb") as stream:
            survives(name, bytes(data), stream)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=60))
def test_a_set_of_encase_is_read_back(values):
    data = contract.encase(len(values), *[one.hex() for one in values])
    found = list(registry.by_name("encase").read(io.BytesIO(data), ReadOptions()))
    assert found[1:] == [
        HashRecord(place, (Digest(Algorithm.MD5, value),)) for place, value in enumerate(values, 1)
    ]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.integers(0, 4)),
        min_size=1,
        max_size=40,
        unique=True,
    )
)
def test_every_content_of_a_minimal_nsrl_set_is_one_record_with_all_packages(rows):
    insert = "INSERT INTO FILE VALUES (?, ?, ?, '0', ?, 7, ?)"
    data = contract.database(
        *contract.RDS,
        *(
            (insert, f"{key:064X}", f"{key:040X}", f"{key:032X}", name, package)
            for key, name, package in rows
        ),
    )
    events = registry.by_name("nsrl-rds3").read(io.BytesIO(data), ReadOptions())
    found = {
        int.from_bytes(one.digests[0].value, "big"): (one.parts, one.fields)
        for one in events
        if isinstance(one, HashRecord)
    }
    assert {key: {*parts} for key, (parts, _) in found.items()} == {
        key: {str(package) for other, _, package in rows if other == key} for key, _, _ in rows
    }
    for key, (parts, fields) in found.items():
        names = {name for other, name, _ in rows if other == key}
        assert len({*parts}) == len(parts)
        assert fields.get("file_names", 1) == len(names)
        assert fields["file_name"] == min(names)


LINES = st.sampled_from(
    [
        f"{contract.M[0]}  a\n",
        f"{contract.M[1]} *b  c\n",
        f"MD5 (x) = {contract.M[0]}\n",
        f"{contract.S[0]}  a\n",
        f"{contract.M[0]}\n",
        f"   7  {contract.M[0]}  a\n",
        f"7,{contract.M[0]},a\n",
        "\n",
        "# x\n",
        "x\n",
        f"\\{contract.M[0]}  a\\nb\n",
    ]
)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["plain", "sums", "hashdeep"]), st.lists(st.tuples(LINES, st.integers(1, 80)))
)
def test_many_lines_at_once_say_the_same_as_one_by_one(name, blocks):
    text = "%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n" if name == "hashdeep" else ""
    data = (text + "".join(line * count for line, count in blocks)).encode()
    options = ReadOptions(algorithm="md5") if name == "plain" else ReadOptions()
    form = registry.by_name(name)
    try:
        slow = list(form.read(io.BytesIO(data), options))
    except HashSetError:
        with pytest.raises(HashSetError):
            list(form.read_batches(io.BytesIO(data), options))
        return
    fast = list(form.read_batches(io.BytesIO(data), options))
    assert by_place(flat(fast)) == by_place(slow)
    for event in fast:
        if isinstance(event, RecordBatch):
            assert all(
                len(values) == one.size * len(event) for one, values in event.digests.items()
            )
