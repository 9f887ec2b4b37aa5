"""Every file of the synthetic samples, imported into a library as a person would, then asked.

Nothing in the folder may be forgotten: each file is in one of the tables below. Needs the folder
HASHMATCH_SAMPLES.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hashmatch.db.description import SetKind
from hashmatch.errors import HashmatchError
from hashmatch.formats.hash_text import BY_TYPE, read_hash
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs.ingest import Import, Reading, ingest
from hashmatch.model.people import Setting
from tests.library_maker import clock, description, entropy_from, make_library

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
if SAMPLES.name != "samples":
    SAMPLES = SAMPLES / "samples"
SYNTHETIC = SAMPLES / "synthetic"

pytestmark = pytest.mark.skipif(
    not SYNTHETIC.is_dir(), reason="the folder of shared samples is not there (HASHMATCH_SAMPLES)"
)

FILES = {"a": "alpha.png", "b": "bravo.png", "c": "charlie.png", "d": "delta.bin"}


@dataclass(frozen=True)
class Sample:
    """A file of the samples and what importing it must give.

    ``files`` are the first letters of the known files that must then be found, by each algorithm
    of ``by``.
    """

    path: str
    form: str
    kept: int
    files: str = "abcd"
    by: str = "md5"
    dropped: int = 0
    quarantined: int = 0
    options: ReadOptions = field(default_factory=ReadOptions)
    kind: SetKind = SetKind.OTHER_NOTABLE
    accept: bool = False


def typed(name):
    return ReadOptions(algorithm=name)


NCMEC = ReadOptions(environment="law-enforcement")
BENIGN = SetKind.BENIGN
TEXT = "md5 sha1 sha256"

IMPORTED = (
    Sample("vics/vics-1.1-list.json", "vics", 2, "ab", TEXT),
    Sample("vics/vics-1.2-list.json", "vics", 2, "ab", "md5 sha1"),
    Sample("vics/nist-caid-1.2-benign.json", "vics", 2, "cd", "md5 sha1", kind=BENIGN),
    Sample("vics/vics-1.3-list.json", "vics", 2, "ab", "md5 sha1"),
    Sample("vics/vics-1.3-case.json", "vics", 2, "ad"),
    Sample("vics/vics-2.0-list-us.json", "vics", 4, by="md5 sha1"),
    Sample("vics/vics-2.0-case-uk.json", "vics", 1, "a"),
    Sample("vics/quirks-2.0-order.json", "vics", 2, "a", dropped=1, quarantined=1, accept=True),
    Sample("vics/quirks-2.0-nested-media-under-media-context.json", "vics", 1, "a"),
    Sample("vics/quirks-2.0-repeated-photodna.json", "vics", 4),
    Sample("icse/icse-minimal.csv", "icse", 3, "abd", "md5 sha1"),
    Sample("icse/icse-full-inconsistent.csv", "icse", 3, "abd", "md5 sha1"),
    Sample("ncmec/entries.xml", "ncmec", 3, "abd", options=NCMEC, accept=True),  # a page
    Sample("cybertip/file-details.xml", "cybertip", 1, "a", TEXT),
    Sample("cybertip/report-response.xml", "cybertip", 1, "a"),
    Sample("cybertip/le-report.json", "cybertip-json", 1, "a"),
    Sample("text/md5sum.txt", "sums", 4),
    Sample("text/md5sum-binary.txt", "sums", 4),
    Sample("text/md5sum-escaped.txt", "sums", 4, "a"),
    Sample("text/md5sum-tag.txt", "sums", 4),
    Sample("text/sha1sum.txt", "sums", 4, by="sha1"),
    Sample("text/SHA256SUMS", "sums", 4, by="sha256"),
    Sample("text/sha256sum-tag.txt", "sums", 4, by="sha256"),
    Sample("text/sha256sum-tag-escaped.txt", "sums", 4, "a", "sha256"),
    Sample("text/sha512sum-z.bin", "sums", 4, by="sha512", options=typed("sha512")),
    Sample("text/openssl-dgst.txt", "sums", 4, by="sha256"),
    Sample("text/cksum-sha256-base64.txt", "sums", 4, by="sha256"),
    Sample("text/md5deep-z.txt", "sums", 4),
    Sample("text/plain-md5-lf.txt", "plain", 4, options=typed("md5")),
    Sample("text/plain-sha1-upper-crlf.txt", "plain", 4, by="sha1", options=typed("sha1")),
    Sample("text/xways-hashset.txt", "plain", 4),
    Sample("text/griffeye-hashlist-bom.txt", "plain", 4, options=typed("md5")),
    Sample("text/powershell-get-filehash.csv", "csv", 4, by="sha256"),
    Sample("text/powershell-get-filehash-utf16.txt", "powershell", 4, by="sha256"),
    Sample("text/certutil.txt", "certutil", 1, "a", "sha256"),
    Sample("text/certutil-old-spaced.txt", "certutil", 1, "a", "sha1"),
    Sample("text/generic.csv", "csv", 4, by=TEXT),
    Sample("text/led.csv", "csv", 4),
    Sample("text/griffeye-export-semicolon.csv", "csv", 4, by="md5 sha1"),
    Sample("text/hashdeep.txt", "hashdeep", 4, by="md5 sha256"),
    Sample("text/dfxml-md5deep.xml", "dfxml", 4),
    Sample("text/rhash-ed2k-link.txt", "p2p-links", 4, by="ed2k"),
    Sample("text/rhash-magnet.txt", "p2p-links", 4, by="ed2k"),
    Sample("legacy/encase.hash", "encase", 4),
    Sample("legacy/autopsy.kdb", "autopsy-kdb", 4),
    Sample("legacy/ilookv1.hsh", "ilook", 4),
    Sample("legacy/ilookv3.hsh", "ilook", 4, by=TEXT),
    Sample("legacy/hashkeeper.hsh", "hashkeeper", 4),
    Sample("legacy/tsk/synthetic.md5", "sums", 4),
    Sample("legacy/tsk/synthetic.md5-md5.idx", "tsk-index", 4),
    Sample("nsrl/rds2/NSRLFile.txt", "nsrl-text", 4, by="md5 sha1", kind=BENIGN),
    Sample("nsrl/rds2/NSRLFile-v1.5.txt", "nsrl-text", 4, by="md5 sha1", kind=BENIGN),
    Sample("nsrl/rds3/RDS_synthetic_modern_minimal.db", "nsrl-rds3", 4, by=TEXT, kind=BENIGN),
    Sample("hashlookup/hashlookup.ndjson", "hashlookup", 4, by="md5 sha1", kind=BENIGN),
    Sample("c4all/C4P Index.xml", "c4all", 2, "ab"),
    Sample("c4all/C4P Index declared-utf16-but-ascii.xml", "c4all", 1, "a"),
    Sample("c4all/C4M Index.xml", "c4all", 1, "d"),
    Sample("tx/pdq-list.txt", "pdq", 3, ""),
    Sample("tx/simple.pdq.te", "tx-dataset", 1, "", options=typed("pdq")),
    Sample("tx/stopncii.json", "stopncii", 1, "", kind=SetKind.NCII),
    Sample("tx/techagainstterrorism.json", "tat", 1, "a", "md5"),
    Sample("tx/threat_updates.json", "threat-updates", 1, "", accept=True),  # a page
    Sample("tx/vpdq.txt", "vpdq", 1, ""),
    Sample("tx/vpdq-tx.json", "vpdq", 1, ""),
    Sample("tx/vpdq-old-dict.json", "vpdq", 1, ""),
    Sample("tx/local_signal_file.txt", "tx-local", 4, ""),
    Sample("arachnid/arachnid-shield-response.json", "arachnid", 1, "a", "sha1 sha256"),
    Sample("misp/5a5a5a5a-0000-4000-8000-000000000001.json", "misp", 3, "abc", "", kind=BENIGN),
    Sample("stix/bundle.json", "stix", 3, "ab", "sha256"),
    Sample("p2p/magnets.txt", "p2p-links", 9, ""),
    Sample("p2p/ed2k-links.txt", "p2p-links", 4, by="ed2k"),
    Sample("p2p/collection.emulecollection", "p2p-links", 4, by="ed2k"),
    Sample("p2p/known.met", "known-met", 4, by="ed2k"),
    Sample("p2p/ShareL.dat", "ares", 4, by="sha1"),
    Sample("p2p/v1-single.torrent", "torrent", 2, ""),
    Sample("p2p/v1-multi.torrent", "torrent", 3, ""),
    Sample("p2p/v2.torrent", "torrent", 2, ""),
    Sample("p2p/hybrid.torrent", "torrent", 2, ""),
    Sample("p2p/resume.dat", "resume", 1, ""),
)

REFUSED = {
    "text/plain-mixed-ambiguous.txt": "--type",
    "text/rhash-sfv.sfv": "CRC",
    "cybertip/le-report.xml": "no file hashes",
    "cybertip/report-submission.xml": "no file hashes",
    "misp/hashes.csv": "texts",
    "misp/manifest.json": "not recognised",
    "tx/tmk-header-only-truncated.tmk": "48 of 263344",
    "tx/pdq-needles-bad.txt": "--type",
    "legacy/tsk/synthetic.md5-md5.idx2": "import the .idx",
    "p2p/transmission.resume": ".torrent",
    "vectors.json": "not recognised",
    "fake-perceptual.json": "not recognised",
    "pdq-real.json": "not recognised",
    "p2p/torrent-infohashes.json": "not recognised",
    "ncmec/entries.xml": "--environment",
    "tx/simple.pdq.te": "--type",
    "legacy/hashkeeper.hke": "not recognised",
    "nsrl/rds2/NSRLProd.txt": "not recognised",
    "nsrl/rds2/NSRLMfg.txt": "not recognised",
    "nsrl/rds2/NSRLOS.txt": "not recognised",
}
"""What is no list, or needs a word more, and what the refusal must mention."""

OTHERWISE = {
    "README.md": "describes the folder",
    "hashlookup/synthetic.bloom": "a filter; asked below",
    "nsrl/rds3/RDS_synthetic_modern_minimal_delta.sql": "a delta; applied below",
    "files/alpha.png": "a known file",
    "files/bravo.png": "a known file",
    "files/charlie.png": "a known file",
    "files/delta.bin": "a known file",
}


@pytest.fixture(scope="module")
def vectors():
    return json.loads((SYNTHETIC / "vectors.json").read_text("utf-8"))


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path)


def setting(tmp_path):
    return Setting(
        clock=clock,
        entropy=entropy_from(7),
        host="test",
        system="test",
        home=str(tmp_path),
        argv=(),
        tool={"name": "hashmatch", "version": "0"},
    )


def take(library, tmp_path, path, sample=None, *, form=None, **words):
    sample = sample or Sample(path, "", 0)
    stated = description("sample", sample.kind, accept_losses=sample.accept)
    reading = Reading((SYNTHETIC / path,), form, sample.options, ignore_categories=True)
    request = Import(reading, stated, **words)
    return ingest(request, library, setting(tmp_path), lambda _: None)


def asked(vectors, letter, algorithm):
    known = vectors[FILES[letter]]
    return read_hash(BY_TYPE[algorithm], known["ed2k_blue" if algorithm == "ed2k" else algorithm])


def test_no_file_of_the_samples_is_forgotten():
    there = {str(p.relative_to(SYNTHETIC)) for p in SYNTHETIC.rglob("*") if p.is_file()}
    assert {one.path for one in IMPORTED} | set(REFUSED) | set(OTHERWISE) == there


@pytest.mark.parametrize("sample", IMPORTED, ids=lambda one: one.path)
def test_a_sample_gives_its_records_and_answers_for_its_files(sample, library, tmp_path, vectors):
    manifest = take(library, tmp_path, sample.path, sample)
    counts = manifest.counts
    assert manifest.stated.importer["format"] == sample.form
    assert (counts.kept, counts.dropped, counts.quarantined) == (
        sample.kept,
        sample.dropped,
        sample.quarantined,
    )
    installed = library.open_set(manifest.version)
    for algorithm in sample.by.split():
        for letter in sample.files:
            digest = asked(vectors, letter, algorithm)
            assert installed.lookup([digest])[0], (letter, algorithm)
    installed.close()


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_no_list_is_refused_and_leaves_no_trace(path, library, tmp_path):
    with pytest.raises(HashmatchError, match=REFUSED[path]):
        take(library, tmp_path, path)
    assert library.sets() == []


def test_a_delta_takes_back_one_file_and_adds_another(library, tmp_path, vectors):
    base = Sample("", "", 0, kind=BENIGN)
    take(library, tmp_path, "nsrl/rds3/RDS_synthetic_modern_minimal.db", base)
    delta = "nsrl/rds3/RDS_synthetic_modern_minimal_delta.sql"
    manifest = take(library, tmp_path, delta, base, delta=True)
    with library.open_set(manifest.version) as installed:
        found = {one: installed.lookup([asked(vectors, one, "sha256")])[0] for one in "abcd"}
    assert {one for one, records in found.items() if records} == set("abd")


def test_a_filter_says_maybe_for_its_files_and_no_for_others(library, tmp_path, vectors):
    sample = Sample("", "", 0, kind=BENIGN)
    manifest = take(library, tmp_path, "hashlookup/synthetic.bloom", sample)
    others = [read_hash(BY_TYPE["sha1"], f"{number:040x}") for number in range(1, 200)]
    with library.open_set(manifest.version) as installed:
        assert installed.hinted([asked(vectors, one, "sha1") for one in "abcd"]) == [True] * 4
        assert sum(installed.hinted(others)) < 10
        assert installed.lookup([asked(vectors, "a", "sha1")]) == [[]]


def test_tombstones_of_other_entries_take_nothing_back(library, tmp_path, vectors):
    sample = Sample("", "", 0, options=NCMEC, accept=True)
    manifest = take(library, tmp_path, "ncmec/entries.xml", sample)
    assert manifest.files[0].facts["environment"] == "law-enforcement"
    assert "partial" in manifest.files[0].facts
    with library.open_set(manifest.version) as installed:
        flags = [(one.entry, one.live) for one in installed.records()]
    assert sorted(flags) == [
        ("9001:syn-image-1", True),
        ("9001:syn-image-2", True),
        ("9001:syn-video-1", True),
    ]


def test_companions_complete_a_list_and_are_none_themselves(library, tmp_path):
    manifest = take(library, tmp_path, "nsrl/rds2", Sample("", "", 0, kind=BENIGN))
    assert [one.name for one in manifest.files] == ["NSRLFile-v1.5.txt", "NSRLFile.txt"]


def test_viewing_by_the_provider_is_carried_to_the_answer(library, tmp_path, vectors):
    manifest = take(library, tmp_path, "cybertip/le-report.json")
    with library.open_set(manifest.version) as installed:
        [number] = installed.lookup([asked(vectors, "a", "md5")])[0]
        assert installed.record(number).flags["viewed_by_esp"] is False
