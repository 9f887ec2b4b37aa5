"""Single files as a source: what each name gives, and that only what was listed is opened."""

import os

import pytest

from hashmatch.evidence.named_files import NamedFiles
from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import Failed, ItemError, Reason, Rule, Skipped, Stage


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    return os.fsencode(tmp_path) + b"/"


def test_each_name_gives_one_entry_in_order(folder):
    names = [b"link", b"dead", b"pipe", b"folder", b"a", b"gone", b"n\0l", b"a"]
    found = list(NamedFiles(tuple(folder + name for name in names)).entries())
    assert [one.path.removeprefix(folder) for one in found] == names
    assert [type(one) for one in found] == [
        *(Item, Failed, Skipped, Failed, Item, Failed, Failed, Item)
    ]
    assert found[2].rule is Rule.FIFO
    assert [found[at].reason for at in (1, 5, 6)] == [Reason.VANISHED] * 3
    assert found[0].identity == found[4].identity


def test_an_item_is_read_without_a_trace(folder):
    source = NamedFiles((folder + b"link",))
    (item,) = source.entries()
    os.utime(folder + b"a", (1, 1))
    (item,) = source.entries()
    with source.open(item) as stream:
        assert stream.read() == b"content"
        assert source.unchanged(item, stream)
        assert not stream.writable()
    assert os.stat(folder + b"a").st_atime == 1  # noqa: PTH116


def test_what_was_put_in_its_place_is_not_opened(folder):
    source = NamedFiles((folder + b"a",))
    (item,) = source.entries()
    os.replace(folder + b"pipe", folder + b"a")  # noqa: PTH105
    with pytest.raises(ItemError) as caught:
        source.open(item)
    assert (caught.value.stage, caught.value.reason) == (Stage.OPEN, Reason.REPLACED)
    os.unlink(folder + b"a")  # noqa: PTH108
    with pytest.raises(ItemError) as caught:
        source.open(item)
    assert caught.value.reason is Reason.VANISHED


def test_a_file_that_grows_is_noticed(folder):
    source = NamedFiles((folder + b"a",))
    (item,) = source.entries()
    with source.open(item) as stream, open(folder + b"a", "ab") as out:  # noqa: PTH123
        out.write(b"more")
        out.flush()
        assert not source.unchanged(item, stream)
