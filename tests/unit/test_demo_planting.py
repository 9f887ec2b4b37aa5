"""What the file system refuses is left out and said; any other trouble ends the run."""

import errno
import os

import pytest

from hashmatch.demo.planting import FIRST_TIME, Planter
from hashmatch.demo.truth import ExpectedSkip
from hashmatch.errors import OutputError
from hashmatch.model.outcomes import Rule


@pytest.fixture
def planter(tmp_path):
    return Planter.begin(tmp_path / "exhibit")


def test_a_name_that_the_file_system_refuses_is_left_out(planter):
    planter.file(b"n" * 256, b"", "a name of 256 bytes")
    assert planter.entries == []
    assert planter.left_out == [b"n" * 256]


def test_a_second_spelling_of_a_name_that_exists_is_left_out_and_overwrites_nothing(planter):
    planter.file(b"a", b"first", "one")
    planter.file(b"a", b"second", "the same name")
    assert planter.left_out == [b"a"]
    assert (planter.root / "a").read_bytes() == b"first"


def test_links_are_left_out_where_the_system_refuses_them(planter, monkeypatch):
    def refuse(*_args, **_more):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "mkfifo", refuse)
    monkeypatch.setattr(os, "symlink", refuse)
    planter.fifo(b"pipe")
    planter.symbolic_link(b"link", b"x", "a link")
    assert planter.left_out == [b"pipe", b"link"]


def test_a_file_in_the_way_of_a_folder_ends_the_run(planter):
    planter.file(b"a", b"", "a file")
    with pytest.raises(OutputError, match="cannot be written") as raised:
        planter.file(b"a/b/c", b"", "below a file")
    assert raised.value.__cause__.errno == errno.ENOTDIR


def test_a_folder_that_cannot_be_made_ends_the_run(planter):
    planter.file(b"a", b"", "a file")
    with pytest.raises(OutputError):
        planter.folder(b"a/b")


def test_times_are_fixed_and_differ_from_entry_to_entry(planter):
    planter.file(b"inner/a", b"", "one")
    planter.symbolic_link(b"inner/b", b"a", "a link")
    planter.fifo(b"inner/c")
    assert planter.finish() == (b"inner",)
    inner = planter.root / "inner"
    times = [int((inner / name).lstat().st_mtime) for name in "abc"]
    assert times == [FIRST_TIME + 60, FIRST_TIME + 120, FIRST_TIME + 180]
    assert int(inner.stat().st_mtime) == FIRST_TIME


def test_modes_do_not_depend_on_the_mask_of_the_process(planter):
    old = os.umask(0o077)
    try:
        planter.file(b"inner/a", b"", "one")
        planter.fifo(b"inner/pipe")
        planter.finish()
    finally:
        os.umask(old)
    assert (planter.root / "inner" / "pipe").stat().st_mode & 0o777 == 0o644
    assert (planter.root / "inner" / "a").stat().st_mode & 0o777 == 0o644
    assert (planter.root / "inner").stat().st_mode & 0o777 == 0o755


def test_a_pipe_is_expected_to_be_left_out_by_its_rule(planter):
    planter.fifo(b"pipe")
    assert planter.entries == [ExpectedSkip(b"pipe", Rule.FIFO, "a named pipe")]
