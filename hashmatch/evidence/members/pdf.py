"""Pictures and attached files of PDF documents, as they were put in.

Every object is looked at, whether a page refers to it or not. Pictures that are files of their own
(JPEG, JPEG 2000) and attached files come byte for byte; of other pictures there are only samples,
which come as a plain picture with a doubt. Not given: pictures written into the drawing commands
of a page, what an earlier revision of the document replaced, and forms of compression that nothing
here unpacks, which are told.

Source: ISO 32000-1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from hashmatch.evidence.members import pdf_filters, pdf_samples
from hashmatch.evidence.members.interface import Inside, MemberError, Trouble
from hashmatch.evidence.members.library_errors import reasons
from hashmatch.evidence.members.pieces import held
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "pdf"
TITLE = "PDF document"
HELP = "pip install 'hashmatch[documents]'"
RANK = 80  # its mark may stand in what another kind holds: after every kind with a sign at byte 0

_MARK = b"%PDF-"
_WITHIN = 1024  # readers accept the mark anywhere in so many bytes
_FILES = {"/DCTDecode": "jpg", "/DCT": "jpg", "/JPXDecode": "jp2"}
_FAX = frozenset({"/CCITTFaxDecode", "/CCF"})
_MOST = 1 << 30  # bytes of one stream
_MOST_NAMES = 1_000_000
_GUESSED = re.compile(r"object (\d+ \d+), offset \d+\): recovered stream length")


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether the mark of PDF is near the beginning."""
    return _MARK in head[:_WITHIN]


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:
    """Yield pictures and attached files by number of object.

    See :class:`hashmatch.evidence.members.interface.Container`. Where the document had to be
    repaired to be read, an error comes after the last member: something may be missing. What has a
    length that the library had to guess has a doubt.
    """
    pdf = _opened(stream, secrets)
    try:
        with reasons():
            objects = list(pdf.objects)
            names = _names(objects)
            warnings = [str(one) for one in pdf.get_warnings()]
        guessed = {match[1] for one in warnings if (match := _GUESSED.search(one))}
        yield from _all(objects, names, guessed)
        with reasons():
            repaired = bool(warnings or pdf.get_warnings())
    finally:
        pdf.close()
    if repaired:
        raise MemberError(Reason.DAMAGED_CONTAINER)


def _opened(stream: BinaryIO, secrets: Secrets) -> Any:  # noqa: ANN401  # of a library
    with reasons():
        import pikepdf  # noqa: PLC0415  # optional, and slow to load

        pikepdf.settings.set_qpdf_limits(
            flate_max_memory=_MOST, png_max_memory=_MOST, run_length_max_memory=_MOST,
            tiff_max_memory=_MOST, doc_max_warnings=10_000,
        )  # fmt: skip
        for password in (b"", *secrets.passwords):
            stream.seek(0)
            try:
                return pikepdf.open(stream, password=password, inherit_page_attributes=False)
            except pikepdf.PasswordError:
                continue
    raise MemberError(Reason.KEY_NEEDED)


@dataclass(frozen=True, slots=True)
class _Content:
    """What an object holds, the ending of its name, and why it is no file of its own."""

    content: bytes
    ending: str
    doubt: Reason | None = None


def _all(
    objects: list[Any], names: dict[tuple[int, int], bytes], guessed: set[str]
) -> Iterator[Given]:
    import pikepdf  # noqa: PLC0415  # as above

    number = 0
    for one in objects:
        stem = "unknown"
        try:
            with reasons():
                if not isinstance(one, pikepdf.Stream) or not _wanted(one, names):
                    continue
                stem = f"{one.objgen[0]}-{one.objgen[1]}"
                name = names.get(one.objgen, b"")
                found = _attached(one) if _is_attached(one, names) else _picture(one)
                is_guess = f"{one.objgen[0]} {one.objgen[1]}" in guessed
        except MemberError as error:
            broken = stem.encode()
            yield Trouble(broken, layer(NAME, broken, n=number), error.reason)
        else:
            name = name or f"{stem}.{found.ending}".encode()
            where = layer(NAME, name, n=number, obj=stem)
            doubt = found.doubt or (Reason.DAMAGED_CONTAINER if is_guess else None)
            yield Inside(name, where, len(found.content), held(found.content), doubt=doubt)
        number += 1


def _wanted(one: Any, names: dict[tuple[int, int], bytes]) -> bool:  # noqa: ANN401
    return one.get("/Subtype") == "/Image" or _is_attached(one, names)


def _is_attached(one: Any, names: dict[tuple[int, int], bytes]) -> bool:  # noqa: ANN401
    return one.objgen in names or one.get("/Type") == "/EmbeddedFile"


def _names(objects: list[Any]) -> dict[tuple[int, int], bytes]:
    """Find how attached files are called, by the number of the object that holds them."""
    import pikepdf  # noqa: PLC0415  # as above

    names: dict[tuple[int, int], bytes] = {}
    for one in objects:
        if not isinstance(one, pikepdf.Dictionary):
            continue
        told = one.get("/Names")
        inline = list(told) if isinstance(told, pikepdf.Array) else []
        for entry in (one, *inline[:_MOST_NAMES]):
            if isinstance(entry, pikepdf.Dictionary) and "/EF" in entry:
                _name(entry, names)
    return names


def _name(entry: Any, names: dict[tuple[int, int], bytes]) -> None:  # noqa: ANN401
    import pikepdf  # noqa: PLC0415  # as above

    name = next((str(entry[key]) for key in ("/UF", "/F") if key in entry), "")
    files = entry["/EF"]
    if isinstance(files, pikepdf.Dictionary):
        for key in files.keys():  # noqa: SIM118  # it is no dict
            if isinstance(files[key], pikepdf.Stream):
                names[files[key].objgen] = name.encode("utf-8", "surrogatepass")


def _attached(one: Any) -> _Content:  # noqa: ANN401
    return _Content(pdf_filters.unpacked(one, _filters(one), _MOST), "bin")


def _picture(one: Any) -> _Content:  # noqa: ANN401
    filters = _filters(one)
    last = filters[-1] if filters else ""
    if last in _FILES:
        return _Content(pdf_filters.unpacked(one, filters[:-1], _MOST), _FILES[last])
    if last in _FAX:
        packed = pdf_filters.unpacked(one, filters[:-1], _MOST)
        return _Content(pdf_samples.fax(one, packed), "tif", Reason.NO_FILE)
    if pdf_samples.size(one) > _MOST:
        raise MemberError(Reason.LIMIT_SIZE)
    samples = pdf_filters.unpacked(one, filters, _MOST)
    return _Content(pdf_samples.picture(one, samples), "pnm", Reason.NO_FILE)


def _filters(one: Any) -> list[str]:  # noqa: ANN401
    import pikepdf  # noqa: PLC0415  # as above

    told = one.get("/Filter")
    if told is None:
        return []
    return [str(name) for name in told] if isinstance(told, pikepdf.Array) else [str(told)]
