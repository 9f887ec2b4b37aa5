"""What hfind, hashdeep, md5deep, sqlite3 and checksum tools write is read as they mean it."""

import hashlib
import io
import shutil
import subprocess

import pytest

from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions
from hashmatch.model.records import Dropped, HashRecord
from tests.contract.test_formats_contract_legacy import encase

NAMES = ["plain", "with  blanks", "back\\slash", "new\nline", "ünï", "a (b) = c", "x,y", "*star"]


def needed(tool):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_bytes(f"content of {name}".encode() * 500)
    return tmp_path


def run(folder, *words):
    return subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout


def read(data, name=None, algorithm=None):
    form = registry.detect(data[:HEAD_SIZE], "x")
    assert form is not None
    assert form.name == (name or form.name)
    events = list(form.read(io.BytesIO(data), ReadOptions(algorithm=algorithm)))
    assert not any(isinstance(event, Dropped) for event in events)
    return [event for event in events if isinstance(event, HashRecord)]


def told(found, algorithm):
    return {
        one.fields["name"]: digest.hex
        for one in found
        for digest in one.digests
        if digest.algorithm.value == algorithm
    }


def expected(folder, algorithm, names=NAMES):
    return {
        name: hashlib.new(algorithm, (folder / name).read_bytes()).hexdigest() for name in names
    }


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("words", [(), ("--binary",), ("--tag",), ("--zero",)])
def test_checksum_tools(folder, algorithm, words):
    needed(f"{algorithm}sum")
    data = run(folder, f"{algorithm}sum", *words, "--", *NAMES)
    assert told(read(data, "sums", algorithm), algorithm) == expected(folder, algorithm)


@pytest.mark.parametrize("words", [(), ("-z",), ("-b",)])
def test_md5deep(folder, words):
    needed("md5deep")
    names = [name for name in NAMES if "\n" not in name]
    path = () if "-b" in words else ("-l",)
    found = read(run(folder, "md5deep", *path, *words, *names), "sums")
    assert told(found, "md5") == expected(folder, "md5", names)
    if words == ("-z",):
        sizes = {name: (folder / name).stat().st_size for name in names}
        assert {one.fields["name"]: one.size for one in found} == sizes


def test_hashdeep(folder):
    needed("hashdeep")
    names = [name for name in NAMES if "\n" not in name]
    data = run(folder, "hashdeep", "-l", "-c", "md5,sha1,sha256,tiger,whirlpool", *names)
    found = read(data, "hashdeep")
    for algorithm in ("md5", "sha1", "sha256"):
        assert told(found, algorithm) == expected(folder, algorithm, names)
    # Its Tiger is the plain digest, which is not the tree hash of the same name elsewhere.
    assert {one.other for one in found} == {("tiger", "whirlpool")}


@pytest.mark.parametrize(("kind", "algorithm"), [("md5sum", "md5"), ("nsrl-sha1", "sha1")])
def test_indexes_of_hfind(folder, kind, algorithm):
    needed("hfind")
    digests = [hashlib.new(algorithm, bytes([n])).hexdigest().upper() for n in range(200)]
    header = '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode",'
    header += '"SpecialCode"\n'
    rows = [f'"{one}","{"A" * 32}","0","n",1,1,"W",""\n' for one in digests]
    if kind == "md5sum":
        header, rows = "", [f"{one}  n{n}\n" for n, one in enumerate(digests)]
    (folder / "list").write_text(header + "".join(rows))
    run(folder, "hfind", "-i", kind, "list")
    data = (folder / f"list-{algorithm}.idx").read_bytes()
    found = [one.digests[0].hex.upper() for one in read(data, "tsk-index")]
    assert found == sorted(digests)
    assert (
        registry.detect((folder / f"list-{algorithm}.idx2").read_bytes(), "x").name == "tsk-index"
    )


def test_the_hashes_of_an_encase_set_where_hfind_misses_the_names(folder):
    needed("hfind")
    digests = sorted(hashlib.md5(bytes([n])).hexdigest() for n in range(50))
    (folder / "list.hash").write_bytes(encase(50, *digests))
    run(folder, "hfind", "-i", "encase", "list.hash")
    index = read((folder / "list.hash-md5.idx").read_bytes(), "tsk-index")
    whole = read((folder / "list.hash").read_bytes(), "encase")
    assert [one.digests for one in index] == [one.digests for one in whole]


def test_a_database_that_sqlite3_wrote(folder):
    needed("sqlite3")
    script = (
        "CREATE TABLE FILE(sha256,sha1,md5,crc32,file_name,file_size,package_id,"
        " PRIMARY KEY(sha256,sha1,md5,file_name,file_size,package_id));"
        "CREATE TABLE PKG(package_id);"
    )
    for number in range(3):
        values = [
            hashlib.new(one, bytes([number])).hexdigest() for one in ("sha256", "sha1", "md5")
        ]
        texts = ",".join(f"'{value}'" for value in values)
        script += f"INSERT INTO FILE VALUES({texts},'0','n',1,7);"
    run(folder, "sqlite3", "new.db", script)
    with (folder / "new.db").open("rb") as stream:
        found = list(registry.by_name("nsrl-rds3").read(stream, ReadOptions()))
    assert sum(isinstance(one, HashRecord) for one in found) == 3
    dump = run(folder, "sqlite3", "new.db", ".mode insert FILE", "SELECT * FROM FILE")
    assert len(read(dump, "nsrl-delta")) == 3
