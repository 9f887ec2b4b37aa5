"""Cleaned copies: what is left out, what is left in, and what is refused."""

import gzip
import hashlib
import os

import pytest

from hashmatch.errors import HashSetError, OutputError, UsageError
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs import lint, lint_clean
from hashmatch.linting import registry
from hashmatch.linting.acceptance import Acceptance, Waiver
from hashmatch.linting.check import Terms
from hashmatch.linting.removal import Removal
from hashmatch.linting.run import Plan
from tests.lint_lists import TODAY, check, csv, digest, folder, row, told

EMPTY = hashlib.md5(b"").hexdigest()


def request(*paths, ignore=(), acceptance=None, algorithm=None, kind=None):
    plan = Plan(
        Terms(TODAY, folder(), kind=kind),
        registry.chosen((), ignore),
        frozenset(),
        acceptance or Acceptance(TODAY),
        2,
        "0",
        removal=Removal(),
    )
    return lint.Request(paths, lint.Words(None, ReadOptions(algorithm)), plan)


def clean(tmp_path, content, name="list.csv", **words):
    """Give the copy and what was told of it."""
    path, target = tmp_path / name, tmp_path / "clean.out"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    asked = request(path, **words)
    cleaning = lint_clean.prepared(asked, target)
    lines = list(lint_clean.write(cleaning, asked, lint.lint(asked)))
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    return target.read_bytes(), "\n".join(lines)


def lines_without(text, *places):
    kept = enumerate(text.encode().splitlines(keepends=True), 1)
    return b"".join(line for at, line in kept if at not in places)


def test_bad_rows_and_exact_repetitions_are_left_out_and_all_else_stays(tmp_path):
    rows = [row(word) for word in "abcdef"]
    rows[1] |= {"MD5": EMPTY}
    rows[3] |= {"SHA1": "not hexadecimal"}
    rows[5] = rows[0]
    text = "\ufeff" + csv(*rows).replace("\n", "\r\n").replace("Size", " Size ") + "\r\n"
    copy, lines = clean(tmp_path, text)
    assert copy == lines_without(text, 3, 5, 7)
    assert "3 rows left out" in lines
    assert "1 left out by HM101" in lines
    assert "1 left out by HM102" in lines
    assert "1 left out by HM201" in lines


def test_more_rows_than_are_told_are_left_out_and_the_copy_is_clean(tmp_path):
    rows = [row("bad", MD5="0" * 32, SHA1="", SHA256="")] * 50 + [row(str(at)) for at in range(9)]
    copy, _ = clean(tmp_path, csv(*rows))
    assert copy == lines_without(csv(*rows), *range(2, 52))
    path = tmp_path / "clean.csv"
    path.write_bytes(copy)
    assert told(check(path)) == []


def test_a_sound_list_is_copied_to_the_last_byte(tmp_path):
    text = csv(row("a"), row("b")).rstrip("\n")
    copy, lines = clean(tmp_path, text)
    assert copy == text.encode()
    assert "0 rows left out" in lines


def test_rows_that_differ_in_any_cell_are_no_exact_repetition(tmp_path):
    rows = [row("a", Note="x"), row("a", Note="y"), row("a", Note="x"), row("a", Note="y")]
    text = csv(*rows, columns=("MD5", "SHA1", "SHA256", "Note"))
    copy, lines = clean(tmp_path, text)
    assert copy == lines_without(text, 4, 5)
    assert "1 left in: the row differs" in lines


def test_a_row_of_several_lines_is_never_torn_apart(tmp_path):
    rows = [row("a", Note='"two\nlines"', MD5=EMPTY), row("b", Note='"one"', MD5=EMPTY)]
    text = csv(*rows, columns=("MD5", "SHA1", "SHA256", "Note"))
    copy, lines = clean(tmp_path, text)
    assert copy == lines_without(text, 4)
    assert "1 left in: a quote does not close" in lines


def test_a_plain_list_is_cleaned_with_its_comments(tmp_path):
    one, two = digest("md5", "a"), digest("md5", "b")
    text = f"# words\n{one}\n\n{EMPTY}\n{two}\n{one}\n# end\n"
    copy, _ = clean(tmp_path, text, "list.txt", algorithm="md5")
    assert copy == lines_without(text, 4, 6)


def test_what_is_accepted_or_ignored_stays(tmp_path):
    text = csv(row("a", MD5=EMPTY), row("b", MD5="0" * 32))
    waiver = Waiver("HM102", "*", "asked", TODAY)
    copy, _ = clean(tmp_path, text, acceptance=Acceptance(TODAY, waivers=(waiver,)))
    assert copy == lines_without(text, 3)
    (tmp_path / "clean.out").unlink()
    copy, _ = clean(tmp_path, text, ignore=("HM103",))
    assert copy == lines_without(text, 2)
    (tmp_path / "clean.out").unlink()
    copy, _ = clean(tmp_path, text, kind="benign")
    assert copy == lines_without(text, 3)


def test_repetitions_are_left_out_though_a_baseline_is_kept(tmp_path):
    text = csv(row("a"), row("a"), row("b"))
    copy, _ = clean(tmp_path, text, acceptance=Acceptance(TODAY, keep=True))
    assert copy == lines_without(text, 3)


def test_a_file_is_never_overwritten(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a")))
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for target in (path, tmp_path / "link"):
        with pytest.raises(UsageError, match="overwrites nothing"):
            lint_clean.prepared(request(path), target)


def test_only_one_list_that_is_not_packed_is_rewritten(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a")))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    inner = tmp_path / "folder"
    inner.mkdir()
    (inner / "a.csv").write_text(csv(row("a")))
    for paths in ((path, inner / "a.csv"), (tmp_path / "a.csv.gz",), (inner,)):
        with pytest.raises(UsageError, match="one list"):
            lint_clean.prepared(request(*paths), tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (f"{digest('sha1', 'a')}  a.bin\n".encode(), UsageError, "cannot rewrite a checksum"),
        (csv(row("a")).encode("utf-16"), UsageError, "UTF-16"),
        (b"nothing\n", HashSetError, "no copy was written"),
    ],
)
def test_what_cannot_be_rewritten_is_refused_without_a_trace(tmp_path, content, error, words):
    with pytest.raises(error, match=words):
        clean(tmp_path, content)
    assert not (tmp_path / "clean.out").exists()


def test_a_list_that_changed_meanwhile_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a")))
    asked = request(path)
    cleaning = lint_clean.prepared(asked, tmp_path / "out")
    report = lint.lint(asked)
    os.utime(path, ns=(1, 1))
    with pytest.raises(HashSetError, match="changed"):
        list(lint_clean.write(cleaning, asked, report))
    assert not (tmp_path / "out").exists()


def test_a_copy_that_cannot_be_written_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a")))
    asked = request(path)
    cleaning = lint_clean.prepared(asked, tmp_path / "none" / "out")
    with pytest.raises(OutputError, match="could not be written"):
        list(lint_clean.write(cleaning, asked, lint.lint(asked)))
