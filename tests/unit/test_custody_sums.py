import hashlib
import os

import pytest

from hashmatch.custody import checks, sums
from hashmatch.custody.checks import Check, Verdict
from hashmatch.errors import CustodyError, ExitCode


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").write_bytes(b"alpha")
    (tmp_path / "b").write_bytes(b"")
    sums.write(tmp_path, ["b", "a"])
    return tmp_path


def test_the_file_is_that_of_sha256sum_in_the_given_order(folder):
    a, b = (hashlib.sha256(content).hexdigest() for content in (b"alpha", b""))
    assert (folder / "SHA256SUMS").read_text() == f"{b}  b\n{a}  a\n"


def test_the_digest_of_the_list_itself_is_returned(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    stated = sums.write(tmp_path, ["a"])
    assert stated == hashlib.sha256((tmp_path / "SHA256SUMS").read_bytes()).hexdigest()
    assert {path.name for path in tmp_path.iterdir()} == {"SHA256SUMS", "a"}


def test_a_whole_folder_passes(folder):
    sums.check(folder, ["b", "a"])


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_changed_file_is_named(folder, name):
    (folder / name).write_bytes(b"other")
    with pytest.raises(CustodyError, match=f"^{name} differs"):
        sums.check(folder, ["b", "a"])


def test_a_missing_file_is_an_os_error(folder):
    (folder / "a").unlink()
    with pytest.raises(FileNotFoundError):
        sums.check(folder, ["b", "a"])


@pytest.mark.parametrize("names", [["a", "b"], ["b"], ["b", "a", "c"], []])
def test_another_list_of_names_is_refused(folder, names):
    with pytest.raises(CustodyError, match="does not list exactly"):
        sums.check(folder, names)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"  ", b" *"),
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text[:-1],
        lambda text: text + b"\n",
        lambda text: text.upper(),
        lambda text: b"\\" + text,
        lambda text: b"# note\n" + text,
        lambda text: b"\xef\xbb\xbf" + text,
    ],
)
def test_every_other_form_is_refused(folder, change):
    path = folder / "SHA256SUMS"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(CustodyError, match="not in the form that sha256sum writes"):
        sums.check(folder, ["b", "a"])


def test_a_link_or_pipe_is_not_digested(folder):
    (folder / "link").symlink_to(folder / "a")
    os.mkfifo(folder / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(OSError) as caught:
            sums.digest(folder / name)
        assert checks.unreadable("x", caught.value).verdict is Verdict.FAIL


def holds(verdict, *, required=True):
    return Check("name", verdict, "", required)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], ExitCode.CLEAR),
        ([holds(Verdict.PASS)], ExitCode.CLEAR),
        ([holds(Verdict.PASS), holds(Verdict.NOT_CHECKED, required=False)], ExitCode.CLEAR),
        ([holds(Verdict.PASS), holds(Verdict.NOT_CHECKED)], ExitCode.INCOMPLETE),
        ([holds(Verdict.NOT_CHECKED), holds(Verdict.FAIL)], ExitCode.CUSTODY),
        ([holds(Verdict.FAIL, required=False)], ExitCode.CUSTODY),
    ],
)
def test_the_worst_required_verdict_decides(found, code):
    assert checks.exit_code(found) is code


def test_a_check_says_why_it_failed_or_was_not_made():
    def bad():
        msg = "because"
        raise CustodyError(msg)

    def gone():
        raise FileNotFoundError(2, "No such file", "x")

    def closed():
        raise PermissionError(13, "Permission denied", "x")

    assert checks.made("n", lambda: "fine") == Check("n", Verdict.PASS, "fine")
    assert checks.made("n", bad) == Check("n", Verdict.FAIL, "because")
    assert checks.made("n", gone).verdict is Verdict.FAIL
    expected = Check("n", Verdict.NOT_CHECKED, "x cannot be read: Permission denied")
    assert checks.made("n", closed) == expected
