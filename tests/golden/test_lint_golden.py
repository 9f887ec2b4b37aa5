"""The outputs of one small list, byte for byte; --update-golden writes them anew."""

import io
from pathlib import Path

import pytest

from hashmatch.linting import registry
from tests.lint_lists import check, csv, row

GOLDEN = Path(__file__).parent / "lint"
NAMES = ("text", "json", "jsonl", "sarif", "junit", "github", "gitlab", "markdown")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "th"])
def test_output_is_as_it_was(name, language, tmp_path, monkeypatch, update_golden):
    monkeypatch.chdir(tmp_path)
    rows = [row("a"), row("a"), row("b", MD5="0" * 32), row("c", SHA1=row("c")["SHA1"][1:])]
    Path("list.csv").write_text(csv(*rows, row("a", Category="2")))
    Path("broken.csv").write_text("nothing\n")
    stream = io.StringIO()
    report = check(Path("list.csv"), Path("broken.csv"))
    for one in report.lists:
        if one.broken:  # the rest of the sentence belongs to others
            one.broken = one.broken.partition("as a hash list")[0]
    registry.outputs()[name].write(report, stream, language)
    path = GOLDEN / f"{name}.{language}.txt"
    if update_golden:
        path.write_text(stream.getvalue())
    assert stream.getvalue() == path.read_text()
