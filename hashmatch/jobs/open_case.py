"""Open a case: its folder, its identity, the first signed entry of its ledger."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.cases import casefile
from hashmatch.cases.casefile import CaseFile, PublicKey
from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import entry, standalone
from hashmatch.custody.checkpoint import origin_of
from hashmatch.custody.ids import uuid7
from hashmatch.custody.keys import SigningKey
from hashmatch.custody.ledger import Author, Ledger
from hashmatch.errors import CaseError, OutputError
from hashmatch.jobs.case_record import OPENING

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.model.people import Operator, Setting


@dataclass(frozen=True, slots=True)
class Opening:
    """What the operator states about a new case."""

    reference: str
    agency: str
    operator: str
    references: tuple[tuple[str, str], ...] = ()


def open_case(root: Path, opening: Opening, setting: Setting, signing_key: Path) -> CaseFile:
    """Make a case folder and begin its ledger.

    The signing key is made if there is none yet. A verifier that needs nothing but Python is
    put beside the ledger. If anything fails, what was made of the case is removed again, so that
    the same call can be repeated; a new signing key stays and is used then.

    Raises:
        CaseError: the folder is not empty, or a stated text cannot be kept as it is.
        CustodyError: the signing key cannot be used.
        OutputError: the folder cannot be written.
    """
    key = _key(signing_key, setting)
    case_id = uuid7(setting.clock(), setting.entropy)
    case = CaseFile(
        case_id=case_id,
        reference=opening.reference,
        agency=opening.agency,
        operator=opening.operator,
        created=entry.instant(setting.clock()),
        public_key=PublicKey(origin_of(case_id), key.public.pem),
        references=opening.references,
    )
    with casefile.creating(root, case) as folder:
        _begin(folder, case, Author(case_id, key, case.opened_by, setting))
    return case


def _begin(folder: CaseFolder, case: CaseFile, author: Author) -> None:
    """Begin the ledger; everything else is on the disk before its first entry is."""
    verifier = standalone.source()
    with Ledger.create(folder.ledger.parent, author) as new:
        try:
            durable.write_new(folder.verifier, verifier)
            durable.sync_folder(folder.verifier.parent)
        except OSError as error:
            msg = f"{folder.verifier} could not be written: {error.strerror}"
            raise OutputError(msg) from None
        new.append(
            OPENING,
            {
                "case_file_sha256": hashlib.sha256(case.encode()).hexdigest(),
                "verifier_sha256": hashlib.sha256(verifier).hexdigest(),
                "reference": case.reference,
                "agency": case.agency,
                "operator": case.operator,
            },
        )


def _key(path: Path, setting: Setting) -> SigningKey:
    return SigningKey.load(path) if path.exists() else SigningKey.create(path, setting.entropy)


def ledger_of(
    root: Path, setting: Setting, signing_key: Path, operator: Operator | None = None
) -> Ledger:
    """Open the ledger of an existing case for writing; nobody else may write meanwhile.

    Args:
        root: the case folder.
        setting: clock, chance and machine.
        signing_key: file of the key that signs this case's checkpoints.
        operator: who acts, if not the one who opened the case.

    Raises:
        CaseError: no case, or it is signed with another key than this user's.
        CustodyError: the ledger does not verify or is in use.
    """
    case = casefile.read(root)
    key = SigningKey.load(signing_key)
    if key.public.pem != case.public_key.pem:
        msg = (
            f"the case in {root} is signed with another key than {signing_key}; "
            "use the key of the operator who opened it"
        )
        raise CaseError(msg)
    author = Author(case.case_id, key, operator or case.opened_by, setting)
    return Ledger.open(CaseFolder(root).ledger.parent, author)
