"""The line of an entry that gave digests and nothing else, written in one step.

Most files are no pictures and agree with nothing. For them building a value and giving it its
canonical form takes longer than all else that is done here; the bytes are the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hashmatch.model import locators, names
from hashmatch.model.outcomes import Examined

if TYPE_CHECKING:
    from hashmatch.model.outcomes import Outcome

_quoted = json.JSONEncoder(ensure_ascii=False).encode
_sorted = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def of(n: int, source: int, outcome: Outcome) -> bytes | None:
    """Give the line of ``outcomes.jsonl`` without its end, where that is all there is to write.

    Returns:
        What the canonical form of :func:`hashmatch.cases.lines.outcome_line` is; None for an entry
        that may have lines of other kinds, or two digests of one algorithm.
    """
    if not isinstance(outcome, Examined) or outcome.hits:
        return None
    reading = outcome.reading
    if reading.picture is not None or reading.video is not None or reading.partial is not None:
        return None
    digests = sorted([f'"{one.algorithm.value}":"{one.value.hex()}"' for one in reading.digests])
    if len({one.algorithm for one in reading.digests}) != len(digests):
        return None
    path = ",".join(
        [f'"{key}":{_quoted(text)}' for key, text in names.to_json(outcome.path).items()]
    )
    facts = where = ""
    if outcome.facts is not None:
        facts = f'"facts":{_sorted(outcome.facts.to_json())},'
    if outcome.place:
        named = locators.locator(locators.label(source), outcome.place)
        where = f'"locator":{_quoted(named)},'
    return (
        f'{{"digests":{{{",".join(digests)}}},{facts}"hits":0,{where}'
        f'"modified_ns":{outcome.modified_ns},"n":{n},'
        f'"outcome":"examined",{path},"size":{outcome.size},"source":{source}}}'
    ).encode()
