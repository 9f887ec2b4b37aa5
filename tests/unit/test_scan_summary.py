"""What a scan says at its end."""

from types import SimpleNamespace

import pytest

from hashmatch.commands import scan_summary, shortfalls
from hashmatch.model.noted import Floods
from hashmatch.model.tally import Tally

KEYS = ("set", "category", "disposition", "items", "distinct", "hits")


def test_what_was_not_compared_in_full_and_what_was_sampled_is_said():
    tally = Tally(pictures_sampled=2)
    told = scan_summary.account("picture", 5, (3, 1, 1), "")
    assert told + scan_summary.sampled(tally) == (
        "5 pictures: 3 compared, 1 too featureless to compare, 1 not compared in full"
        "; of 2 pictures, only some frames or pages"
    )
    assert not scan_summary.sampled(Tally())


@pytest.mark.parametrize(
    ("claims", "nothing"),
    [((), True), (("lead",), True), (("exact-2", "lead"), False), (("near",), False)],
)
def test_it_says_that_nothing_agrees_where_only_leads_were_found(claims, nothing, capsys):
    tally = Tally(seen=1, examined=1, items_with_hits=1, items_with_leads=1)
    scan_summary.tell(finished(tally, claims))
    assert ("No examined item agrees" in capsys.readouterr().out) == nothing


def test_items_with_hits_that_were_not_found_again_make_a_run_incomplete(capsys):
    tally = Tally(seen=2, examined=2, items_with_hits=1, items_with_notable_hits=1)
    tally.reopened_differ = 1
    scan_summary.tell(finished(tally, ("exact-2",)))
    told = capsys.readouterr().out
    assert "WARNING: 1 item with hits could not be found again by the locator" in told
    assert "result: HITS_INCOMPLETE (13)" in told


def finished(tally, claims):
    """A run that has ended, as far as its summary asks."""
    return SimpleNamespace(
        tally=tally,
        folder=SimpleNamespace(run_id="r"),
        resumed=False,
        found=SimpleNamespace(
            table=[dict.fromkeys(KEYS, 1) | {"claim": one} for one in claims],
            floods=Floods(),
            chance=(),
        ),
        gaps=(),
        media=(),
        warnings=(),
        left_out=("members", "carving"),
        phones=(),
        expired=(),
    )


def test_what_the_profile_leaves_out_is_said(capsys):
    scan_summary.tell(finished(Tally(seen=1, examined=1), ()))
    told = capsys.readouterr().out
    members = "what archives, documents, mail and images among the files hold"
    assert f"not looked for, as the profile says: {members}\n" in told


def test_why_something_is_missing_is_said_with_what_would_help(capsys):
    tally = Tally(seen=9, examined=1, failed=8)
    tally.failed_by.update({"unpack:key-or-password-needed": 2, "list:key-or-password-needed": 1})
    tally.failed_by.update({"unpack:image-inside": 4, "read:input-output-error": 1})
    tally.partial_by.update({"checksum-mismatch": 1})
    tally.not_compared_by.update({"corrupt-picture": 1200})
    run = finished(tally, ())
    assert scan_summary.as_json(run)["failed_by"] == dict(sorted(tally.failed_by.items()))
    scan_summary.tell(run)
    told = capsys.readouterr().out
    assert (
        "failed: 4 image-inside (name each image as a source of its own), 3 key-or-password-needed"
        " (see --passwords, --ask-password, --key-file), 1 input-output-error\n"
        "read only in part: 1 checksum-mismatch\n"
        "pictures not compared in full: 1,200 corrupt-picture\n"
    ) in told


def test_of_very_many_reasons_the_most_frequent_are_named():
    tally = Tally(failed=20)
    tally.failed_by.update({f"read:reason-{n}": n for n in range(1, 9)})
    (line,) = shortfalls.lines(tally)
    named = ", ".join(f"{n} reason-{n}" for n in range(8, 2, -1))
    assert line == f"failed: {named}, 3 for other reasons"
    assert list(shortfalls.lines(Tally())) == []
