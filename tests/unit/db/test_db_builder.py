from datetime import UTC, date, datetime

import pytest

from hashmatch.db.counts import Counts
from hashmatch.db.description import SetKind
from hashmatch.db.refusals import check_result
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss, Quarantine
from tests.library_maker import description, digests, install, make_library, pdq, record

EMPTY_MD5 = Digest.parse(Algorithm.MD5, "d41d8cd98f00b204e9800998ecf8427e")
EMPTY_SHA1 = Digest.parse(Algorithm.SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709")


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path)


def test_kept_dropped_and_quarantined_add_up_to_what_was_read(library):
    events = [
        ListFacts({"format_version": "2.0"}),
        record(1),
        Dropped(2, Loss.NOT_HEX, whole=False),
        record(2, digests=digests(2, Algorithm.MD5)),
        Dropped(3, Loss.MALFORMED),
        HashRecord(4, (EMPTY_MD5, EMPTY_SHA1)),
        record(5, perceptual=(pdq(5, 10),)),
        record(6, other=("photodna",)),
        HashRecord(7, other=("photodna", "tmk")),
        HashRecord(8),
    ]
    counts = install(library, events, description(accept_losses=True)).counts
    assert counts.balanced
    assert (counts.read, counts.kept, counts.dropped, counts.quarantined) == (8, 5, 2, 1)
    assert (counts.unmatchable, counts.usable, counts.stored) == (1, 4, 6)
    assert counts.values == {"md5": 4, "sha1": 3}
    assert counts.not_evaluated == {"photodna": 2, "tmk": 1}
    assert counts.dropped_by == {"malformed-row": 1, "no-usable-hash": 1}
    assert counts.lost_values == {"not-hexadecimal": 1}
    assert counts.quarantined_by == {"empty-file": 1}
    assert counts.quarantined_values == {"empty-file": 2, "low-quality": 1}
    assert counts.dispositions == {"illegal": 6}


def test_never_matching_values_are_stored_and_never_found(library):
    one = record(1, digests=(EMPTY_MD5, *digests(1, Algorithm.SHA1)), perceptual=(pdq(1, 49),))
    manifest = install(library, [one])
    with library.open_set(manifest.version) as installed:
        assert installed.lookup([EMPTY_MD5, *digests(1, Algorithm.SHA1)]) == [[], [0]]
        assert not installed.has_near()
        assert installed.search_near(Method.PDQ, [pdq(1).value], 256) == []
        assert installed.record(0).digests[0] == EMPTY_MD5
        assert installed.record(0).perceptual == (pdq(1, 49),)


def test_a_perceptual_hash_of_almost_all_files_of_a_long_list_is_quarantined(library):
    events = [record(n, perceptual=(pdq(0),)) for n in range(100)]
    events += [record(199, perceptual=(pdq(9),)), HashRecord(200, perceptual=(pdq(0),))]
    manifest = install(library, events)
    assert manifest.counts.quarantined_values == {Quarantine.REPEATED: 101}
    assert manifest.counts.quarantined_by == {Quarantine.REPEATED: 1}
    assert (manifest.counts.kept, manifest.counts.values["pdq"]) == (101, 1)
    with library.open_set(manifest.version) as installed:
        assert installed.search_near(Method.PDQ, [pdq(0).value, pdq(9).value], 0) == [(1, 100, 0)]
        assert installed.lookup(digests(3)) == [[3], [3]]


@pytest.mark.parametrize(("copies", "others"), [(5, 4), (99, 0), (90, 10), (500, 60)])
def test_a_much_copied_picture_keeps_its_perceptual_hash(library, copies, others):
    events = [record(n, perceptual=(pdq(0),)) for n in range(copies)]
    events += [record(copies + n, perceptual=(pdq(1 + n),)) for n in range(others)]
    manifest = install(library, events)
    assert manifest.counts.quarantined_values == {}
    with library.open_set(manifest.version) as installed:
        assert len(installed.search_near(Method.PDQ, [pdq(0).value], 0)) == copies


def test_the_same_file_listed_five_times_keeps_its_perceptual_hash(library):
    manifest = install(library, [record(1, perceptual=(pdq(0),)) for _ in range(5)])
    with library.open_set(manifest.version) as installed:
        rows = installed.search_near(Method.PDQ, [pdq(0).value], 0)
    assert rows == [(0, n, 0) for n in range(5)]


def test_a_list_of_perceptual_hashes_alone_can_be_installed(library):
    events = [HashRecord(n, perceptual=(PerceptualHash(Method.PDQ, pdq(n).value),)) for n in (1, 2)]
    manifest = install(library, events)
    assert manifest.counts.values == {"pdq": 2}
    with library.open_set(manifest.version) as installed:
        assert installed.search_near(Method.PDQ, [pdq(2).value], 31) == [(0, 1, 0)]
        assert installed.near_hits(Method.PDQ, [pdq(2).value], 31).quality.tolist() == [-1]


def test_losses_are_refused_with_reasons_and_places_but_no_content(library):
    lost = [Dropped(n, Loss.NOT_HEX) for n in range(10, 19)]
    lists = [[record(1), *lost], [Dropped(3, Loss.BAD_VALUE, whole=False), record(3)]]
    with pytest.raises(HashSetError) as caught:
        install(library, lists)
    text = str(caught.value)
    assert "lose 10 entries (bad-value 1, not-hexadecimal 9;" in text
    assert "1:10, 1:11" in text
    assert "1:18, 2:3)" in text
    assert "--accept-losses" in text
    assert not any(d.hex in text for d in digests(1) + digests(3))
    assert library.pointer().versions == {}


def test_no_more_than_ten_places_are_named(library):
    with pytest.raises(HashSetError, match="1:9 and more"):
        install(library, [record(1), *(Dropped(n, Loss.NOT_HEX) for n in range(12))])


def test_a_page_of_a_list_is_no_list_unless_that_is_accepted(library):
    page = [record(1), ListFacts({"partial": "it names a next page"})]
    with pytest.raises(HashSetError, match="only a part of the list"):
        install(library, [page, [record(2), *page[1:]]])
    assert library.pointer().versions == {}
    manifest = install(library, [page, [record(2)]])
    assert manifest.counts.kept == 2
    manifest = install(library, page, description("page", accept_losses=True))
    assert manifest.files[0].facts["partial"]


def test_accepted_losses_are_stated_for_ever(library):
    stated = description(accept_losses=True)
    manifest = install(library, [record(1), Dropped(2, Loss.NOT_HEX)], stated)
    assert library.manifest(manifest.version).provenance()["accepted_losses"] is True


@pytest.mark.parametrize(
    "events",
    [
        [],
        [ListFacts({"format_version": "2.0"})],
        [HashRecord(1, (EMPTY_MD5,))],
        [HashRecord(1, other=("photodna",))],
        [HashRecord(n, (), (pdq(1, 5),)) for n in range(3)],
    ],
)
def test_a_list_that_could_never_answer_is_refused(library, events):
    with pytest.raises(HashSetError, match="nothing can be matched"):
        install(library, events)
    assert library.pointer().current == {}


def test_the_reason_why_nothing_can_be_matched_is_named(library):
    with pytest.raises(HashSetError) as refused:
        install(library, [HashRecord(1, (), (pdq(1, 10),))])
    assert "0 dropped, 1 never to match: low-quality 1, 0 of kinds" in str(refused.value)
    assert "states a quality below 50 never matches" in str(refused.value)
    with pytest.raises(HashSetError) as refused:
        install(library, [HashRecord(1, other=("photodna",))])
    assert "quality" not in str(refused.value)


def test_counts_that_do_not_add_up_stop_the_import():
    with pytest.raises(HashSetError, match="do not add up"):
        check_result(Counts(read=2, kept=1))


BENIGN_LOOK = ListFacts({"looks_benign": "nist-caid"})


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        (SetKind.ILLEGAL, None),
        (SetKind.OTHER_NOTABLE, None),
        (SetKind.COMPARISON, None),
        (SetKind.CATEGORIZED, "vic-us"),
        (SetKind.CATEGORIZED, "unmapped"),
    ],
)
def test_a_list_that_looks_benign_is_not_taken_for_notable(library, kind, scheme):
    with pytest.raises(HashSetError, match=r"looks like known-benign.*--kind benign"):
        install(library, [record(1, category="8"), BENIGN_LOOK], description("s", kind, scheme))


@pytest.mark.parametrize(
    ("kind", "scheme"), [(SetKind.BENIGN, None), (SetKind.CATEGORIZED, "nist-caid")]
)
def test_a_list_that_looks_benign_is_taken_as_benign(library, kind, scheme):
    events = [record(1, category="8"), BENIGN_LOOK]
    manifest = install(library, events, description("s", kind, scheme))
    assert manifest.disposition("8") == "benign"


@pytest.mark.parametrize(
    ("context", "scheme"),
    [("UK", "vic-us"), ("US", "uk-grades"), ("UK", "dhs-legacy"), ("CA", "vic-us")],
)
def test_a_list_of_another_country_than_its_scheme_is_refused(library, context, scheme):
    stated = description("s", SetKind.CATEGORIZED, scheme)
    with pytest.raises(HashSetError, match=f"list says it is for {context}, the scheme {scheme}"):
        install(library, [ListFacts({"context": context}), record(1)], stated)


@pytest.mark.parametrize(
    ("context", "scheme"),
    [("US", "vic-us"), ("GB", "uk-grades"), ("CA", "unmapped"), (None, "vic-us")],
)
def test_a_list_that_fits_its_scheme_is_installed(library, context, scheme):
    facts = ListFacts({"context": context} if context else {})
    manifest = install(library, [facts, record(1)], description("s", SetKind.CATEGORIZED, scheme))
    assert manifest.scheme == scheme


def test_a_country_goes_with_any_flat_kind(library):
    assert install(library, [ListFacts({"context": "UK"}), record(1)]).counts.kept == 1


def test_every_file_of_a_list_is_checked_against_the_scheme(library):
    stated = description("s", SetKind.CATEGORIZED, "vic-us")
    lists = [
        [ListFacts({"context": "US"}), record(1)],
        [record(2), ListFacts({"context": "UK"})],
    ]
    with pytest.raises(HashSetError, match="list says it is for UK"):
        install(library, lists, stated)


def test_files_keep_their_own_facts_and_records_their_file(library):
    lists = [[ListFacts({"shape": "list"}), record(1)], [record(2)]]
    manifest = install(library, lists)
    assert [file.facts for file in manifest.files] == [{"shape": "list"}, {}]
    with library.open_set(manifest.version) as installed:
        assert [installed.record(n).file for n in (0, 1)] == [0, 1]


def test_an_expired_list_is_refused_unless_allowed(library):
    stated = description(expires=date(2026, 11, 21))
    with pytest.raises(HashSetError, match="expired on 2026-11-21"):
        install(library, [record(1)], stated)
    assert install(library, [record(1)], stated, allow_expired=True).expired(date(2026, 11, 22))


def test_a_list_whose_first_day_is_to_come_is_refused_unless_allowed(library):
    stated = description(issued=date(2026, 11, 23))
    with pytest.raises(HashSetError, match="from 2026-11-23 on and today is 2026-11-22"):
        install(library, [record(1)], stated)
    assert install(library, [record(1)], stated, allow_expired=True)
    assert install(library, [record(1)], description(issued=date(2026, 11, 22)))


def test_the_day_of_expiry_still_counts(library):
    def late():
        return datetime(2026, 11, 22, 23, 59, tzinfo=UTC)

    stated = description(expires=date(2026, 11, 22))
    assert install(library, [record(1)], stated, clock=late).counts.kept == 1


def test_dispositions_are_counted_so_that_a_wrong_scheme_shows(library):
    events = [record(n, category=code) for n, code in enumerate(["1", "1", "2", "7", None])]
    manifest = install(library, events, description("s", SetKind.CATEGORIZED, "vic-us"))
    assert manifest.counts.dispositions == {"illegal": 2, "exploitative": 1, "uncategorized": 2}


def coded(*codes):
    return [record(n, category=code) for n, code in enumerate(codes)]


def test_codes_that_the_scheme_does_not_know_are_counted(library):
    stated = description(kind=SetKind.CATEGORIZED, scheme="vic-us")
    counts = install(library, coded("1", "2", "77", None), stated).counts
    assert (counts.coded, counts.unknown_codes) == (3, 1)
    assert counts.dispositions == {"illegal": 1, "exploitative": 1, "uncategorized": 2}


def test_a_list_of_mostly_unknown_codes_is_refused_unless_accepted(library):
    stated = {"kind": SetKind.CATEGORIZED, "scheme": "vic-us"}
    with pytest.raises(HashSetError, match="2 of 3 records carry codes that the scheme vic-us"):
        install(library, coded("1", "77", "x", None), description(**stated))
    install(library, coded("1", "77", None), description(**stated))
    kept = install(library, coded("77", "77"), description(**stated, accept_losses=True))
    assert kept.counts.unknown_codes == 2


def test_a_scheme_that_names_no_code_knows_all_of_them(library):
    stated = description(kind=SetKind.CATEGORIZED, scheme="unmapped")
    counts = install(library, coded("77", "78"), stated).counts
    assert (counts.coded, counts.unknown_codes) == (2, 0)


def test_values_that_cannot_be_pdq_are_refused_and_nothing_is_installed(library):
    wrong = [PerceptualHash(Method.PDQ, digests(n, Algorithm.SHA256)[0].value) for n in range(20)]
    events = [HashRecord(n + 1, perceptual=(one,)) for n, one in enumerate(wrong)]
    with pytest.raises(HashSetError, match="look like SHA-256"):
        install(library, events)
    assert library.sets() == []
