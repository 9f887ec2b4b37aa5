"""Any tree: the walk sees what was made, once, and reads it back."""

import hashlib
import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.evidence import state
from hashmatch.evidence.folder import FolderSource
from hashmatch.hashing import digests
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.hashes import Algorithm

NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in {b".", b".."}
)
TREES = st.recursive(
    st.binary(max_size=50), lambda below: st.dictionaries(NAMES, below, max_size=5), max_leaves=20
).filter(lambda tree: isinstance(tree, dict))


def make(root, tree):
    for name, below in tree.items():
        path = root / os.fsdecode(name)
        if isinstance(below, dict):
            path.mkdir()
            make(path, below)
        else:
            path.write_bytes(below)


def flat(tree, prefix=b""):
    """Every file and folder in the order in which a walk must give them."""
    for name in sorted(tree):
        if isinstance(tree[name], dict):
            yield prefix + name, None
            yield from flat(tree[name], prefix + name + b"/")
        else:
            yield prefix + name, tree[name]


@given(tree=TREES)
@settings(deadline=None, max_examples=60)
def test_the_walk_gives_exactly_the_tree_in_order_and_reads_it_back(tree):
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), tree)
        source = FolderSource(os.fsencode(folder))
        expected = [(b"", None), *flat(tree)]
        entries = list(source.entries())
        assert [entry.path for entry in entries] == [path for path, _ in expected]
        for entry, (_, content) in zip(entries, expected, strict=True):
            assert isinstance(entry, Folder if content is None else Item)
            if isinstance(entry, Item):
                with source.open(entry) as stream:
                    found = digests.read(stream, (Algorithm.SHA256,), bool, 99)
                assert found.digests[0].value == hashlib.sha256(content).digest()
                assert found.kept == (content or None)
        counts = state.of(source)
        assert counts.entries == sum(content is not None for _, content in expected)
