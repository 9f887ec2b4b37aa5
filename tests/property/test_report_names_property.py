import csv
import json
import tempfile
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.model.locators import layer, locator
from hashmatch.model.locators import place as places
from hashmatch.report.item_names import ItemNames
from hashmatch.report.lines import Place
from hashmatch.report.options import ReportOptions
from hashmatch.report.registry import reports
from hashmatch.report.stored_run import StoredRun
from tests import report_runs
from tests.report_runs import exact, near

NASTY = "\u202e\u2066\u200b\x00\x1b\r\n\x7f\x85\xa0\u2028\ue000<>&\"'=+-@{}%#กำ้"
TEXT = st.text(st.one_of(st.sampled_from(NASTY), st.characters()), min_size=1, max_size=20)
NAME = st.one_of(
    st.binary(min_size=1, max_size=30), TEXT.map(lambda text: text.encode("utf-8", "replace"))
)
ALLOWED = {"\n", "\r"}


class Names(HTMLParser):
    """Collects the text of every name and checks that elements close in order."""

    def __init__(self):
        super().__init__()
        self.inside, self.names, self.open = False, [], []

    def handle_starttag(self, tag, attributes):
        if tag not in {"meta", "wbr", "rect"}:
            self.open.append(tag)
        if dict(attributes).get("class") == "name":
            self.inside = True
            self.names.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.inside = False

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_data(self, data):
        if self.inside:
            self.names[-1] += data


def render_all(names, folder):
    run = report_runs.Builder()
    for name in names:
        run.picture(name, [exact(), near()], partial=True)
        where = places((layer("dir", b"/" + name), layer("zip", name, n=0, obj=name)))
        notes = {"original-name": name.decode("utf-8", "replace")}
        run.at(where, standing="deleted", notes=notes).picture(name, [exact()])
    run.failed(names[0])
    stored = StoredRun.open(run.seal(folder / "run"))
    for report in reports().values():
        report.write(stored, folder, ReportOptions())
    return run


@settings(deadline=None, max_examples=40)
@given(st.lists(NAME, min_size=1, max_size=4))
@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_no_name_whatever_its_bytes_can_hide_act_or_break_a_report(names):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run = render_all(names, folder)
        page = (folder / "report.en.html").read_text(encoding="utf-8")
        table = (folder / "hits.csv").read_bytes().decode("utf-8-sig")
        lines = (folder / "run.jsonl").read_bytes().decode("ascii")
        for content in (page, table, lines):
            assert not [c for c in set(content) - ALLOWED if hidden(c)]
        reader = Names()
        reader.feed(page)
        assert reader.open == []
        assert ItemNames(mask=False).item(Place(0, 0, names[0])) in reader.names
        rows = list(csv.reader(table.splitlines(), strict=True))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
        stored = [json.loads(line) for line in lines.splitlines()]
        outcomes = [one["path"] for one in stored if one["type"] == "outcome"]
        assert outcomes == [one["path"] for one in run.outcomes]


def hidden(char):
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or (
        unicodedata.category(char) == "Zs" and char != " "
    )


@given(NAME, NAME, st.integers(0, 10**9))
def test_a_masked_locator_is_the_same_whatever_the_names_in_it_are(first, second, number):
    def shown(name, other):
        where = (layer("ntfs", name, id=number, ads=other), layer("zip", other, n=0, obj=name))
        place = Place(0, 0, b"", locator("EV01", places(where)))
        return ItemNames(mask=True).locator(place)

    assert (
        shown(first, second)
        == shown(b"a", b"b")
        == f"EV01!ntfs:*;id={number};ads=*!zip:*;n=0;obj=*"
    )


@given(NAME, st.integers(0, 10**9))
def test_a_masked_name_tells_at_most_a_short_plain_ending(path, n):
    masked = ItemNames(mask=True).item(Place(n, 0, path))
    head, _, ending = masked.partition(".")
    assert head == f"item-{n}"
    assert ending == "" or (ending.isascii() and ending.isalnum() and len(ending) <= 5)
