import json
import os
import resource
import shutil
import stat
import sys

import pytest

from hashmatch.db.keys import LibraryKey
from hashmatch.db.library import CURRENT, LIBRARY, SETS, Library
from hashmatch.db.manifest import EXACT, MANIFEST, RECORDS
from hashmatch.db.staging import PREFIX, locked
from hashmatch.db.verification import verify
from hashmatch.errors import HashSetError, OutputError, UsageError
from hashmatch.model.hashes import Algorithm, Digest, Method
from tests.library_maker import (
    KEY,
    clock,
    description,
    digests,
    entropy_from,
    install,
    list_file,
    make_library,
    pdq,
    record,
)

PARTS = [EXACT, RECORDS, "near-pdq.idx"]


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path)


def records(count=10, first=0):
    return [record(n, perceptual=(pdq(n),)) for n in range(first, first + count)]


def tree(folder):
    return {path: path.is_dir() or path.read_bytes() for path in sorted(folder.rglob("*"))}


def answers(library, number):
    """What the current sets say about a file: set name and record, by name."""
    found = []
    for manifest in library.sets():
        with library.open_set(manifest.version) as installed:
            found += [(manifest.name, n) for n in installed.lookup(digests(number))[0]]
    return found


def test_a_new_library_is_private_and_empty(library):
    assert library.sets() == []
    assert stat.S_IMODE(library.folder.stat().st_mode) == 0o700
    assert {path.name for path in library.folder.iterdir()} == {LIBRARY, CURRENT, SETS}


def test_a_library_is_opened_as_it_was_made(library):
    assert Library.open(library.folder, KEY) == library


def test_a_library_is_not_made_over_anything_else(library, tmp_path):
    with pytest.raises(UsageError, match="is not empty"):
        Library.create(library.folder, KEY, clock=clock, entropy=entropy_from(1))
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="could not be written"):
        Library.create(tmp_path / "file", KEY, clock=clock, entropy=entropy_from(1))


def test_a_library_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        Library.create(tmp_path / "file" / "below", KEY, clock=clock, entropy=entropy_from(1))


def test_a_folder_without_a_library_says_how_to_make_one(tmp_path):
    with pytest.raises(HashSetError, match="is not a library; make one with"):
        Library.open(tmp_path, KEY)


def test_every_file_and_folder_is_private(library):
    install(library, records())
    for path in library.folder.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_an_installed_set_holds_exactly_its_files(library):
    manifest = install(library, records())
    folder = library.folder / SETS / manifest.version
    assert {path.name for path in folder.iterdir()} == {MANIFEST, *PARTS}
    assert set(manifest.parts) == set(PARTS)


def test_a_set_without_perceptual_hashes_has_no_near_file(library):
    manifest = install(library, [record(1)])
    assert set(manifest.parts) == {EXACT, RECORDS}
    with library.open_set(manifest.version) as installed:
        assert not installed.has_near()


def test_look_ups_give_records_and_records_give_everything(library):
    manifest = install(library, records(100))
    with library.open_set(manifest.version) as installed:
        assert installed.lookup([*digests(7), *digests(1000)]) == [[7], [7], [], []]
        assert installed.lookup([]) == []
        assert installed.search_near(Method.PDQ, [pdq(8).value, pdq(1000).value], 31) == [(0, 8, 0)]
        assert installed.record(7).entry == "media-7"
        assert installed.record(7).digests == digests(7)


def test_a_large_set_finds_near_hashes_as_a_small_one(library, monkeypatch):
    monkeypatch.setattr("hashmatch.db.near_lay_out.SCANNED", 10)
    monkeypatch.setattr("hashmatch.db.near.Index.in_a_row", 1e9)
    manifest = install(library, records(100))
    with library.open_set(manifest.version) as installed:
        asked = [pdq(8).value, bytes([pdq(9).value[0] ^ 7]) + pdq(9).value[1:], pdq(1000).value]
        assert installed.search_near(Method.PDQ, asked, 31) == [(0, 8, 0), (1, 9, 3)]
        assert installed._near[Method.PDQ]._slots is not None
        verify(installed)


def test_the_same_value_under_another_algorithm_is_no_agreement(library):
    one = record(1, digests=(Digest(Algorithm.SHA256, bytes(range(32))),))
    manifest = install(library, [one])
    with library.open_set(manifest.version) as installed:
        assert installed.lookup(one.digests) == [[0]]
        assert installed.lookup([Digest(Algorithm.MD5, bytes(range(16)))]) == [[]]
        assert installed.search_near(Method.PDQ, [bytes(range(32))], 0) == []


def test_two_sets_are_both_asked_and_listed_by_name(library):
    install(library, records(10), description("b"))
    install(library, records(10, 5), description("a"))
    assert [manifest.name for manifest in library.sets()] == ["a", "b"]
    assert answers(library, 7) == [("a", 2), ("b", 7)]
    assert answers(library, 2) == [("b", 2)]


def test_a_newer_version_takes_over_and_the_older_one_stays(library):
    old = install(library, records(5), description("a"))
    new = install(library, records(3), description("a"))
    assert new.supersedes == old.version
    assert old.supersedes is None
    assert library.sets() == [new]
    assert library.manifest(old.version) == old
    assert answers(library, 4) == []
    with library.open_set(old.version) as installed:
        assert installed.lookup(digests(4)) == [[4], [4]]


def test_the_same_list_imported_twice_gives_two_versions(library):
    first, second = install(library, records()), install(library, records())
    assert first.version != second.version
    assert first.salt != second.salt


def test_names_resolve_to_current_versions_and_pinned_ones(library):
    old = install(library, records(5), description("a"))
    new = install(library, records(3), description("a"))
    other = install(library, records(3), description("b"))
    assert library.resolve([]) == [new, other]
    assert library.resolve(["b", "a", "b"]) == [new, other]
    assert library.resolve([f"a@{old.version}"]) == [old]
    for wrong in ["c", f"b@{old.version}", "a@", old.version]:
        with pytest.raises(UsageError, match=r"no set .* there are a, b"):
            library.resolve([wrong])


def test_an_empty_library_is_nothing_to_match_against(library):
    for names in ([], ["a"]):
        with pytest.raises(UsageError, match="nothing to match against"):
            library.resolve(names)


def test_an_unknown_version_is_refused(library):
    install(library, records())
    with pytest.raises(UsageError, match="holds no set version"):
        library.manifest("../../etc")


def test_what_is_not_published_leaves_no_trace(library):
    install(library, records(), description("a"))
    before = tree(library.folder)
    with library.stage(description("b"), clock=clock, entropy=entropy_from(5)) as builder:
        builder.add_file(records(), list_file)
        assert len(tree(library.folder)) > len(before)
    assert tree(library.folder) == before


class TornError(Exception):
    pass


def test_an_importer_that_fails_leaves_the_library_as_it_was(library):
    install(library, records(), description("a"))
    before = tree(library.folder)

    def events():
        yield from records(100)
        raise TornError

    with pytest.raises(TornError):
        install(library, events(), description("a"))
    assert tree(library.folder) == before


def test_trouble_with_reading_a_list_is_not_called_trouble_with_writing(library):
    def events():
        yield record(1)
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        install(library, events())


@pytest.mark.parametrize("limit", [0, 20, 100, 200, 1000, 3000, 6000])
def test_a_full_disk_installs_nothing(library, limit):
    install(library, records(), description("a"))
    before = tree(library.folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OutputError, match="nothing was installed"):
            install(library, records(400), description("a"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert tree(library.folder) == before
    assert answers(library, 3) == [("a", 3)]


def killed_at(step, work):
    """Run work in a child process that dies at its n-th step on the disk; tell whether it died."""
    child = os.fork()
    if child == 0:
        left = [step]

        def count(event, arguments):
            if event in {"open", "os.mkdir", "os.rename", "os.remove", "os.truncate", "os.rmdir"}:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        sys.addaudithook(count)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_process_killed_at_any_step_leaves_the_old_state_or_the_new_one(library):
    old = install(library, records(5), description("a"))
    step, states = 0, []

    def replace_it():
        install(library, records(8), description("a"), seed=step)

    while killed_at(step, replace_it):
        reopened = Library.open(library.folder, KEY)
        [manifest] = reopened.resolve([])
        states.append(manifest.version == old.version)
        with reopened.open_set(manifest.version) as installed:
            verify(installed)
        with reopened.open_set(old.version) as installed:
            verify(installed)
        old = manifest
        step += 1
    assert step > 15
    assert states[:10] == [True] * 10
    assert states.count(True) >= step - 3
    install(library, records(2), description("a"))
    assert not list((library.folder / SETS).glob(f"{PREFIX}*"))
    assert answers(library, 4) == []


def test_an_import_removes_what_an_interrupted_one_left_but_not_one_at_work(library):
    sets = library.folder / SETS
    for name in ("left", "at-work"):
        (sets / f"{PREFIX}{name}").mkdir()
        (sets / f"{PREFIX}{name}" / EXACT).write_bytes(b"half")
    with locked(sets / f"{PREFIX}at-work"):
        install(library, records())
    assert [path.name for path in sets.glob(".*")] == [f"{PREFIX}at-work"]


def test_a_set_that_was_changed_meanwhile_is_not_overwritten(library):
    with library.stage(description("a"), clock=clock, entropy=entropy_from(5)) as builder:
        builder.add_file(records(), list_file)
        meanwhile = install(library, records(3), description("a"), seed=6)
        with pytest.raises(HashSetError, match="another import changed the set a meanwhile"):
            library.publish(builder)
    assert library.sets() == [meanwhile]


def test_two_imports_of_different_sets_do_not_disturb_each_other(library):
    with library.stage(description("a"), clock=clock, entropy=entropy_from(5)) as builder:
        builder.add_file(records(), list_file)
        install(library, records(3), description("b"), seed=6)
        library.publish(builder)
    assert answers(library, 2) == [("a", 2), ("b", 2)]


def test_an_open_set_keeps_answering_while_a_newer_version_is_published(library):
    old = install(library, records(5), description("a"))
    with library.open_set(old.version) as installed:
        install(library, records(1), description("a"))
        assert installed.lookup(digests(4)) == [[4], [4]]
        installed.check()


@pytest.mark.parametrize("part", PARTS)
def test_any_flipped_byte_of_an_installed_file_is_noticed(library, part):
    manifest = install(library, records(3))
    path = library.folder / SETS / manifest.version / part
    sound = path.read_bytes()
    for at in range(0, len(sound), 7):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x10]) + sound[at + 1 :])
        with pytest.raises(HashSetError), library.open_set(manifest.version) as installed:
            installed.check()
    path.write_bytes(sound)
    with library.open_set(manifest.version) as installed:
        verify(installed)


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_or_cut_file_is_noticed_at_once(library, part):
    manifest = install(library, records(3))
    path = library.folder / SETS / manifest.version / part
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(HashSetError, match=f"{part} of set known is not the one"):
        library.open_set(manifest.version)
    path.unlink()
    with pytest.raises(HashSetError, match=f"{part} cannot be read"):
        library.open_set(manifest.version)


def test_a_forged_manifest_is_noticed_even_when_all_names_are_made_to_fit(library):
    manifest = install(library, records(3), description("a"))
    folder = library.folder / SETS / manifest.version
    forged = manifest.to_bytes().replace(b'"kind":"illegal"', b'"kind":"benign"')
    (folder / MANIFEST).write_bytes(forged)
    with pytest.raises(HashSetError, match="was altered"):
        library.sets()
    from hashmatch.db.manifest import Manifest

    version = Manifest.from_bytes(forged).version
    folder.rename(folder.with_name(version))
    pointer = (library.folder / CURRENT).read_text()
    (library.folder / CURRENT).write_text(pointer.replace(manifest.version, version))
    with pytest.raises(HashSetError, match="without the key"):
        library.sets()


@pytest.mark.parametrize("name", [LIBRARY, CURRENT])
def test_any_flipped_byte_of_the_library_files_is_noticed_or_harmless(library, name):
    install(library, records(3))
    path = library.folder / name
    sound = path.read_bytes()
    kept = []
    for at in range(len(sound)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        try:
            Library.open(library.folder, KEY)
        except HashSetError:
            continue
        kept.append(at)
    harmless = json.loads(sound)
    told = {at for at in kept if name == CURRENT}
    assert not told
    if name == LIBRARY:  # only the id and the time of creation decide nothing
        spans = [sound.index(harmless[key].encode()) for key in ("id", "created")]
        assert all(any(s <= at < s + 40 for s in spans) for at in kept)


@pytest.mark.parametrize("name", [LIBRARY, CURRENT])
def test_a_library_of_a_newer_format_is_refused(library, name):
    path = library.folder / name
    form = json.loads(path.read_bytes())
    form["format"] = form["format"].replace("/1", "/2")
    path.write_text(json.dumps(form, sort_keys=True, separators=(",", ":")))
    with pytest.raises(HashSetError, match="newer hashmatch"):
        Library.open(library.folder, KEY)


def test_a_library_works_from_another_place_and_read_only(library, tmp_path):
    manifest = install(library, records(3))
    moved = tmp_path / "stick"
    shutil.copytree(library.folder, moved)
    for path in moved.rglob("*"):
        path.chmod(0o500 if path.is_dir() else 0o400)
    with Library.open(moved, KEY).open_set(manifest.version) as installed:
        assert installed.lookup(digests(2)) == [[2], [2]]


def test_nothing_of_a_list_stands_in_the_clear(library):
    given = [
        record(n, perceptual=(pdq(n),), entry=f"entry-{n:04}", fields={"Series": f"name-{n:04}"})
        for n in range(50)
    ]
    install(library, given)
    stored = b"\0".join(p.read_bytes() for p in library.folder.rglob("*") if p.is_file())
    for one in given:
        values = [d.value for d in one.digests] + [p.value for p in one.perceptual]
        for value in values:
            for form in (value, value.hex().encode(), value.hex().upper().encode(), value[::-1]):
                assert form not in stored
            assert value[:8] not in stored
        assert one.entry.encode() not in stored
        assert one.fields["Series"].encode() not in stored
    assert KEY.secret not in stored
    assert KEY.secret.hex().encode() not in stored


def test_errors_never_repeat_the_list(library):
    manifest = install(library, records(3))
    path = library.folder / SETS / manifest.version / RECORDS
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(HashSetError) as caught:
        library.open_set(manifest.version)
    assert not any(d.hex in str(caught.value) for n in range(3) for d in digests(n))


def test_a_set_under_another_key_does_not_open(library):
    install(library, records(3))
    with pytest.raises(HashSetError, match="does not open the library"):
        Library.open(library.folder, LibraryKey(bytes(32)))


def test_a_version_that_does_not_come_into_use_is_taken_out_again(library, monkeypatch):
    install(library, records(), description("a"))
    before = tree(library.folder)
    (library.folder / f"{CURRENT}.new").mkdir()
    with pytest.raises(OutputError, match="nothing was installed"):
        install(library, records(3), description("b"))
    (library.folder / f"{CURRENT}.new").rmdir()
    assert tree(library.folder) == before


def test_a_version_that_no_pointer_names_is_removed_by_the_next_import(library):
    old = install(library, records(), description("a"))
    left = library.folder / SETS / ("0" * 32)
    left.mkdir()
    (left / EXACT).write_bytes(b"of a program that was killed")
    (library.folder / SETS / "notes").mkdir()
    new = install(library, records(3), description("a"))
    names = {path.name for path in (library.folder / SETS).iterdir()}
    assert names == {old.version, new.version, "notes"}


def test_a_set_that_cannot_be_described_is_refused_before_its_list_is_read(library):
    named = description("e\u0301")
    with (
        pytest.raises(HashSetError, match="NFC"),
        library.stage(named, clock=clock, entropy=entropy_from(5)),
    ):
        pytest.fail("the list was read")
    assert not list((library.folder / SETS).iterdir())
