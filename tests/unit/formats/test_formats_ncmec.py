"""NCMEC's answers: keys, retractions, environments, counts and large fingerprints."""

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.ncmec import ENVIRONMENTS
from hashmatch.model.records import Dropped, HashRecord, Loss, Withdrawn
from tests.contract.format_contract import facts, losses, records
from tests.contract.format_contract import read as read_format

M = "76b38aee70875b2c64d6345713694bd6"
INDUSTRY = ReadOptions(environment="industry")


def answer(images="", rest="", attributes=""):
    return (
        '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">'
        f"<images{attributes}>{images}</images>{rest}</queryResult>"
    ).encode()


def image(prints=f"<md5>{M}</md5>", key='<member id="1"/><id>a</id>', name="image"):
    return f"<{name}>{key}<fingerprints>{prints}</fingerprints></{name}>"


def read(data):
    return read_format("ncmec", data, INDUSTRY)


@pytest.mark.parametrize(
    ("stated", "fact"),
    [
        ("Industry", "industry"),
        ("Industry_Exploitative", "industry-exploitative"),
        ("LawEnforcement", "law-enforcement"),
        ("NPO", "ngo"),
        ("Exploitative", "ngo-exploitative"),
        ("generative AI CSAM", "generative-ai-csam"),
        *zip(ENVIRONMENTS, ENVIRONMENTS, strict=True),
    ],
)
def test_the_environment_is_a_fact_of_the_list(stated, fact):
    options = ReadOptions(environment=stated)
    assert facts("ncmec", answer(image()), options)["environment"] == fact


@pytest.mark.parametrize("stated", [None, "production", "generative-ai"])
def test_a_list_without_a_known_environment_is_refused(stated):
    with pytest.raises(HashSetError, match="--environment") as refusal:
        read_format("ncmec", answer(image()), ReadOptions(environment=stated))
    assert all(name in str(refusal.value) for name in ENVIRONMENTS)


def test_a_retraction_takes_back_the_entry_of_its_own_member_only():
    deleted = (
        '<deletedImage><id>a</id><timestamp>2024-02-01T00:00:00Z</timestamp><member id="2"/>'
        "</deletedImage>"
    )
    events = read(answer(image() + deleted))
    assert [(e.entry, type(e)) for e in events if isinstance(e, HashRecord | Withdrawn)] == [
        ("1:a", HashRecord),
        ("2:a", Withdrawn),
    ]
    assert [e.updated for e in events if isinstance(e, Withdrawn)] == [1706745600.0]


@pytest.mark.parametrize("key", ["<id>a</id>", '<member id="1"/>', '<member id=" "/><id> </id>'])
def test_without_a_key_a_record_stays_and_a_retraction_is_lost(key):
    events = read(answer(image(key=key) + image(key=key, name="deletedImage")))
    assert [e for e in events if isinstance(e, Dropped)] == [
        Dropped(1, Loss.BAD_VALUE, whole=False),
        Dropped(2, Loss.BAD_VALUE),
    ]
    assert [e.entry for e in events if isinstance(e, HashRecord)] == [None]


def test_an_unreadable_moment_is_a_loss_beside_the_record_or_retraction():
    key = '<member id="1"/><id>a</id><timestamp>soon</timestamp>'
    data = answer(image(key=key) + image(key=key, name="deletedImage"))
    assert losses("ncmec", data, INDUSTRY) == [
        Dropped(1, Loss.BAD_VALUE, whole=False),
        Dropped(2, Loss.BAD_VALUE, whole=False),
    ]
    assert records("ncmec", data, INDUSTRY)[0].updated is None


def test_fingerprints_that_cannot_be_compared_are_carried():
    prints = (
        "<netclean>x</netclean><videntifier rel='self' href='/v2/x'/><future>y</future>"
        f"<pdna>short</pdna><sha1/><md5>{M}</md5>"
    )
    (record,) = records("ncmec", answer(image(prints)), INDUSTRY)
    assert record.other == ("netclean", "videntifier", "unknown")
    assert record.fields["fingerprints"]["netclean"] == "x"
    assert {loss.reason for loss in losses("ncmec", answer(image(prints)), INDUSTRY)} == {
        Loss.NOT_HEX,
        Loss.BAD_VALUE,
    }


def test_an_entry_without_any_fingerprint_is_lost():
    assert losses("ncmec", answer(image("")), INDUSTRY) == [Dropped(1, Loss.NO_HASH)]


def test_more_entries_than_declared_are_refused():
    with pytest.raises(HashSetError, match="images that begin at line 1 are 2, their count"):
        read(answer(image() * 2, attributes=' count="1"'))


@pytest.mark.parametrize(
    ("attributes", "rest", "partial"),
    [
        (' count="1"', "", None),
        ("", "", None),
        (' count="many"', "", None),
        (' count="3"', "", "it has fewer entries than it declares"),
        (' count="1"', "<paging><next>/v2/x</next></paging>", "it names a next page"),
        (' count="1"', "<paging><next> </next></paging>", None),
    ],
)
def test_a_page_that_is_not_all_says_so(attributes, rest, partial):
    found = facts("ncmec", answer(image(), rest, attributes), INDUSTRY)
    assert found.get("partial") == partial
    assert ("last_page" in found) is (partial is not None and "fewer" in partial)


def test_the_version_comes_from_the_namespace():
    assert facts("ncmec", answer(image()), INDUSTRY)["format_version"] == "v2"
    older = answer(image()).replace(b"/v2", b"/v1")
    assert facts("ncmec", older, INDUSTRY)["format_version"] == "v1"
    assert "format_version" not in facts("ncmec", b"<queryResult/>", INDUSTRY)


def test_other_answers_of_the_service_are_not_taken_for_entries():
    for root in ("status", "availableFeedbackReasons", "feedbackSubmission"):
        data = f'<{root} xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><a/></{root}>'
        assert registry.detect(data.encode(), "x.xml") is None
        with pytest.raises(HashSetError, match="queryResult"):
            read(data.encode())
