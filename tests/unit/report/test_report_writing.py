import resource

import pytest

from hashmatch.errors import OutputError
from hashmatch.report.writing import complete_file


def test_a_file_has_its_name_only_when_it_is_complete(tmp_path):
    target = tmp_path / "report.html"
    with complete_file(target) as stream:
        stream.write("half")
        stream.flush()
        assert not target.exists()
    assert target.read_text() == "half"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_trouble_inside_the_block_leaves_nothing_and_passes_on(tmp_path):
    with pytest.raises(KeyError), complete_file(tmp_path / "report.html") as stream:
        stream.write("half")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_stays_as_it_was_when_the_new_one_fails(tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old")
    with pytest.raises(KeyError), complete_file(target) as stream:
        stream.write("new")
        raise KeyError
    assert target.read_text() == "old"


def test_line_ends_are_written_as_given(tmp_path):
    with complete_file(tmp_path / "a.csv", "utf-8-sig") as stream:
        stream.write("a\r\nb\n")
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbfa\r\nb\n"


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path):
    target = tmp_path / "nowhere" / "report.html"
    refused = pytest.raises(OutputError, match=r"report\.html could not be written in full")
    with refused, complete_file(target):
        pass


def test_a_disk_that_takes_no_more_is_an_output_error_and_leaves_nothing(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        refused = pytest.raises(OutputError, match="in full")
        with refused, complete_file(tmp_path / "report.html") as stream:
            stream.write("x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_is_an_output_error(tmp_path):
    (tmp_path / "report.html" / "x").mkdir(parents=True)
    with pytest.raises(OutputError), complete_file(tmp_path / "report.html") as stream:
        stream.write("x")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
