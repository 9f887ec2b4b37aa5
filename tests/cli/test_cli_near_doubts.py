"""What a scan says of near hits that tell little: leads, records near many files, and chance."""

import csv
import io
import json

from hashmatch.demo import drawing
from hashmatch.hashing.pictures import examine
from hashmatch.model.hashes import Method

MEASURED = False
FILES = 22


def saved(picture, quality):
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=quality)
    return content.getvalue()


def pdq(content):
    hashes = examine(content, "image/jpeg").hashes
    return next(one for one in hashes if one.method is Method.PDQ).variants[0]


def test_leads_floods_and_chance_reach_summary_record_and_reports(bench):
    scene, other = drawing.scene(1, (160, 120)), drawing.scene(2, (160, 120))
    for quality in range(70, 70 + FILES):
        (bench.evidence / f"{quality}.jpg").write_bytes(saved(scene, quality))
    (bench.evidence / "derived.jpg").write_bytes(saved(other, 90))
    far = int.from_bytes(pdq(saved(other, 90))) ^ ((1 << 40) - 1)
    listed = [pdq(saved(scene, 95)).hex(), far.to_bytes(32).hex()]
    (bench.root / "near.txt").write_text("".join(f"{one}\n" for one in listed))
    bench.ok("library", "import", "near.txt", "--set", "n", "--kind", "illegal", "--type", "pdq")

    told = bench.scan("--set", "n", "--threshold", "60", code=10).stdout
    (warning,) = (one for one in told.splitlines() if "record 0 of set n agrees with" in one)
    assert f" agrees with {FILES} different files (quality 100)" in warning
    assert "perhaps" in warning
    assert "many versions of the same picture" in warning
    assert "1 item has leads only: possible derivatives; not matches." in told

    run = bench.only_run()
    hits = [json.loads(line) for line in (run / "hits.jsonl").read_text().splitlines()]
    (lead,) = [hit for hit in hits if hit["claim"] == "lead"]
    assert (lead["path"], lead["disposition"]) == ("derived.jpg", "uncategorized")
    assert (lead["near"]["distance"], lead["near"]["band"]) == (40, "lead")
    assert {hit["near"]["band"] for hit in hits if hit["claim"] == "near"} <= {"P1", "P2"}
    record = json.loads((run / "run.json").read_text())
    assert [one["files"] for one in record["floods"]["named"]] == [FILES]
    assert record["counts"]["items_with_notable_hits"] == FILES
    assert record["counts"]["items_with_leads"] == 1
    (chance,) = record["chance"]
    assert (chance["threshold"], chance["entries"]) == (60, 2)
    assert chance["queries"] >= FILES + 1

    (bench.root / "leads").mkdir()
    (bench.evidence / "derived.jpg").rename(bench.root / "leads" / "derived.jpg")
    told = bench.ok("triage", "leads", "--set", "n", "--threshold", "60", code=10).stdout
    assert "lead, uncategorized" in told
    assert "1 file has leads only: possible derivatives; not matches." in told

    bench.ok("report", "CASE", "--to", "html,csv,jsonl")
    page = next((bench.case / "reports").rglob("report.en.html")).read_text()
    assert "Records near to very many files" in page
    assert "Leads by similarity" in page
    assert "Agreement by chance" in page
    with next((bench.case / "reports").rglob("hits.csv")).open(encoding="utf-8-sig") as table:
        marked = [(row["record"], row["files_near_record"]) for row in csv.DictReader(table)]
    assert sorted(set(marked)) == [("0", str(FILES)), ("1", "")]
