"""Small benign lists to be checked, and what the rules say of them."""

import datetime
import hashlib
from pathlib import Path

from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs import lint
from hashmatch.linting import registry
from hashmatch.linting.acceptance import Acceptance
from hashmatch.linting.check import Terms
from hashmatch.linting.run import Plan
from hashmatch.linting.spool import Folder

TODAY = datetime.date(2026, 11, 23)
QUIET = frozenset({"HM108", "HM402", "HM902"})
"""Rules that say something about nearly every small list."""


def digest(name, word):
    return hashlib.new(name, f"benign {word}".encode()).hexdigest()


def row(word, **cells):
    usual = {"MD5": digest("md5", word), "SHA1": digest("sha1", word)}
    return usual | {"SHA256": digest("sha256", word), "Category": "1", "Size": "7"} | cells


def csv(*rows, columns=("MD5", "SHA1", "SHA256", "Category", "Size")):
    lines = [",".join(columns), *(",".join(one[name] for name in columns) for one in rows)]
    return "\n".join(lines) + "\n"


def folder():
    return Folder(Path("/tmp"), 0x1234_5678_9ABC_DEF0)


def check(
    *paths,
    select=(),
    ignore=(),
    acceptance=None,
    most=1000,
    words=None,
    show=False,
    **terms,
):
    """Apply the rules to files and give the report."""
    for name in ("previous", "benign"):
        if isinstance(terms.get(name), Path):
            terms[name] = lint.other_list(terms[name], folder())
    plan = Plan(
        Terms(TODAY, folder(), **terms),
        registry.chosen(tuple(select), tuple(ignore)),
        frozenset(select) & frozenset(registry.rules()),
        acceptance or Acceptance(TODAY),
        most,
        "0",
        show,
    )
    return lint.lint(lint.Request(paths, words or lint.Words(), plan))


def check_text(folder_, text, name="list.csv", algorithm=None, **terms):
    """Write a list and check it; pairs of rule and place, without the rules that always speak."""
    path = folder_ / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    words = lint.Words(None, ReadOptions(algorithm))
    return told(check(path, words=words, **terms))


def told(report, quiet=QUIET):
    return [
        (finding.rule.id, finding.place)
        for one in report.lists
        for finding in one.findings
        if finding.rule.id not in quiet
    ]
