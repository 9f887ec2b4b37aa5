"""Files that are complete or absent: written under a temporary name, made durable, then renamed."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOWrapper
    from pathlib import Path


@contextmanager
def complete_file(target: Path, encoding: str = "utf-8") -> Iterator[TextIOWrapper]:
    """Open a text file that appears under its name only after the block ended without trouble.

    Line ends are written as given. On any trouble the temporary file is removed and nothing
    stands under the name that did not stand there before.

    Raises:
        OutputError: the file could not be written in full.
    """
    temporary = target.with_name(f".{target.name}.part")
    try:
        with temporary.open("w", encoding=encoding, newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
        durable.sync_folder(target.parent)
    except OSError as trouble:
        msg = (
            f"{target.name} could not be written in full ({trouble.strerror}):"
            " make room or choose another folder, then render the report again"
        )
        raise OutputError(msg) from trouble
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
