"""Baselines, waivers, settings, signatures: what is accepted, and what is refused."""

import base64
import datetime
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hashmatch.errors import UsageError
from hashmatch.linting import acceptance as accepting
from hashmatch.linting import settings, signatures
from tests.lint_lists import TODAY, check, check_text, csv, row, told

WAIVER = "- {rule: HM201, file: '*', reason: asked, expires: %s}\n"


def test_a_baseline_accepts_known_findings_though_lines_move(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a"), row("a")))
    kept = accepting.Acceptance(TODAY, keep=True)
    check(path, acceptance=kept)
    (tmp_path / "base.json").write_text(kept.to_json())
    path.write_text(csv(row("new"), row("a"), row("other"), row("a")))
    known = accepting.Acceptance(TODAY, accepting.read_baseline(tmp_path / "base.json"))
    report = check(path, acceptance=known)
    assert told(report) == []
    assert report.lists[0].accepted == 1
    path.write_text(csv(row("a"), row("a"), row("a")))
    known = accepting.Acceptance(TODAY, accepting.read_baseline(tmp_path / "base.json"))
    assert told(check(path, acceptance=known)) == [("HM201", 4)]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"form": "hashmatch-lint-baseline", "fingerprints": {"a": 0}}', "\udcff"],
)
def test_what_is_no_baseline_is_refused(tmp_path, text):
    path = tmp_path / "b.json"
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(UsageError, match="baseline"):
        accepting.read_baseline(path)


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-11-23", []), ("2026-11-22", [("HM201", 3), ("HM901", None)])]
)
def test_a_waiver_holds_up_to_its_last_day(tmp_path, day, expected):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a"), row("a")))
    (tmp_path / "w.yaml").write_text(WAIVER % day)
    accepted = accepting.Acceptance(TODAY, waivers=accepting.read_waivers(tmp_path / "w.yaml"))
    assert told(check(path, acceptance=accepted, waivers=True)) == expected


def test_a_waiver_that_nothing_needs_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a")))
    waiver = accepting.Waiver("HM201", "*", "asked", datetime.date(2030, 1, 1), place=3)
    accepted = accepting.Acceptance(TODAY, waivers=(waiver,))
    assert told(check(path, acceptance=accepted, waivers=True), frozenset({"HM108", "HM402"})) == [
        ("HM902", None)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "- 3",
        "- {rule: HM201}",
        "- {rule: HM201, file: x, reason: y, expires: soon}",
        "- {rule: HM201, file: x, reason: '', expires: 2027-01-01}",
        "- {rule: HM201, file: x, reason: y, expires: 2027-01-01, place: a}",
        "- {rule: HM201, file: x, reason: y, expires: 2027-01-01, other: a}",
        "- [",
        "- {rule: HM777, file: x, reason: y, expires: 2027-01-01}",
    ],
)
def test_damaged_waivers_are_refused(tmp_path, text):
    path = tmp_path / "w.yaml"
    path.write_text(text)
    with pytest.raises(UsageError):
        accepting.read_waivers(path)


def test_settings_are_found_upward_and_name_files_from_their_folder(tmp_path):
    inner = tmp_path / "lists" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / settings.NAME).write_text("ignore: [HM108]\nbaseline: known.json\n")
    path, found = settings.found_from(inner)
    assert path == tmp_path / settings.NAME
    assert found == {"ignore": ["HM108"], "baseline": str(tmp_path / "known.json")}


def test_settings_in_a_shared_file(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.hashmatch.lint]\nmax-age = 3\nmax-removed=1\n")
    assert settings.found_from(tmp_path)[1] == {"max-age": 3, "max-removed": 1}
    assert settings.read(tmp_path / "pyproject.toml") == {"max-age": 3, "max-removed": 1}


def test_a_shared_file_without_the_table_is_passed_by(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    assert settings.found_from(tmp_path) is None or settings.found_from(tmp_path)[0].parent != (
        tmp_path
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (settings.NAME, "unknown: 1"),
        (settings.NAME, "select: HM1"),
        (settings.NAME, "max-age: many"),
        (settings.NAME, "scheme: ''"),
        (settings.NAME, "max-removed: yes"),
        (settings.NAME, "- a"),
        (settings.NAME, "a: ["),
        ("pyproject.toml", "[tool"),
        ("pyproject.toml", "[tool.hashmatch.lint]\nunknown = 1"),
    ],
)
def test_damaged_settings_are_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=name.replace(".", r"\.")):
        settings.found_from(tmp_path)


def test_settings_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        settings.read(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        settings.read(tmp_path / "none.toml")
    (tmp_path / "long.yaml").write_text("#" * (1 << 21))
    with pytest.raises(UsageError, match="longer"):
        settings.read(tmp_path / "long.yaml")


PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NUMBER = b"benign!!"


def minisign_key():
    raw = base64.b64encode(b"Ed" + NUMBER + PRIVATE.public_key().public_bytes_raw())
    return b"untrusted comment: minisign public key\n" + raw + b"\n"


def minisign(content, kind=b"ED", number=NUMBER, comment=b"timestamp:1"):
    message = hashlib.blake2b(content).digest() if kind == b"ED" else content
    value = PRIVATE.sign(message)
    over_all = PRIVATE.sign(value + comment)
    lines = [b"untrusted comment: x", base64.b64encode(kind + number + value)]
    return b"\n".join([*lines, b"trusted comment: " + comment, base64.b64encode(over_all)]) + b"\n"


def pem():
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return PRIVATE.public_key().public_bytes(serialization.Encoding.PEM, form)


LIST = csv(row("a")).encode()


@pytest.mark.parametrize("key", [minisign_key(), pem()])
@pytest.mark.parametrize(
    ("suffix", "signature"),
    [
        (".minisig", minisign(LIST)),
        (".minisig", minisign(LIST, b"Ed")),
        (".sig", PRIVATE.sign(LIST)),
        (".sig", base64.b64encode(PRIVATE.sign(LIST)) + b"\n"),
    ],
)
def test_a_signature_holds_for_its_list_alone(tmp_path, key, suffix, signature):
    (tmp_path / "k.pub").write_bytes(key)
    (tmp_path / f"list.csv{suffix}").write_bytes(signature)
    pinned = signatures.PinnedKey.load(tmp_path / "k.pub")
    assert check_text(tmp_path, LIST, key=pinned) == []
    assert check_text(tmp_path, LIST + b"\n", key=pinned) == [("HM002", None)]


@pytest.mark.parametrize(
    ("suffix", "signature"),
    [
        (None, b""),
        (".sig", b"short"),
        (".sig", bytes(64)),
        (".minisig", b"nothing"),
        (".minisig", minisign(LIST, number=b"another!")),
        (".minisig", minisign(LIST).replace(b"timestamp:1", b"timestamp:2")),
        (".minisig", minisign(LIST, b"XX")),
        (".minisig", b"a\n!!\ntrusted comment: \n!!\n"),
    ],
)
def test_a_signature_that_does_not_hold_is_told(tmp_path, suffix, signature):
    (tmp_path / "k.pub").write_bytes(minisign_key())
    if suffix:
        (tmp_path / f"list.csv{suffix}").write_bytes(signature)
    pinned = signatures.PinnedKey.load(tmp_path / "k.pub")
    assert check_text(tmp_path, LIST, key=pinned) == [("HM002", None)]


def test_what_is_no_key_is_refused(tmp_path):
    (tmp_path / "k").write_text("no key")
    for name in ("k", "none"):
        with pytest.raises(UsageError):
            signatures.PinnedKey.load(tmp_path / name)


def test_a_list_too_long_for_its_kind_of_signature_is_not_checked(tmp_path, monkeypatch):
    monkeypatch.setattr("hashmatch.linting.signatures._MOST", 3)
    (tmp_path / "k.pub").write_bytes(pem())
    path = tmp_path / "list.csv"
    path.write_bytes(LIST)
    (tmp_path / "list.csv.sig").write_bytes(PRIVATE.sign(LIST))
    report = check(path, key=signatures.PinnedKey.load(tmp_path / "k.pub"))
    assert report.lists[0].open["HM002"].grave
