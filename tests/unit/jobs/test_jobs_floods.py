import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.jobs import floods
from hashmatch.model.noted import Flood, Floods

VERSION, OTHER = "a" * 32, "b" * 32


def line(file, record=3, version=VERSION, near=True, path="p", listed=None):
    made = {"path": path, "sha256": hashlib.sha256(str(file).encode()).hexdigest()}
    made |= {"set": version[0], "set_version": version, "record": record, "entry": f"e{record}"}
    measured = {"distance": 4, "quality": 77, "list_quality": listed}
    return made | {"near": measured if near else None}


@pytest.fixture
def find(tmp_path):
    def write(lines):
        path = tmp_path / "hits.jsonl"
        text = (json.dumps(one, sort_keys=True, separators=(",", ":")) + "\n" for one in lines)
        path.write_text("".join(text))
        return floods.find(path)

    return write


@pytest.mark.parametrize(("files", "named"), [(20, 0), (21, 1)])
def test_a_record_is_named_when_more_than_twenty_files_are_near_it(find, files, named):
    found = find([line(n) for n in range(files)])
    assert (found.records, len(found.named)) == (named, named)
    for one in found.named:
        assert one == Flood("a", VERSION, 3, "e3", files, 77)


@pytest.mark.parametrize(("listed", "quality"), [(None, 77), (0, 0), (52, 52)])
def test_the_quality_of_the_record_is_named_where_the_list_states_it(find, listed, quality):
    (one,) = find([line(n, listed=listed) for n in range(21)]).named
    assert one.quality == quality


def test_copies_of_one_file_are_one_file(find):
    assert find([line("same", path=str(n)) for n in range(50)]).records == 0


def test_agreement_by_digest_is_no_flood_whatever_the_name_says(find):
    assert find([line(n, near=False) for n in range(30)]).records == 0
    assert find([line(n, path='"near":null') for n in range(30)]).records == 1


def test_equal_numbers_in_different_sets_are_different_records(find):
    lines = [line(n, version=v) for n in range(15) for v in (VERSION, OTHER)]
    assert find(lines).records == 0


def test_those_with_most_files_are_named_first_and_the_rest_is_counted(find, monkeypatch):
    monkeypatch.setattr(floods, "NAMED", 2)
    lines = [line(n, record) for record in range(4) for n in range(21 + record)]
    found = find(lines)
    assert found.records == 4
    assert [(one.record, one.files) for one in found.named] == [(3, 24), (2, 23)]


def test_a_run_without_hits_has_no_floods(find):
    assert find([]) == Floods(floods.LIMIT)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=200), st.integers(1, 9))
def test_gathering_in_pieces_changes_nothing(tmp_path_factory, pairs, chunk):
    path = tmp_path_factory.getbasetemp() / "hits.jsonl"
    text = (json.dumps(line(f, r), separators=(",", ":")) + "\n" for r, f in pairs)
    path.write_text("".join(text))
    expected = {r: len({f for s, f in pairs if s == r}) for r, _ in pairs}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(floods, "_CHUNK", chunk)
        patch.setattr(floods, "LIMIT", 5)
        found = floods.find(path)
    assert {one.record: one.files for one in found.named} == {
        r: n for r, n in expected.items() if n > 5
    }


def test_what_is_kept_is_sorted_again_a_few_times_only(find, monkeypatch):
    sizes = []
    real = floods._different

    def counting(pairs, gathered):
        sizes.append(len(pairs) + len(gathered) // 2)
        return real(pairs, gathered)

    monkeypatch.setattr(floods, "_CHUNK", 4)
    monkeypatch.setattr(floods, "_different", counting)
    assert find([line(n) for n in range(1000)]).named[0].files == 1000
    assert sum(sizes) < 4000  # each pair some times, not once for every chunk of four
