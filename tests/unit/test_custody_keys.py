import base64
import hashlib
import os
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hashmatch.custody.keys import PublicKey, SigningKey
from hashmatch.errors import CustodyError, OutputError

# RFC 8032, section 7.1, TEST 2
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


@pytest.fixture
def key(tmp_path):
    return SigningKey.create(tmp_path / "a" / "b" / "signing.pem", lambda size: SEED[:size])


@pytest.fixture
def path(key, tmp_path):
    return tmp_path / "a" / "b" / "signing.pem"


def other(kind):
    private = (
        X25519PrivateKey.generate() if kind == "x25519" else ec.generate_private_key(ec.SECP256R1())
    )
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ), private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_signatures_are_those_of_rfc_8032(key):
    assert key.public.raw == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    assert key.public.verifies(SIGNATURE, b"\x72")
    assert not key.public.verifies(SIGNATURE, b"\x73")
    assert not key.public.verifies(SIGNATURE[:-1], b"\x72")


def test_a_signature_has_one_form_only(key):
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(SIGNATURE[32:], "little") + order
    assert not key.public.verifies(SIGNATURE[:32] + s.to_bytes(32, "little"), b"\x72")


def test_key_file_and_folders_are_for_the_owner_alone(key, path):
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_a_stored_key_is_the_key(key, path):
    assert SigningKey.load(path).public == key.public
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")


def test_an_existing_key_is_never_overwritten(key, path):
    before = path.read_bytes()
    with pytest.raises(CustodyError, match="never overwritten"):
        SigningKey.create(path, os.urandom)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o602])
def test_a_key_that_others_could_read_is_refused(key, path, mode):
    path.chmod(mode)
    with pytest.raises(CustodyError, match=f"mode {mode:04o}, expected 0600"):
        SigningKey.load(path)


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(CustodyError, match=r"nothing\.pem cannot be read: No such file"):
        SigningKey.load(tmp_path / "nothing.pem")
    with pytest.raises(CustodyError, match=r"nothing\.pem cannot be read: No such file"):
        PublicKey.load(tmp_path / "nothing.pem")


@pytest.mark.parametrize("content", [b"", b"rubbish", other("x25519")[0], other("ec")[0]])
def test_something_else_than_a_signing_key_is_refused(tmp_path, content):
    path = tmp_path / "k.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(CustodyError, match="holds no signing key"):
        SigningKey.load(path)


def test_a_key_behind_a_passphrase_is_refused(key, path):
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    sealed = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    path.write_bytes(sealed)
    with pytest.raises(CustodyError, match="unencrypted"):
        SigningKey.load(path)


@pytest.mark.parametrize("content", [b"", b"rubbish", other("x25519")[1], other("ec")[1]])
def test_something_else_than_a_public_key_is_refused(tmp_path, content):
    path = tmp_path / "k.pem"
    path.write_bytes(content)
    with pytest.raises(CustodyError, match=r"k\.pem: no Ed25519 public key"):
        PublicKey.load(path)


def test_a_private_key_is_not_taken_for_a_public_one(key, path):
    with pytest.raises(CustodyError, match="no Ed25519 public key"):
        PublicKey.load(path)


def test_a_public_key_is_read_back_from_pem(key, tmp_path):
    assert PublicKey.from_pem(key.public.pem.encode()) == key.public
    assert base64.b64decode(key.public.pem.splitlines()[1])[-32:] == PUBLIC


def test_the_key_id_is_that_of_a_signed_note(key):
    expected = hashlib.sha256(b"a name\n\x01" + PUBLIC).digest()[:4]
    assert key.public.key_id("a name") == expected


def test_the_secret_is_in_no_repr(key):
    assert "rivate" not in repr(key)


def test_a_key_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="could not be written: No space left"):
            SigningKey.create(tmp_path / "k.pem", os.urandom)
    assert not (tmp_path / "k.pem").exists()
    SigningKey.create(tmp_path / "k.pem", os.urandom)
