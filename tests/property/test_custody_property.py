import json
import os
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.custody import canonical, chain, checkpoint, checks, entry, merkle, sums
from hashmatch.custody.audit import Audit
from hashmatch.custody.chain import Chain
from hashmatch.custody.ids import uuid7
from hashmatch.custody.ledger import Ledger
from hashmatch.errors import CustodyError, ExitCode
from tests.custody_case import CASE_ID, OPERATOR, author, make_key, naive_root, setting

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = TEXT.map(lambda text: unicodedata.normalize("NFC", text))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=4)
LEAVES = st.lists(st.binary(max_size=4), max_size=70)


@given(BODIES)
def test_a_canonical_line_is_read_back_and_is_one_line(body):
    line = canonical.encode(body)
    assert canonical.decode(line) == body
    assert b"\n" not in line
    assert json.loads(line) == body


@given(BODIES, st.randoms())
def test_the_order_of_keys_does_not_matter(body, random):
    items = list(body.items())
    random.shuffle(items)
    assert canonical.encode(dict(items)) == canonical.encode(body)


@given(BODIES, st.data())
def test_no_other_bytes_are_accepted_for_the_same_value(body, data):
    line = canonical.encode(body)
    place = data.draw(st.integers(0, len(line)))
    changed = line[:place] + data.draw(st.binary(min_size=1, max_size=2)) + line[place:]
    with suppress(ValueError):
        assert canonical.decode(changed) != body


@given(st.binary(max_size=30))
def test_any_bytes_are_read_or_refused(line):
    try:
        assert canonical.encode(canonical.decode(line)) == line
    except ValueError as error:
        assert str(error) == "not in canonical form"


@given(BODIES, st.floats(), st.data())
def test_a_float_anywhere_is_refused(body, number, data):
    place = data.draw(KEYS)
    for odd in (number, [number], {"a": [{"b": number}]}):
        with pytest.raises(ValueError):
            canonical.encode({**body, place: odd})


@given(LEAVES)
def test_the_growing_tree_agrees_with_the_definition(leaves):
    assert merkle.root(leaves) == naive_root(leaves)


@given(LEAVES, st.data())
def test_a_list_extends_exactly_its_own_beginnings(leaves, data):
    size = data.draw(st.integers(0, len(leaves)))
    older = naive_root(leaves[:size])
    assert merkle.extends(leaves, size, older)
    if size:
        place = data.draw(st.integers(0, size - 1))
        changed = [*leaves[:place], leaves[place] + b"x", *leaves[place + 1 :]]
        assert not merkle.extends(changed, size, older)


NAMES = st.lists(
    st.binary(min_size=1, max_size=6)
    .filter(lambda name: b"/" not in name and b"\0" not in name)
    .map(os.fsdecode),
    max_size=4,
)


@given(NAMES)
def test_names_in_sums_are_read_back_whatever_they_hold(names):
    digests = [(name, f"{number:064x}") for number, name in enumerate(names)]
    assert sums.parse(sums.compose(digests)) == digests


@given(st.binary(max_size=90))
def test_any_bytes_are_sums_or_refused(content):
    try:
        assert sums.compose(sums.parse(content)) == content
    except ValueError as error:
        assert str(error) == "not in the form that sha256sum writes"


@given(st.binary(max_size=250))
def test_any_bytes_are_a_checkpoint_or_refused(note):
    try:
        assert checkpoint.parse(note).encode() == note
    except ValueError as error:
        assert str(error) == "not a checkpoint that hashmatch wrote"


@given(st.datetimes(timezones=st.timezones()).filter(lambda at: at.timestamp() > 0))
def test_a_moment_is_kept_whatever_the_zone(at):
    text = entry.instant(at)
    assert len(text) == 27
    assert uuid7(at, bytes)[14] == "7"


def lines_of(bodies):
    here, grown, lines = setting(), Chain(), []
    for body in bodies:
        lines.append(entry.write(grown.place, "note", body, CASE_ID, OPERATOR, here) + b"\n")
        grown.follow(lines[-1])
    return lines


def broken(lines):
    """Whether reading stops, or ends at another root than that of the original lines."""
    grown = Chain()
    try:
        for line in lines:
            grown.follow(line)
    except CustodyError:
        return True
    return False


@given(st.lists(BODIES, min_size=2, max_size=5), st.data())
def test_any_changed_byte_but_in_the_last_line_breaks_the_chain(bodies, data):
    lines = lines_of(bodies)
    assert not broken(lines)
    number = data.draw(st.integers(0, len(lines) - 2))
    place = data.draw(st.integers(0, len(lines[number]) - 1))
    new = data.draw(st.integers(0, 255).filter(lambda byte: byte != lines[number][place]))
    changed = lines[number][:place] + bytes([new]) + lines[number][place + 1 :]
    assert broken([*lines[:number], changed, *lines[number + 1 :]])


@given(st.lists(BODIES, min_size=2, max_size=5), st.data())
def test_any_other_order_or_choice_of_lines_breaks_the_chain(bodies, data):
    lines = lines_of(bodies)
    chosen = data.draw(st.lists(st.sampled_from(range(len(lines))), min_size=1, max_size=6))
    assert broken([lines[n] for n in chosen]) == (chosen != list(range(len(chosen))))


@given(st.lists(BODIES, min_size=1, max_size=5))
@settings(deadline=None, max_examples=20)
def test_whatever_is_appended_is_read_back_and_verifies(tmp_path_factory, bodies):
    folder = tmp_path_factory.mktemp("ledger")
    key = make_key(folder / "k.pem")
    with Ledger.create(folder / "ledger", author(key)) as ledger:
        added = [ledger.append("note", body) for body in bodies]
    assert list(chain.read(folder / "ledger" / "ledger.jsonl")) == added
    assert [one.body for one in added] == bodies
    found = Audit(folder / "ledger", CASE_ID, key.public).run(lambda _: None)
    assert checks.exit_code(found) is ExitCode.CLEAR
