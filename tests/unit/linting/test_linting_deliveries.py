"""What a list is compared with from outside: manifests, keys that ended, installed sets."""

import datetime
import hashlib
import json

import pytest

from hashmatch.db.description import SetKind
from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs import lint
from hashmatch.linting import signatures
from hashmatch.linting.manifests import Manifest
from tests.life_desk import LifeDesk
from tests.lint_lists import check, csv, folder, row, told
from tests.unit.linting.test_linting_acceptance import LIST, PRIVATE, pem

SHA256 = hashlib.sha256(LIST).hexdigest()
MD5 = hashlib.md5(LIST).hexdigest()
SHA512 = hashlib.sha512(LIST).hexdigest()


def delivered(tmp_path, name, text, inside="list.csv"):
    path = tmp_path / inside
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(LIST)
    (tmp_path / name).write_text(text)
    return path, Manifest.load(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text", "inside"),
    [
        ("SHA256SUMS", f"{SHA256}  list.csv\n", "list.csv"),
        ("SHA256SUMS", f"{SHA256} *./list.csv\n", "list.csv"),
        ("sums", f"SHA256 (list.csv) = {SHA256}\n", "list.csv"),
        ("manifest-sha256.txt", f"{SHA256}  data/list.csv\n", "data/list.csv"),
        ("manifest-md5.txt", f"{MD5}  data/a%0Ab%25.csv\n", "data/a\nb%.csv"),
        ("manifest-sha512.txt", f"{SHA512.upper()} data/list.csv\n", "data/list.csv"),
        ("m.json", json.dumps({"list.csv": SHA256}), "list.csv"),
        ("m.json", json.dumps({"files": {"list.csv": {"sha256": SHA256}}}), "list.csv"),
        ("m.json", json.dumps({"files": [{"name": "list.csv", "SHA-256": SHA256}]}), "list.csv"),
        ("m.json", json.dumps([{"path": "data/list.csv", "md5": MD5}]), "data/list.csv"),
    ],
)
def test_a_manifest_holds_for_the_bytes_it_states_alone(tmp_path, name, text, inside):
    path, manifest = delivered(tmp_path, name, text, inside)
    assert told(check(path, manifest=manifest)) == []
    path.write_bytes(LIST + b"\n")
    assert told(check(path, manifest=manifest)) == [("HM001", None)]


def test_a_list_that_the_manifest_does_not_name_is_told(tmp_path):
    path, manifest = delivered(tmp_path, "SHA256SUMS", f"{SHA256}  other.csv\n")
    (tmp_path / "other.csv").write_bytes(LIST)
    assert told(check(path, manifest=manifest)) == [("HM001", None)]


def test_files_of_a_delivery_that_are_missing_are_counted(tmp_path):
    text = "".join(f"{SHA256}  {one}\n" for one in ("list.csv", "gone.csv", "also.csv", "../x"))
    path, manifest = delivered(tmp_path, "SHA256SUMS", text)
    (found,) = [one for one in check(path, manifest=manifest).findings() if one.rule.id == "HM001"]
    assert found.count == 2


def test_a_list_far_from_its_manifest_is_known_by_its_name(tmp_path):
    (tmp_path / "away").mkdir()
    path, _ = delivered(tmp_path, "SHA256SUMS", f"{SHA256}  x.csv\n")
    text = f"{SHA256}  data/list.csv\n"
    (tmp_path / "away" / "SHA256SUMS").write_text(text)
    manifest = Manifest.load(tmp_path / "away" / "SHA256SUMS")
    assert manifest.of(path)
    (tmp_path / "away" / "SHA256SUMS").write_text(text + text.replace("data", "old"))
    assert not Manifest.load(tmp_path / "away" / "SHA256SUMS").of(path)


@pytest.mark.parametrize(
    "text",
    [
        *("", "words\n", "{", "{}", "[]", "[3, {}]", '{"list.csv": "xyz"}'),
        *('{"list.csv": {"sha256": "00"}}', '{"files": 3}', '{"list.csv": "0011"}'),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, text):
    (tmp_path / "m").write_text(text)
    with pytest.raises(UsageError, match="no manifest"):
        Manifest.load(tmp_path / "m")


def test_a_manifest_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        Manifest.load(tmp_path / "none")


@pytest.mark.parametrize(("day", "expected"), [(23, []), (22, [("HM002", None)])])
def test_a_key_counts_up_to_its_last_day(tmp_path, day, expected):
    path = tmp_path / "list.csv"
    path.write_bytes(LIST)
    (tmp_path / "list.csv.sig").write_bytes(PRIVATE.sign(LIST))
    (tmp_path / "k").write_bytes(pem())
    key = signatures.PinnedKey.load(tmp_path / "k", datetime.date(2026, 11, day))
    assert told(check(path, key=key)) == expected


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".asc", b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"),
        (".gpg", b"\x88\x75" + bytes(117)),
        (".sig", b"\x89\x01\x33" + bytes(300)),
        (".sig", b"\xc2\x75" + bytes(117)),
    ],
)
def test_a_signature_of_openpgp_is_not_checked_and_not_passed(tmp_path, suffix, content):
    path = tmp_path / "list.csv"
    path.write_bytes(LIST)
    (tmp_path / f"list.csv{suffix}").write_bytes(content)
    (tmp_path / "k").write_bytes(pem())
    (one,) = check(path, key=signatures.PinnedKey.load(tmp_path / "k")).lists
    assert one.open["HM002"].grave
    assert "OpenPGP" in one.open["HM002"].reason
    (one,) = check(path).lists
    assert "OpenPGP" in one.open["HM002"].reason
    assert not one.open["HM002"].grave


@pytest.fixture
def desk(tmp_path):
    return LifeDesk(tmp_path)


def against(desk, path, name="known", *, word="previous", **terms):
    found = lint.installed_list(desk.library, name, folder())
    return told(check(path, **{word: found}, **terms))


def test_a_list_older_than_the_installed_one_is_told(desk):
    new = desk.write("list-2026-05-01.csv", csv(row("a"), row("b")))
    old = desk.write("list-2026-04-01.csv", csv(row("a"), row("b"), row("c")))
    desk.take(new.name, scheme="vic-us")
    assert against(desk, old) == [("HM003", None)]
    assert against(desk, new) == []


def test_the_day_stated_for_an_installed_set_counts(desk):
    path = desk.write("list-2026-04-01.csv", csv(row("a")))
    other = desk.write("other.csv", csv(row("a"), row("b")))
    desk.take(other.name, scheme="vic-us", list_date=datetime.date(2026, 5, 1))
    assert against(desk, path, select=("HM003",)) == [("HM003", None)]


def test_a_file_that_was_replaced_since_is_known_without_any_day(desk):
    first = desk.write("first.csv", csv(row("a")))
    desk.write("second.csv", csv(row("a"), row("b")))
    desk.take("first.csv", scheme="vic-us")
    assert against(desk, first) == []
    desk.day += datetime.timedelta(days=3)
    desk.take("second.csv", scheme="vic-us")
    assert against(desk, first, select=("HM003",)) == [("HM003", None)]
    desk.day += datetime.timedelta(days=3)
    desk.take("first.csv", scheme="vic-us")  # taken back on purpose: it is the version in use
    assert against(desk, first) == []


def test_much_that_is_gone_or_moved_since_the_installed_version_is_told(desk):
    desk.write("old.csv", csv(*(row(word) for word in "abcd")))
    new = desk.write("new.csv", csv(row("a"), row("b", Category="2")))
    desk.take("old.csv", scheme="vic-us")
    assert against(desk, new) == [("HM401", None), ("HM401", None)]


def test_values_of_an_installed_benign_set_are_told(desk):
    desk.write("benign.csv", csv(row("a"), row("z")))
    path = desk.write("list.csv", csv(row("b"), row("a")))
    desk.take("benign.csv", name="harmless", kind=SetKind.BENIGN, ignore_categories=True)
    assert against(desk, path, "harmless", word="benign", select=("HM105",)) == [("HM105", 3)] * 3


def test_words_about_reading_hold_for_the_other_list_where_it_takes_them(tmp_path):
    words = lint.Words(None, ReadOptions("md5"))
    bare, table = tmp_path / "old.txt", tmp_path / "old.json"
    bare.write_text(f"{MD5}\n")
    with pytest.raises(HashSetError):
        lint.other_list(bare, folder())
    assert lint.other_list(bare, folder(), words).records == 1
    media = {"MediaID": 1, "Category": 1, "MD5": MD5}
    context = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
    table.write_text(json.dumps({"odata.metadata": context, "value": [media]}))
    assert lint.other_list(table, folder(), words).records == 1


def test_an_unknown_installed_set_is_refused(desk):
    with pytest.raises(UsageError, match="no set"):
        lint.installed_list(desk.library, "none", folder())
