import hashlib
import stat

import pytest

from hashmatch.db.keys import KeyFile, LibraryKey, Lock, Passphrase, Scrypt
from hashmatch.db.library import LIBRARY, Library
from hashmatch.db.strict import Fields
from hashmatch.errors import HashSetError, OutputError, UsageError
from tests.library_maker import KEY, clock, entropy_from, install, make_library, record

WORDS = Passphrase("บ้านริมน้ำ กับ แมวสามตัว")


def key_file(folder, name="library.key", seed=1):
    file = KeyFile(folder / name)
    file.create(entropy_from(seed))
    return file


def test_a_new_key_file_is_private_and_reads_back(tmp_path):
    file = KeyFile(tmp_path / "library.key")
    key = file.create(entropy_from(1))
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.read() == key
    assert len(key.secret) == 32


def test_an_existing_key_file_is_never_overwritten(tmp_path):
    file = key_file(tmp_path)
    before = file.path.read_bytes()
    with pytest.raises(OutputError, match="could not be written"):
        file.create(entropy_from(2))
    assert file.path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_key_file_that_others_may_use_is_refused(tmp_path, mode):
    file = key_file(tmp_path)
    file.path.chmod(mode)
    with pytest.raises(HashSetError, match="chmod 600"):
        file.read()


def test_a_key_file_behind_a_link_is_refused(tmp_path):
    file = key_file(tmp_path)
    (tmp_path / "link").symlink_to(file.path)
    with pytest.raises(HashSetError, match="cannot be read"):
        KeyFile(tmp_path / "link").read()


def test_a_missing_key_file_is_named(tmp_path):
    with pytest.raises(HashSetError, match=r"nowhere\.key cannot be read"):
        KeyFile(tmp_path / "nowhere.key").read()


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"hashmatch library key 1\nzz\n"])
def test_what_is_no_key_file_is_refused_without_repeating_it(tmp_path, content):
    file = key_file(tmp_path)
    file.path.write_bytes(content)
    with pytest.raises(HashSetError, match="is not a key file"):
        file.read()


def test_a_key_of_the_wrong_length_is_refused(tmp_path):
    file = key_file(tmp_path)
    file.path.write_bytes(b"hashmatch library key 1\n" + b"00" * 31 + b"\n")
    with pytest.raises(HashSetError, match="is not a key file"):
        file.read()


def test_neither_key_nor_passphrase_shows_itself():
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)
    assert WORDS.text not in repr(WORDS)


def test_every_purpose_and_every_salt_has_its_own_key():
    derived = {KEY.derive(p, s) for p in ("a", "b") for s in (b"", b"1", b"2")}
    assert len(derived) == 6
    assert KEY.secret not in derived


def test_derived_keys_are_those_of_the_specification():
    import hmac

    extracted = hmac.new(b"salt", KEY.secret, "sha256").digest()
    expected = hmac.new(extracted, b"hashmatch library 1: records\x01", "sha256").digest()
    assert KEY.derive("records", b"salt") == expected


def test_the_key_id_is_not_made_from_the_key_itself():
    plain = hashlib.sha256(KEY.secret).hexdigest()
    assert len(KEY.id) == 16
    assert not plain.startswith(KEY.id)
    assert LibraryKey(bytes(32)).id != KEY.id


def test_a_key_file_inside_the_library_is_refused(tmp_path):
    library = make_library(tmp_path)
    inside = key_file(library.folder)
    with pytest.raises(UsageError, match="inside the library"):
        Library.open(library.folder, inside)
    with pytest.raises(UsageError, match="inside the library"):
        Library.create(
            tmp_path / "new",
            KeyFile(tmp_path / "new" / "sub" / "key"),
            clock=clock,
            entropy=entropy_from(1),
        )
    assert not (tmp_path / "new").exists()


def test_a_library_opens_with_its_key_file_only(tmp_path):
    right, wrong = key_file(tmp_path), key_file(tmp_path, "other.key", seed=2)
    library = Library.create(tmp_path / "l", right, clock=clock, entropy=entropy_from(3))
    assert Library.open(tmp_path / "l", right) == library
    with pytest.raises(HashSetError, match=f"needs the key with id {library.key.id}"):
        Library.open(tmp_path / "l", wrong)
    with pytest.raises(HashSetError, match="needs its key file, not a passphrase"):
        Library.open(tmp_path / "l", WORDS)


def test_a_library_opens_with_its_passphrase_only(tmp_path):
    library = Library.create(tmp_path / "l", WORDS, clock=clock, entropy=entropy_from(3))
    assert Library.open(tmp_path / "l", WORDS) == library
    assert Library.open(tmp_path / "l", library.key) == library
    with pytest.raises(HashSetError, match="does not open"):
        Library.open(tmp_path / "l", Passphrase(WORDS.text + "x"))
    with pytest.raises(HashSetError, match="needs its passphrase, not a key file"):
        Library.open(tmp_path / "l", key_file(tmp_path))
    assert WORDS.text.encode() not in (tmp_path / "l" / LIBRARY).read_bytes()


def test_a_passphrase_means_the_same_however_the_keyboard_composes_it():
    scrypt = Scrypt(b"0" * 16)
    assert Passphrase("Zürich-Zürich").key(scrypt) == Passphrase("Zu\u0308rich-Zürich").key(scrypt)


def test_a_passphrase_is_stretched_as_the_specification_says():
    expected = hashlib.scrypt(
        b"pass", salt=b"s" * 16, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32
    )
    assert Passphrase("pass").key(Scrypt(b"s" * 16)).secret == expected


def test_a_short_passphrase_is_refused(tmp_path):
    with pytest.raises(UsageError, match="at least 12"):
        Library.create(tmp_path / "l", Passphrase("short"), clock=clock, entropy=entropy_from(1))


def test_a_lock_that_would_weaken_the_passphrase_is_refused():
    weak = {"key_id": "00", "scrypt": {"n": 2, "p": 1, "r": 8, "salt": "00"}}
    with pytest.raises(HashSetError, match="n 32768"):
        Lock.from_json(Fields(weak, "library.json"))


def test_a_stolen_library_answers_nothing_without_its_key(tmp_path):
    library = make_library(tmp_path)
    manifest = install(library, [record(n) for n in range(10)])
    thief = Library(library.folder, library.id, LibraryKey(bytes(32)))
    with pytest.raises(HashSetError):
        thief.open_set(manifest.version)
    folder = library.folder / "sets" / manifest.version
    from hashmatch.db.installed import InstalledSet

    with pytest.raises(HashSetError, match="another key"):
        InstalledSet(folder, manifest, thief.key)


def test_fingerprints_cannot_be_worked_out_without_the_key(tmp_path):
    from hashmatch.db.exact import ExactIndex
    from hashmatch.db.fingerprints import Fingerprints

    library = make_library(tmp_path)
    records = [record(n) for n in range(10)]
    manifest = install(library, records)
    path = library.folder / "sets" / manifest.version / "exact.idx"
    index = ExactIndex(path, manifest.parts["exact.idx"].pages)
    guesses = [bytes(32), manifest.salt * 2, KEY.derive("fingerprint md5"), KEY.secret]
    for guess in guesses:
        made = Fingerprints(lambda purpose, guess=guess: guess)
        prints = [made.of(d) for r in records for d in r.digests]
        assert [index.find_one(one) for one in prints] == [[]] * len(prints)
