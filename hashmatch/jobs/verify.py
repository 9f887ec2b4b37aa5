"""Verify a case folder: nothing was altered, and what could not be checked is said.

Nothing is written, the evidence is not touched, and memory does not grow with the case.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hashmatch.cases import casefile
from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import checkpoint, checks, regular, sums, tail
from hashmatch.custody.audit import OLDER, Audit
from hashmatch.custody.checks import Verdict
from hashmatch.custody.keys import PublicKey, SigningKey
from hashmatch.errors import CaseError, CustodyError, UsageError
from hashmatch.jobs.case_record import CaseRecord, RunState
from hashmatch.jobs.verify_run import verify_run
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hashmatch.cases.casefile import CaseFile
    from hashmatch.custody.checkpoint import Checkpoint
    from hashmatch.custody.checks import Check

_CASE_FILE, _VERIFIER, _SIGNER = "case file", "verifier file", "signer"
_OTHERS, _NAMED = "other files", 5
_NO_OLDER = "none was given; pass one that you kept elsewhere with --against"
_NOT_ENDED = (
    "has not ended: it is still running, or was interrupted; repeat its scan to resume it, or "
    "give it up with scan --new-run"
)
_NO_LEDGER = "the ledger cannot be relied upon, and only it says how these should be"


def trusted_key(stated: Path | None, own: Path) -> PublicKey | None:
    """Find the key of the signer whom the user trusts.

    Args:
        stated: a public key file that the user named.
        own: the user's own signing key, trusted when no other is named; it need not exist.

    Raises:
        UsageError: the stated file is missing, cannot be read or holds no public key.
        CustodyError: the own key exists and cannot be used.
    """
    if stated is not None:
        try:
            return PublicKey.load(stated)
        except CustodyError as error:
            msg = f"the key you trust cannot be used: {error}"
            raise UsageError(msg) from None
    return SigningKey.load(own).public if own.exists() else None


def verify_case(
    folder: Path, *, trusted_key: PublicKey | None = None, against: Path | None = None
) -> list[Check]:
    """Check every line, digest and signature of a case.

    Args:
        folder: the case folder.
        trusted_key: the key that is known to be the signer's, from elsewhere than the case.
        against: an older checkpoint of this case, kept elsewhere than in the case.

    Returns:
        The checks in a fixed order; :func:`hashmatch.custody.checks.exit_code` sums them up.

    Raises:
        CaseError: there is no case in this folder.
        UsageError: there is no checkpoint in the file that was named as one.
    """
    held = _held(against) if against else None
    layout = CaseFolder(folder)
    _check_there(layout)
    case = _case_of(folder)
    key = _key_of(case)
    record = CaseRecord()
    audit = Audit(layout.ledger.parent, case.case_id if case else None, key)
    ledger = audit.run(record.add)
    holds = all(check.verdict is Verdict.PASS for check in ledger[:2])
    found = [
        *_opening(layout, case, record, holds=holds),
        checks.made("folders", lambda: _folders(layout)),
        *ledger,
        _signer(key, trusted_key),
        audit.extends(held) if held else checks.not_made(OLDER, _NO_OLDER, required=False),
        *_other_files(layout),
    ]
    if not holds:
        return [*found, checks.not_made("runs and reports", _NO_LEDGER)]
    return [
        *found,
        *_runs(layout, record),
        checks.made("reports", lambda: _reports(layout, record)),
        checks.not_made("source", "the evidence was not read again", required=False),
    ]


def _check_there(layout: CaseFolder) -> None:
    try:
        there = layout.file.is_file()
    except OSError as error:
        msg = f"the case folder {layout.root} cannot be entered: {error.strerror}"
        raise CaseError(msg) from None
    if not there:
        msg = f"no case in {layout.root}: expected the folder that 'hashmatch case open' made"
        raise CaseError(msg)


def _held(path: Path) -> Checkpoint:
    """Read the checkpoint that the user kept; it may lie behind a link, unlike one of the case."""
    try:
        with path.open("rb") as stream:
            return checkpoint.parse(stream.read(tail.LIMIT))
    except OSError as error:
        msg = f"the checkpoint {path} cannot be read: {error.strerror}"
    except ValueError as error:
        msg = f"{path} is {error}; pass a .ckpt file that you kept of this case"
    raise UsageError(msg)


def _case_of(folder: Path) -> CaseFile | None:
    try:
        return casefile.read(folder)
    except CaseError:
        return None  # the check of the case file says why


def _key_of(case: CaseFile | None) -> PublicKey | None:
    if case is None or case.public_key.name != checkpoint.origin_of(case.case_id):
        return None
    try:
        return PublicKey.from_pem(str(case.public_key.pem).encode())  # any JSON value
    except CustodyError:
        return None


def _opening(
    layout: CaseFolder, case: CaseFile | None, record: CaseRecord, *, holds: bool
) -> list[Check]:
    """Check the two files that the first entry pins; a ledger cut short of it pins nothing."""
    if not record.opening and not holds:
        return [checks.not_made(name, _NO_LEDGER) for name in (_CASE_FILE, _VERIFIER)]
    return [
        checks.made(_CASE_FILE, lambda: _case_file(layout, case, record)),
        checks.made(_VERIFIER, lambda: _verifier(layout, record)),
    ]


def _case_file(layout: CaseFolder, case: CaseFile | None, record: CaseRecord) -> str:
    digest = sums.digest(layout.file)
    if not record.opening:
        msg = "the ledger does not begin with the opening of the case"
        raise CustodyError(msg)
    if case is None or digest != record.opening.get("case_file_sha256"):
        msg = f"{layout.file.name} is not the one with which the case was opened"
        raise CustodyError(msg)
    return f"case {case.reference}, as it was opened"


def _verifier(layout: CaseFolder, record: CaseRecord) -> str:
    if sums.digest(layout.verifier) != record.opening.get("verifier_sha256"):
        msg = f"{layout.verifier.name} is not the one that was put into the case; do not run it"
        raise CustodyError(msg)
    return f"{layout.verifier.name} is the one that was put into the case"


def _folders(layout: CaseFolder) -> str:
    """A link could lead to files elsewhere that change after the case was handed over."""
    named = [layout.ledger.parent, layout.checkpoints, layout.runs, layout.reports]
    for folder in (*named, *sorted(layout.runs.iterdir())):
        if not regular.is_folder(folder):
            msg = f"{folder.relative_to(layout.root)} is not a folder of its own, as it must be"
            raise CustodyError(msg)
    return f"{', '.join(folder.name for folder in named)} and the runs lie in the case itself"


def _other_files(layout: CaseFolder) -> list[Check]:
    """Name what lies beside the record, so that nobody takes it for a part of the record."""
    parts = (layout.file, layout.ledger.parent, layout.runs, layout.reports)
    try:
        names = {path.name for path in layout.root.iterdir()} - {path.name for path in parts}
    except OSError as error:
        why = f"the case folder cannot be listed: {error.strerror}"
        return [checks.not_made(_OTHERS, why, required=False)]
    if not names:
        return []
    some = [shown(os.fsencode(name)) for name in sorted(names)[:_NAMED]]
    many = "1 entry that is" if len(names) == 1 else f"{len(names)} entries that are"
    why = f"{many} not part of the record: {', '.join(some)}{', ...' * (len(names) > _NAMED)}"
    return [checks.not_made(_OTHERS, why, required=False)]


def _signer(key: PublicKey | None, trusted: PublicKey | None) -> Check:
    if trusted is None:
        return checks.not_made(
            _SIGNER, "who signed is not known: pass the signer's key with --key PUBLIC.pem"
        )
    if key is None:
        return checks.not_made(_SIGNER, "the case file names no usable key")
    if key != trusted:
        return checks.failed(_SIGNER, "the case names another key than the one you trust")
    return checks.passed(_SIGNER, "the key of the case is the key you trust")


def _runs(layout: CaseFolder, record: CaseRecord) -> list[Check]:
    found = [checks.made("run folders", lambda: _run_folders(layout, record))]
    for run_id, run in record.runs.items():
        match run.state:
            case RunState.ENDED:
                found += verify_run(layout.run(run_id), run.body)
            case RunState.ABORTED:
                why = f"was given up ({run.body.get('reason')}); its files count for nothing"
                found.append(checks.not_made(f"run {run_id}", why, required=False))
            case RunState.STARTED:
                found.append(checks.not_made(f"run {run_id}", _NOT_ENDED))
    return found


def _run_folders(layout: CaseFolder, record: CaseRecord) -> str:
    if record.fault:
        raise CustodyError(record.fault)
    there = {path.name for path in layout.runs.iterdir()}
    if strays := there - record.runs.keys():
        msg = f"{layout.runs.name}/{min(strays)} is not in the ledger"
        raise CustodyError(msg)
    ended = {run_id for run_id, run in record.runs.items() if run.state is RunState.ENDED}
    if missing := ended - there:
        msg = f"the folder of run {min(missing)} is missing"
        raise CustodyError(msg)
    return f"{len(there)} there, {len(record.runs)} in the ledger"


def _reports(layout: CaseFolder, record: CaseRecord) -> str:
    for (run_id, name), digest in record.reports.items():
        if sums.digest(layout.reports / run_id / name) != digest:
            msg = f"report {name} of run {run_id} is not as it was written"
            raise CustodyError(msg)
    for path in _files_below(layout.reports):
        run_id, name = path.parent.name, path.name
        if path.parent.parent != layout.reports or (run_id, name) not in record.reports:
            msg = (
                f"{path.relative_to(layout.root)} is not in the ledger: it was put there, or"
                " 'hashmatch report' was interrupted; then render this report again"
            )
            raise CustodyError(msg)
    return f"{len(record.reports)} report files as they were written"


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield everything below that is not a folder; a link to one is not one."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from _files_below(path)
        else:
            yield path
