"""The identity of a case: one small file, written once and pinned by the ledger's first entry."""

from __future__ import annotations

import re
import shutil
import unicodedata
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import canonical
from hashmatch.errors import CaseError, OutputError
from hashmatch.model.people import Operator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = "hashmatch.case/1"
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signs checkpoints of this case: the note's key name and the key in PEM."""

    name: str
    pem: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Who opened which case, when. ``references`` are numbers other bodies gave to it."""

    case_id: str
    reference: str
    agency: str
    operator: str
    created: str
    public_key: PublicKey
    references: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for key, _ in self.references:
            if not _is_plain(key) or not unicodedata.is_normalized("NFC", key):
                msg = (
                    "the name of a reference must be 1 to 200 printable characters in UTF-8 and "
                    "Unicode NFC; give another one"
                )
                raise CaseError(msg)
        if len(dict(self.references)) != len(self.references):
            msg = "two references have the same name; give each another one"
            raise CaseError(msg)
        named = [("reference", self.reference), ("agency", self.agency)]
        named += [("operator", self.operator), *self.references]
        for key, value in named:
            require_plain(key, value)

    @property
    def opened_by(self) -> Operator:
        """The operator who opened the case; runs may name another one."""
        return Operator(self.operator, self.agency)

    def encode(self) -> bytes:
        """The file's bytes: one canonical JSON line."""
        return (
            canonical.encode(
                {
                    "schema": SCHEMA,
                    "id": self.case_id,
                    "reference": self.reference,
                    "agency": self.agency,
                    "operator": self.operator,
                    "references": dict(self.references),
                    "created": self.created,
                    "public_keys": [
                        {
                            "name": self.public_key.name,
                            "algorithm": "ed25519",
                            "pem": self.public_key.pem,
                        }
                    ],
                }
            )
            + b"\n"
        )


def require_plain(name: str, value: str) -> None:
    """Refuse a stated word that a record could not hold or a person could not read.

    Raises:
        CaseError: it is empty, too long, or has characters that are not printable text.
    """
    if not _is_plain(value):
        msg = f"the {name} must be 1 to 200 printable characters in UTF-8; give another one"
        raise CaseError(msg)


def _is_plain(words: str) -> bool:
    """Tell whether words can be written; bytes that were not UTF-8 arrive as lone surrogates."""
    return bool(_PLAIN.fullmatch(words) and words.strip())


def read(root: Path) -> CaseFile:
    """Read the case file of a case folder.

    Raises:
        CaseError: there is no case in this folder, or its file is not one that was written here.
    """
    path = CaseFolder(root).file
    try:
        line = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        msg = (
            f"no case in {root}: create it first with "
            f"'hashmatch case open {root} --reference ... --agency ... --operator ...'"
        )
        raise CaseError(msg) from None
    except OSError as error:
        msg = f"the case file {path} cannot be read: {error.strerror}"
        raise CaseError(msg) from None
    try:
        return _parse(canonical.decode(line.removesuffix(b"\n")))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        msg = f"{path} is not a case file that hashmatch wrote; restore it from a copy"
        raise CaseError(msg) from None


def _parse(fields: dict[str, object]) -> CaseFile:
    if fields["schema"] != SCHEMA:
        raise ValueError(SCHEMA)
    keys, references = fields["public_keys"], fields["references"]
    if not isinstance(keys, list) or not isinstance(references, dict):
        raise TypeError
    return CaseFile(
        case_id=str(fields["id"]),
        reference=str(fields["reference"]),
        agency=str(fields["agency"]),
        operator=str(fields["operator"]),
        created=str(fields["created"]),
        public_key=PublicKey(keys[0]["name"], keys[0]["pem"]),
        references=tuple((str(k), str(v)) for k, v in sorted(references.items())),
    )


def create(root: Path, case: CaseFile) -> None:
    """Make the folders of a new case and write its file.

    Raises:
        CaseError, OutputError: as :func:`creating`.
    """
    with creating(root, case):
        pass


@contextmanager
def creating(root: Path, case: CaseFile) -> Iterator[CaseFolder]:
    """Make the folders of a new case and its file, all on the disk before the block begins.

    If the block fails, what was made here is removed again, so that the same command can be
    repeated. A folder that was there before stays.

    Raises:
        CaseError: the folder exists and is not empty.
        OutputError: the folder or file cannot be written.
    """
    folder, content = CaseFolder(root), case.encode()
    with ExitStack() as undo:
        try:
            _make(root, undo)
            if any(root.iterdir()):
                msg = f"{root} is not empty: a case is opened in a new or empty folder"
                raise CaseError(msg)
            for sub in (folder.runs, folder.reports):
                sub.mkdir(mode=0o700)
                undo.callback(_remove, sub)
            folder.ledger.parent.mkdir(mode=0o700)
            undo.callback(shutil.rmtree, folder.ledger.parent, ignore_errors=True)
            durable.write_new(folder.file, content)
            undo.callback(folder.file.unlink, missing_ok=True)
            durable.sync_folder(root)
        except OSError as error:
            msg = f"the case folder {root} cannot be written: {error.strerror}"
            raise OutputError(msg) from None
        yield folder
        undo.pop_all()


def _make(root: Path, undo: ExitStack) -> None:
    """Make a folder and those above it, each with its name on the disk."""
    if root.is_dir():
        return
    _make(root.parent, undo)
    root.mkdir(mode=0o700)
    undo.callback(_remove, root)
    durable.sync_folder(root.parent)


def _remove(made: Path) -> None:
    """Take back a folder that was made here, unless somebody else put something into it."""
    with suppress(OSError):  # what stays, the next opening finds: the folder is not empty
        made.rmdir()
