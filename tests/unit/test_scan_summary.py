"""What a scan says at its end."""

from types import SimpleNamespace

import pytest

from hashmatch.commands import scan_summary
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
    result = SimpleNamespace(
        tally=Tally(seen=1, examined=1, items_with_hits=1, items_with_leads=1),
        folder=SimpleNamespace(run_id="r"),
        resumed=False,
        found=SimpleNamespace(
            table=[dict.fromkeys(KEYS, 1) | {"claim": one} for one in claims],
            floods=Floods(),
            chance=(),
        ),
        gaps=(),
        media=(),
        expired=(),
    )
    scan_summary.tell(result)
    assert ("No examined item agrees" in capsys.readouterr().out) == nothing
