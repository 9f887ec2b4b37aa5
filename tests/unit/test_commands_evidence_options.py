"""What operators give to open encrypted evidence: read strictly, never shown."""

import os

import click
import pytest

from hashmatch.commands import evidence_options
from hashmatch.commands.evidence_options import depth_of, secrets_of
from hashmatch.errors import UsageError


def passwords(path, content):
    path.write_bytes(content)
    return secrets_of(path, (), ask=False).passwords


def test_passwords_are_lines_of_a_file_each_once_as_they_stand(tmp_path):
    file = tmp_path / "words"
    content = "\ufeffone\r\ntwo \n\nรหัส\none\n# three".encode()
    assert passwords(file, content) == (b"one", b"two ", "รหัส".encode(), b"# three")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no password"),
        (b"\n\n", "holds no password"),
        (b"ok\n\xff\xfe", "line 2 of .* is not UTF-8"),
        (b"ok\na\0b", "line 2 .* zero byte"),
        (b"x" * 1025, "longer than 1024"),
        (b"".join(b"%d\n" % n for n in range(10_001)), "more than 10,000"),
        (b"x" * (10_000 * 1026 + 1), "larger than"),
    ],
)
def test_anything_else_is_refused_without_repeating_it(tmp_path, content, words):
    with pytest.raises(UsageError, match=words) as caught:
        passwords(tmp_path / "words", content)
    assert "xxxx" not in str(caught.value)


def test_keys_are_contents_of_files(tmp_path):
    key = tmp_path / "a.bek"
    key.write_bytes(b"\0key")
    found = secrets_of(None, (key, key), ask=False)
    assert (found.keys, found.count) == ((b"\0key",), 1)
    os.mkfifo(tmp_path / "fifo")
    for wrong, words in ((tmp_path / "none", "cannot be read"), (tmp_path, "cannot be read")):
        with pytest.raises(UsageError, match=words):
            secrets_of(None, (wrong,), ask=False)
    with pytest.raises(UsageError, match="no regular file"):
        secrets_of(None, (tmp_path / "fifo",), ask=False)
    key.write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(UsageError, match="larger than"):
        secrets_of(None, (key,), ask=False)


def test_a_password_is_asked_for_without_showing_it(monkeypatch):
    asked = []

    def prompt(words, **how):
        asked.append(how["hide_input"] and how["err"])
        return "geheim"

    monkeypatch.setattr(evidence_options.click, "prompt", prompt)
    assert secrets_of(None, (), ask=True).passwords == (b"geheim",)
    assert asked == [True]

    def nobody(*_, **__):
        raise click.Abort

    monkeypatch.setattr(evidence_options.click, "prompt", nobody)
    with pytest.raises(UsageError, match="--passwords"):
        secrets_of(None, (), ask=True)


def test_carving_goes_before_the_profile():
    assert (depth_of("quick", None).left_out, depth_of("deep", None).left_out) == (
        ("deleted", "members", "carving"),
        (),
    )
    assert depth_of("quick", True).carve
    assert not depth_of("deep", False).carve
