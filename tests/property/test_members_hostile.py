"""Archives that are changed at any place give what they can, and nothing but outcomes."""

import io
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.evidence.members import (
    bzip2_stream,
    gzip_stream,
    rar,
    seven_zip,
    tar,
    xz_stream,
    zstd_stream,
)
from hashmatch.evidence.members import zip as zips
from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.locators import parse_place
from tests.archives import (
    contents,
    deflated,
    inside,
    rar4_file,
    rar4_of,
    rar5_file,
    rar5_of,
    zip_aes,
    zip_encrypted,
    zip_entry,
    zip_of,
)

PLAIN = b"\xff\xd8\xff" + bytes(range(256)) * 3
MOST = 1 << 20


def zip_samples():
    entries = [
        zip_entry(b"a", PLAIN, PLAIN),
        zip_entry(b"b", deflated(PLAIN), PLAIN, 8),
        zip_entry(b"c", zip_encrypted(PLAIN, b"p", 0), PLAIN, flags=9),
        zip_entry(b"d", zip_aes(PLAIN, b"p"), PLAIN, 99, flags=1),
    ]
    return zip_of(entries, hidden=[zip_entry(b"e", PLAIN, PLAIN, flags=8)])


def tar_sample(form):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=form) as archive:
        for name in ("a", "x" * 150, "b"):
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(PLAIN), 1.5
            archive.addfile(member, io.BytesIO(PLAIN))
    return whole.getvalue()


def seven_zip_sample():
    py7zr = pytest.importorskip("py7zr")
    whole = io.BytesIO()
    filters = [{"id": py7zr.FILTER_LZMA2, "preset": 1}]
    with py7zr.SevenZipFile(whole, "w", filters=filters) as made:
        for name in ("a", "b"):
            made.writestr(PLAIN, name)
    return whole.getvalue()


def samples():
    return [
        (zips, zip_samples()),
        (tar, tar_sample(tarfile.GNU_FORMAT)),
        (tar, tar_sample(tarfile.PAX_FORMAT)),
        (rar, rar5_of(rar5_file(b"a", PLAIN, PLAIN), rar5_file(b"b", PLAIN, PLAIN))),
        (rar, rar4_of(rar4_file(b"a", PLAIN), rar4_file(b"b", PLAIN))),
        (seven_zip, seven_zip_sample()),
    ]


SAMPLES = samples()
CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12
)


@settings(max_examples=150, deadline=None)
@given(which=st.integers(0, len(SAMPLES) - 1), changes=CHANGES, cut=st.floats(0.2, 3))
def test_changed_archives_give_outcomes(which, changes, cut):
    """Each name and place can be written, whatever stands there; content stays in bounds."""
    kind, whole = SAMPLES[which]
    data = bytearray(whole)
    for place, value in changes:
        data[int(place * len(data))] = value
    data = bytes(data[: int(len(data) * cut)])
    for name, found in contents(kind, data, [b"p"]):
        assert isinstance(name, bytes)
        assert len(found) < MOST if isinstance(found, bytes) else found
    for one in inside_or_none(kind, data):
        assert parse_place(str(one.layer)) == (one.layer,)


def inside_or_none(kind, data):
    try:
        return inside(kind, data)
    except MemberError:
        return []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600))
def test_what_only_begins_like_an_archive(rest):
    begins = {
        zips: b"PK\x03\x04",
        rar: b"Rar!\x1a\x07\x01\0",
        seven_zip: b"7z\xbc\xaf\x27\x1c\0\4",
        gzip_stream: b"\x1f\x8b\x08",
        bzip2_stream: b"BZh91AY&SY",
        xz_stream: b"\xfd7zXZ\0",
        zstd_stream: b"\x28\xb5\x2f\xfd",
        tar: b"",
    }
    for kind, begin in begins.items():
        for _, found in contents(kind, begin + rest):
            assert len(found) < MOST if isinstance(found, bytes) else found


names = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(names, st.binary(max_size=2000), max_size=6), st.sampled_from([0, 8, 12, 14])
)
def test_zips_and_tars_come_back_as_they_were_packed(files, method):
    """As the standard library packs them; names that end like folders have content or are none."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, plain in files.items():
            archive.writestr(zipfile.ZipInfo("n" + name + "n"), plain, method)
    packed = [(("n" + name + "n").encode(), plain) for name, plain in files.items()]
    assert contents(zips, whole.getvalue()) == packed
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, plain in packed:
            member = tarfile.TarInfo(name.decode())
            member.size = len(plain)
            archive.addfile(member, io.BytesIO(plain))
    assert contents(tar, whole.getvalue()) == packed
