"""What is no list is called what it is; what was stated about a list is enough to know it by."""

import bz2
import io
import lzma
import tarfile

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs import list_files_foreign as foreign
from hashmatch.jobs.list_files import sources_of
from hashmatch.jobs.list_files_format import choose_format

MD5 = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2


def tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("list.txt"))
    return out.getvalue()


def chosen(tmp_path, files, *, options=None, skip=False, stated=None):
    folder = tmp_path / "lists"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return choose_format(sources_of([folder]), stated, options, skip=skip)


@pytest.mark.parametrize("content", [b"", b" \n\r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 20])
@pytest.mark.parametrize("stated", [None, "plain"])
def test_nothing_is_called_empty(tmp_path, content, stated):
    with pytest.raises(HashSetError, match="is empty"):
        chosen(tmp_path, {"list.txt": content}, stated=stated)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bz2.compress(b"a"), "packed with bzip2.*bunzip2"),
        (lzma.compress(b"a"), "packed with xz.*unxz"),
        (tar(), "packed with tar"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "packed with 7-Zip"),
        (f"{MD5}\n{OTHER}\n".encode("utf-16-le"), "UTF-16 without.*UTF-16LE"),
        (f"{MD5}\n{OTHER}\n".encode("utf-16-be"), "UTF-16 without.*UTF-16BE"),
    ],
)
@pytest.mark.parametrize("options", [None, ReadOptions("md5")])
def test_what_is_packed_or_encoded_in_another_way_is_named(tmp_path, content, words, options):
    with pytest.raises(HashSetError, match=words) as refused:
        chosen(tmp_path, {"list": content}, options=options)
    assert MD5 not in str(refused.value)


def test_binary_content_is_not_called_utf_16():
    for content in (bytes(range(256)), b"\0", b"a\0" * 3 + b"abcdefgh" * 60):
        foreign.refuse_unmarked(content, "x")


@pytest.mark.parametrize(
    ("text", "options", "name"),
    [
        (f"hash\n{MD5}\n", ReadOptions("md5"), "csv"),
        (f"hash\n{MD5}\n", ReadOptions(columns={"md5": "hash"}), "csv"),
        (f"a\n{MD5}\n", ReadOptions(columns={"md5": "1"}), "csv"),
        (f"name;hash\nx;{MD5}\n", ReadOptions("md5"), "csv"),
        (f"spoilt!\n{MD5}\n{OTHER}\n", ReadOptions("md5"), "plain"),
        (f"{MD5[:-1]}\n{OTHER}\n", ReadOptions("md5"), "plain"),
    ],
)
def test_what_was_stated_is_enough_to_know_a_list(tmp_path, text, options, name):
    found = chosen(tmp_path, {"list.txt": text}, options=options)
    assert (found.format.name, found.recognised) == (name, True)


@pytest.mark.parametrize("text", ["only words\nand more\n", "{}\n", f"{MD5}0\n"])
def test_a_stated_type_makes_no_list_of_what_holds_no_such_value(tmp_path, text):
    with pytest.raises(HashSetError, match="not recognised"):
        chosen(tmp_path, {"list.txt": text}, options=ReadOptions("md5"))


def test_files_that_are_no_lists_are_named_and_left_out_when_that_is_stated(tmp_path):
    files = {"a.txt": f"md5\n{MD5}\n", "README": "read me\n", "manifest.json": "{}"}
    with pytest.raises(HashSetError, match=r"README.*manifest.json are no known hash lists") as no:
        chosen(tmp_path, files)
    assert "--skip-unrecognised" in str(no.value)
    (tmp_path / "lists").rename(tmp_path / "before")
    found = chosen(tmp_path, files, skip=True)
    assert [one.name for one in found.lists] == ["a.txt"]
    assert found.skipped == ("README", "manifest.json")


def test_many_files_that_are_no_lists_are_not_all_named(tmp_path):
    with pytest.raises(HashSetError, match="and 5 more are no known") as no:
        chosen(tmp_path, {f"f{n:02}": "words\n" for n in range(15)}, skip=True)
    assert "--skip-unrecognised" not in str(no.value)
