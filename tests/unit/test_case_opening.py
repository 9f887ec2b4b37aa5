"""A case is opened as a whole, from words that can be written, or not at all."""

import errno
import os
from pathlib import Path

import pytest

from hashmatch.cases import casefile
from hashmatch.cases.casefile import CaseFile, PublicKey
from hashmatch.custody import checks
from hashmatch.errors import CaseError, ExitCode, OutputError
from hashmatch.jobs import open_case
from hashmatch.jobs.verify import trusted_key, verify_case
from tests.custody_case import setting


def opening(**words):
    return open_case.Opening(**{"reference": "R", "agency": "A", "operator": "O"} | words)


@pytest.fixture
def begin(tmp_path):
    """Open a case in a folder that is not there yet, as a user does."""

    def open_one(root=tmp_path / "new" / "CASE", **words):
        return open_case.open_case(root, opening(**words), setting(), tmp_path / "home" / "k.pem")

    return open_one


def there(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("field", ["reference", "agency", "operator"])
def test_words_that_are_not_utf8_are_refused_before_a_folder_is_made(begin, tmp_path, field):
    with pytest.raises(CaseError, match=f"the {field} must be 1 to 200 printable characters"):
        begin(**{field: b"K\xe9vin".decode("utf-8", "surrogateescape")})
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("references", "sentence"),
    [
        ([("e\u0301", "1")], "name of a reference must be"),
        ([("\udce9", "1")], "name of a reference must be"),
        ([("a\nb", "1")], "name of a reference must be"),
        ([(" ", "1")], "name of a reference must be"),
        ([("a", "\udce9")], "the a must be"),
        ([("a", "1"), ("a", "2")], "the same name"),
    ],
)
def test_references_that_cannot_be_kept_are_refused_before_a_folder_is_made(
    begin, tmp_path, references, sentence
):
    with pytest.raises(CaseError, match=sentence):
        begin(references=tuple(references))
    assert not (tmp_path / "new").exists()


def test_words_in_any_script_are_kept(tmp_path):
    words = ("TH-๑", "กรมสอบสวนคดีพิเศษ", "Zoe\u0301")
    key = PublicKey("n", "p")
    written = CaseFile("id", *words, "2026", key, (("é", "e\u0301"),))
    casefile.create(tmp_path / "CASE", written)
    assert casefile.read(tmp_path / "CASE") == written


class Disk:
    """Lets the first ``left`` syncs through and then has no room, as a full disk would."""

    def __init__(self, monkeypatch):
        self.left, self.synced = 10**9, []
        real = os.fsync

        def sync(handle):
            if self.left == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.left -= 1
            self.synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
            real(handle)

        monkeypatch.setattr(os, "fsync", sync)


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def test_wherever_opening_stops_it_can_be_repeated_by_the_same_command(begin, disk, tmp_path):
    begin(tmp_path / "first")  # makes the key, and shows how many steps there are
    disk.synced.clear()
    begin(tmp_path / "counted" / "CASE")
    steps, before = len(disk.synced), there(tmp_path)
    for left in range(steps):
        disk.left = left
        with pytest.raises(OutputError, match="No space left"):
            begin()
        assert there(tmp_path) == before
    disk.left = steps
    begin()
    own = trusted_key(None, tmp_path / "home" / "k.pem")
    found = verify_case(tmp_path / "new" / "CASE", trusted_key=own)
    assert checks.exit_code(found) is ExitCode.CLEAR


def test_a_folder_that_was_there_before_stays_when_opening_fails(begin, disk, tmp_path):
    begin(tmp_path / "first")
    (tmp_path / "empty").mkdir()
    disk.left = 3
    with pytest.raises(OutputError, match="No space left"):
        begin(tmp_path / "empty")
    assert there(tmp_path / "empty") == []
    assert (tmp_path / "empty").is_dir()


def test_what_somebody_else_put_into_a_folder_stays_when_opening_fails(tmp_path):
    key = PublicKey("n", "p")
    case = CaseFile("id", "R", "A", "O", "2026", key)

    def fail(folder):
        (folder.root.parent / "theirs").touch()
        raise OutputError

    with pytest.raises(OutputError), casefile.creating(tmp_path / "new" / "CASE", case) as folder:
        fail(folder)
    assert there(tmp_path) == ["new", "new/theirs"]


def test_every_name_of_a_new_case_is_on_the_disk_before_its_first_entry(begin, disk, tmp_path):
    begin(tmp_path / "first")
    disk.synced.clear()
    root = tmp_path / "new" / "CASE"
    begin(root)
    last = {path: number for number, path in enumerate(disk.synced)}
    entry = last[str(root / "ledger" / "ledger.jsonl")]
    folders = (tmp_path, root.parent, root, root / "ledger")
    assert max(last[str(path)] for path in (*folders, root / "case.json")) < entry
    assert last[str(root / "ledger" / "verify_case.py")] < last[str(root / "ledger")]
