"""A case is opened as a whole, from words that can be written, or not at all."""

import pytest

from hashmatch.cases import casefile
from hashmatch.cases.casefile import CaseFile, PublicKey
from hashmatch.errors import CaseError
from hashmatch.jobs import open_case
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
