"""What a scan says at its end."""

from types import SimpleNamespace

import pytest

from hashmatch.commands import scan_summary
from hashmatch.model.noted import Floods
from hashmatch.model.tally import Tally

KEYS = ("set", "category", "disposition", "items", "distinct", "hits")


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
        expired=(),
    )
    scan_summary.tell(result)
    assert ("No examined item agrees" in capsys.readouterr().out) == nothing
