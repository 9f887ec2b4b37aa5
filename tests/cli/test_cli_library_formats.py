"""``library formats`` names every format; a refusal points there instead of listing them all."""

import pytest

from hashmatch.errors import ExitCode
from hashmatch.formats import registry

MEASURED = False  # other modules run the same commands


def test_every_format_is_listed_with_the_words_it_takes(bare):
    lines = bare.ok("library", "formats").stdout.splitlines()
    found = {line.split()[0]: line for line in lines[1:]}
    assert list(found) == sorted(registry.names())
    for form in registry.all_formats():
        assert form.title in found[form.name]
        assert all(f"--{word}" in found[form.name] for word in form.takes)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ncmec", ("the root element", "--environment", "retractions")),
        ("nsrl-text", ("nsrlprod.txt", "may have codes")),
        ("mapped", ("state --format", "--mapping")),
        ("hashdeep", ("nothing, it says all itself", "categories:     none")),
    ],
)
def test_one_format_is_described(bare, name, words):
    told = bare.ok("library", "formats", name).stdout
    assert all(word in told for word in words)


def test_every_format_tells_its_own_story(bare):
    told = bare.ok("library", "formats", "--markdown").stdout
    sections = told.split("### ")[1:]
    assert [one.split("\n", 1)[0] for one in sections] == sorted(registry.names())
    stories = [one.split("\n\n", 2)[2].strip() for one in sections]
    assert all(len(story) > 60 for story in stories)
    assert len(set(stories)) == len(stories)


def test_an_unknown_name_is_a_usage_error(bare):
    assert "no known format" in bare.ok("library", "formats", "x", code=ExitCode.USAGE).stderr


def test_the_refusal_of_an_unknown_list_is_short_and_leads_on(bench):
    (bench.root / "letter.txt").write_text("Dear colleagues,\nplease find the list attached.\n")
    told = bench.ok(
        *("library", "import", "letter.txt", "--set", "s", "--kind", "benign"),
        code=ExitCode.HASH_SET,
    ).stderr
    assert "hashmatch library formats" in told
    assert "--mapping" in told
    assert "colleagues" not in told
    assert len(told) < 400
