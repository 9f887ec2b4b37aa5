"""What a person is told of a set: everything that came, and how it ended."""

from collections import Counter

from hashmatch.commands.set_facts import tell
from hashmatch.db.manifest import Changes
from tests.library_maker import install, make_library, record


def told(capsys, facts):
    tell(facts)
    return {line[:18].strip(): line[18:].strip() for line in capsys.readouterr().out.splitlines()}


def changed(library, **numbers):
    facts = install(library, [record(1)]).provenance()
    facts["records"] |= numbers
    lost = Counter({"bad-value": 2})
    facts["changes"] = {"base": "ab" * 16, "replaced": 1, "withdrawn": 0, "idle": 0, "lost": lost}
    assert set(facts["changes"]) == set(Changes.__dataclass_fields__)
    return facts


def test_both_sides_of_the_sum_are_told(tmp_path, capsys):
    library = make_library(tmp_path)
    facts = changed(library, read=5, carried=60_000, kept=60_001, superseded=3, withdrawn=1)
    lines = told(capsys, facts)
    assert lines["records"] == (
        "5 read + 60,000 carried = 60,001 kept + 0 dropped + 0 quarantined + 3 superseded"
        " + 1 withdrawn"
    )
    assert lines["lost before"] == "bad-value 2"


def test_a_whole_list_has_a_short_sum(tmp_path, capsys):
    lines = told(capsys, install(make_library(tmp_path), [record(1)]).provenance())
    assert lines["records"] == "1 read = 1 kept + 0 dropped + 0 quarantined"
    assert "lost before" not in lines
