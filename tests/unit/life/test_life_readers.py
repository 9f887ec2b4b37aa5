"""Readers go on while versions change: each look-up is answered by one version, wholly."""

import os
import signal

import pytest

from hashmatch.db.library import Library
from hashmatch.jobs import ingest, update
from hashmatch.model.hashes import Algorithm, Digest
from tests.library_maker import KEY
from tests.life_desk import LifeDesk, md5, table

ROUNDS = 50


def one(number):
    """Version ``number`` of a list: the constant record, and one that names the version."""
    return table([["md5", "note"], [md5("always"), ""], [md5(f"only in {number}"), ""]])


def read_on(folder, out):
    """Look up again and again: what never changes is always known, and exactly one round is."""
    digests = [Digest.parse(Algorithm.MD5, md5("always"))]
    digests += [Digest.parse(Algorithm.MD5, md5(f"only in {n}")) for n in range(ROUNDS + 1)]
    while True:
        library = Library.open(folder, KEY)
        (manifest,) = library.sets()
        with library.open_set(manifest.version) as installed:
            known = [bool(found) for found in installed.lookup(digests)]
        good = known[0] and sum(known[1:]) == 1
        os.write(out, b"." if good else b"!")


@pytest.fixture
def desk(tmp_path):
    return LifeDesk(tmp_path)


def test_a_reader_never_meets_anything_but_one_whole_version(desk):
    path = desk.write("l.csv", one(0))
    desk.take("l.csv")
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            read_on(desk.library.folder, writes)
        finally:
            os._exit(1)
    try:
        os.close(writes)
        seen = os.read(reads, 1)  # the reader is at work
        for number in range(1, ROUNDS + 1):
            path.write_text(one(number))
            request = update.Update("known", ingest.Reading((path,)))
            update.update(request, desk.library, desk.setting, lambda _: None)
        seen += os.read(reads, 1 << 16)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reads)
    assert set(seen) == {ord(".")}
    assert len(desk.library.versions("known")) == ROUNDS + 1
    for manifest in desk.library.versions("known"):
        with desk.library.open_set(manifest.version) as installed:
            installed.check()
