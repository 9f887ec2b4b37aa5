"""Lists that other programs are known to misread: what they do with them, and what we do.

Each test names the behaviour of the other program as its documentation, its source or a
measurement shows it, and proves ours with real processes. ``docs/formats.md`` has the table.
"""

import gzip
import json
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hashmatch.errors import ExitCode
from tests.rival_lists import PLAIN, UNMAPPED, VIC, Desk, digest, md5, new, old, sha1, sha256, table

MEASURED = False  # other modules run the same commands

FIXTURES = Path(__file__).parents[2] / "fixtures"
COLUMNS = (
    *("MD5", "SHA1", "PhotoDNA", "Image ID", "Is distributed", "Victim identified"),
    *("Offender identified", "Series name", "Number of submissions", "File Available"),
    *("Media Type", "Baseline"),
)
ICSE = ("--kind", "categorized", "--scheme", "icse")


@pytest.fixture
def desk(bench):
    return Desk(bench)


def icse(word, baseline="Yes", photodna="", series=""):
    yes_no = ("Yes", "No", "No")
    return (md5(word), sha1(word), photodna, "1", *yes_no, series, "1", "Yes", "Image", baseline)


def kept(desk):
    counts = desk.facts()["records"]
    return counts["read"], counts["kept"], counts["dropped"]


# Project VIC


def test_a_null_hash_stops_nothing(desk):
    """IPED: one ``"SHA1": null`` ends the whole import, and its database is deleted."""
    media = [{"MD5": md5(n), "SHA1": None if n == 1 else sha1(n), "Category": 1} for n in "012"]
    desk.take(new("US", *media), *VIC)
    assert desk.dispositions(*map(md5, "012")) == ["illegal"] * 3
    assert kept(desk) == (3, 3, 0)


def test_a_category_in_quotes_is_a_category(desk):
    """IPED: ``"Category": "1"`` is imported without a status and never alerts."""
    media = [{"MD5": md5("text"), "Category": "1"}, {"MD5": md5("number"), "Category": 1}]
    desk.take(new("US", *media), *VIC)
    assert desk.dispositions(md5("text"), md5("number")) == ["illegal", "illegal"]


@pytest.mark.parametrize("place", ["before", "after", "behind the records"])
def test_keys_may_come_in_any_order(desk, place):
    """IPED: a key before the context is misdetected, one after it ends the import."""
    extra = [("FutureField", {"value": [1]}), ("@odata.count", 1)]
    medium = {"Category": 1, "Unknown": [], "MD5": md5("a")}
    if place == "behind the records":
        whole = json.loads(new("US", medium))
        data = json.dumps(dict(reversed(whole.items()))).encode()
    else:
        data = new("US", medium, **{place: extra})
    desk.take(data, *VIC)
    assert desk.dispositions(md5("a")) == ["illegal"]


def test_hashes_that_stand_only_in_the_array_are_read(desk):
    """IPED: of ``{HashName, HashValue}`` only PhotoDNA is read: no records, and no warning."""
    hashes = [{"HashName": "SHA256", "HashValue": sha256("a")}, {"HashValue": "x"}]
    medium = {"MediaID": 1, "Category": 1, "AlternativeHashes": hashes[:1]}
    desk.take(new("US", medium), *VIC)
    assert desk.dispositions(sha256("a"), kind="sha256") == ["illegal"]
    broken = {"MediaID": 2, "Category": 1, "AlternativeHashes": hashes[1:]}
    desk.refused(new("US", medium, broken), *VIC, name="other", told="lose")


def test_a_genuine_list_of_version_1_2_is_never_taken_for_benign(desk):
    """IPED: every VICS 1.2 list becomes ``status=known``, also records of category 1."""
    data = old("1.2", {"MD5": md5("a"), "Category": 1}, {"MD5": md5("b"), "Category": 2})
    desk.bench.ok(
        "library", "import", desk.write(data), "--set", "s", code=ExitCode.USAGE
    )  # without --kind nothing is assumed
    desk.refused(data, *VIC, told="dhs-legacy")  # whose codes 0 and 5 mean the opposite
    desk.take(data, "--kind", "categorized", "--scheme", "dhs-legacy")
    assert desk.dispositions(md5("a"), md5("b")) == ["illegal", "exploitative"]


def test_the_benign_lists_in_that_form_are_benign_by_statement_only(desk):
    """IPED: the form decides; here the operator does, and category 1 in such a list stays shown."""
    data = old("1.2", {"MD5": md5("a"), "Category": 8}, {"MD5": md5("b"), "Category": 1})
    desk.take(data, "--kind", "categorized", "--scheme", "nist-caid")
    assert desk.dispositions(md5("a"), md5("b")) == ["benign", "uncategorized"]


def test_every_country_of_version_2_is_read(desk):
    """IPED: only ``/Default/`` is accepted; of a folder the others are skipped, and it exits 0."""
    countries = ("US", "UK", "CUSTOM", "Default", "TH")
    for country in countries:
        words = VIC if country == "US" else UNMAPPED
        data = new(country, {"MD5": md5(country), "Category": 1})
        desk.take(data, *words, name=country, file=country)
    answers = desk.ask(*map(md5, countries), name=None)
    assert [(one["set"], one["category"]) for one in answers] == [(one, "1") for one in countries]


def test_one_countrys_codes_are_not_read_as_anothers(desk):
    """IPED and Autopsy each have one table of codes; 0 and 5 are swapped between the two."""
    data = new("UK", {"MD5": md5("a"), "Category": 1})
    desk.refused(data, *VIC, told="scheme")


def test_category_zero_is_not_lost(desk):
    """GLEAPP: ``category or ...`` takes 0 for no category."""
    desk.take(new("US", {"MD5": md5("a"), "Category": 0}, {"MD5": md5("b")}), *VIC)
    assert [one["category"] for one in desk.ask(md5("a"), md5("b"))] == ["0", None]


def test_the_word_false_is_no_yes(desk):
    """GLEAPP: ``bool("false")`` makes every flag of a case file true."""
    flags = {"VictimIdentified": "false", "IsDistributed": "true", "OffenderIdentified": None}
    desk.take(new("US", {"MD5": md5("a"), "Category": 1, **flags}), *VIC)
    (answer,) = desk.ask(md5("a"))
    assert answer["flags"] == {"is_distributed": True, "victim_identified": False}


def test_a_case_export_is_read(desk):
    """IPED: the ``#Cases`` shape is not recognised."""
    case = {"CaseID": "1", "Media": [{"MD5": md5("a"), "Category": 1}]}
    desk.take(new("US", case, shape="Cases"), *VIC)
    assert desk.dispositions(md5("a")) == ["illegal"]


@pytest.mark.parametrize("data", [old("1.3", {"MD5": md5("a"), "Category": 1})[:-9], b"{"])
def test_a_list_that_breaks_off_leaves_the_library_as_it_was(desk, data):
    """IPED exits 0 although its import failed; GLEAPP removes the old set before the new is in."""
    desk.take(old("1.3", {"MD5": md5("old"), "Category": 1}), *VIC)
    desk.refused(data, *VIC)
    assert desk.dispositions(md5("old")) == ["illegal"]


def test_one_bad_list_among_good_ones_is_not_passed_by(desk):
    """IPED, told to import a folder, says "skipped" of a list that it rejects, and exits 0."""
    folder = desk.bench.root / "delivery"
    folder.mkdir()
    (folder / "1.json").write_bytes(new("US", {"MD5": md5("a"), "Category": 1}))
    (folder / "2.json").write_bytes(new("US", {"MD5": md5("b"), "Category": 1})[:-5])
    before = desk.sets()
    words = ("library", "import", folder, "--set", "s", *VIC)
    told = desk.bench.ok(*words, code=ExitCode.HASH_SET).stderr
    assert "2.json" in told
    assert desk.sets() == before


FAILURES = {
    "digits that are none": table(["md5", "note"], ["Z" * 32, "n"]),
    "a list that breaks off": new("US", {"MD5": md5("a"), "Category": 1})[:-3],
    "no list at all": b"Dear colleagues,\nsee the list.\n",
    "nothing": b"",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_an_exit_code(desk, failure):
    """IPED: ``iped-hashdb`` exits 0 for a null hash, a rejected list and bad digits alike."""
    desk.refused(FAILURES[failure], *PLAIN)


# Tables


def test_a_byte_order_mark_and_utf_16_are_no_part_of_a_name(desk):
    """IPED: with a mark the column ``MD5`` becomes a property, and no hash is found."""
    rows = table(["MD5", "Category"], [md5("a"), "1"]).decode()
    whole = new("US", {"MD5": md5("a"), "Category": 1}).decode()
    encodings = ("utf-8", "utf-16-le", "utf-16-be")
    for text in (rows, whole):
        for encoding in encodings:
            name = f"{encoding}-{len(text)}"
            desk.take(("\ufeff" + text).encode(encoding), *VIC, name=name, file=name)
    assert desk.dispositions(md5("a"), name=None) == ["illegal"] * 6


def test_letters_beyond_f_are_no_digits(desk):
    """IPED: 32 times Z is stored as 0x33...; the second half of a byte is never checked."""
    bad = ["Z" * 32, "G0" * 16, "0G" * 16, "0x" + "0" * 30, "0" * 31]
    rows = [[value, sha1(n), "1"] for n, value in enumerate(bad)]
    data = table(["md5", "sha1", "category"], *rows, [md5("b"), "", "1"])
    told = desk.refused(data, *VIC, told="lose").stderr
    assert not any(value in told for value in bad)
    desk.take(data, *VIC, "--accept-losses")
    assert desk.dispositions(*map(sha1, range(5)), md5("b")) == ["illegal"] * 6
    assert desk.facts()["values"] == {"md5": 1, "sha1": 5}


def test_a_ragged_row_costs_that_row_and_is_said(desk):
    """IPED: a row with another number of cells ends the import of the file."""
    data = table(["md5", "category"], [md5("a"), "1"], [md5("b"), "1", "x", "y"], [md5("c"), "2"])
    told = desk.refused(data, *VIC).stderr
    assert "3" in told
    desk.take(data, *VIC, "--accept-losses")
    assert desk.dispositions(md5("a"), md5("c")) == ["illegal", "exploitative"]
    assert desk.facts()["records"]["dropped"] == 1


def test_a_colliding_md5_overwrites_nothing(desk):
    """IPED: a benign row with the MD5 of an illegal record overwrites the SHA-1 of that record."""
    rows = [md5("a"), sha1("a"), "1"], [md5("a"), sha1("made to collide"), "5"]
    desk.take(table(["md5", "sha1", "category"], *rows), *VIC)
    (answer,) = desk.ask(sha1("a"))
    assert (answer["disposition"], answer["category"]) == ("illegal", "1")
    assert [one["category"] for one in desk.ask(md5("a"))] == ["1", "5"]


def test_a_colliding_md5_in_an_update_overwrites_nothing_either(desk):
    """IPED: the default mode merges by any hash, and on disagreement the new value wins."""
    columns = ["md5", "sha1", "category"]
    desk.take(table(columns, [md5("a"), sha1("a"), "1"]), *VIC)
    path = desk.write(table(columns, [md5("a"), sha1("other"), "5"]), "delta.csv")
    desk.bench.ok("library", "update", "s", path, "--delta")
    assert [one["category"] for one in desk.ask(sha1("a"))] == ["1"]


def test_the_delimiter_is_found(desk):
    """IPED: a table with semicolons is refused unless it is an ICSE export."""
    for n, delimiter in enumerate(",;\t|"):
        rows = ["md5", "category", "note"], [md5("a"), "1", "n"]
        desk.take(table(*rows, delimiter=delimiter), *VIC, name=f"s{n}", file=f"l{n}")
    assert desk.dispositions(md5("a"), name=None) == ["illegal"] * 4


def test_a_table_without_header_is_read_when_its_columns_are_named(desk):
    """IPED: "header must contain at least one hash column"; GLEAPP reads the first column only."""
    data = table(["n1", md5("a"), "1"], ["n2", md5("b"), "2"])
    desk.take(data, *VIC, "--format", "csv", "--map", "md5=2", "--map", "category=3")
    assert desk.dispositions(md5("a"), md5("b")) == ["illegal", "exploitative"]


def test_a_list_of_hashes_and_nothing_else_is_read(desk):
    """IPED: one hash a line is refused, since a list needs a property too."""
    desk.take(f"{md5('a')}\n{md5('b')}\n", *PLAIN, "--type", "md5")
    assert desk.dispositions(md5("a"), md5("b")) == ["illegal"] * 2
    desk.take(table(["MD5"], [md5("a")]), *PLAIN, name="headed")
    assert desk.dispositions(md5("a"), name="headed") == ["illegal"]


def test_the_hash_may_stand_in_any_column(desk):
    """GLEAPP: only the first column of a table is read, so that a number is taken for the hash."""
    rows = ["no", "name", "SHA-256", "MD5"], ["1", "a.bin", sha256("a"), md5("a")]
    desk.take(table(*rows), *PLAIN)
    assert desk.facts()["values"] == {"md5": 1, "sha256": 1}
    assert desk.dispositions(sha256("a"), kind="sha256") == ["illegal"]


def test_the_hash_of_a_files_beginning_is_not_that_of_a_file(desk):
    """IPED's LED lists have MD5s of the first 512 bytes; taken for MD5s of files they never hit."""
    rows = ["md5_512", "md5_64k", "fileLength", "md5"], [md5("begin"), md5("64k"), "9", md5("a")]
    desk.take(table(*rows), *PLAIN)
    assert desk.ask(md5("begin"), md5("64k")) == []
    assert desk.dispositions(md5("a")) == ["illegal"]


def test_text_that_is_no_utf_8_is_never_lost_in_silence(desk):
    """IPED reads tables in the charset of the machine: names become something else unnoticed."""
    data = b"md5,note\n" + md5("a").encode() + ",ไทย".encode("cp874") + b"\n"
    result = desk.bench.run("library", "import", desk.write(data), "--set", "s", *PLAIN)
    assert result.returncode in (ExitCode.CLEAR, ExitCode.HASH_SET)
    if result.returncode:
        assert "encod" in result.stderr or "UTF-8" in result.stderr
        desk.take(data, *PLAIN, "--accept-losses")
    assert desk.dispositions(md5("a")) == ["illegal"]


# ICSE


def test_a_perceptual_hash_of_the_wrong_length_costs_itself_only(desk):
    """IPED: a PhotoDNA value of another length ends the import of the whole file."""
    whole = icse("b", photodna=bytes(range(144)).hex())
    shorter = table(COLUMNS, icse("a", photodna="00" * 90), whole, delimiter=";")
    desk.refused(shorter, *ICSE)
    desk.take(shorter, *ICSE, "--accept-losses")
    assert desk.dispositions(md5("a"), md5("b")) == ["baseline"] * 2
    assert desk.facts()["values"]["photodna"] == 1
    assert desk.facts()["lost_values"]
    longer = table(COLUMNS, icse("a", photodna="00" * 200), whole, delimiter=";")
    desk.take(longer, *ICSE, name="of a vendor")
    assert desk.facts("of a vendor")["not_evaluated"] == {"photodna-other": 1}


def test_what_is_not_baseline_is_not_called_so(desk):
    """IPED: every record gets one status, whatever ``Baseline`` says."""
    data = table(COLUMNS, icse("a"), icse("b", baseline="No"), delimiter=";")
    desk.take(data, *ICSE)
    assert desk.dispositions(md5("a"), md5("b")) == ["baseline", "other-notable"]


def test_a_semicolon_in_a_text_moves_no_cell(desk):
    """Exports do not quote their texts; the cells behind such a text are then the wrong ones."""
    data = table(COLUMNS, icse("a", series="one; two", baseline="No"), icse("b"), delimiter=";")
    desk.take(data, *ICSE)
    assert desk.dispositions(md5("a"), md5("b")) == ["other-notable", "baseline"]


def test_a_missing_or_renamed_column_does_not_hide_the_hashes(desk):
    """IPED: with one of twelve columns missing it is a table with the wrong delimiter."""
    row = icse("a")
    data = table([*COLUMNS[:-2], "Medientyp"], row[:-1], delimiter=";")
    desk.take(data, *PLAIN)
    assert desk.dispositions(md5("a"), sha1("a")) == ["illegal"] * 2


# NSRL


def nsrl3(folder, *words):
    path = folder / "nsrl.db"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE FILE(sha256, sha1, md5, crc32, file_name, file_size, package_id)"
    )
    connection.execute("CREATE TABLE PKG(package_id, name, version, operating_system_id)")
    connection.execute("CREATE TABLE VERSION(version, build_set, build_date, release_date, x)")
    for n, word in enumerate(words):
        row = (sha256(word).upper(), sha1(word).upper(), md5(word).upper(), "0", word, 1, n)
        connection.execute("INSERT INTO FILE VALUES(?,?,?,?,?,?,?)", row)
    connection.commit()
    connection.close()
    return path.read_bytes()


def test_the_sha256_of_nsrl_3_is_read(desk):
    """IPED: of version 3 only MD5 and SHA-1 are read."""
    desk.take(nsrl3(desk.bench.root, "a"), "--kind", "benign", file="nsrl.db")
    assert desk.dispositions(sha256("a"), kind="sha256") == ["benign"]


def test_a_delta_adds_and_takes_back(desk):
    """IPED: deltas are not supported, and what NIST takes back stays."""
    desk.take(nsrl3(desk.bench.root, "a", "b"), "--kind", "benign", file="nsrl.db")
    row = f"'{sha256('c')}','{sha1('c')}','{md5('c')}','0','c',1,1"
    names = "sha256,sha1,md5,crc32,file_name,file_size,package_id"
    delta = (
        "BEGIN TRANSACTION;\n"
        f"DELETE FROM FILE WHERE sha256='{sha256('b').upper()}' AND package_id=1;\n"
        f"INSERT INTO FILE({names}) VALUES({row});\nCOMMIT;\n"
    )
    desk.bench.ok("library", "update", "s", desk.write(delta, "delta.sql"), "--delta")
    answers = desk.ask(*map(md5, "abc"))
    assert [one["value"] for one in answers] == [md5("a"), md5("c")]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "zip"])
def test_nsrl_2_needs_no_other_file_and_reads_the_same_from_a_zip(desk, packed):
    """IPED: ``NSRLFile.txt`` needs ``NSRLProd.txt``, and its charset depends on the packing."""
    header = (
        '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"'
    )
    row = f'"{sha1("a")}","{md5("a")}","0","é.txt",1,1,"W",""'
    data, file = f"{header}\n{row}\n".encode("latin-1"), "NSRLFile.txt"
    if packed:
        with zipfile.ZipFile(desk.bench.root / "rds.zip", "w") as archive:
            archive.writestr(file, data)
        data, file = (desk.bench.root / "rds.zip").read_bytes(), "rds.zip"
    desk.take(data, "--kind", "benign", file=file)
    assert desk.dispositions(md5("a"), sha1("a")) == ["benign"] * 2


def test_known_software_never_hides_a_notable_file(desk):
    """IPED: records of NSRL are ``known`` and may be left out of the case; so may empty files."""
    (desk.bench.evidence / "f").write_bytes(b"a")
    (desk.bench.evidence / "empty").write_bytes(b"")
    desk.take(table(["md5"], [md5("a")]), "--kind", "benign", name="known-software")
    desk.take(table(["md5"], [md5("a")]), *PLAIN, name="hotline")
    told = desk.bench.scan(code=ExitCode.HITS)
    hits = (desk.bench.only_run() / "hits.jsonl").read_text().splitlines()
    assert sorted(json.loads(one)["set"] for one in hits) == ["hotline", "known-software"]
    assert "2 seen = 2 examined" in told.stdout + told.stderr


# Matching


def test_every_record_of_every_set_is_a_hit(desk):
    """GLEAPP: ``match_file`` gives the first hit; IPED reports the nearest PhotoDNA only."""
    rows = ["md5", "category"], [md5("a"), "1"], [md5("a"), "2"]
    desk.take(table(*rows), *VIC, name="one")
    desk.take(table(["md5"], [md5("a")]), "--kind", "reported", name="two")
    (desk.bench.evidence / "f").write_bytes(b"a")
    desk.bench.scan(code=ExitCode.HITS)
    hits = (desk.bench.only_run() / "hits.jsonl").read_text().splitlines()
    found = sorted((one["set"], one["category"] or "") for one in map(json.loads, hits))
    assert found == [("one", "1"), ("one", "2"), ("two", "")]


def test_photodna_values_are_compared_and_none_is_missed(desk):
    """GLEAPP stores PhotoDNA and never compares it.

    IPED prunes its tree with squared distances, where the triangle inequality does not hold, and
    misses true neighbours: 0.8 to 5.2 % were measured, and more near the edge of the radius.
    """
    chance = np.random.default_rng(7)
    centres = chance.integers(60, 196, (40, 144))
    noise = chance.integers(-29, 30, (1500, 144)) * chance.random((1500, 1))
    values = np.clip(centres[np.arange(1500) % 40] + noise, 0, 255).astype(np.uint8)
    rows = [[str(n), bytes(value).hex()] for n, value in enumerate(values)]
    desk.take(
        table(["id", "photodna"], *rows),
        *PLAIN,
        *("--map", "entry=id", "--map", "photodna=photodna"),
    )
    asked = centres[:12].astype(np.uint8)
    squares = (asked[:, None].astype(int) - values[None].astype(int)) ** 2
    distances = squares.sum(axis=2)
    expected = [(q, n, distances[q, n]) for q, n in np.argwhere(distances <= 40_000)]
    answers = desk.ask(*(bytes(one).hex() for one in asked), kind="photodna")
    numbers = {bytes(one).hex(): n for n, one in enumerate(asked)}
    found = [(numbers[one["value"]], int(one["entry"]), one["distance"]) for one in answers]
    assert 100 < len(expected) < 40 * 1500
    assert max(distance for _, _, distance in expected) > 35_000
    assert sorted(found) == sorted(expected)


def test_a_picture_that_was_turned_or_mirrored_is_found(desk):
    """GLEAPP compares one 64-bit hash of the picture as it stands, by reading the whole list."""
    scene = FIXTURES / "images" / "scene.png"
    turns = (Image.Transpose.ROTATE_90, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.TRANSPOSE)
    with Image.open(scene) as picture:
        for turn in turns:
            picture.transpose(turn).save(desk.bench.evidence / f"{turn.name}.png")
    desk.take((FIXTURES / "lists" / "similar.pdq.txt").read_bytes(), "--kind", "suspected")
    desk.bench.scan("--set", "s", code=ExitCode.HITS)
    hits = (desk.bench.only_run() / "hits.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(one)["path"] for one in hits} == {f"{turn.name}.png" for turn in turns}


def test_a_list_of_one_hash_matches(desk):
    """ThreatExchange: an index made of one hash never matched."""
    value = sha256("stands for a PDQ hash")
    desk.take(f"hash={value}\n", *PLAIN)
    near = f"{int(value, 16) ^ 1:064x}"
    assert [one["distance"] for one in desk.ask(near, kind="pdq")] == [1]


def test_a_digest_asked_twice_is_answered_twice(desk):
    """nsrllookup leaves out repeated questions, so that answers are fewer than questions."""
    desk.take(table(["md5"], [md5("a")]), *PLAIN)
    assert len(desk.ask(md5("a"), md5("a"))) == 2


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_long_digests_are_looked_up_and_scanned_for(desk, algorithm):
    """GLEAPP knows no SHA-512; The Sleuth Kit and nsrllookup know MD5 only."""
    (desk.bench.evidence / "f").write_bytes(b"a")
    desk.take(f"{digest(algorithm, 'a')}  f\n", *PLAIN, "--type", algorithm)
    assert desk.dispositions(digest(algorithm, "a"), kind=algorithm) == ["illegal"]
    desk.bench.scan("--set", "s", code=ExitCode.HITS)


def test_the_library_holds_no_digest_in_the_clear(desk):
    """IPED and GLEAPP keep lists in plain SQLite; IPED also a plain cache in the home folder."""
    words = [f"word {n}" for n in range(50)]
    desk.take(table(["md5", "sha1"], *([md5(w), sha1(w)] for w in words)), *PLAIN)
    desk.bench.ok("library", "lookup", md5(words[0]), code=ExitCode.HITS)
    stored = b"".join(
        path.read_bytes() for path in (desk.bench.root / "home").rglob("*") if path.is_file()
    )
    assert len(stored) > 1000
    for word in words:
        for value in (md5(word), sha1(word)):
            assert bytes.fromhex(value)[:8] not in stored
            assert value.encode() not in stored
            assert value.upper().encode() not in stored


def test_no_name_keeps_a_file_from_being_found(desk):
    """hashlookup-FA passes by names with a leading dot and folders with brackets."""
    names = (".hidden", "[x]/inside", "*", "a\nb", "-rf")
    for name in names:
        path = desk.bench.evidence / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"known")
    desk.bench.scan("--set", "known", code=ExitCode.HITS)
    hits = (desk.bench.only_run() / "hits.jsonl").read_text("utf-8").splitlines()
    assert len(hits) == len(names)


# Hostile lists

XML = '<?xml version="1.0"?>{doctype}<queryResult>{body}</queryResult>'
NCMEC = (*PLAIN, "--environment", "industry", "--format", "ncmec")


def test_entities_that_expand_are_refused(desk):
    """Parsers that follow a document type can be made to fill the memory, or to open files."""
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {new} "{("&" + old + ";") * 10}">'
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    data = XML.format(doctype=f"<!DOCTYPE x [{entities}]>", body="&i;")
    desk.refused(data, *NCMEC, told="document type")


@pytest.mark.parametrize("packing", ["gzip", "zip"])
def test_an_archive_that_swells_is_refused(desk, packing):
    """A few kilobytes that unpack to gigabytes fill the disk of whoever unpacks first."""
    swollen = b"0" * (1 << 26)
    if packing == "gzip":
        data = gzip.compress(swollen)
    else:
        with zipfile.ZipFile(desk.bench.root / "l.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("list.txt", swollen)
        data = (desk.bench.root / "l.zip").read_bytes()
    before = {*desk.bench.root.iterdir()}
    desk.refused(data, *PLAIN, "--type", "md5", file=f"l.{packing[:2]}")
    assert {path.name for path in {*desk.bench.root.iterdir()} - before} <= {f"l.{packing[:2]}"}


def test_a_json_document_nested_without_end_is_refused(desk):
    """Readers that call themselves for each level end with a stack that overflows."""
    data = b'{"odata.metadata": "' + old("1.3")[20:80].split(b'"')[0] + b'", "value": '
    desk.refused(data + b"[" * 200_000, *VIC, "--format", "vics")
