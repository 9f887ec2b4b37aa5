"""What every source of evidence promises, whatever it reads; a new kind subclasses this."""

import os
import pickle
from abc import ABC, abstractmethod

import pytest

from hashmatch.errors import EvidenceError
from hashmatch.evidence import state
from hashmatch.evidence.folder import FolderSource
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import ItemError, Stage

FILES = {
    b".hidden": b"1",
    b"[x]/a": b"22",
    b"[x]/b": b"",
    "ภาพ/หนึ่ง".encode(): b"333",
    b"a\nb": b"x" * 300_000,
    b"\xff\xfe": b"not UTF-8",
}
FOLDERS = {b"", b"[x]", "ภาพ".encode()}


class SourceContract(ABC):
    """Subclasses say how a source with ``FILES`` is made, and one that is not there."""

    @pytest.fixture
    @abstractmethod
    def source(self, tmp_path):
        """A source that holds ``FILES`` and nothing else."""

    @pytest.fixture
    @abstractmethod
    def missing(self, tmp_path):
        """A source of the same kind that does not exist."""

    @staticmethod
    def items(source):
        return [entry for entry in source.entries() if isinstance(entry, Item)]

    def test_it_names_its_kind_and_place(self, source):
        assert source.kind
        assert source.location.startswith(b"/")

    def test_every_item_and_folder_once_with_raw_names_and_sizes(self, source):
        entries = list(source.entries())
        sizes = [(entry.path, entry.size) for entry in entries if isinstance(entry, Item)]
        folders = [entry.path for entry in entries if isinstance(entry, Folder)]
        assert sorted(sizes) == sorted((path, len(content)) for path, content in FILES.items())
        assert sorted(folders) == sorted(FOLDERS)

    def test_the_order_is_always_the_same(self, source):
        assert list(source.entries()) == list(source.entries())

    def test_items_are_read_to_the_byte_in_any_order(self, source):
        items = self.items(source)
        for item in (*items, *items[::-1]):
            with source.open(item) as stream:
                assert stream.read() == FILES[item.path]
                assert source.unchanged(item, stream)

    def test_streams_are_independent_and_read_only(self, source):
        item = max(self.items(source), key=lambda item: item.size)
        with source.open(item) as one, source.open(item) as other:
            one.read(10)
            assert other.tell() == 0
            assert not other.writable()

    def test_an_item_that_is_not_there_is_item_trouble(self, source):
        with pytest.raises(ItemError) as caught:
            source.open(Item(b"nowhere", 1, 1, 0o100644, (1, 1)))
        assert caught.value.stage is Stage.OPEN

    def test_a_copy_in_another_process_is_the_same_source(self, source):
        copy = pickle.loads(pickle.dumps(source))  # noqa: S301  # as worker processes get it
        assert copy == source
        assert list(copy.entries()) == list(source.entries())

    def test_a_source_that_is_not_there_ends_the_run(self, missing):
        with pytest.raises(EvidenceError):
            list(missing.entries())

    def test_its_state_counts_everything_and_does_not_change_by_reading(self, source):
        before = state.of(source)
        for item in self.items(source):
            source.open(item).close()
        assert state.of(source) == before
        assert before.entries == len(FILES)
        assert before.folders == len(FOLDERS)
        assert before.bytes == sum(len(content) for content in FILES.values())


class TestFolder(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        for path, content in FILES.items():
            file = tmp_path / os.fsdecode(path)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        return FolderSource(os.fsencode(tmp_path))

    @pytest.fixture
    def missing(self, tmp_path):
        return FolderSource(os.fsencode(tmp_path / "missing"))
