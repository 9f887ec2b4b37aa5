"""7z archives. The list of files is read by py7zr; their content here, while it is asked for.

Files of one packed stream come in the order in which they lie in it, so each is unpacked once.
"""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from hashmatch.evidence.members import methods, seven_zip_folder
from hashmatch.evidence.members.interface import Given, Inside, LeftOut, MemberError, Trouble
from hashmatch.evidence.members.left_out import rule_for
from hashmatch.evidence.members.moments import iso, since_1601
from hashmatch.evidence.members.seven_zip_folder import Passwords
from hashmatch.evidence.members.seven_zip_stream import PackedStream, Part
from hashmatch.evidence.members.unpacked import Stretch, followed, read_all, unpacked
from hashmatch.model.facts import Facts
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.secrets import Secrets

NAME = "7z"
TITLE = "7z archive"
HELP = "pip install 'hashmatch[archives]'"
MAGIC = b"7z\xbc\xaf\x27\x1c"
_UNIX = 0x8000
_TIMES = (
    ("modified", "lastwritetime"),
    ("accessed", "lastaccesstime"),
    ("created", "creationtime"),
)


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by how it begins."""
    return head.startswith(MAGIC)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:
    """Yield every member; see :class:`hashmatch.evidence.members.interface.Container`."""
    keys = Passwords(list(dict.fromkeys(secrets.passwords)))
    archive = _opened(stream, keys)
    files, parts = _described(archive, stream, keys)
    for number, one in enumerate(files):
        given = _empty(one, number) if one.emptystream else _given(one, number, next(parts, None))
        if given is not None:
            yield given
    last = archive.sig_header
    end = archive.afterheader + last.nextheaderofs + last.nextheadersize
    if next(parts, None) is not None or followed(stream, end):
        yield Trouble(b"", layer(NAME), Reason.DAMAGED_CONTAINER)


def _described(
    archive: Any,  # noqa: ANN401  # a library without types
    stream: BinaryIO,
    keys: Passwords,
) -> tuple[list[Any], Iterator[Part | Reason]]:
    """Give the files, and where the content of those that have some lies.

    Raises:
        MemberError: what is said of them does not fit together.
    """
    try:
        return list(getattr(archive, "files", ())), iter(list(_layout(archive, stream, keys)))
    except (AttributeError, IndexError, TypeError, ValueError):
        raise MemberError(Reason.DAMAGED_CONTAINER) from None


def _opened(stream: BinaryIO, keys: Passwords) -> Any:  # noqa: ANN401  # a library without types
    """Read the list of files, with the first password that opens it where it is encrypted.

    Raises:
        MemberError: it is damaged, or no password opens it.
    """
    reason = Reason.DAMAGED_CONTAINER
    for word in (None, *keys.words):
        stream.seek(0)
        archive = _tried(stream, word)
        if not isinstance(archive, Reason):
            if word is not None:
                keys.prefer(word)
            return archive
        if word is None:
            reason = archive
        if reason is not Reason.KEY_NEEDED:
            break
    raise MemberError(reason)


def _tried(stream: BinaryIO, word: bytes | None) -> Any:  # noqa: ANN401  # a library without types
    """Read the list of files with one password, or none; the reason where that does not do."""
    library = _library()
    password = None if word is None else word.decode("utf-8", "replace")
    try:
        return library.SevenZipFile(_Whole(stream), password=password)
    except MemberError as error:
        return error.reason
    except Exception as error:  # noqa: BLE001  # it raises anything at damage and wrong passwords
        reasons = {
            library.PasswordRequired: Reason.KEY_NEEDED,
            library.UnsupportedCompressionMethodError: Reason.UNSUPPORTED_CONTAINER,
            MemoryError: Reason.LIMIT_KEPT,
            OSError: Reason.IO,
        }
        fitting = (reason for kind, reason in reasons.items() if isinstance(error, kind))
        return next(fitting, Reason.DAMAGED_CONTAINER)


@cache
def _library() -> Any:  # noqa: ANN401  # a library without types
    """Give py7zr, without the methods in which no list of files is ever packed.

    Some unfold without bound, and damaged input destroys memory in that for PPMd.
    """
    library = methods.library("py7zr")
    known = methods.library("py7zr.compressor").algorithm_class_map
    constants = methods.library("py7zr.properties")
    for name in ("PPMD", "BROTLI", "ZSTD", "DEFLATE", "DEFLATE64", "BZIP2"):
        number = getattr(constants, f"FILTER_{name}", None)
        if number in known:
            known[number] = (known[number][0], None)
    return library


class _Whole(io.RawIOBase):
    """A stream that gives all it is asked for, as py7zr expects."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """It is read, and nothing else."""
        return True

    def seekable(self) -> bool:
        """It can go back."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read; short only at the end."""
        return self._stream.read() if size < 0 else read_all(self._stream, size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Where it stands."""
        return self._stream.tell()


def _layout(archive: Any, stream: BinaryIO, keys: Passwords) -> Iterator[Part | Reason]:  # noqa: ANN401
    """Give where the content of each file lies, in the order of the files that have some.

    For a file whose packed stream cannot be unpacked, the reason.
    """
    streams = getattr(archive.header, "main_streams", None)
    if streams is None:
        return
    pack, sub = streams.packinfo, streams.substreamsinfo
    place, first, number = archive.afterheader + pack.packpos, 0, 0
    for folder, count in zip(
        streams.unpackinfo.folders, sub.num_unpackstreams_folders, strict=True
    ):
        sizes = pack.packsizes[first : first + len(folder.packed_indices)]
        data = Stretch(place, sum(sizes))
        place, first = place + data.size, first + len(folder.packed_indices)
        files = range(number, number + count)
        number += count
        try:
            coders = seven_zip_folder.row(folder)
        except MemberError as error:
            yield from [error.reason] * count
            continue
        packed = PackedStream(stream, data, coders, keys)
        offset = 0
        for file in files:
            size = coders[-1].size if sub.unpacksizes is None else sub.unpacksizes[file]
            yield Part(packed, offset, size, sub.digests[file] if sub.digestsdefined[file] else -1)
            offset += size


def _empty(one: Any, number: int) -> Given | None:  # noqa: ANN401
    """Give a file without content; None for a folder."""
    if one.is_directory or one.filename.endswith("/"):
        return None
    return _inside(one, number, Part.empty())


def _given(one: Any, number: int, part: Part | Reason | None) -> Given:  # noqa: ANN401
    name = _name(one)
    if part is None or isinstance(part, Reason):
        return Trouble(name, layer(NAME, name, n=number), part or Reason.DAMAGED_CONTAINER)
    if (rule := rule_for(_mode(one), part.size)) is not None:
        return LeftOut(name, layer(NAME, name, n=number), rule)
    return _inside(one, number, part)


def _inside(one: Any, number: int, part: Part) -> Inside:  # noqa: ANN401
    name = _name(one)
    times = {
        name: since_1601(int(ticks))
        for name, key in _TIMES
        if (ticks := one.file_properties().get(key)) is not None
    }
    facts = Facts(times=tuple((name, iso(ns)) for name, ns in times.items())) if times else None
    where = layer(NAME, name, n=number)
    doubt = None if part.provable else Reason.KEY_NEEDED  # it may be what a wrong password gives
    modified = times.get("modified", 0)
    return Inside(name, where, part.size, lambda: unpacked(part.blocks()), modified, facts, doubt)


def _name(one: Any) -> bytes:  # noqa: ANN401
    """Give a name as bytes; halves of characters, which Windows allows, survive."""
    return str(one.filename).encode("utf-8", "surrogatepass")


def _mode(one: Any) -> int:  # noqa: ANN401
    """Give what Unix says of a file; 0 where it says nothing."""
    attributes = one.file_properties().get("attributes") or 0
    return attributes >> 16 if attributes & _UNIX else 0
