"""Lists go in as stated or not at all; the library answers only to its key."""

import hashlib
import json
import shlex
import struct
import subprocess

import pytest

from hashmatch.commands.library_import import KINDS
from hashmatch.db.description import SetKind
from hashmatch.errors import ExitCode

MEASURED = False  # other modules run the same commands

MD5 = hashlib.md5(b"known").hexdigest()
PDQ = "00002755000087570755875fd00aadff0000d8a85a807a08255f70a005d75a20"


def vics(*media, country="US"):
    context = (
        f"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{country}/$metadata#Media"
    )
    return json.dumps({"@odata.context": context, "value": list(media)})


def write(bench, name, text):
    path = bench.root / name
    path.write_text(text)
    return path


def test_help_names_every_kind():
    assert set(KINDS) == set(SetKind)


def test_a_vics_list_needs_its_scheme_stated(bench):
    path = write(bench, "v.json", vics({"MediaID": 1, "MD5": MD5, "Category": 1}))
    words = ["library", "import", path, "--set", "vic"]
    refused = bench.ok(*words, "--kind", "illegal", code=ExitCode.HASH_SET)
    assert "--scheme" in refused.stderr
    assert MD5 not in refused.stderr
    bench.ok(*words, "--kind", "categorized", "--scheme", "vic-us")
    found = bench.ok("library", "lookup", MD5, "--format", "json", code=ExitCode.HITS)
    answer = json.loads(found.stdout)
    assert (answer["disposition"], answer["category"]) == ("illegal", "1")
    bench.ok(*words, "--kind", "illegal", "--scheme", "none", "--replace")


def test_a_list_of_another_country_is_refused(bench):
    path = write(bench, "v.json", vics({"MD5": MD5, "Category": 1}, country="UK"))
    words = ["library", "import", path, "--set", "vic", "--kind", "categorized"]
    refused = bench.ok(*words, "--scheme", "vic-us", code=ExitCode.HASH_SET)
    assert "UK" in refused.stderr
    bench.ok(*words, "--scheme", "unmapped")
    found = bench.ok("library", "lookup", MD5, "--format", "json", code=ExitCode.HITS)
    assert json.loads(found.stdout)["disposition"] == "uncategorized"


def test_several_files_are_one_set(bench):
    folder = bench.root / "parts"
    folder.mkdir()
    for number in range(3):
        digest = hashlib.md5(b"%d" % number).hexdigest()
        (folder / f"{number}.json").write_text(vics({"MD5": digest, "Category": 2}))
    words = ["--set", "vic", "--kind", "categorized", "--scheme", "vic-us"]
    bench.ok("library", "import", "parts", *words)
    shown = json.loads(bench.ok("library", "show", "vic", "--format", "json").stdout)
    assert shown["records"]["kept"] == 3
    assert [f["name"] for f in shown["files"]] == ["0.json", "1.json", "2.json"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.txt", "f" * 64 + "\n", []),
        ("mixed.txt", "f" * 64 + "\n" + "e" * 32 + "\n", []),
        ("empty.txt", "", ["--type", "md5"]),
        ("cut.json", vics({"MD5": MD5})[:-5], []),
        ("none.csv", "name,comment\na,b\n", []),
        ("prose.txt", "no list at all\n", []),
    ],
)
def test_what_is_not_clear_is_refused_and_says_what_to_do(bench, name, text, words):
    path = write(bench, name, text)
    words = ["library", "import", path, "--set", "x", "--kind", "illegal", *words]
    result = bench.ok(*words, code=ExitCode.HASH_SET)
    assert "Traceback" not in result.stderr
    assert "f" * 16 not in result.stderr
    assert "x" not in [s["name"] for s in sets(bench)]


def test_a_piped_list_is_refused_since_it_would_lose_its_beginning(bench):
    text = "".join(f"{n:064x}  name-{n}\n" for n in range(1, 5000))
    words = ["--set", "x", "--kind", "illegal", "--type", "sha256"]
    for form in ([], ["--format", "sums"]):
        refused = bench.ok(
            "library", "import", "/dev/stdin", *words, *form, stdin=text, code=ExitCode.USAGE
        )
        assert "is not a regular file; save the list to a file first" in refused.stderr


def test_a_list_that_cannot_be_looked_at_is_refused_in_one_sentence(bench):
    for name in ("n" * 300, "list.txt/inside"):
        bench.list_of(b"known")
        words = ["library", "import", name, "--set", "x", "--kind", "illegal"]
        refused = bench.ok(*words, code=ExitCode.USAGE)
        assert refused.stderr.count("\n") == 1
        assert "no list file can be read at" in refused.stderr


def sets(bench):
    return json.loads(bench.ok("library", "list", "--format", "json").stdout)


@pytest.mark.parametrize("word", [["--type", "md5"], ["--map", "md5=1"], ["--delimiter", ";"]])
def test_a_statement_that_would_not_be_looked_at_is_refused(bench, word):
    path = write(bench, "v.json", vics({"MD5": MD5}))
    words = ["library", "import", path, "--set", "x", "--kind", "illegal"]
    assert word[0] in bench.ok(*words, *word, code=ExitCode.USAGE).stderr
    bench.ok(*words)


def test_losses_are_named_by_place_and_taken_only_when_accepted(bench):
    path = write(bench, "a.csv", f"md5,category\n{MD5},1\n{'z' * 32},1\n{'a' * 31},1\n")
    words = ["library", "import", path, "--set", "a", "--kind", "illegal", "--scheme", "none"]
    refused = bench.ok(*words, code=ExitCode.HASH_SET)
    assert "1:3" in refused.stderr
    assert "1:4" in refused.stderr
    bench.ok(*words, "--accept-losses")
    (facts,) = [s for s in sets(bench) if s["name"] == "a"]
    assert facts["accepted_losses"] is True
    assert facts["records"] == {
        "read": 3, "kept": 1, "dropped": 2, "quarantined": 0, "unmatchable": 0,
    }  # fmt: skip


def test_a_value_that_must_never_match_is_quarantined(bench):
    empty = hashlib.md5(b"").hexdigest()
    path = write(bench, "a.csv", f"md5,pdq,quality\n{empty},,\n{MD5},{'0' * 64},\n,{PDQ},49\n")
    told = bench.ok("library", "import", path, "--set", "a", "--kind", "illegal")
    assert "quarantined values constant-value 1, empty-file 1" in told.stdout
    (facts,) = [s for s in sets(bench) if s["name"] == "a"]
    assert facts["quarantined_values"] == {
        "empty-file": 1, "constant-value": 1, "low-quality": 1,
    }  # fmt: skip
    bench.ok("library", "lookup", empty, "--set", "a", code=ExitCode.CLEAR)
    bench.ok("library", "lookup", "--type", "pdq", PDQ, "--set", "a", code=ExitCode.INCOMPLETE)


def test_an_expired_list_is_refused_unless_allowed(bench):
    path = write(bench, "a.csv", f"md5\n{MD5}\n")
    words = ["library", "import", path, "--set", "a", "--kind", "illegal", "--expires"]
    bench.ok(*words, "2020-01-01", code=ExitCode.HASH_SET)
    bench.ok(*words, "2020-01-01", "--allow-expired")
    bench.ok(*words, "2999-01-01", "--replace")


def test_a_list_that_may_not_be_used_yet_is_refused_unless_allowed(bench):
    path = write(bench, "a.csv", f"md5\n{MD5}\n")
    words = ["library", "import", path, "--set", "a", "--kind", "illegal", "--issued"]
    refused = bench.ok(*words, "2999-01-01", code=ExitCode.HASH_SET)
    assert "may be used from 2999-01-01 on" in refused.stderr
    bench.ok(*words, "2999-01-01", "--allow-expired")
    bench.ok(*words, "2020-01-01", "--replace")


def test_a_new_version_replaces_the_old_one_which_stays(bench):
    path = write(bench, "a.csv", f"md5\n{MD5}\n")
    words = ["library", "import", path, "--set", "a", "--kind", "illegal"]
    bench.ok(*words)
    (first,) = [s["version"] for s in sets(bench) if s["name"] == "a"]
    refused = bench.ok(*words, code=ExitCode.USAGE)
    assert "hashmatch library update" in refused.stderr
    bench.ok(*words, "--replace")
    (second,) = [s["version"] for s in sets(bench) if s["name"] == "a"]
    assert first != second
    assert f"a@{first}".startswith("a@")
    bench.ok("library", "show", f"a@{first}")


def test_a_library_with_a_passphrase(bare):
    words = bare.root / "words.txt"
    words.write_text("correct horse battery staple\n")
    wrong = bare.root / "wrong.txt"
    wrong.write_text("another passphrase entirely\n")
    bare.ok("library", "init", "--passphrase-file", words)
    bare.ok("library", "list", "--passphrase-file", words)
    bare.ok("library", "list", "--passphrase-file", wrong, code=ExitCode.HASH_SET)
    bare.ok("library", "list", "--passphrase-file", bare.root / "no", code=ExitCode.HASH_SET)
    bare.ok("library", "list", code=ExitCode.HASH_SET)
    asked = bare.ok(
        "library", "init", "--passphrase", "--library", "second",
        stdin="a long enough phrase\na long enough phrase\n",
    )  # fmt: skip
    assert "a long enough phrase" not in asked.stdout + asked.stderr


def test_the_library_key_lies_outside_and_is_needed(bench):
    key = bench.root / "home" / "keys" / "library.key"
    key.chmod(0o644)
    refused = bench.ok("library", "list", code=ExitCode.HASH_SET)
    assert "chmod 600" in refused.stderr
    key.chmod(0o600)
    key.unlink()
    bench.ok("library", "list", code=ExitCode.HASH_SET)


def test_digests_are_looked_up_from_standard_input(bench):
    known = hashlib.sha256(b"known").hexdigest()
    text = f"{known}\n\n{'0' * 64}\n"
    found = bench.ok("library", "lookup", "-", "--type", "sha256", stdin=text, code=ExitCode.HITS)
    assert known in found.stdout
    assert "0" * 64 not in found.stdout
    assert "1 value in no set that was asked" in found.stdout
    words = ["library", "lookup", "-", "--type", "sha256", "--format", "json"]
    told = bench.ok(*words, stdin="\ufeff" + text, code=ExitCode.HITS).stdout
    said = [json.loads(line) for line in told.splitlines()]
    assert [one["found"] for one in said] == [True, False]
    assert said[1]["value"] == "0" * 64


def test_a_bad_line_is_named_by_its_number(bench):
    asked = bench.ok("library", "lookup", "-", stdin=f"{MD5}\n\nxyz\n", code=ExitCode.USAGE)
    assert "line 3: " in asked.stderr
    assert "xyz" not in asked.stderr


def test_a_kind_that_no_set_holds_is_not_called_unknown(bench):
    for words in (["--type", "pdq", PDQ], ["f" * 128], [MD5]):
        asked = bench.ok("library", "lookup", *words, code=ExitCode.INCOMPLETE)
        assert "no set that was asked holds values of the kind" in asked.stderr
    known = hashlib.sha256(b"known").hexdigest()
    bench.ok("library", "lookup", known, "--type", "sha256", code=ExitCode.HITS)
    write(bench, "m.txt", MD5 + "\n")
    words = ["library", "import", "m.txt", "--set", "m", "--kind", "illegal", "--type", "md5"]
    bench.ok(*words)
    found = bench.ok("library", "lookup", MD5, "f" * 40, code=ExitCode.HITS_INCOMPLETE)
    assert "kind sha1" in found.stderr
    bench.ok("library", "lookup", MD5, "--set", "known", code=ExitCode.INCOMPLETE)


def test_a_damaged_index_is_refused_and_does_not_say_unknown(bench):
    (index,) = (bench.root / "home/library/sets").glob("*/exact.idx")
    content = bytearray(index.read_bytes())
    content[-20] ^= 0xFF
    index.chmod(0o600)
    index.write_bytes(content)
    known = hashlib.sha256(b"known").hexdigest()
    bench.ok("library", "lookup", known, "--type", "sha256", code=ExitCode.HASH_SET)


def test_no_value_at_all_is_no_question(bench):
    for form in ("", "\n\n"):
        bench.ok("library", "lookup", "-", stdin=form, code=ExitCode.USAGE)
    closed = " ".join(map(shlex.quote, bench.command("library", "lookup", "-"))) + " <&-"
    asked = subprocess.run(
        ["sh", "-c", closed],
        capture_output=True,
        text=True,
        check=False,
        env=bench.environment(),
        cwd=bench.root,
    )
    assert asked.returncode == ExitCode.USAGE, asked.stderr
    assert "no value to look up" in asked.stderr


def test_near_values_are_looked_up_with_their_distance(bench):
    path = write(bench, "p.txt", f"hash={PDQ},x\n")
    bench.ok("library", "import", path, "--set", "p", "--kind", "illegal")
    asked = format(int(PDQ, 16) ^ 0b111, "064x")
    words = ["library", "lookup", "--type", "pdq", asked, "--format", "json"]
    answer = json.loads(bench.ok(*words, code=ExitCode.HITS).stdout)
    assert (answer["claim"], answer["distance"]) == ("near", 3)
    assert answer["disposition"] == "suspected"
    bench.ok(*words, "--threshold", "2", code=ExitCode.CLEAR)


@pytest.mark.parametrize(
    ("kind", "value", "asked", "distance"),
    [
        ("photodna", bytes(range(1, 145)), bytes([101, *range(2, 145)]), 10_000),
        ("phash", bytes(range(1, 9)), bytes([0xFE, *range(2, 9)]), 8),
    ],
)
def test_each_method_is_looked_up_in_its_own_radius(bench, kind, value, asked, distance):
    path = write(bench, "p.csv", f"{kind}\n{value.hex()}\n")
    bench.ok("library", "import", path, "--set", "p", "--kind", "illegal")
    words = ["library", "lookup", "--type", kind, asked.hex(), "--format", "json"]
    answer = json.loads(bench.ok(*words, code=ExitCode.HITS).stdout)
    assert answer["distance"] == distance
    bench.ok(*words, "--threshold", str(distance - 1), code=ExitCode.CLEAR)
    bench.ok(*words, "--threshold", str(distance), code=ExitCode.HITS)
    refused = bench.ok(*words, "--threshold", "99999999", code=ExitCode.USAGE)
    assert f"greatest distance of {kind}" in refused.stderr
    far = bytes([value[0] ^ 0xFF, value[1] ^ 0xFF, *value[2:]])
    if kind == "phash":  # 16 bits are within no usual radius of hashes of 64 bits
        bench.ok("library", "lookup", "--type", kind, far.hex(), code=ExitCode.CLEAR)


def test_flags_of_a_hit_are_shown(bench):
    path = write(
        bench, "v.json", vics({"MD5": MD5, "Category": 1, "IsDistributed": True, "IsSuspected": 0})
    )
    words = ("--set", "vic", "--kind", "categorized", "--scheme", "vic-us")
    bench.ok("library", "import", path, *words)
    told = bench.ok("library", "lookup", MD5, code=ExitCode.HITS).stdout
    assert "is_distributed=yes;is_suspected=no" in told
    answer = json.loads(
        bench.ok("library", "lookup", MD5, "--format", "json", code=ExitCode.HITS).stdout
    )
    assert answer["flags"] == {"is_distributed": True, "is_suspected": False}


def test_a_filter_only_says_maybe_and_changes_no_exit_code(bench):
    numbers = struct.pack("<QQdQQQ", 1, 1000, 0.001, 10, 14377, 1)
    (bench.root / "known.bloom").write_bytes(numbers + b"\xff" * 1800)
    bench.ok("library", "import", "known.bloom", "--set", "filter", "--kind", "benign")
    shown = bench.ok("library", "show", "filter").stdout
    assert "sha1, 1 value: says maybe, never a hit" in shown
    asked = hashlib.sha1(b"made up").hexdigest()
    told = bench.ok("library", "lookup", asked, code=ExitCode.CLEAR).stdout
    assert f"{asked}  maybe in filter: a filter, no hit" in told
    hint = json.loads(bench.ok("library", "lookup", asked, "--format", "json").stdout)
    assert (hint["hint"], hint["set"], hint["value"]) == (True, "filter", asked)


def test_what_a_list_of_changes_did_is_shown(bench):
    def table(name, *words):
        rows = [f"{hashlib.md5(word.encode()).hexdigest()},{word}" for word in words]
        return write(bench, name, "\n".join(["md5,name", *rows]) + "\n")

    bench.ok(
        *("library", "import", table("a.csv", "a", "b", "c"), "--set", "s", "--kind", "illegal")
    )
    bench.ok("library", "update", "s", table("d.csv", "c", "d"), "--delta")
    told = bench.ok("library", "show", "s").stdout
    lines = lines_of(told)
    assert lines["records"] == "2 read + 2 carried = 4 kept + 0 dropped + 0 quarantined"
    assert lines["replaced of it"] == "1 record"
    assert "withdrawn of it" not in told
    bench.ok("library", "update", "s", table("w.csv", "a", "never"), "--withdraw")
    told = lines_of(bench.ok("library", "show", "s").stdout)
    assert (told["withdrawn of it"], told["idle withdrawals"]) == ("1 record", "1")


def lines_of(told):
    return {line[:19].strip(): line[19:] for line in told.splitlines()}


def test_a_stolen_library_shows_no_digest(bench):
    everything = b"".join(
        p.read_bytes() for p in (bench.root / "home" / "library").rglob("*") if p.is_file()
    )
    digest = hashlib.sha256(b"known").digest()
    assert digest not in everything
    assert digest.hex().encode() not in everything


def old_vics(version, *media):
    context = f"http://github.com/ICMEC/ProjectVic/DataModels/{version}.xml#Media"
    return json.dumps({"odata.metadata": context, "value": list(media)})


@pytest.mark.parametrize(
    ("version", "wrong", "right"),
    [
        ("1.1", "vic-us", "dhs-legacy"),
        ("1.2", "vic-us", "dhs-legacy"),
        ("1.3", "dhs-legacy", "vic-us"),
    ],
)
def test_a_scheme_of_another_version_is_refused_and_the_right_one_named(
    bench, version, wrong, right
):
    path = write(bench, "v.json", old_vics(version, {"MediaID": 1, "MD5": MD5, "Category": 1}))
    words = ["library", "import", path, "--set", "vic", "--kind", "categorized", "--scheme"]
    refused = bench.ok(*words, wrong, code=ExitCode.HASH_SET)
    assert f"version {version}" in refused.stderr
    assert f"--scheme {right}" in refused.stderr
    told = lines_of(bench.ok(*words, right).stdout)
    assert told["dispositions"] == "illegal 1"
    assert "dispositions       illegal 1" in bench.ok("library", "show", "vic").stdout


def test_codes_that_decide_nothing_are_told(bench):
    words = ["--set", "vic", "--kind", "categorized", "--scheme"]
    rows = [{"MediaID": n, "MD5": f"{n + 1:032x}", "Category": 77} for n in range(10)]
    path = write(bench, "v.json", vics(*rows))
    refused = bench.ok("library", "import", path, *words, "vic-us", code=ExitCode.HASH_SET)
    assert "10 of 10 records carry codes that the scheme vic-us does not know" in refused.stderr
    told = bench.ok("library", "import", path, *words, "vic-us", "--accept-losses").stderr
    assert "10 of 10 records with a category carry codes" in told
    assert "they decide nothing" in told
    words[1] = "kept"
    bench.ok("library", "import", path, *words, "unmapped")


@pytest.mark.parametrize("word", ["Default", "UNKNOWN", "Custom"])
def test_a_list_that_names_no_country_is_used_with_the_scheme_that_is_stated(bench, word):
    path = write(bench, "v.json", vics({"MD5": MD5, "Category": 1}, country=word))
    words = ["library", "import", path, "--set", "vic", "--kind", "categorized"]
    told = bench.ok(*words, "--scheme", "vic-us").stdout
    assert f"no_country {word}" in told


def test_a_list_keeps_its_country_through_an_export(bench):
    path = write(bench, "v.json", vics({"MD5": MD5, "Category": 1}, country="UK"))
    words = ["--kind", "categorized", "--scheme", "uk-caid-unmapped"]
    bench.ok("library", "import", path, "--set", "uk", *words)
    bench.ok("library", "export", "uk", "out.json", "--to", "vics", "--purpose", "a test")
    assert "/UK/$metadata" in (bench.root / "out.json").read_text()
    bench.ok("library", "import", "out.json", "--set", "again", *words)


def test_the_only_column_of_values_that_are_no_pdq_is_refused(bench):
    digests = [hashlib.sha256(f"word {n}".encode()).hexdigest() for n in range(30)]
    path = write(bench, "p.txt", "\n".join(digests) + "\n")
    words = ["library", "import", path, "--set", "p", "--kind", "illegal", "--type"]
    refused = bench.ok(*words, "pdq", code=ExitCode.HASH_SET)
    assert "these look like SHA-256" in refused.stderr
    bench.ok(*words, "sha256")


def test_what_was_skipped_is_recorded_and_the_next_update_skips_when_told(bench):
    folder = bench.root / "lists"
    folder.mkdir()
    (folder / "a.txt").write_text(f"md5\n{MD5}\n")
    (folder / "README").write_text("read me\n")
    words = ["library", "import", folder, "--set", "s", "--kind", "illegal"]
    refused = bench.ok(*words, code=ExitCode.HASH_SET)
    assert "README is not recognised" in refused.stderr
    told = bench.ok(*words, "--skip-unrecognised").stdout
    assert "skipped README" in told
    (manifest,) = (
        json.loads(path.read_text())
        for path in (bench.root / "home/library/sets").glob("*/manifest.json")
        if json.loads(path.read_text())["stated"]["name"] == "s"
    )
    assert manifest["files"][0]["facts"]["skipped"] == "README"
    bench.ok("library", "update", "s", folder, code=ExitCode.HASH_SET)
    bench.ok("library", "update", "s", folder, "--skip-unrecognised")


def test_a_column_named_hash_is_read_as_stated_also_at_the_next_update(bench):
    path = write(bench, "h.csv", f"hash\n{MD5}\n")
    words = ["--set", "s", "--kind", "illegal"]
    bench.ok("library", "import", path, *words, code=ExitCode.HASH_SET)
    bench.ok("library", "import", path, *words, "--type", "md5")
    bench.ok("library", "lookup", MD5, "--set", "s", code=ExitCode.HITS)
    bench.ok("library", "update", "s", path)


def test_a_bad_first_line_is_a_loss_and_not_the_end(bench):
    path = write(bench, "h.txt", f"spoilt\n{MD5}\n")
    words = ["library", "import", path, "--set", "s", "--kind", "illegal", "--type", "md5"]
    refused = bench.ok(*words, code=ExitCode.HASH_SET)
    assert "would lose 1 " in refused.stderr
    assert "1:1" in refused.stderr
    told = bench.ok(*words, "--accept-losses").stdout
    assert "2 read = 1 kept + 1 dropped" in told


@pytest.mark.parametrize("part", [0, 1, 4, 8])
def test_a_flipped_bit_is_refused_in_one_sentence_or_was_not_looked_at(bench, part):
    rows = [f"{hashlib.sha256(b'%d' % n).hexdigest()}" for n in range(500)]
    path = write(bench, "l.txt", "\n".join(rows) + "\n")
    bench.ok("library", "import", path, "--set", "s", "--kind", "illegal", "--type", "sha256")
    (bench.evidence / "1").write_bytes(b"1")
    folders = [p.parent for p in (bench.root / "home/library/sets").glob("*/manifest.json")]
    (folder,) = (p for p in folders if b'"name":"s"' in (p / "manifest.json").read_bytes())
    for name in ("exact.idx", "records.db", "manifest.json"):
        file = folder / name
        sound = file.read_bytes()
        spoilt = bytearray(sound)
        spoilt[min(len(sound) - 1, len(sound) * part // 8)] ^= 4
        file.chmod(0o600)
        file.write_bytes(spoilt)
        asked = ["library", "lookup", "--set", "s", "--type", "sha256"]
        for words in (
            [*asked, rows[1]],
            [*asked, *rows[:40]],
            ["scan", "evidence", "--case", "CASE"],
        ):
            said = bench.ok(*words, code=ExitCode.HASH_SET)
            assert "Traceback" not in said.stderr
            assert said.stderr.count("\n") == 1
        file.write_bytes(sound)


def test_a_list_is_not_dated_in_the_future(bench):
    words = ["library", "import", "list.txt", "--set", "s", "--kind", "illegal"]
    bench.list_of(b"a")
    words += ["--type", "sha256", "--list-date"]
    refused = bench.ok(*words, "2999-01-01", "--allow-expired", code=ExitCode.HASH_SET)
    assert "--list-date 2999-01-01 is a day that has not come" in refused.stderr
    bench.ok(*words, "2020-01-01")
