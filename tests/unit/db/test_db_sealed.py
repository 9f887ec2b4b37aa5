import pytest

from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.errors import HashSetError, OutputError

KEY = bytes(range(32))
CHUNKS = [b"first", b"", b"third chunk", b"x" * 100]


def write(path, chunks=CHUNKS, key=KEY, kind=b"kind"):
    writer = SealedWriter(path, key, kind)
    for chunk in chunks:
        writer.add(chunk)
    writer.finish()
    return path


def read(path, key=KEY, kind=b"kind"):
    sealed = SealedFile(path, key, kind)
    try:
        return [sealed.chunk(number) for number in range(len(sealed))]
    finally:
        sealed.close()


def test_chunks_come_back_in_any_order(tmp_path):
    sealed = SealedFile(write(tmp_path / "f"), KEY, b"kind")
    assert [sealed.chunk(n) for n in (2, 0, 3, 1)] == [CHUNKS[n] for n in (2, 0, 3, 1)]
    sealed.close()
    sealed.close()


def test_a_file_without_chunks_is_still_a_sealed_file(tmp_path):
    assert read(write(tmp_path / "f", [])) == []


def test_any_flipped_bit_is_noticed(tmp_path):
    path = write(tmp_path / "f")
    sound = path.read_bytes()
    for at in range(len(sound)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << at % 8]) + sound[at + 1 :])
        with pytest.raises(HashSetError, match="altered"):
            read(path)


def test_any_cut_and_any_addition_is_noticed(tmp_path):
    path = write(tmp_path / "f")
    sound = path.read_bytes()
    for end in range(len(sound)):
        path.write_bytes(sound[:end])
        with pytest.raises(HashSetError, match="cut short"):
            read(path)
    path.write_bytes(sound + b"\0")
    with pytest.raises(HashSetError, match="altered"):
        read(path)


def test_exchanged_chunks_are_noticed(tmp_path):
    path = write(tmp_path / "f", [b"aaaa", b"bbbb"])
    data = path.read_bytes()
    one, two = data[32:52], data[52:72]
    path.write_bytes(data[:32] + two + one + data[72:])
    with pytest.raises(HashSetError, match="altered"):
        read(path)


def test_a_file_of_another_kind_or_key_does_not_open(tmp_path):
    path = write(tmp_path / "f")
    with pytest.raises(HashSetError, match="another key"):
        read(path, key=bytes(32))
    with pytest.raises(HashSetError, match="altered"):
        read(path, kind=b"other")


def test_another_file_under_the_same_key_cannot_be_put_in_its_place(tmp_path):
    path = write(tmp_path / "f", kind=b"kind")
    data = bytearray(path.read_bytes())
    data[8:16] = b"other\0\0\0"
    path.write_bytes(data)
    with pytest.raises(HashSetError, match="altered"):
        read(path, kind=b"other")


def test_an_unfinished_file_does_not_open(tmp_path):
    writer = SealedWriter(tmp_path / "f", KEY, b"kind")
    writer.add(b"abc")
    writer.close()
    with pytest.raises(HashSetError, match="altered"):
        read(tmp_path / "f")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(HashSetError, match=r"gone\.db cannot be read"):
        read(tmp_path / "gone.db")


def test_an_existing_file_is_not_overwritten(tmp_path):
    write(tmp_path / "f")
    with pytest.raises(OutputError):
        SealedWriter(tmp_path / "f", KEY, b"kind")


def test_nothing_stands_in_the_clear(tmp_path):
    secret = b"a value that nobody may read"
    assert secret not in write(tmp_path / "f", [secret]).read_bytes()


def test_a_chunk_can_be_read_back_before_the_file_is_finished(tmp_path):
    writer = SealedWriter(tmp_path / "s", bytes(32), b"kind")
    for chunk in (b"one", b"two"):
        writer.add(chunk)
    assert (len(writer), writer.chunk(1), writer.chunk(0)) == (2, b"two", b"one")
    sound = bytearray((tmp_path / "s").read_bytes())
    sound[-1] ^= 1
    (tmp_path / "s").write_bytes(sound)
    with pytest.raises(HashSetError, match="changed while it was written"):
        writer.chunk(1)
    writer.close()
