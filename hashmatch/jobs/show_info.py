"""What is known of the one thing that a locator names: where it is, what it is, never content."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from hashmatch.cases import casefile
from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import lines
from hashmatch.errors import CaseError, CustodyError, EvidenceError, ExitCode, UsageError
from hashmatch.evidence import opening
from hashmatch.evidence.members import rar
from hashmatch.evidence.opening import Wishes
from hashmatch.jobs import look, show_case
from hashmatch.jobs.confinement.levels import Mode
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.unpacker import offered
from hashmatch.model import locators, names
from hashmatch.model.outcomes import Failed, Reading, Reason
from hashmatch.model.profile import Profile
from hashmatch.model.secrets import Secrets

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.cases.layout import RunFolder
    from hashmatch.model.evidence import Source
    from hashmatch.model.locators import Layer
    from hashmatch.model.outcomes import Member, Picture, Video
    from hashmatch.model.records import Json


Hits: TypeAlias = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked for: a locator, and which source its exhibit is.

    ``case`` and ``run`` say which source a run recorded under that exhibit; ``source`` says where
    the evidence is now, and needs no case. ``form`` as scans have it.
    """

    locator: str
    case: Path | None = None
    run: str | None = None
    source: Path | None = None
    form: str | None = None
    secrets: Secrets = field(default_factory=Secrets)
    limits: Limits = field(default_factory=Limits)
    confine: Mode = Mode.AUTO


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known.

    ``exhibit`` says what the source is; ``found`` is what a look at the evidence gave; ``hits``
    are the lines that the run recorded about it.
    """

    locator: str
    layers: tuple[Layer, ...]
    exhibit: dict[str, Json]
    found: Member
    hits: Hits

    @property
    def modified(self) -> str:
        """When it was changed last, in UTC; empty where its facts say that, or nothing does."""
        stated = self.found.facts is not None and self.found.facts.times
        if stated or not self.found.modified_ns:
            return ""
        seconds, rest = divmod(self.found.modified_ns, 10**9)
        try:
            moment = datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError, ValueError):  # no year that a calendar has
            return ""
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"

    @property
    def agrees(self) -> bool | None:
        """Whether its digest is the one that the run recorded; None where none is known."""
        recorded = {line.get("sha256") for line in self.hits}
        read = self.found.read
        if not recorded or not isinstance(read, Reading):
            return None
        return recorded == {digest.hex for digest in read.digests if digest.algorithm == "sha256"}

    def exit_code(self) -> ExitCode:
        """Say whether it could be read, and is what was recorded."""
        whole = isinstance(self.found.read, Reading) and self.agrees is not False
        return ExitCode.CLEAR if whole else ExitCode.INCOMPLETE

    def to_json(self) -> dict[str, Json]:
        """Give it as one JSON value."""
        read, facts = self.found.read, self.found.facts
        value: dict[str, Json] = {
            "locator": self.locator,
            "id": locators.item_id(self.locator),
            "exhibit": self.exhibit,
            "steps": [_step(one) for one in self.layers],
            "size": self.found.size,
            "modified": self.modified or None,
        }
        if facts is not None:
            value["facts"] = facts.to_json()
        if isinstance(read, Reading):
            value["digests"] = {str(one.algorithm): one.hex for one in read.digests}
            value["partial"] = read.partial and str(read.partial)
            value["picture"] = _picture(read.picture) if read.picture else None
            value["video"] = _video(read.video) if read.video else None
        elif isinstance(read, Failed):
            value["failed"] = {"stage": str(read.stage), "reason": str(read.reason)}
        else:
            value["skipped"] = str(read.rule)
        value["hits"] = [*self.hits]
        value["as_recorded"] = self.agrees
        return value


def show(request: Request) -> Shown:
    """Find what a locator names, and what is known of it.

    Raises:
        UsageError: it is no locator, or nothing says which source is meant.
        CaseError: there is no such case, run or exhibit.
        EvidenceError: the locator leads nowhere, or the source cannot be used.
    """
    try:
        label, layers = locators.parse(request.locator)
    except ValueError as error:
        raise UsageError(names.shown(str(error))) from None
    exhibit: dict[str, Json] = {}
    hits: Hits = ()
    if request.case is not None:
        run, hits = _run(request.case, request.run, request.locator)
        exhibit = _exhibit(run, label)
    source = _source(request, exhibit)
    archives = any(layer.kind == rar.NAME for layer in layers)
    beside = offered(Profile(), request.limits) if archives else None
    question = look.Question(source, layers, request.secrets, request.limits, unpacker=beside)
    found = look.look(question, request.confine.target, request.confine.least)
    if isinstance(found.read, Failed) and found.read.reason is Reason.VANISHED:
        where = names.shown(source.location)
        told = f", {label} of run {exhibit['run']}" if exhibit else ""
        msg = f"the locator leads nowhere in {where}{told}: there is no such entry"
        raise EvidenceError(msg)
    about: dict[str, Json] = {"label": label, "kind": source.kind}
    about |= names.to_json(source.location, "location")
    about |= {key: exhibit[key] for key in ("form", "run") if key in exhibit}
    return Shown(request.locator, layers, about, found, hits)


def _run(case: Path, run_id: str | None, locator: str) -> tuple[RunFolder, Hits]:
    """Give a run that has ended, and its hits with a locator.

    Unless one is named it is the last with such a hit, else the last: each run counts its exhibits
    anew, and the same locator may lead to another medium.
    """
    casefile.read(case)
    ended = [one["run"] for one in show_case.show(case)["runs"] if one["status"] == "complete"]
    if not ended or (run_id is not None and run_id not in ended):
        which = "run that ended" if run_id is None else f"run {names.shown(run_id)} that ended"
        msg = f"there is no {which} in {names.shown(str(case))}"
        raise CaseError(msg)
    runs = [CaseFolder(case).run(one) for one in ([run_id] if run_id else reversed(ended))]
    with_hits = ((run, found) for run in runs if (found := _hits(run, locator)))
    return next(with_hits, (runs[0], ()))


def _hits(run: RunFolder, locator: str) -> Hits:
    return tuple(one for one in lines.objects(run.hits) if one["locator"] == locator)


def _exhibit(run: RunFolder, label: str) -> dict[str, Any]:
    """Find what a run recorded of one of its sources."""
    try:
        record: dict[str, Any] = next(lines.objects(run.record), {})
        for index, one in enumerate(record["sources"]):
            if locators.label(index) == label:
                return {**one, "run": run.run_id}
    except (OSError, LookupError, TypeError, ValueError):
        msg = f"the record of run {run.run_id} is not as a run writes it"
        raise CustodyError(msg) from None
    msg = f"run {run.run_id} has no exhibit {names.shown(label)}"
    raise CaseError(msg)


def _source(request: Request, exhibit: dict[str, Any]) -> Source:
    form = request.form or str(exhibit.get("form", ""))
    if request.source is not None:
        location = os.path.realpath(os.fsencode(request.source))
    elif exhibit:
        location = names.from_json(exhibit, "location")
        form = form or (opening.FILE if exhibit.get("kind") == "file" else "")
    else:
        msg = "say which source is meant: --case CASE, or --source PATH"
        raise UsageError(msg)
    return opening.source_of(location, Wishes(form or opening.AUTO, request.secrets))


def _step(one: Layer) -> dict[str, Json]:
    value: dict[str, Json] = {"kind": one.kind}
    if one.path is not None:
        value |= names.to_json(one.path)
    if one.keys:
        keys = {key: True if said is None else names.shown(said) for key, said in one.keys}
        value["keys"] = dict(keys)
    return value


def _picture(picture: Picture) -> dict[str, Json]:
    trouble = picture.trouble or picture.damage
    return {
        "kind": picture.kind,
        "width": picture.width,
        "height": picture.height,
        "frames": picture.frames,
        "trouble": trouble and str(trouble),
    }


def _video(video: Video) -> dict[str, Json]:
    return {"kind": video.kind}
