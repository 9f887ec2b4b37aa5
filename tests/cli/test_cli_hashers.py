"""A hasher from another package, in real processes: from a list to a report, confined."""

import base64
import csv
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode
from tests.plugin_maker import AVERAGES, install

MEASURED = False  # other modules run the same commands

FIELDS = np.random.default_rng(7).integers(0, 220, (12, 12, 3), np.uint8)
"""A picture of 12 by 12 fields, as the stand-in for PhotoDNA sees it."""


def picture(fields, side=8):
    pixels = fields.repeat(side, axis=0).repeat(side, axis=1)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def value(fields):
    return fields.mean(axis=2).astype(np.uint8).tobytes()


@pytest.fixture
def lab(bench):
    """Evidence with a turned and lightly changed copy of what a list knows by PhotoDNA only."""
    listed = base64.b64encode(value(FIELDS)).decode()
    (bench.root / "pdna.csv").write_text(f"photodna\n{listed}\n")
    bench.ok("library", "import", "pdna.csv", "--set", "pdna", "--kind", "illegal")
    copy = FIELDS[::-1, ::-1] + np.uint8(3)
    (bench.evidence / "copy.png").write_bytes(picture(copy))
    other = np.random.default_rng(8).integers(0, 220, (12, 12, 3), np.uint8)
    (bench.evidence / "other.png").write_bytes(picture(other))
    return bench


def with_plug_in(bench, *arguments, code, source=AVERAGES):
    packages = bench.root / "packages"
    shutil.rmtree(packages, ignore_errors=True)
    install(packages, source)
    return bench.ok(
        *("scan", "evidence", "--case", "CASE", "--workers", "1"),
        *arguments,
        code=code,
        PYTHONPATH=str(packages),
    )


def lines(bench, name):
    (run,) = [one for one in (bench.case / "runs").iterdir() if (one / "run.json").exists()]
    text = (run / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_values_by_a_plug_in_lead_from_a_list_to_a_report(lab):
    with_plug_in(lab, "--hashes", "photodna", code=ExitCode.HITS)
    (record,) = lines(lab, "run.json")
    assert record["settings"]["methods"] == ["pdq", "photodna"]
    assert record["settings"]["hashers"] == [
        "pdq hashmatch-numpy-pdq/1",
        "photodna averages/1",
    ]
    assert {"name": "photodna", "passed": True} in record["self_test"]
    assert record["counts"]["compared_near"] == 2
    assert record["counts"]["uncompared_records"] == 0
    (hit,) = lines(lab, "hits.jsonl")
    assert (hit["path"], hit["claim"], hit["set"]) == ("copy.png", "near", "pdna")
    assert hit["disposition"] == "suspected"
    near = hit["near"]
    assert (near["method"], near["variant"], near["threshold"]) == ("photodna", "rot180", 40_000)
    assert near["distance"] == 144 * 9
    lab.ok("report", "CASE", "--to", "csv,html", "--lang", "en")
    (page,) = (lab.case / "reports").rglob("*.html")
    assert "averages/1" in page.read_text("utf-8")
    tables = [one.read_text("utf-8-sig") for one in (lab.case / "reports").rglob("*.csv")]
    rows = [row for text in tables for row in csv.DictReader(io.StringIO(text))]
    assert [row["distance"] for row in rows if row.get("method") == "photodna"] == ["1296"]
    lab.ok("verify", "CASE")


def test_without_the_plug_in_values_are_not_evaluated_and_the_run_is_incomplete(lab):
    told = lab.scan("--set", "known", "--set", "pdna", code=ExitCode.INCOMPLETE).stdout
    assert "set pdna: 1 of 1 record cannot be compared (photodna)" in told
    assert "photodna: not evaluated, as no hasher for it is installed" in told
    refused = lab.ok(
        *("scan", "evidence", "--case", "CASE", "--hashes", "photodna"), code=ExitCode.USAGE
    )
    assert "there is no hasher for photodna here: a plug-in" in refused.stderr


def test_a_broken_plug_in_is_refused_before_anything_is_read_and_not_loaded_unasked(lab):
    broken = "raise SystemExit(9)"
    said = with_plug_in(lab, "--hashes", "all", code=ExitCode.USAGE, source=broken).stderr
    assert "the hasher for photodna (averages 1.0) cannot be used: SystemExit: 9" in said
    assert not list((lab.case / "runs").glob("*"))
    told = with_plug_in(lab, code=ExitCode.INCOMPLETE, source=broken).stdout
    assert "photodna: not evaluated, as it was not asked for (--hashes photodna)" in told


BREAKING = AVERAGES.replace(
    "grey = pixels.mean(axis=2)",
    "grey = pixels.mean(axis=2)\n        if pixels.shape[0] == 96: {what}",
)


def test_a_plug_in_that_raises_costs_its_own_values_only(lab):
    source = BREAKING.replace("{what}", "raise ValueError(pixels)")
    with_plug_in(lab, "--hashes", "photodna", code=ExitCode.INCOMPLETE, source=source)
    assert [line["reason"] for line in lines(lab, "problems.jsonl")] == ["hasher-failed"] * 2
    for line in lines(lab, "outcomes.jsonl"):
        assert line["picture"]["unhashed"] == ["photodna"]
        assert {one["method"] for one in line["picture"]["hashes"]} == {"pdq"}
    lab.ok("report", "CASE", "--to", "html", "--lang", "th")


def test_a_plug_in_that_crashes_costs_that_picture_only(lab):
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    source = BREAKING.replace("{what}", crash)
    (lab.evidence / "small.png").write_bytes(picture(FIELDS, side=4))
    with_plug_in(lab, "--hashes", "photodna", code=ExitCode.HITS_INCOMPLETE, source=source)
    assert [line["path"] for line in lines(lab, "hits.jsonl")] == ["small.png"]
    assert [line["reason"] for line in lines(lab, "problems.jsonl")] == ["worker-died"] * 2


def test_only_needed_digests_are_computed_on_request(lab):
    lab.scan("--set", "known", "--digests", "needed,sha512")
    (record,) = lines(lab, "run.json")
    assert record["settings"]["algorithms"] == ["sha256", "sha512"]
    assert {*lines(lab, "outcomes.jsonl")[0]["digests"]} == {"sha256", "sha512"}
    lab.ok("report", "CASE", "--to", "html,csv,jsonl", "--lang", "en")


def test_doctor_lists_hashers(bare):
    packages = install(bare.root / "packages")
    install(packages, "import nowhere", name="wrong", method="pdq")
    install(packages, "import nowhere", name="broken", method="blockmean")
    told = bare.ok("doctor", PYTHONPATH=str(packages)).stdout
    assert "hasher pdq                      hashmatch-numpy-pdq/1, full-resolution" in told
    assert "hasher photodna                 averages/1: passed" in told
    assert "hasher blockmean                unusable (" in told
    versions = present().tool.items() - {("name", "hashmatch")}
    shown = dict(line.split(maxsplit=1) for line in told.splitlines())
    assert {shown["hashmatch" if key == "version" else key] for key, _ in versions} == {
        version for _, version in versions
    }
    assert "hasher ignored                  pdq (wrong 1.0)" in told
