"""Lists of peer-to-peer hashes at work: a listed file hits, a torrent's hash is looked up."""

import base64
import hashlib
import json

from hashmatch.errors import ExitCode

MEASURED = False  # other modules run the same commands

# Of the text "abc", as RFC 1320 and the Tiger tree's specification have it.
ED2K = "a448017aaf21d8525fc10ae87aa6729d"
TTH = "ASD4UJSEH5M47PDYB46KBTSQTSGDKLBHYXOMUIA"
PART = 9_728_000
BLUE = "d7def262a127cd79096a108e7a9fc138"  # of a whole part of zeros, ended without an empty part
RED = "fc21d9af828f92a8df64beac3357425d"
BTIH = hashlib.sha1(b"a torrent").hexdigest()


def install(bench, text, name):
    (bench.root / "links.txt").write_text(text)
    words = ["links.txt", "--set", name, "--kind", "illegal"]
    return bench.ok("library", "import", *words)


def result(bench, name):
    text = (bench.only_run() / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_hits_by_ed2k_and_by_tiger_tree(bench):
    aich = base64.b32encode(hashlib.sha1(b"abc").digest()).decode()
    install(bench, f"ed2k://|file|a.bin|3|{ED2K.upper()}|h={aich}|/\n", "ed2k")
    install(bench, f"magnet:?xt=urn:tree:tiger:{TTH}&xl=3\n", "tth")
    (bench.evidence / "other-name.bin").write_bytes(b"abc")
    (bench.evidence / "unlisted.bin").write_bytes(b"abd")
    bench.scan("--set", "ed2k", "--set", "tth", code=ExitCode.HITS)
    hits = {hit["set"]: hit for hit in result(bench, "hits.jsonl")}
    assert hits["ed2k"]["agreeing"] == ["ed2k", "aich"]
    assert hits["tth"]["agreeing"] == ["tth"]
    assert {hit["path"] for hit in hits.values()} == {"other-name.bin"}
    settings = json.loads((bench.only_run() / "run.json").read_text("utf-8"))["settings"]
    assert settings["algorithms"] == ["md5", "sha1", "sha256", "ed2k", "aich", "tth"]


def test_either_value_of_a_whole_number_of_parts_hits_and_both_are_recorded(bench):
    install(bench, f"ed2k://|file|a|{PART}|{BLUE}|/\n", "blue")
    install(bench, f"ed2k://|file|a|{PART}|{RED}|/\n", "red")
    with (bench.evidence / "zeros").open("wb") as out:
        out.truncate(PART)
    bench.scan("--set", "blue", "--set", "red", code=ExitCode.HITS)
    hits = result(bench, "hits.jsonl")
    assert sorted(hit["set"] for hit in hits) == ["blue", "red"]
    assert all((hit["agreeing"], hit["disagreeing"]) == (["ed2k"], []) for hit in hits)
    [outcome] = [one for one in result(bench, "outcomes.jsonl") if one.get("hits")]
    assert (outcome["digests"]["ed2k"], outcome["digests"]["ed2k-2"]) == (RED, BLUE)
    bench.ok("verify", "CASE")
    bench.ok("report", "CASE", "--to", "html,csv,jsonl")


def test_other_digests_are_not_computed_where_no_set_asks_for_them(bench):
    (bench.evidence / "file").write_bytes(b"abc")
    bench.scan(code=ExitCode.CLEAR)
    run = json.loads((bench.only_run() / "run.json").read_text("utf-8"))
    assert run["settings"]["algorithms"] == ["md5", "sha1", "sha256"]
    assert [one["name"] for one in run["self_test"]][:4] == ["md5", "sha1", "sha256", "pdq"]


def test_the_hash_of_a_torrent_is_looked_up_and_a_scan_says_that_it_was_not_evaluated(bench):
    (bench.evidence / "file").write_bytes(b"abc")
    install(bench, f"magnet:?xt=urn:btih:{BTIH}&dn=a\nmagnet:?xt=urn:ed2k:{ED2K}\n", "mixed")
    bench.ok("library", "lookup", "--type", "btih", BTIH, "--set", "mixed", code=ExitCode.HITS)
    bench.ok("library", "lookup", "--type", "btih", "0" * 39 + "1", "--set", "mixed")
    # The record of the torrent was compared with nothing.
    bench.scan("--set", "mixed", code=ExitCode.HITS_INCOMPLETE)
    run = json.loads((bench.only_run() / "run.json").read_text("utf-8"))
    [used] = run["sets"]
    assert used["values"] == {"ed2k": 1}
    assert used["not_evaluated"] == {"btih": 1}


def test_a_scan_that_could_meet_nothing_is_refused_before_the_evidence_is_touched(bench):
    (bench.evidence / "file").write_bytes(b"abc")
    install(bench, f"magnet:?xt=urn:btih:{BTIH}\n", "torrents")
    refused = bench.scan("--set", "torrents", code=ExitCode.USAGE)
    assert "library lookup" in refused.stderr
    assert not list((bench.case / "runs").iterdir())
