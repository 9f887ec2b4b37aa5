"""An audit by lists as people have them: from inside the folder, several, of nothing."""

import hashlib
import json
import os

import pytest

from hashmatch.errors import HashSetError
from hashmatch.jobs import audit_known
from hashmatch.jobs.audit import Class, audit
from hashmatch.jobs.digest_places import places_of


@pytest.fixture(autouse=True)
def tree(tmp_path, monkeypatch):
    """The current folder, with two files in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    return tmp_path


def listed(path, algorithm, names, content=None):
    lines = (
        f"{getattr(hashlib, algorithm)((content or name).encode()).hexdigest()}  {name}\n"
        for name in names
    )
    path.write_text("".join(lines))
    return path


def audited(*lists, places=(b".",)):
    return audit(places_of(places, (), absolute=False), audit_known.read(lists), 1)


def told(found):
    return sorted((line.ended, os.fsdecode(line.name), line.of) for line in found.lines)


@pytest.mark.parametrize("stem", ["", "./", ".//./"])
def test_a_dot_before_a_name_is_none(tree, stem):
    path = listed(tree.parent / f"{tree.name}.md5", "md5", "ab")
    path.write_text(path.read_text().replace("  ", f"  {stem}"))
    for places in ((b".",), (b"a", b"./b")):
        assert audited(path, places=places).files == {Class.MATCHED: 2}


def test_a_list_among_the_files_is_not_new(tree):
    path = listed(tree / "sums", "md5", "ab")
    found = audited(path)
    assert found.passed
    assert found.files == {Class.MATCHED: 2, Class.SKIPPED: 1}
    (tree / "copy").write_text(path.read_text())
    assert audited(path).files[Class.NEW] == 1


def test_what_moved_is_accounted_for_in_every_list(tree):
    one, two = listed(tree / "one", "md5", "ab"), listed(tree / "two", "sha1", "ab")
    (tree / "b").rename(tree / "c")
    found = audited(one, two)
    assert found.files == {Class.MATCHED: 1, Class.MOVED: 1, Class.SKIPPED: 2}
    assert found.rows == {Class.MATCHED: 2, Class.MOVED: 2}


def test_a_row_that_is_left_over_names_its_list(tree):
    one, two = listed(tree / "one", "md5", "ab"), listed(tree / "two", "sha1", "abc")
    assert (Class.MISSING, "c", str(two)) in told(audited(one, two))
    assert (Class.MISSING, "c", None) in told(audited(two))


@pytest.mark.parametrize(
    "content", ["%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n## \n", "size,md5,path,path_hex\r\n"]
)
def test_a_list_of_nothing_knows_nothing(tree, content):
    (tree / "known").write_text(content)
    assert audited(tree / "known").files == {Class.NEW: 2, Class.SKIPPED: 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "is empty"), ("nothing\n", "--list-format"), ("12" * 20, "list of files")],
)
def test_a_refusal_names_the_list(tree, content, words):
    (tree / "known").write_text(content)
    with pytest.raises(HashSetError, match=f"^known.*({words})"):
        audited(tree / "known")


def test_a_format_may_be_stated(tree):
    (tree / "known").write_text(json.dumps({"path": "a", "md5": "0" * 32}) + "\n")
    assert len(audit_known.read([tree / "known"]).rows) == 1
    with pytest.raises(HashSetError):
        audit_known.read([tree / "known"], "hashdeep")
