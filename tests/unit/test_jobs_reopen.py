"""Items with hits are found again by their locators alone, or it is said which are not."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from hashmatch.custody import canonical
from hashmatch.errors import CustodyError
from hashmatch.evidence.file import FileSource
from hashmatch.evidence.folder import FolderSource
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.reopen import Reopened, reopen, with_places
from hashmatch.jobs.workers import Order
from hashmatch.model import locators
from hashmatch.model.profile import MemberLimits, Profile
from hashmatch.model.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hashmatch.jobs.windows import Numbered, Read


def line(n: int, place: str, content: bytes, **other: object) -> bytes:
    """A line of a file of hits, as far as it matters here."""
    where = locators.locator("EV01", place)
    digest = hashlib.sha256(content).hexdigest()
    value = {"n": n, "source": 0, "locator": where, "sha256": digest, "size": len(content)}
    return canonical.encode(value | other) + b"\n"


def test_each_item_is_found_again_or_named(tmp_path: Path) -> None:
    folder = tmp_path / "exhibit"
    folder.mkdir()
    for name in ("same", "changed", "gone"):
        (folder / name).write_bytes(name.encode())
    with zipfile.ZipFile(folder / "one.zip", "w") as one:
        one.writestr("a", b"only")
    inner = folder / "inner.zip"
    with zipfile.ZipFile(inner, "w") as two:
        two.writestr("x", b"deep")
    with zipfile.ZipFile(folder / "two.zip", "w") as two:
        for name in ("a", "b", "c"):
            two.writestr(name, name * 99)
        two.write(inner, "inner.zip")
    packed, whole = (folder / "inner.zip").read_bytes(), (folder / "two.zip").read_bytes()
    hits = tmp_path / "hits.jsonl"
    hits.write_bytes(
        line(0, "dir:/changed", b"changed")
        + line(1, "dir:/gone", b"gone")
        + line(2, "dir:/one.zip!zip:a;n=0", b"only")
        + line(3, "dir:/same", b"same")
        + line(3, "dir:/same", b"same", set="another")
        + line(4, "dir:/two.zip", whole)
        + line(5, "dir:/two.zip!zip:b;n=1", b"b" * 99)
        + line(6, "dir:/two.zip!zip:c;n=2", b"is not that")
        + line(7, "dir:/two.zip!zip:inner.zip;n=3!zip:x;n=0", b"deep")
        + line(8, "dir:/two.zip!zip:z;n=9", b"never there")
        + line(9, "dir:/inner.zip!zip:y;n=4", packed)
    )
    (folder / "changed").write_bytes(b"CHANGED")
    (folder / "gone").unlink()
    order = with_places(Order((FolderSource(bytes(folder)),), Wanted(), Limits()))
    with closing(Pool(order, 1)) as pool:
        found = reopen(pool, order, hits)
        hits.write_bytes(line(1, "dir:/same", b"same", source=1))
        with pytest.raises(CustodyError, match="exhibit"):
            reopen(pool, order, hits)
    assert (found.items, found.agreed, found.differed, found.unreachable) == (10, 5, 2, 3)
    assert found.missed == 5
    assert found.named == [
        ("EV01!dir:/changed", "other digests"),
        ("EV01!dir:/gone", "vanished"),
        ("EV01!dir:/two.zip!zip:c;n=2", "other digests"),
        ("EV01!dir:/two.zip!zip:z;n=9", "not found again"),
        ("EV01!dir:/inner.zip!zip:y;n=4", "vanished"),
    ]
    assert found.to_json()["items"] == 10


class Idle:
    """A pool that hands back what it is given to do."""

    def read(self, entries: Iterable[Numbered], *, more_bytes: int = 0) -> Iterator[list[Read]]:
        """Do nothing but look."""
        assert more_bytes == 0
        yield from ([] for _ in entries)


def test_without_hits_there_is_nothing_to_do(tmp_path: Path) -> None:
    hits = tmp_path / "hits.jsonl"
    hits.touch()
    order = with_places(Order((), Wanted(), Limits()))
    assert reopen(cast("Pool", Idle()), order, hits) == Reopened()


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"n": 1, "source": 0, "locator": "EV01!dir:/a", "sha256": "00"},
        {"n": 1, "source": "x", "locator": "EV01!dir:/a", "sha256": "00", "size": 1},
        {"n": 1, "source": 0, "locator": "EV01!dir:/%zz", "sha256": "00", "size": 1},
    ],
)
def test_a_file_of_hits_that_was_altered_is_refused(
    tmp_path: Path, value: dict[str, object]
) -> None:
    hits = tmp_path / "hits.jsonl"
    hits.write_bytes(canonical.encode(value) + b"\n")
    with pytest.raises(CustodyError, match=r"hits\.jsonl line 1"):
        reopen(cast("Pool", Idle()), Order((), Wanted(), Limits()), hits)


def test_members_of_what_is_large_have_the_limits_that_its_size_gives(tmp_path: Path) -> None:
    exhibit = tmp_path / "large.tar"
    contents = [bytes([n]) * 1_000_000 for n in range(9)]  # which gives 9 seconds of time
    with tarfile.open(exhibit, "w") as archive:
        for n, content in enumerate(contents):
            one = tarfile.TarInfo(f"{n}")
            one.size = len(content)
            archive.addfile(one, io.BytesIO(content))
    hits = tmp_path / "hits.jsonl"
    hits.write_bytes(
        line(0, "file:large.tar!tar:0;n=0", contents[0])
        + line(1, "file:large.tar!tar:8;n=8", contents[8])
    )
    # Twice the size is enough for all; twice the content of the hits, or the total, is not.
    limits = replace(MemberLimits(), total=100_000, times=2, seconds=0)
    sources = (FileSource(bytes(exhibit)),)
    profile = replace(Profile(), limits=limits)
    order = with_places(Order(sources, Wanted(), Limits(), profile=profile))
    with closing(Pool(order, 1)) as pool:
        found = reopen(pool, order, hits, exhibit.stat().st_size)
    assert (found.items, found.agreed, found.named) == (2, 2, [])
