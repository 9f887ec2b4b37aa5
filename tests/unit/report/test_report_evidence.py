"""Reports say where items lie, how they were found, and what images and devices are."""

import re

import pytest

from hashmatch.errors import CustodyError
from hashmatch.evidence.media.check import MediumCheck
from hashmatch.evidence.media.interface import MediumFacts, Segment, Stretch
from hashmatch.evidence.media.sidecars import Compared, Noted
from hashmatch.evidence.protection import Protection
from hashmatch.evidence.stack import Told
from hashmatch.evidence.volume import Volume
from hashmatch.jobs import phone_backups, reopen
from hashmatch.jobs.medium_account import Account
from hashmatch.jobs.verifying import Verify
from hashmatch.model.facts import Facts, Recovery, Standing
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import PARTS, Reason
from hashmatch.report import csv as csv_report
from hashmatch.report import dates, jsonl, medium_reading
from hashmatch.report.fields import Fields
from hashmatch.report.item_names import ItemNames, inside
from hashmatch.report.lines import Place
from hashmatch.report.medium_record import PhoneUse
from hashmatch.report.options import LANGUAGES
from hashmatch.report.stored_run import StoredRun
from tests import report_runs
from tests.report_runs import exact, imaged, medium, source
from tests.unit.report.test_report_html import of, render, text_of
from tests.unit.report.test_report_tables import lines, rendered, table


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return render(imaged(), tmp_path_factory.mktemp("imaged"))


def with_medium(**facts):
    run = imaged()
    run.sources[0]["medium"] = medium(**facts)
    return run


def test_a_hit_says_where_it_lies_how_it_was_found_and_when(page):
    hits = of(page, "hits")
    assert "EV01!gpt:p1;off=1048576!fat16:/_el.png;id=519;del" in hits
    assert "id 33af351d7b494f1d" in hits
    assert "deleted no longer listed; content taken from where it began onward; may hold" in hits
    assert "orphan no longer listed, and its folder is not known; content by its own" in hits
    assert "carved found by its structure where nothing is listed" in hits
    assert "carved-in-part carved without its end: no whole file; only the picture was" in hits
    assert "cannot be read as stored: not read to the byte; the digests are those" in hits
    assert hits.count("inside another file") == 2
    assert "original-name C:/สมหญิง.jpg" in hits


def test_times_stand_as_they_are_stored_with_a_word_where_the_zone_is_not_known(page):
    hits = of(page, "hits")
    assert (
        "created 2020-01-15T10:20:30.5 · modified 2020-01-15T10:20:30 · accessed 2020-01-16"
        " (zone not known)"
    ) in hits
    assert "accessed 2020-01-16T03:04:05.1234567Z 4.3 kB" in hits
    assert "2020-01-16T03:04:05.1234567Z created 2020-01-15T10:20:30.5 · modified" in hits


@pytest.mark.parametrize("reason", sorted(PARTS))
def test_what_was_read_in_part_is_never_said_to_be_uncompared_beside_its_hit(tmp_path, reason):
    run = imaged()
    run.at("gpt:p2;off=17825792!ntfs:/cut.jpg;id=80-1", standing="allocated")
    run.picture(b"p2/cut.jpg", [exact()])
    run.read_in_part(str(reason))
    shown = render(run, tmp_path)
    box = text_of(shown[shown.index('<div class="warning">') :].split("</div>")[0] + "</div>")
    assert "Their digests were compared" in box
    for section in ("hits", "problems", "coverage"):
        assert not re.search(r"digests (were )?not compared", of(shown, section))
    thai = render(run, tmp_path, language="th")
    assert thai.count("ไม่ได้เปรียบเทียบค่าแฮช") == 1  # what was carved without its end


@pytest.mark.parametrize(
    ("moment", "known"),
    [
        *(("2020-01-15T10:20:30Z", True), ("2020-01-15T10:20:30.12+07:00", True)),
        *(("2020-01-15T10:20:30-03:30", True), ("2020-01-15T10:20", False)),
        *(("2020-01-15T10:20:30", False), ("2020-01-15", False), ("", False)),
    ],
)
def test_a_moment_has_a_zone_only_if_it_says_so(moment, known):
    assert dates.zoned(moment) is known


def test_problems_have_locators_too(page):
    problems = of(page, "problems")
    assert (
        "content-partial content not read to the byte; the digests that were compared" in problems
    )
    assert "EV01!gpt:p3;off=42991616" in problems
    assert "list:key-or-password-needed" in problems
    assert "unpack:limit-ratio taking apart an archive" in problems


def test_the_coverage_says_how_far_the_run_looked_and_what_was_opened_again(page):
    coverage = of(page, "coverage")
    assert (
        "Profile deep also pictures and videos in unallocated space Not looked for none" in coverage
    )
    assert "(of those seen) 3 Deleted items that were examined 2 Carved items" in coverage
    assert "Items not read to the byte 1" in coverage
    assert "9: same digests 8, other digests 1, not readable 0" in coverage
    assert "ntfs:/ลับ.jpg;id=70-1 other digests" in coverage
    box = text_of(page[page.index('<div class="warning">') :].split("</div>")[0] + "</div>")
    assert "1 item could not be read to the byte as it was stored" in box
    assert "1 image or device is damaged, changed, or is not what was recorded of it" in box
    assert "1 item with hits was not found again by its locator" in box


def test_what_was_left_out_is_named(tmp_path):
    run = imaged()
    run.record["settings"] |= {"profile": "quick", "left_out": ["deleted", "members", "carving"]}
    page = render(run, tmp_path)
    coverage, limits = of(page, "coverage"), of(page, "limits")
    assert "carving pictures and videos in unallocated space deleted deleted entries" in coverage
    assert "Deleted files of images and devices were not examined" in limits
    assert "Unallocated space of images and devices was not searched" in limits
    assert "these were compared by digests of the whole file" in limits


def test_the_limits_speak_of_what_was_read(page, tmp_path):
    limits = of(page, "limits")
    assert "Folders and single files were read as the mounted file system gives them" in limits
    assert "Files that lie in several pieces are not put together again" in limits
    assert "Times are given as they are stored" in limits
    run = imaged()
    run.sources = run.sources[1:]
    limits = of(render(run, tmp_path), "limits")
    assert "Images and devices" not in limits
    assert "Archives, documents, mail and thumbnail stores of known kinds were taken" in limits


def test_the_provenance_says_what_an_image_is_and_whether_it_is_what_it_was(page):
    told = of(page, "provenance")
    digest = report_runs.sha256("m")
    assert "Exhibit EV01 Place /evidence/disk.E01" in told
    assert "67.1 MB (67,108,864 B) · e01" in told
    assert f"disk.E01 · 9.0 kB (9,000 B) · SHA-256 {report_runs.sha256('segment')}" in told
    assert (
        "case_number SYN-1 chunks 2,048 examiner ผู้ทำสำเนา <b> media_flags image, physical" in told
    )
    assert f"md5 {digest[:32]} sha1 {digest[:40]} sha256 {digest}" in told
    assert "mismatch the content does NOT have a digest that the image states" in told
    assert "NOT the same: the content changed during the run" in told
    assert f"disk.E01.txt, line 3: md5 {digest[:32]} agree the same as computed" in told
    assert "line 4: md5 00000000000000000000000000000000 differ NOT the same" in told
    assert "disk.E01.md5: could not be read: Permission denied" in told
    assert "1 stretch, 32.8 kB (32,768 B) from byte 4,096, 32,768 B: checksum fails" in told
    assert "2 stretches, 1.5 kB (1,536 B) in all from byte 512, 1,024 B: unreadable" in told
    assert "mount: can be written to · /evidence/สมชาย · ext4 · rw,relatime" in told
    assert "device sdb: not known whether read-only · can be unplugged" in told


def test_volumes_stand_in_a_table_with_trouble_and_advice(page):
    told = of(page, "provenance")
    assert "space;off=0 space that no partition covers 0 1.0 MB (1,048,576 B) –" in told
    assert "gpt:p1;off=1048576 fat16 16,777,216" in told
    assert (
        "key-or-password-needed encrypted, and no given key or password opens it"
        " encrypted with LUKS: give its password with --passwords"
    ) in told
    assert "member_limits count 1,000,000, depth 5 how much was unpacked" in told


def test_a_backup_of_a_phone_that_stayed_locked_is_told(page):
    told = of(page, "provenance")
    assert "สำรองข้อมูล/Manifest.db: 0 files have the names that they had on the phone" in told
    assert "nothing that they hold could be compared" in told


def test_long_lists_of_an_image_end_with_a_count(tmp_path):
    found = [[512 * k, 512, "missing", ""] for k in range(100)]
    run = with_medium(unread_by_imager={"count": 5_000, "bytes": 9_999_999, "first": found})
    told = of(render(run, tmp_path, row_limit=2), "provenance")
    assert "5,000 stretches, 10.0 MB (9,999,999 B) in all" in told
    assert told.count("missing no file of the image holds it") == 20
    assert "4,980 more stand in run.json" in told
    assert "3 more stand in run.json" in told  # of five volumes


def test_an_image_that_was_not_verified_and_has_nothing_to_compare_is_told_so(tmp_path):
    plain = medium(stored={}, verdict="not-verified", said={}, volumes=[], doubtful=False)
    for key in ("check", "check_after", "sidecars", "sidecars_unread"):
        del plain[key]
    run = imaged()
    run.sources[0] |= {"medium": plain, "protection": {}, "kind": "device", "segments": []}
    told = of(render(run, tmp_path), "provenance")
    assert "Digests the image states none Image and its digests not-verified" in told
    assert "mount: not known whether read-only device: not known" in told
    assert "Volumes of" not in told


def test_digests_are_not_claimed_of_an_image_whose_end_is_missing(tmp_path):
    short = medium()["check"] | {"digests": {}, "read": 1_000}
    told = of(render(with_medium(check=short), tmp_path), "provenance")
    assert "none: 1.0 kB (1,000 B) of 67.1 MB (67,108,864 B) were there to be read" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_runs_of_earlier_versions_say_nothing_of_all_this(tmp_path, language):
    page = render(report_runs.full(), tmp_path, language=language)
    told = [word for word in ("locator", "moment", "volumes") if f'class="{word}"' in page]
    assert told == []
    assert "EV01" not in page
    words = {"en": "How far the run looked", "th": "ความลึกของการตรวจ"}
    assert words[language] not in of(page, "coverage")


def test_the_tables_have_the_same_in_columns(tmp_path):
    files = rendered(csv_report.REPORT, tmp_path, imaged())
    rows = table(files["hits.csv"])
    deleted = next(row for row in rows if row["n"] == "1")
    expected = {"id": "33af351d7b494f1d", "inside": "0", "standing": "deleted", "partial": ""}
    expected |= {"recovery": "by-contiguity"}
    expected |= {"times": "created=2020-01-15T10:20:30.5 modified=2020-01-15T10:20:30"}
    assert deleted.items() >= expected.items()
    member = next(row for row in rows if row["n"] == "7")
    assert (member["inside"], member["notes"]) == ("2", "original-name=C:/สมหญิง.jpg")
    assert [row["partial"] for row in rows if row["n"] in {"3", "6"}] == [
        "carved-in-part",
        "damaged-medium",
    ]
    problems = {row["n"]: row for row in table(files["problems.csv"])}
    assert problems["9"]["locator"] == "EV01!gpt:p3;off=42991616"
    counts = {(row["measure"], row["code"]): row["count"] for row in table(files["coverage.csv"])}
    assert counts["partial_by", "damaged-medium"] == counts["partial", ""] == "1"
    assert counts["reopened_differed", ""] == "1"


def test_what_a_run_left_out_stands_in_the_coverage_table(tmp_path):
    run = imaged()
    run.record["settings"] |= {"left_out": ["carving"]}
    rows = table(rendered(csv_report.REPORT, tmp_path, run)["coverage.csv"])
    assert [row["code"] for row in rows if row["measure"] == "left_out"] == ["carving"]


def test_the_json_lines_give_everything_that_is_stored(tmp_path):
    run = imaged()
    found = lines(rendered(jsonl.REPORT, tmp_path, run, perceptual=True)["run.perceptual.jsonl"])
    assert found[0]["sources"] == run.sources
    assert found[0]["reopened"] == run.record["reopened"]
    by_type = {kind: [] for kind in ("outcome", "hit", "problem")}
    for line in found[1:-1]:
        by_type[line.pop("type")].append(line)
    assert by_type == {"outcome": run.outcomes, "hit": run.hits, "problem": run.problems}


def test_masked_json_lines_keep_digests_and_damage_and_withhold_what_names(tmp_path):
    head = lines(rendered(jsonl.REPORT, tmp_path, imaged(), mask_names=True)["run.masked.jsonl"])[0]
    one = head["sources"][0]
    assert one["medium"]["verdict"] == "mismatch"
    assert one["medium"]["check"]["damage"]["first"] == [[4_096, 32_768, "checksum"]]
    assert [volume["place"] for volume in one["medium"]["volumes"]][-1] == (
        "gpt:p4;off=59768832!lvm:*;vg=*"
    )
    assert one["segments"][0]["name"] == "file-1"
    assert one["protection"] == {"read_only_mount": False, "removable": True}
    assert "said" not in one["medium"]
    assert head["reopened"]["named"] == [
        {"locator": "EV01!gpt:p2;off=17825792!ntfs:*;id=70-1", "why": "other digests"}
    ]


@pytest.mark.parametrize(
    ("locator", "shown"),
    [
        (
            "EV01!gpt:p2;off=17825792!ntfs:/Docs/outer.zip;id=65-1!zip:inner.zip;n=0!zip:d.jpg;n=0",
            "EV01!gpt:p2;off=17825792!ntfs:*;id=65-1!zip:*;n=0!zip:*;n=0",
        ),
        ("EV01!ntfs:/a;id=65-1;ads=hidden.jpg", "EV01!ntfs:*;id=65-1;ads=*"),
        ("EV01!ntfs:/Pictures/del_me.jpg;id=75-1;del", "EV01!ntfs:*;id=75-1;del"),
        ("EV01!ext4:/$unalloc;off=44564480;len=65221", "EV01!ext4:*;off=44564480;len=65221"),
        ("EV02!dir:/0812345678", "EV02!dir:*"),
        (
            "EV04!tar:a;n=812!mbox;n=12!mime:2.1;name=IMG",
            "EV04!tar:*;n=812!mbox;n=12!mime:*;name=*",
        ),
        ("EV01!lvm:p1;vg=home!xfs:/p1", "EV01!lvm:*;vg=*!xfs:*"),
        ("EV01!gpt:Somchai!gpt:p1x!zip:p1;n=x;id=d0f1", "EV01!gpt:*!gpt:*!zip:*;n=*;id=*"),
        ("Somchai!dir:/a", "*!dir:*"),
        ("EV01!?odd:/name", "EV01!*"),
        ("EV01!dir:/100%", "EV01!*"),
        ("name alone", "*!"),
    ],
)
def test_a_masked_locator_says_where_and_never_what(locator, shown):
    place = Place(0, 0, b"x", locator, "id")
    assert ItemNames(mask=True).locator(place) == shown
    assert ItemNames(mask=True).identity(place) is None
    assert ItemNames(mask=False).locator(place) == locator


def test_masked_facts_have_no_notes_and_no_names_of_volumes():
    facts = Facts(
        Standing.DELETED,
        Recovery.BY_RECORD,
        (("modified", "2020-01-15"),),
        ((1, 2),),
        1,
        "gpt:p1!lvm:home;vg=Somchai",
        (("original-name", "Somchai"),),
    )
    masked = ItemNames(mask=True).facts(Place(0, 0, b"x", facts=facts))
    expected = facts.to_json() | {"extents_on": "gpt:p1!lvm:*;vg=*"}
    del expected["notes"]
    assert masked.to_json() == expected


@pytest.mark.parametrize(
    ("locator", "count"),
    [
        (None, None),
        ("EV01!gpt:p3;off=4", 0),
        ("EV01!gpt:p2;off=1!lvm:a;vg=b!ntfs:/a;id=1", 0),
        ("EV01!dir:/a!zip:b;n=0!zip:c;n=0", 2),
        ("no locator", None),
    ],
)
def test_the_containers_around_an_item_are_counted(locator, count):
    assert inside(Place(0, 0, b"x", locator)) == count


def test_the_record_of_an_image_is_read_as_it_was_written():
    """Writer and reader are apart; this holds them together."""
    check = MediumCheck(
        9,
        9,
        (("md5", "0" * 32),),
        (("md5", "1" * 32),),
        (Stretch(0, 4, "checksum", "chunk 1"),),
        1,
        4,
    )
    facts = MediumFacts(
        "e01",
        9,
        (Segment(b"/a/\xff.E01", 5),),
        (("md5", "1" * 32),),
        {"examiner": "X", "media_flags": ["image"]},
        (Stretch(5, 2, "unreadable", "acquisition"),),
    )
    volumes = (
        Volume(0, (layer("space", off=0),), b"$space", 0, 4, gap=True),
        Volume(1, (layer("gpt", b"p1", off=4),), b"p1", 4, 5, trouble=Reason.KEY_NEEDED),
    )
    noted = Noted(b"/a/\xff.txt", 1, "md5", "0" * 32, "content")
    account = Account(
        *("EV01", Verify.FULL, facts, volumes, {1: Told(kind="ntfs", advice="try")}, check, check),
        sidecars=(Compared(noted, "agree"),),
        unread=((b"/a/b.md5", "Permission denied"),),
    )
    protection = Protection(read_only_mount=True, mount_point="/a", loop=False)
    read = Fields({"medium": account.to_json(), "protection": protection.to_json()}, "here")
    found, guard = medium_reading.medium(read), medium_reading.guard(read)
    assert (found.verdict, found.doubtful, found.changed) == ("mismatch", True, False)
    assert (found.stored, found.check.digests) == ({"md5": "1" * 32}, {"md5": "0" * 32})
    assert found.check.damage.first[0].part == "chunk 1"
    assert (found.imager.count, found.imager.first[0].why) == (1, "unreadable")
    assert [one.gap for one in found.volumes] == [True, False]
    assert found.volumes[1].trouble == "key-or-password-needed"
    assert (found.volumes[1].kind, found.volumes[1].advice) == ("ntfs", "try")
    assert (found.sidecars[0].file, found.sidecars[0].result) == (b"/a/\xff.txt", "agree")
    assert found.unread == ((b"/a/b.md5", "Permission denied"),)
    assert (guard.mount, guard.device, guard.loop) == (True, None, False)
    assert guard.about["mount_point"] == "/a"


def test_backups_of_phones_are_read_as_they_were_written():
    written = [
        phone_backups.Backup(0, b"a/\xff", None, 7, 2, 1, Reason.LIMIT_COUNT),
        phone_backups.Backup(0, b"b", False),
    ]
    found = medium_reading.phones(Fields(phone_backups.per_source(written, 0), "here"))
    assert found == (
        PhoneUse(b"a/\xff", None, 7, 2, 1, "limit-count"),
        PhoneUse(b"b", False, 0, 0, 0, None),
    )


def test_what_was_opened_again_is_read_as_it_was_written(tmp_path):
    run = imaged()
    written = reopen.Reopened(2, 0, 1, 1, [("EV01!dir:/a", "other digests"), ("EV01!dir:/b", "x")])
    run.record["reopened"] = written.to_json()
    found = StoredRun.open(run.seal(tmp_path / "run")).record.reopened
    assert (found.items, found.differed, found.named[1]) == (2, 1, ("EV01!dir:/b", "x"))


def spoil(**changes):
    run = imaged()
    run.sources[0]["medium"] |= changes
    return run


BROKEN = {
    "size": {"size": -1},
    "verdict": {"verdict": 1},
    "stored": {"stored": {"md5": 1}},
    "volumes": {"volumes": [{"number": 1}]},
    "first": {"unread_by_imager": {"count": 1, "bytes": 1, "first": [[1, 2]]}},
    "offset": {"check": {**medium()["check"], "damage": [{"offset": "0"}]}},
    "result": {"sidecars": [{**medium()["sidecars"][0], "result": None}]},
}


@pytest.mark.parametrize("field", BROKEN)
def test_an_image_with_a_field_that_does_not_fit_is_refused(tmp_path, field):
    with pytest.raises(CustodyError, match=field):
        StoredRun.open(spoil(**BROKEN[field]).seal(tmp_path / "run"))


def test_sums_that_do_not_hold_are_refused(tmp_path):
    changes = [{"inside": 99}, {"deleted": 99}, {"carved": 99}]
    for number, counts in enumerate(changes):
        run = imaged()
        run.counts |= counts
        with pytest.raises(CustodyError, match="do not add up"):
            StoredRun.open(run.seal(tmp_path / str(number)))
    run = imaged()
    run.record["reopened"]["agreed"] = 0
    with pytest.raises(CustodyError, match="items"):
        StoredRun.open(run.seal(tmp_path / "reopened"))
    run = imaged()
    run.counts["partial_by"] = {"damaged-medium": 2}
    with pytest.raises(CustodyError, match="partial"):
        render(run, tmp_path / "partial")


@pytest.mark.parametrize(
    "facts", [[], {"standing": "lost"}, {"standing": "deleted", "times": []}, {"times": {}}]
)
def test_facts_that_do_not_fit_are_refused_by_line(tmp_path, facts):
    run = report_runs.empty()
    run.at("dir:/a", standing="deleted").examined(b"a", [exact()])
    run.hits[0]["facts"] = facts
    with pytest.raises(CustodyError, match="facts"):
        list(StoredRun.open(run.seal(tmp_path / "run")).hits())


def test_hostile_locators_notes_and_headers_are_text_and_nothing_else(tmp_path):
    evil = "\u202e<b>&\x00"
    run = imaged()
    run.sources[0] |= {"label": evil, "form": evil}
    run.sources[0]["medium"] |= {"said": {evil: [evil]}, "verdict": evil}
    run.sources[0]["medium"]["volumes"][0] |= {"place": evil, "kind": evil, "advice": evil}
    run.sources[0]["protection"] |= {"mount_point": evil}
    run.record["reopened"]["named"] = [{"locator": evil, "why": evil}]
    run.at(f"dir:/{evil}", notes={evil: evil}, standing="allocated", times={evil: evil})
    run.examined(b"a", [exact()])
    page = render(run, tmp_path)
    assert not re.search(r"<b>|\u202e|\x00", page)
    assert page.count("‹U+202E›&lt;b&gt;&amp;‹U+0000›") > 12


def test_an_exhibit_without_a_label_goes_by_its_number(tmp_path):
    run = report_runs.empty()
    run.sources = [source(0, b"/mnt/a"), source(1, b"/mnt/b")]
    assert "0 /mnt/a folder" in of(render(run, tmp_path), "identity")


def test_the_page_says_how_to_find_an_item_again_where_its_locator_can_be_read(page, tmp_path):
    command = f"hashmatch show-info 'LOCATOR' --case CASE --run {report_runs.RUN}"
    assert command in of(page, "verify")
    for number, (run, mask) in enumerate([(report_runs.full(), False), (imaged(), True)]):
        (tmp_path / str(number)).mkdir()
        shown = render(run, tmp_path / str(number), mask_names=mask)
        assert "show-info" not in of(shown, "verify")
