import re
from html.parser import HTMLParser

import pytest

from hashmatch.report.html import REPORT
from hashmatch.report.options import LANGUAGES, ReportOptions
from hashmatch.report.page import PARTS, bar, plain, share
from hashmatch.report.stored_run import StoredRun
from hashmatch.report.words import words
from tests import report_runs
from tests.report_runs import benign, exact, hash_set, near, source

VOID = {"meta", "wbr", "rect"}
INLINE = {"wbr", "span", "bdi", "code", "strong"}


class Reader(HTMLParser):
    """Checks nesting and collects what the tests look at."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.targets, self.text = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        values = dict(attributes)
        self.ids += [values["id"]] if "id" in values else []
        self.targets += [v.removeprefix("#") for k, v in attributes if k == "href"]
        self.targets += [v for k, v in attributes if k == "aria-labelledby"]
        if tag not in VOID:
            self.open.append(tag)
        if tag not in INLINE:
            self.text.append(" ")

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def render(builder, tmp_path, **options):
    folder = tmp_path / "run"
    run = StoredRun.open(folder if folder.exists() else builder.seal(folder))
    (name,) = REPORT.write(run, tmp_path, ReportOptions(**options))
    return (tmp_path / name).read_text(encoding="utf-8")


def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def text_of(page):
    return re.sub(r"\s+", " ", "".join(read(page).text))


def of(page, part):
    """The text of one part of the page."""
    return text_of(
        page[page.index(f'<section id="{part}"') :].split("</section>")[0] + "</section>"
    )


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return render(report_runs.full(), tmp_path_factory.mktemp("full"))


def test_the_page_is_well_formed_and_its_links_lead_somewhere(full):
    reader = read(full)
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.targets) <= set(reader.ids)


def test_the_page_has_no_script_no_picture_and_nothing_from_outside(full):
    reader = read(full)
    tags = {tag for tag, _ in reader.tags}
    assert tags.isdisjoint({"script", "img", "iframe", "object", "embed", "link", "video", "base"})
    names = {name for _, attributes in reader.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"src", "style"}]
    assert "url(" not in full
    assert "@import" not in full


def test_the_policy_of_the_page_allows_nothing_but_its_own_style(full):
    policies = [a for t, a in read(full).tags if "http-equiv" in a]
    assert [one["content"] for one in policies] == [
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_its_language_and_has_landmarks_and_a_title(tmp_path, language):
    reader = read(render(report_runs.full(), tmp_path, language=language))
    assert ("html", {"lang": language}) in reader.tags
    assert [t for t, _ in reader.tags].count("main") == 1
    assert {"header", "nav", "footer", "h1", "title"} <= {t for t, _ in reader.tags}


def test_every_table_has_a_caption_and_headings_with_a_scope(full):
    tables = full.split("<table")[1:]
    assert all("<caption>" in table for table in tables)
    headings = [a for t, a in read(full).tags if t == "th"]
    assert all(a.get("scope") in {"col", "row"} for a in headings)


def test_the_coverage_bar_has_a_text_for_those_who_cannot_see_it(full):
    bars = [a for t, a in read(full).tags if t == "svg"]
    assert [one["role"] for one in bars] == ["img"]
    assert bars[0]["aria-label"] == "Examined 23, failed 2, skipped 2 of 27 entries"


def test_the_parts_stand_in_order_and_coverage_before_any_hit(full):
    places = [full.index(f'<section id="{part}"') for part in PARTS]
    assert places == sorted(places)
    assert PARTS.index("coverage") < PARTS.index("tally") < PARTS.index("hits")


def test_hostile_names_are_text_and_nothing_else(full):
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.jpg" in full
    assert "--&gt;&lt;img src=x onerror=alert(1)&gt;" in full
    assert "{{ 7*7 }}{% raw %}" in full
    assert "ก‹U+202E›gpj.exe" in full
    assert "two‹U+000A›lines‹U+000D›‹U+001B›[2J.txt" in full
    assert r"\xed\xa0\x80 lone surrogate" in full


def test_names_stand_in_elements_that_isolate_their_direction(full):
    assert '<bdi class="name">names/ก‹U+202E›gpj.exe</bdi>' in full


def test_every_text_of_the_run_is_made_visible_and_escaped(tmp_path):
    run = report_runs.full()
    evil = "\u202e<b>&\x00"
    run.sets[0] |= {"publisher": evil, "handling": evil}
    run.sets[0]["categories"]["1"] |= {"en": evil}
    run.sets[0]["files"][0]["name"] = evil
    run.record = {
        "operator": {"name": evil, "agency": evil},
        "argv": [evil],
        "tool": {"name": evil, "version": evil},
    }
    run.record |= {"case": {"id": evil, "reference": evil, "agency": evil}, "host": {"name": evil}}
    page = render(run, tmp_path)
    assert "<b>" not in page
    assert "\u202e" not in page
    assert "\x00" not in page
    assert page.count("‹U+202E›&lt;b&gt;&amp;‹U+0000›") > 10


def test_digests_are_grouped_for_the_eye_and_whole_when_copied(full):
    digest = report_runs.sha256(repr(b"plain.txt"))
    assert digest not in of(full, "hits")
    digest = report_runs.sha256(repr(b"tips/a.bin"))
    assert digest in of(full, "hits")
    assert f"<span>{digest[:8]}</span><wbr><span>{digest[8:16]}</span>" in full


def test_the_result_is_one_sentence_with_the_strongest_claims(full):
    result = of(full, "result")
    assert (
        "18 of 23 examined items agree with a record of a loaded hash set, "
        "records of ordinary files not counted. 1 more agrees with records of ordinary files only."
    ) in result
    assert "exact-2 12, exact-1 3, near 3" in result
    assert "illegal 12 · suspected 3 · comparison 1 · reported 2 · benign 2" in result
    assert "3 items agree only by similarity" in result
    assert "1 more item has leads only: a picture that is possibly derived" in result
    assert "Sets disagree about 1 item" in result
    assert "incomplete" in result


def test_nothing_found_is_said_without_any_comfort(tmp_path):
    result = of(render(report_runs.incomplete(), tmp_path), "result")
    assert (
        "No examined item agrees with a loaded hash set. 2 items could not be examined."
        " This does not establish the absence of unlawful material." in result
    )
    assert "The examination is incomplete" in result


def test_agreement_with_ordinary_files_alone_is_not_called_a_result(tmp_path):
    run = report_runs.empty()
    run.examined(b"kernel", [benign()])
    page = render(run, tmp_path)
    assert "other than with sets of ordinary files. 0 items could not" in of(page, "result")
    assert "1 agreement with a set of ordinary files is counted in the tally" in of(page, "hits")
    assert "kernel" not in of(page, "hits")


def test_the_numbers_of_the_coverage_add_up_in_the_open(full):
    coverage = of(full, "coverage")
    assert "Seen 27 = examined 23 + failed 2 + skipped 2" in coverage
    assert "85.2 %" in coverage
    assert "Read and digested: 99.4 kB (99,383 B). Folders: 4." in coverage
    assert "1 of the pictures not compared in full was compared in part" in coverage


def test_what_was_not_examined_is_listed_with_code_and_words(full):
    coverage = of(full, "coverage")
    assert "list:permission-denied listing the folder or volume: no permission" in coverage.replace(
        "  ", " "
    )
    assert "symbolic-link" in coverage
    assert "corrupt-picture" in coverage


def test_every_gap_is_marked_in_a_box(tmp_path):
    run = report_runs.incomplete()
    run.record = {"status": "stopped", "self_test": [{"name": "pdq", "passed": False}]}
    page = render(run, tmp_path)
    box = text_of(page[page.index('<div class="warning">') :].split("</div>")[0] + "</div>")
    assert "did not end as complete" in box
    assert "self-test failed" in box
    assert "2 entries could not be examined" in box
    assert (
        "1 entry could not be listed. If it is a folder or volume, what lies below it was not seen"
        in box
    )
    assert "1 picture could not be compared" in box
    assert "1 source was not the same before and after" in box
    assert "stopped a code that this version" in of(page, "identity")
    assert "pdq FAILED" in of(page, "provenance")


def test_a_run_without_gaps_has_no_box(tmp_path):
    coverage = of(render(report_runs.empty(), tmp_path), "coverage")
    assert "Incomplete" not in coverage
    assert "Every entry that was seen was examined, or skipped by a named rule." in coverage


def test_pictures_that_no_set_was_asked_about_are_counted(tmp_path):
    coverage = of(render(report_runs.empty(), tmp_path), "coverage")
    assert "no loaded set holds hashes by a method that was computed 1 100 %" in coverage


def test_a_run_over_nothing_can_be_rendered(tmp_path):
    run = report_runs.Builder()
    run.sources, run.sets = [], []
    page = render(run, tmp_path)
    assert "Seen 0 = examined 0 + failed 0 + skipped 0" in page
    assert "<rect" not in page


def test_the_tally_gives_category_meaning_claim_and_three_counts(full):
    tally = of(full, "tally")
    assert "provider-test vic-us:1 Test shapes, class 1 illegal illegal" in tally
    assert "must not be added up" in tally
    assert "vic-us:9 no meaning is known for this code" in tally
    assert "tips no category stated reported" in tally


def test_the_gravest_meaning_stands_first_in_the_tally(full):
    tally = of(full, "tally")
    places = [tally.index(f" {word} ") for word in ("illegal", "suspected", "reported", "benign")]
    assert places == sorted(places)


def test_labels_are_in_the_language_of_the_page(tmp_path):
    assert "รูปทดสอบ ประเภท 1" in render(report_runs.full(), tmp_path, language="th")


def test_a_hit_of_a_set_that_the_run_does_not_describe_has_no_label(tmp_path):
    run = report_runs.empty()
    run.sets = [hash_set("another", "d" * 32, "illegal")]
    run.examined(b"a", [exact()])
    assert "vic-us:1 no meaning is known for this code" in of(render(run, tmp_path), "hits")


def test_an_exact_hit_shows_what_agrees_and_what_does_not(full):
    hits = of(full, "hits")
    assert "agrees: md5, sha1" in hits
    assert "does not agree: sha256" in hits
    assert "In 1 hit a record carries another digest that does not agree" in hits
    assert "provider-test@aaaaaaaaaaaa" in hits
    assert "entry media-17 · record 17" in hits


def test_a_near_hit_shows_all_that_makes_it_near_and_asks_for_confirmation(full):
    hits = of(full, "hits")
    assert "near needs confirmation" in hits
    assert "pdq distance 12 of at most 31 bits" in hits
    assert "P2 same picture, edited lightly" in hits
    assert "quality 100, of the list not stated" in hits
    assert "rot90 turned by 90 degrees · stored · native" in hits


def test_pictures_of_which_only_some_frames_were_compared_are_counted(tmp_path, full):
    said = "Of 1 picture with several frames or pages only some of them were compared."
    assert said not in of(full, "coverage")
    run = report_runs.full()
    run.picture(b"x.gif", frames=500, sampled=True)
    assert said in of(render(run, tmp_path), "coverage")


def test_the_frame_and_the_phase_that_agreed_are_explained(tmp_path):
    run = report_runs.full()
    hit = near()
    hit["near"] |= {"variant": "identity", "rendering": "frame-7", "phase": "trimmed-512"}
    run.picture(b"x.gif", [hit])
    assert (
        "identity · frame-7 a frame or page of the file · trimmed-512 without a border of one"
        " colour, seen at 512 × 512" in of(render(run, tmp_path), "hits")
    )


def test_further_methods_that_agree_are_named(tmp_path):
    run = report_runs.full()
    hit = near()
    hit["near"] |= {"also": ["phash", "photodna"]}
    run.picture(b"x.gif", [hit])
    assert "also near by: phash, photodna" in of(render(run, tmp_path), "hits")


def test_records_near_too_many_files_are_named_and_their_hits_marked(full):
    hits = of(full, "hits")
    assert "3 records agree by similarity with more than 20 different files each" in hits
    assert "provider-test@aaaaaaaaaaaa · entry media-17 · record 17: 4,321 different files" in hits
    assert "1 more record is like that" in hits
    assert "its record is near to 4,321 different files" in hits
    assert hits.index("Records near to very many files") < hits.index("Agreement by digest")


def test_what_chance_brings_is_said_with_its_measurement_beside_near_hits(full):
    hits = of(full, "hits")
    assert "24 × 3 0 of 7,488,448 pairs within 31 (photographs)" in hits
    assert "fewer than 3 × 10⁻⁵ (bound by measurement) about 6 × 10⁻¹⁰ (extrapolation" in hits
    assert "114 of 7,998,000 pairs within 8 (drawn scenes) about 9,000 Chance alone" in hits
    assert "not measured for this method" in hits


def test_without_near_hits_nothing_is_said_of_chance(tmp_path):
    run = report_runs.full()
    for name in ("hits", "problems", "outcomes"):
        getattr(run, name).clear()
    run.examined(b"a", [exact()])
    assert "Agreement by chance" not in of(render(run, tmp_path), "hits")


def test_a_lead_stands_apart_and_is_never_called_a_match(full, tmp_path):
    hits = of(full, "hits")
    leads = hits[hits.index("Leads by similarity") :]
    assert "pictures/derived.png" in leads
    assert "lead possible derivative; not a match" in leads
    assert "suspected" not in leads
    assert words("en").text("limits.lead") in of(full, "limits")
    without = of(render(report_runs.empty(), tmp_path), "limits")
    assert words("en").text("limits.lead") not in without


def test_leads_alone_do_not_read_as_agreement(tmp_path):
    run = report_runs.empty()
    run.picture(b"x.png", [report_runs.lead()])
    result = of(render(run, tmp_path), "result")
    assert "No examined item agrees with a loaded hash set. 0 items could not" in result
    assert "1 more item has leads only" in result


def test_a_video_that_is_near_shows_how_much_of_it_and_where(full):
    hits = of(full, "hits")
    assert "12 of 30 frames of the record found longest run in order 0:04.2" in hits
    assert "90 of 240 frames of the item agree" in hits
    assert "from–to: 0:00.0–0:04.2, 1:01.0–1:02:05.5" in hits


def test_a_distance_of_photodna_is_not_called_bits(tmp_path):
    run = report_runs.full()
    hit = near()
    hit["near"] |= {"method": "photodna", "distance": 12_345, "threshold": 40_000, "band": None}
    run.picture(b"x.png", [hit])
    hits = of(render(run, tmp_path), "hits")
    assert "photodna sum of squared differences 12,345 of at most 40,000 quality" in hits


def test_the_quality_that_a_list_states_is_shown(tmp_path):
    run = report_runs.full()
    hit = near()
    hit["near"] |= {"list_quality": 77}
    run.picture(b"x.png", [hit])
    assert "quality 100, of the list 77" in of(render(run, tmp_path), "hits")


def test_conflicts_show_both_sides(full):
    conflicts = of(full, "conflicts")
    assert "illegal" in conflicts
    assert "benign" in conflicts
    assert conflicts.count("both/setup.dll") == 2


def test_rows_over_the_limit_are_counted_and_said_to_be_elsewhere(tmp_path):
    page = render(report_runs.full(), tmp_path, row_limit=1)
    hits, problems = of(page, "hits"), of(page, "problems")
    assert "14 more rows are not shown here. Every row stands in hits.csv" in hits
    assert "3 more rows are not shown here. Every row stands in hits.csv" in hits
    assert "1 more row is not shown here. Every row stands in hits.csv" in of(page, "conflicts")
    assert "4 more rows are not shown here. Every row stands in problems.csv" in problems


def test_nothing_is_said_to_be_left_out_when_every_row_is_shown(full):
    assert "more row" not in full


def test_problems_show_stage_reason_and_words(full):
    problems = of(full, "problems")
    assert (
        "private failed could not be examined open:permission-denied opening: no permission"
        in problems
    )
    assert "pictures/flat.png low-quality" in problems


def test_the_collision_caveat_stands_only_where_a_hit_rests_on_one_digest(tmp_path, full):
    caveat = words("en").text("limits.collision")
    assert caveat in of(full, "limits")
    (tmp_path / "b").mkdir()
    assert caveat not in of(render(report_runs.empty(), tmp_path / "b"), "limits")


def test_the_blind_spots_of_near_stand_only_where_near_was_asked(tmp_path, full):
    blind, absent = words("en").text("limits.blind"), words("en").text("limits.no near")
    assert blind in of(full, "limits")
    assert absent not in of(full, "limits")
    without = of(render(report_runs.empty(), tmp_path), "limits")
    assert absent in without
    assert blind not in without


@pytest.mark.parametrize("setting", ["fast", "standard", "thorough"])
def test_what_the_effort_leaves_out_is_said(tmp_path, setting):
    run = report_runs.full()
    run.record = {"settings": report_runs.run_record()["settings"] | {"near": setting}}
    limits = of(render(run, tmp_path), "limits")
    for effort in ("fast", "standard"):
        assert (words("en").text(f"limits.{effort}") in limits) == (effort == setting)


@pytest.mark.parametrize(
    ("methods", "said"), [(["pdq"], False), (["pdq", "photodna"], False), (["pdq", "dhash"], True)]
)
def test_methods_that_never_see_turned_pictures_are_named(tmp_path, methods, said):
    run = report_runs.full()
    run.record = {"settings": report_runs.run_record()["settings"] | {"methods": methods}}
    limits = of(render(run, tmp_path), "limits")
    assert (words("en").text("limits.as stored") in limits) == said


def test_the_limits_are_always_stated(tmp_path):
    limits = of(render(report_runs.empty(), tmp_path), "limits")
    for key in ("items", "sets", "folder", "exact-2", "exact-1", "category", "knowledge", "viewed"):
        assert words("en").text(f"limits.{key}") in limits


def test_provenance_names_sets_losses_settings_versions_and_digests(full):
    provenance = of(full, "provenance")
    assert "read 10 = kept 8 + dropped 1 + quarantined 1" in provenance
    assert "4 photodna not evaluated: no hasher for this method is installed" in provenance
    assert "Records kept that hold nothing this version can compare 2" in provenance
    assert (
        "Values lost from records that were kept 3 wrong-length of the wrong length" in provenance
    )
    assert "Values that must never match 5 constant-value" in provenance
    assert "This set holds values that this run did not compare" in provenance
    assert "the loss was accepted by the operator" in provenance
    assert "1 November 2026 (2026-11-01)" in provenance
    assert "expired when the run started" in provenance
    assert provenance.count("expired when the run started") == 1
    assert "near_threshold 31 greatest distance that counts as near" in provenance
    assert "near standard how many hashes were made of each picture: also turned" in provenance
    assert "md5, sha1, sha256" in provenance
    assert "pillow 11.3.0" in provenance
    assert "hashmatch scan /mnt/exhibit-7 --case CASE" in provenance
    assert report_runs.sha256("provider-test") in provenance
    assert report_runs.sha256("o") in provenance


def test_a_source_that_changed_and_what_is_not_known_are_said(tmp_path):
    run = report_runs.incomplete()
    run.sources = [
        source(0, b"/a", unchanged=False, read_only=None, access_times="may-have-changed"),
        source(1, b"/b", read_only=False),
    ]
    page = render(run, tmp_path)
    assert "Mounted read-only not known" in of(page, "provenance")
    assert "Mounted read-only no" in of(page, "provenance")
    assert "Same before and after no" in of(page, "provenance")
    assert "may have been changed by reading" in of(page, "provenance")
    assert "source 0" in of(page, "problems")


def test_content_viewed_by_a_person_is_an_explicit_field(tmp_path, full):
    assert "Content viewed by a person no" in of(full, "identity")
    run = report_runs.full()
    run.hits[0]["viewed"] = True
    page = render(run, tmp_path)
    assert "Content viewed by a person yes" in of(page, "identity")
    assert "viewed by a person" in of(page, "hits")


def test_a_run_that_was_not_resumed_says_nothing_of_it(tmp_path, full):
    assert "Resumed" in of(full, "identity")
    run = report_runs.empty()
    run.record = {"resumed": []}
    assert "Resumed" not in of(render(run, tmp_path), "identity")


def test_a_masked_page_says_so_and_withholds_the_command_line(tmp_path):
    page = render(report_runs.full(), tmp_path, mask_names=True)
    assert "File names and places are masked" in page
    assert "item-0.jpg" in of(page, "hits")
    assert "source-0" in of(page, "identity")
    assert "withheld, because names are masked" in of(page, "provenance")
    assert "hits.masked.csv" in of(page, "hits")


def test_there_are_boxes_to_sign(full):
    signatures = of(full, "sign")
    assert all(word in signatures for word in ("Performed by", "Reviewed by", "Received by"))


def test_the_thai_page_ends_with_the_words_used(tmp_path):
    glossary = of(render(report_runs.empty(), tmp_path, language="th"), "glossary")
    assert "hash set ชุดค่าแฮช" in glossary


@pytest.mark.parametrize(
    ("count", "of", "shown"),
    [
        (0, 0, "–"),
        (0, 5, "0 %"),
        (5, 5, "100 %"),
        (1, 10**6, "0.1 %"),
        (10**6 - 1, 10**6, "99.9 %"),
        (1, 3, "33.3 %"),
    ],
)
def test_a_share_is_whole_or_nothing_only_when_it_is_exactly_so(count, of, shown):
    assert share(count, of) == shown


@pytest.mark.parametrize("counts", [(10**6, 1, 1), (1, 10**6, 0), (0, 0, 3), (1, 1, 1), (5, 0, 0)])
def test_every_kind_that_exists_is_visible_in_the_bar_and_fills_it_together(counts):
    pieces = list(bar(*counts))
    assert len(pieces) == sum(count > 0 for count in counts)
    assert sum(width for _, _, width in pieces) == 1000
    assert all(width >= 5 for _, _, width in pieces)


def test_settings_are_written_plainly():
    assert [plain(v) for v in (["a", 1], True, None, 1234)] == ["a, 1", "True", "None", "1,234"]
