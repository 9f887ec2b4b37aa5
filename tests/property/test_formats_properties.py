"""Lists written by the rules of their format are read back without a change."""

import csv
import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.text import TextLines
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord, ListFacts

QUICK = settings(deadline=None, max_examples=150)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
CASES = st.sampled_from([str.upper, str.lower, str])


def digests(algorithm):
    return st.binary(min_size=algorithm.size, max_size=algorithm.size).map(
        lambda value: Digest(algorithm, value)
    )


SUMMED = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256, Algorithm.SHA384, Algorithm.SHA512)
"""What the tools of every system write; other kinds of one length are never guessed."""
ANY_DIGEST = st.sampled_from(SUMMED).flatmap(digests)
SUMS = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256, Algorithm.SHA384)
"""What a length alone names."""
SUM_DIGEST = st.sampled_from(SUMS).flatmap(digests)
PDQS = st.binary(min_size=32, max_size=32).map(lambda value: PerceptualHash(Method.PDQ, value))


def events(name, data, options=None):
    found = list(registry.by_name(name).read(io.BytesIO(data), options or ReadOptions()))
    return [event for event in found if not isinstance(event, ListFacts)]


class Pieces(io.RawIOBase):
    """Gives the bytes in pieces of the given sizes."""

    def __init__(self, data, sizes):
        self._inner = io.BytesIO(data)
        self._sizes = iter(sizes)

    def read(self, size=-1):
        return self._inner.read(min(size, next(self._sizes, size)))


@QUICK
@given(st.sampled_from(list(Algorithm)).flatmap(lambda a: st.lists(digests(a), min_size=1)), CASES)
def test_plain(values, change):
    data = "".join(f"{change(value.hex)}\n" for value in values).encode()
    read = events("plain", data, ReadOptions(algorithm=values[0].algorithm))
    assert [record.digests for record in read] == [(value,) for value in values]


def escaped(name):
    return name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


@QUICK
@given(st.lists(st.tuples(SUM_DIGEST, NAMES, st.booleans()), min_size=1), CASES)
def test_sums_as_gnu_tools_write_them(rows, change):
    text = ""
    for digest, name, tagged in rows:
        shown = escaped(name)
        mark = "\\" if shown != name else ""
        value = change(digest.hex)
        tag = digest.algorithm.upper()
        text += f"{mark}{tag} ({shown}) = {value}\n" if tagged else f"{mark}{value}  {shown}\n"
    read = events("sums", text.encode())
    assert [(record.digests, record.fields) for record in read] == [
        ((digest,), {"name": name}) for digest, name, _ in rows
    ]


@QUICK
@given(st.lists(st.tuples(SUM_DIGEST, NAMES), min_size=1))
def test_sums_ended_by_nul(rows):
    data = "".join(f"{digest.hex}  {name}\0" for digest, name in rows).encode()
    read = events("sums", data)
    assert [record.fields["name"] for record in read] == [name for _, name in rows]
    assert [record.digests for record in read] == [(digest,) for digest, _ in rows]


@QUICK
@given(
    st.lists(
        st.tuples(st.integers(0, 1 << 62), digests(Algorithm.MD5), digests(Algorithm.SHA256), TEXT)
    )
)
def test_hashdeep(rows):
    text = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n"
    text += "".join(f"{size},{one.hex},{two.hex},{name}\n" for size, one, two, name in rows)
    assert events("hashdeep", text.encode()) == [
        HashRecord(place, (one, two), size=size, fields={"name": name})
        for place, (size, one, two, name) in enumerate(rows, start=3)
    ]


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=20)


@QUICK
@given(
    st.lists(st.tuples(digests(Algorithm.MD5), digests(Algorithm.SHA1), CELLS, CELLS)),
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    ENCODINGS,
)
def test_csv_as_every_writer_quotes_it(rows, delimiter, quoting, end, encoding):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(["MD5", "note", "SHA-1", "Category"])
    writer.writerows([one.hex, note, two.hex, code] for one, two, note, code in rows)
    read = events("csv", text.getvalue().encode(encoding))
    assert [record.digests for record in read] == [(one, two) for one, two, _, _ in rows]
    assert [record.category for record in read] == [
        row[3] if row[3].strip() else None for row in rows
    ]
    assert [record.fields["note"] for record in read] == [note for _, _, note, _ in rows]


@QUICK
@given(st.lists(st.tuples(PDQS, st.booleans(), st.none() | TEXT), min_size=1))
def test_pdq(rows):
    text = ""
    for value, prefix, note in rows:
        text += ("hash=" if prefix else "") + value.value.hex()
        text += "\n" if note is None else f",{note}\n"
    assert [(record.perceptual, record.fields) for record in events("pdq", text.encode())] == [
        ((value,), {} if note is None else {"metadata": note}) for value, _, note in rows
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(0, 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MEDIA = st.fixed_dictionaries(
    {"MD5": digests(Algorithm.MD5)},
    optional={
        "SHA1": st.none() | digests(Algorithm.SHA1),
        "Category": st.none() | st.integers(0, 255) | st.integers(0, 255).map(str),
        "MediaID": st.integers(0, 1 << 31) | TEXT,
        "Extra": JSON,
        "Series": TEXT,
    },
)


@QUICK
@given(
    st.lists(MEDIA),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1]),
    ENCODINGS,
    st.randoms(use_true_random=False),
)
def test_vics_with_any_keys_in_any_order_and_shape(media, as_case, first, indent, encoding, random):
    written = []
    for one in media:
        items = [(k, v.hex.upper() if isinstance(v, Digest) else v) for k, v in one.items()]
        random.shuffle(items)
        written.append(dict(items))
    value = [{"CaseID": "1", "Media": written, "x": [1]}] if as_case else written
    envelope = {
        "value": value,
        "@odata.context": "ProjectVic/DataModels/2.0.xml/US/$metadata#Media",
    }
    items = list(envelope.items())
    data = json.dumps(dict(items if first else items[::-1]), indent=indent).encode(encoding)
    read = events("vics", data)
    assert [record.fields for record in read] == written
    assert [record.place for record in read] == list(range(1, len(media) + 1))
    for record, one in zip(read, media, strict=True):
        assert set(record.digests) == {v for v in one.values() if isinstance(v, Digest)}
        code = one.get("Category")
        assert record.category == (None if code is None else str(code))


@QUICK
@given(
    st.binary(max_size=120) | TEXT.map(lambda text: text.encode("utf-16")),
    st.lists(st.integers(1, 9)),
    st.integers(4, 40),
)
def test_lines_do_not_depend_on_the_pieces_in_which_they_are_read(data, sizes, maximum):
    whole = list(TextLines(io.BytesIO(data), ReadOptions(maximum_line=1000)))
    assert list(TextLines(Pieces(data, sizes), ReadOptions(maximum_line=1000))) == whole
    options = ReadOptions(maximum_line=maximum)
    assert list(TextLines(Pieces(data, sizes), options)) == [
        (number, None if line is None or len(line.encode()) > maximum else line)
        for number, line in whole
    ] or not _is_plain(data)


def _is_plain(data):
    """Only for pure ASCII without marks is a character a byte, and a line end one byte."""
    return data.isascii() and b"\r" not in data
