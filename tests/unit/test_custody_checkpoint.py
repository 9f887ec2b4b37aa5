import base64
import hashlib

import pytest

from hashmatch.custody import checkpoint
from tests.custody_case import make_key

ROOT = hashlib.sha256(b"root").digest()


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "k.pem")


@pytest.fixture
def note(key):
    return checkpoint.sign("hashmatch-case/x", 42, ROOT, key)


def test_the_text_is_a_signed_note(note, key):
    body = f"hashmatch-case/x\n42\n{base64.b64encode(ROOT).decode()}\n"
    blob = key.public.key_id("hashmatch-case/x") + key.sign(body.encode())
    assert note.decode() == f"{body}\n— hashmatch-case/x {base64.b64encode(blob).decode()}\n"


def test_it_is_read_back(note, key):
    found = checkpoint.parse(note)
    assert (found.origin, found.size, found.root) == ("hashmatch-case/x", 42, ROOT)
    assert found.encode() == note
    assert found.signed_by(key.public)


def test_another_key_did_not_sign_it(note, tmp_path):
    assert not checkpoint.parse(note).signed_by(make_key(tmp_path / "2.pem", b"2").public)


def test_every_flipped_bit_is_noticed(note, key):
    for bit in range(len(note) * 8):
        changed = bytearray(note)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            found = checkpoint.parse(bytes(changed))
        except ValueError:
            continue
        assert not found.signed_by(key.public), bit


def test_every_truncation_and_insertion_is_refused(note):
    for place in range(len(note)):
        with pytest.raises(ValueError, match="not a checkpoint"):
            checkpoint.parse(note[:place])
        for extra in (b"\n", b" ", b"\r", b"="):
            with pytest.raises(ValueError, match="not a checkpoint"):
                checkpoint.parse(note[:place] + extra + note[place:])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n42\n", b"\n042\n"),
        (b"\n42\n", b"\n+42\n"),
        (b"\n42\n", b"\n4_2\n"),
        (b"\n42\n", "\n٤٢\n".encode()),
        (b"\n42\n", b"\n-42\n"),
        (b"\n42\n", b"\n4" + b"2" * 30 + b"\n"),
        ("— ".encode(), b"- "),
        (b"/x\n", b"/y\n"),
        (b"\n\n", b"\nextension\n\n"),
    ],
)
def test_other_spellings_are_refused(note, old, new):
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoint.parse(note.replace(old, new, 1))


def test_a_second_signature_line_is_refused(note):
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoint.parse(note + note.split(b"\n\n")[1])


def test_unused_bits_of_base64_must_be_zero(note):
    # 32 bytes fill 43 characters and leave two bits of the last one unused
    line = note.split(b"\n")[2]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = line[:42] + alphabet[alphabet.index(line[42]) + 1 :][:1] + b"="
    assert base64.b64decode(twin) == ROOT
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoint.parse(note.replace(line, twin))
