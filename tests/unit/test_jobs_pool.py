"""Workers die, hang and answer in any order; results stay complete and in order."""

import hashlib
import os
from contextlib import closing
from dataclasses import replace

import pytest
from PIL import Image

from hashmatch.evidence.folder import FolderSource
from hashmatch.jobs import shares, windows
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.examine import Limits, examine
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.workers import Order
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Failed, Reading, Reason, Rule, Skipped, Stage
from hashmatch.model.secrets import Secrets
from hashmatch.model.wanted import Wanted
from tests.fakes import ScarceSource, TrickySource, item


def read(tmp_path, names, workers=2, *, target=Level.PROCESSES, **options):
    """Unconfined unless stated: the source itself must write down what it has done."""
    source = TrickySource(str(tmp_path))
    order = Order((source,), Wanted((Algorithm.SHA256,)), Limits(), target)
    entries = [(0, n if isinstance(n, Skipped | Failed) else item(n)) for n in names]
    with closing(Pool(order, workers, **options)) as pool:
        return [result for results in pool.read(entries) for _, _, result, _ in results]


def content(result):
    assert isinstance(result, Reading)
    return result.digests[0].value


def sha256(name):
    return hashlib.sha256(name).digest()


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(windows, "BATCH_ITEMS", 4)


@pytest.mark.parametrize("target", Level)
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_entries_for_any_workers(tmp_path, workers, target):
    names = [b"file %d" % n for n in range(50)]
    results = read(tmp_path, names, workers, target=target)
    assert [content(r) for r in results] == [sha256(n) for n in names]


def test_entries_that_are_no_items_pass_in_their_place(tmp_path):
    link = Skipped(b"link", Rule.SYMLINK)
    results = read(tmp_path, [link, b"a", link, link, link, link, link, b"b"])
    assert [r is link or content(r) for r in results] == [
        True,
        sha256(b"a"),
        True,
        True,
        True,
        True,
        True,
        sha256(b"b"),
    ]


def test_nothing_to_read_gives_nothing(tmp_path):
    assert read(tmp_path, []) == []


@pytest.mark.parametrize("target", Level)
def test_an_item_that_kills_its_worker_costs_only_itself(tmp_path, target):
    names = [b"a", b"b", b"kill-always", b"c", b"d", b"e"]
    results = read(tmp_path, names, target=target)
    assert results[2] == Failed(b"kill-always", Stage.READ, Reason.WORKER_DIED)
    assert [content(r) for r in results[:2] + results[3:]] == [
        sha256(n) for n in (b"a", b"b", b"c", b"d", b"e")
    ]


def test_an_item_whose_worker_was_killed_from_outside_is_read_again(tmp_path):
    results = read(tmp_path, [b"a", b"kill-once", b"b"])
    assert [content(r) for r in results] == [sha256(n) for n in (b"a", b"kill-once", b"b")]


def test_an_item_alone_in_its_batch_is_read_again_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(windows, "BATCH_ITEMS", 1)
    results = read(tmp_path, [b"kill-once"], workers=1)
    assert results[0].picture is None
    assert content(results[0]) == sha256(b"kill-once")


@pytest.mark.parametrize("target", Level)
def test_an_item_that_takes_for_ever_is_given_up(tmp_path, target):
    results = read(tmp_path, [b"a", b"hang", b"b"], base_seconds=1.0, target=target)
    assert results[1] == Failed(b"hang", Stage.READ, Reason.TIME_LIMIT)
    assert [content(r) for r in (results[0], results[2])] == [sha256(b"a"), sha256(b"b")]


def test_trouble_with_an_item_is_its_result(tmp_path):
    locked, changed = read(tmp_path, [b"locked", b"changed"])
    assert locked == Failed(b"locked", Stage.OPEN, Reason.PERMISSION)
    assert changed == Failed(b"changed", Stage.READ, Reason.CHANGED)


def test_a_worker_that_is_stopped_from_outside_costs_nothing_but_time(tmp_path):
    names = [b"stop-once", *(b"%d" % n for n in range(20))]
    results = read(tmp_path, names, workers=1, base_seconds=0.5)
    assert [content(r) for r in results] == [sha256(n) for n in names]


def test_what_a_lost_worker_had_not_begun_is_decoded_by_the_next(tmp_path):
    names = [b"%d" % n for n in range(8)]
    names[1] = b"kill-always"
    results = read(tmp_path, names, workers=1)
    assert results.pop(1) == Failed(b"kill-always", Stage.READ, Reason.WORKER_DIED)
    assert [content(r) for r in results] == [sha256(n) for n in names if n != b"kill-always"]


def test_an_item_that_takes_long_is_not_blamed_for_those_before_it(tmp_path):
    names = [b"slow %d" % n for n in range(4)]  # together longer than the time for one
    results = read(tmp_path, names, workers=1, base_seconds=1.5)
    assert [content(r) for r in results] == [sha256(n) for n in names]
    assert not (tmp_path / "slow twice").exists()


def test_a_worker_may_try_passwords_as_long_as_they_are_tried(tmp_path):
    order = Order((TrickySource(str(tmp_path)),), Wanted((Algorithm.SHA256,)), Limits())
    order = replace(order, target=Level.PROCESSES, secrets=Secrets((b"word",)))
    with closing(Pool(order, 1, base_seconds=0.1)) as pool:
        ((*_, result, _),) = (one for found in pool.read([(0, item(b"slow"))]) for one in found)
    assert content(result) == sha256(b"slow")


@pytest.mark.parametrize("turns", [False, True])
def test_of_one_turning_disk_one_large_item_is_read_at_a_time(tmp_path, monkeypatch, turns):
    monkeypatch.setattr(shares.disks, "turns", lambda _: turns)
    names = [b"large %d" % n for n in range(4)]
    source = TrickySource(str(tmp_path))
    order = Order((source,), Wanted((Algorithm.SHA256,)), Limits(), Level.PROCESSES)
    most, wide = 0, []
    with closing(Pool(order, 2)) as pool:
        give = pool._give

        def given(busy, share, **how):
            nonlocal most
            give(busy, share, **how)
            wide.append(how["wide"])
            most = max(most, sum(bool(one.shares) for one in pool._crew.values()))

        monkeypatch.setattr(pool, "_give", given)
        entries = [(0, item(name, windows.BATCH_BYTES + 1)) for name in names]
        results = [result for reads in pool.read(entries) for _, _, result, _ in reads]
    assert [content(r) for r in results] == [sha256(n) for n in names]
    assert most == (1 if turns else 2)
    assert wide == [False, False, False, True]


def test_copies_have_the_results_that_they_would_have_alone(tmp_path):
    drawn = Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 50)
    for name in "abcdef":
        drawn.save(tmp_path / name, "PNG")
    (tmp_path / "g").write_bytes((tmp_path / "a").read_bytes()[:-9] + b"otherwise")
    source = FolderSource(os.fsencode(tmp_path))
    items = [entry for entry in source.entries() if isinstance(entry, Item)]
    order = Order((source,), Wanted(), Limits(), Level.PROCESSES)
    with closing(Pool(order, 2, span=windows.Span(entries=1))) as pool:
        entries = [(0, one) for one in items]
        results = [result for reads in pool.read(entries) for _, _, result, _ in reads]
    assert results == [examine(source, one, Wanted(), Limits()).result for one in items]


def test_frames_for_which_a_worker_has_no_memory_are_seen_by_a_fresh_one(tmp_path):
    drawn = [Image.effect_mandelbrot((64, 64), (-2 + k, -1, 1, 1), 50) for k in range(3)]
    drawn[0].save(tmp_path / "a", "GIF", save_all=True, append_images=drawn[1:])
    gif = (tmp_path / "a").read_bytes()
    source = ScarceSource(str(tmp_path), gif)
    order = Order((source,), Wanted((Algorithm.SHA256,)), Limits(), Level.PROCESSES)
    entries = [(0, item(name, len(gif))) for name in (b"a", b"b")]
    with closing(Pool(order, 1)) as pool:
        found = [result for results in pool.read(entries) for _, _, result, _ in results]
    whole = examine(source, entries[0][1], order.wanted, order.limits).result
    assert {one.rendering for one in whole.picture.hashes} == {"stored", "frame-2", "frame-3"}
    assert found == [whole, whole]
    assert (tmp_path / "scarce").exists()
