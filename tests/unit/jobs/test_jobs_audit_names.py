"""Lists of known files: names are the bytes that they are, compared as text; none is no fault."""

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.registry import by_name
from hashmatch.jobs import audit_known, digest_lines
from hashmatch.model.hashes import Algorithm
from hashmatch.model.names import from_text, shown, to_text
from hashmatch.model.records import HashRecord

DIGEST = b"0" * 32
HEADER = b"%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n"
NAMES = (b"d/\xff\xfe", "d/é".encode(), b"d/\xe9", b"d/plain", "d/\u202e".encode())


def rows(form, names):
    if form == "hashdeep":
        return HEADER + b"".join(b"1,%b,%b\n" % (DIGEST, name) for name in names)
    return b"".join(b"%b  %b\n" % (DIGEST, name) for name in names)


@pytest.mark.parametrize("form", ["hashdeep", "sums"])
def test_bytes_of_names_are_kept(tmp_path, form):
    (tmp_path / "known").write_bytes(rows(form, NAMES * 5) + b"\xff,\xff\xff,x\n")
    known = audit_known.read([tmp_path / "known"])
    assert [from_text(row.name) for row in known.rows] == [*NAMES * 5]
    assert known.lost == 1
    assert shown(from_text(known.rows[0].name)) == "d/\\xff\\xfe"


def test_names_of_another_encoding_are_compared_as_text(tmp_path):
    (tmp_path / "known").write_bytes(rows("hashdeep", [b"./d/\xe9", b"d/\xff", b"d/\x81"]))
    (first, second, third) = audit_known.read([tmp_path / "known"]).rows
    assert audit_known.comparable(first.name) == audit_known.key_of("d/é".encode()) == "d/é"
    assert audit_known.comparable(second.name) == audit_known.key_of(b"d/\xff")
    assert audit_known.comparable(third.name) == audit_known.key_of(b"d/\x81")


def test_an_import_reads_such_names_as_before(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(rows("sums", NAMES))
    with path.open("rb") as stream:
        events = [*by_name("sums").read(stream, ReadOptions())]
    names = [one.fields["name"] for one in events if isinstance(one, HashRecord)]
    assert names == ["d/ÿþ", "d/é", "d/é", "d/plain", "d/\u202e"]


@pytest.mark.parametrize("name", [b"a", b"\xff", "é".encode(), b"\xed\xb3\xbf"])
def test_text_of_a_name_gives_its_bytes_back(name):
    assert from_text(to_text(name)) == name
    assert from_text("\ud800") == b"\\ud800"


@pytest.mark.parametrize("form", ["hashdeep", "csv", "dfxml"])
def test_a_list_of_an_empty_folder_is_a_list_of_nothing(tmp_path, form):
    about = digest_lines.About((Algorithm.MD5,), b"/", ("hash", "<fileobject"), "0")
    lines = digest_lines.FORMS[form](about)
    (tmp_path / "known").write_bytes(lines.opening() + lines.closing())
    known = audit_known.read([tmp_path / "known"])
    assert (known.rows, known.lost) == ((), 0)
    if lines.closing():  # cut off, so that nothing tells that it is complete
        (tmp_path / "known").write_bytes(lines.opening())
        with pytest.raises(HashSetError):
            audit_known.read([tmp_path / "known"])
