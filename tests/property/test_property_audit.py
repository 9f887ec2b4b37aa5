"""An audit of any files by any lists: each file and each row ends once, and for a reason."""

import hashlib
import io
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from hashmatch.jobs.audit import Class, audit
from hashmatch.jobs.audit_known import Known, Row
from hashmatch.jobs.digest_places import Places
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import ItemError, Reason, Stage

ALGORITHMS = (Algorithm.MD5, Algorithm.SHA1, Algorithm.ED2K)
NAMES = ("a", "b", "c", "d")
CONTENTS = (b"", b"x", b"yy")


@dataclass(frozen=True)
class Files:
    """A source of named contents; None cannot be opened."""

    files: dict
    kind = "folder"
    location = b"/"

    def entries(self):
        for name, content in sorted(self.files.items()):
            yield Item(name.encode(), len(content or b""), 0, 0, (0, 0))

    def open(self, item):
        content = self.files[item.path.decode()]
        if content is None:
            raise ItemError(Stage.OPEN, Reason.PERMISSION)
        return io.BytesIO(content)

    trusted = True

    @property
    def readable(self):
        return (self.location,)

    def doubt(self, _wanted, _stream):
        return None

    def unchanged(self, item, stream):
        return True


def value(algorithm, content):
    if algorithm is Algorithm.ED2K:
        return "0" * 32  # not computed by an audit
    return getattr(hashlib, algorithm)(content).hexdigest()


@st.composite
def rows(draw):
    content = draw(st.sampled_from(CONTENTS))
    stated = draw(st.sets(st.sampled_from(ALGORITHMS), min_size=1))
    digests = {a: value(a, content) for a in sorted(stated)}
    if draw(st.integers(0, 4)) == 0:  # a damaged list: one value is another's
        digests[min(stated)] = value(min(stated), b"other")
    size = draw(st.sampled_from([None, len(content), 99]))
    return Row(draw(st.sampled_from(NAMES)), size, tuple(digests.items()))


files = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([*CONTENTS, None]))


def agrees(row, content):
    computed = {a: v for a, v in row.digests if a is not Algorithm.ED2K}
    same = all(value(a, content) == v for a, v in computed.items())
    return bool(computed) and same and row.size in {None, len(content)}


def shares(row, content):
    return any(a is not Algorithm.ED2K and value(a, content) == v for a, v in row.digests)


@given(files, st.lists(rows(), min_size=1, max_size=8))
def test_each_file_and_row_ends_once(present, known):
    computed = {a for row in known for a, _ in row.digests} - {Algorithm.ED2K}
    if not computed:
        return
    places = Places((Files(present),), (b"",))
    found = audit(places, Known(tuple(known), 0), 1)
    assert found.files.total() == len(present)
    assert found.rows.total() == len(known)
    ends = {line.name.decode(): line for line in found.lines if isinstance(line.name, bytes)}
    assert len(ends) == len(present)
    for name, content in present.items():
        if content is None:
            expected = Class.FAILED
        elif any(row.name == name and agrees(row, content) for row in known):
            expected = Class.MATCHED
        elif any(agrees(row, content) for row in known):
            expected = Class.MOVED
        elif any(shares(row, content) for row in known):
            expected = Class.PARTIAL
        else:
            expected = Class.NEW
        assert ends[name].ended is expected
    own = sum(present.get(row.name) is not None and agrees(row, present[row.name]) for row in known)
    assert found.rows[Class.MATCHED] == own
    assert found.rows[Class.MOVED] <= found.files[Class.MOVED]
    assert found.rows[Class.PARTIAL] <= found.files[Class.PARTIAL]
    left = [line.name for line in found.lines if isinstance(line.name, str)]
    assert len(left) == found.rows[Class.MISSING] + found.rows[Class.UNCHECKED]


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CONTENTS), min_size=1))
def test_what_was_listed_passes(present):
    known = tuple(
        Row(name, len(content), ((Algorithm.MD5, value(Algorithm.MD5, content)),))
        for name, content in present.items()
    )
    found = audit(Places((Files(present),), (b"",)), Known(known, 0), 1)
    assert found.passed
    assert found.files == found.rows == {Class.MATCHED: len(present)}


class Counted(tuple):
    """Rows that count how often somebody goes through all of them."""

    passes = 0

    def __iter__(self):
        Counted.passes += 1
        return super().__iter__()


def test_no_file_makes_it_go_through_all_rows():
    passes = []
    for count in (2, 40):
        present = {str(number): b"%d" % number for number in range(count)}
        known = Counted(
            Row(name, None, ((Algorithm.MD5, value(Algorithm.MD5, content)),))
            for name, content in present.items()
        )
        Counted.passes = 0
        assert audit(Places((Files(present),), (b"",)), Known(known, 0), 1).passed
        passes.append(Counted.passes)
    assert passes[0] == passes[1]
