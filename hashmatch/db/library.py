"""The library: a folder of immutable set versions, sealed under one key.

    library.json      format, id, creation, which key it needs
    current.json      set name to version; replaced in one step, so that readers need no lock
    sets/<version>/   manifest.json exact.idx near-<method>.idx records.db

Versions are never changed or reused; older ones stay for the reports that name them.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.db import files, keys
from hashmatch.db.installed import InstalledSet
from hashmatch.db.manifest import MANIFEST, Manifest
from hashmatch.db.pointer import CURRENT, Pointer
from hashmatch.db.refusals import check_expiry
from hashmatch.db.staging import clear_unnamed, in_place, locked, staging
from hashmatch.db.strict import canonical, parse
from hashmatch.errors import HashSetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hashmatch.db.builder import SetBuilder
    from hashmatch.db.description import SetDescription
    from hashmatch.model.people import Clock, Entropy

FORMAT = "hashmatch.library/1"
LIBRARY, SETS = "library.json", "sets"
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Library:
    """An opened library; cheap to open, holds no file open."""

    folder: Path
    id: str
    key: keys.LibraryKey

    @classmethod
    def create(
        cls, folder: Path, secret: keys.Secret, *, clock: Clock, entropy: Entropy
    ) -> Library:
        """Make an empty library in a new or empty folder.

        Raises:
            UsageError: the folder holds something, or the key cannot be used.
            HashSetError: the key file cannot be read.
            OutputError: the folder cannot be written.
        """
        with files.writing(f"the library {folder}", "no library was made"):
            if folder.exists() and any(folder.iterdir()):
                msg = f"{folder} is not empty; a library needs a folder of its own"
                raise UsageError(msg)
        lock, key = keys.new_lock(secret, folder, entropy)
        library = cls(folder, entropy(16).hex(), key)
        about = canonical(
            {
                "format": FORMAT,
                "id": library.id,
                "created": clock().isoformat(),
                "key": lock.to_json(),
            }
        )
        with files.writing(f"the library {folder}", "no library was made"):
            folder.mkdir(files.PRIVATE_FOLDER, parents=True, exist_ok=True)
            folder.chmod(files.PRIVATE_FOLDER)
            files.new_folder(folder / SETS)
            durable.replace(folder / CURRENT, Pointer({}, {}, {}).to_bytes(key))
            durable.replace(folder / LIBRARY, about)  # last: what lacks it is no library
        return library

    @classmethod
    def open(cls, folder: Path, secret: keys.Secret) -> Library:
        """Open a library.

        Raises:
            HashSetError: no library, damaged, or the key does not open it.
        """
        if not (folder / LIBRARY).is_file():
            msg = f"{folder} is not a library; make one with: hashmatch library init"
            raise HashSetError(msg)
        fields = parse(_read(folder / LIBRARY), LIBRARY)
        if fields.text("format") != FORMAT:
            fields.refuse("format", f"{FORMAT}; a newer hashmatch may be needed")
        library_id = fields.text("id")
        fields.text("created")
        lock = keys.Lock.from_json(fields.inner("key"))
        fields.finish()
        library = cls(folder, library_id, keys.unlock(secret, lock, folder))
        library.pointer()
        return library

    def pointer(self) -> Pointer:
        """Read which versions there are at this moment; raises ``HashSetError``."""
        return Pointer.from_bytes(_read(self.folder / CURRENT), self.key)

    def sets(self) -> list[Manifest]:
        """Give the current version of every set, by name; raises ``HashSetError``."""
        return [self.manifest(version) for _, version in sorted(self.pointer().current.items())]

    def manifest(self, version: str) -> Manifest:
        """Read the manifest of a version, current or older.

        Raises:
            UsageError: no such version was ever published here.
            HashSetError: the manifest is missing or altered.
        """
        if version not in self.pointer().versions:
            msg = f"the library holds no set version {version}"
            raise UsageError(msg)
        manifest = Manifest.from_bytes(_read(self.folder_of(version) / MANIFEST))
        if manifest.version != version:
            msg = f"the manifest of set version {version} was altered; restore the library"
            raise HashSetError(msg)
        return manifest

    def current(self, name: str) -> Manifest:
        """Give the version of a set that is in use; raises ``UsageError`` where there is none."""
        pointer = self.pointer()
        if name not in pointer.current:
            raise unknown(name, pointer)
        return self.manifest(pointer.current[name])

    def find(self, name: str) -> Manifest:
        """Give a set in use by its name, or any version by ``name@version``.

        Raises:
            UsageError: there is none.
        """
        return self.manifest(_find(name, self.pointer()))

    def versions(self, name: str | None = None) -> list[Manifest]:
        """Give every version ever installed, of one set or of all, the newest of each set last."""
        found = [
            self.manifest(version)
            for version, one in self.pointer().versions.items()
            if name in {None, one}
        ]
        return sorted(found, key=lambda one: (one.name, one.created, one.version))

    def resolve(self, names: Sequence[str]) -> list[Manifest]:
        """Find the sets to match against, each once, in the order of their names.

        Args:
            names: set names, or ``name@version`` for a version that is not the current one;
                none means every set.

        Raises:
            UsageError: a name is unknown, or there is no set at all.
        """
        pointer = self.pointer()
        if not pointer.current:
            msg = f"nothing to match against: the library {self.folder} holds no set"
            raise UsageError(msg)
        wanted = {_find(name, pointer) for name in names or pointer.current}
        return sorted(map(self.manifest, wanted), key=lambda one: (one.name, one.version))

    def open_set(self, version: str) -> InstalledSet:
        """Open a version for look-ups.

        Raises:
            UsageError: no such version was ever published here.
            HashSetError: its files were purged, or are not the ones that were installed.
        """
        manifest, day = self.manifest(version), self.pointer().purged.get(version)
        if day is not None:
            msg = (
                f"the files of {manifest.name}@{version} were purged on {day}; nothing can be asked"
            )
            raise HashSetError(msg)
        return InstalledSet(self.folder_of(version), manifest, self.key)

    def folder_of(self, version: str) -> Path:
        """Give the folder of a version."""
        return self.folder / SETS / version

    @contextmanager
    def stage(
        self,
        description: SetDescription,
        *,
        clock: Clock,
        entropy: Entropy,
        allow_expired: bool = False,
        delta: bool = False,
    ) -> Iterator[SetBuilder]:
        """Begin a new version; what is not published inside the block leaves no trace.

        With ``delta`` the records of the current version are carried over where none of the new
        ones replaces or withdraws them.

        Raises:
            UsageError: a delta to a set that is not there.
            HashSetError: the list has expired.
            OutputError: the library cannot be written.
        """
        # Loaded late: it needs NumPy, which takes longer to load than a look-up takes.
        from hashmatch.db.builder import Draft, SetBuilder  # noqa: PLC0415

        canonical({description.name: description.to_json()})  # refused before its list is read
        now = clock()
        check_expiry(description, now.date(), allowed=allow_expired)
        with ExitStack() as stack:
            folder = stack.enter_context(staging(self.folder / SETS, entropy(8).hex()))
            before = self.pointer().current.get(description.name)
            draft = Draft(folder, self.key, entropy(SALT_BYTES), now.isoformat(), before)
            base = None
            if delta:
                base = stack.enter_context(self.open_set(self.current(description.name).version))
            builder = SetBuilder(description, draft, base=base)
            stack.callback(builder.close)
            yield builder

    def publish(
        self, builder: SetBuilder, check: Callable[[Manifest], None] | None = None
    ) -> Manifest:
        """Complete a staged version and make it the current one, in one step for all readers.

        ``check`` is shown the complete version; what it raises is the end of it.

        Raises:
            HashSetError: the list is refused, or the set got another version meanwhile.
            OutputError: the disk is full or cannot be written; the library is as before.
        """
        manifest = builder.finish()
        if check is not None:
            check(manifest)
        self.publish_all([(manifest, builder.folder)])
        return manifest

    def publish_all(
        self,
        finished: Sequence[tuple[Manifest, Path]],
        also: Callable[[Pointer], Pointer] | None = None,
    ) -> None:
        """Make complete staged versions the current ones, all of them in one step.

        Args:
            finished: the manifests of finished builders, with their staging folders.
            also: what else changes in the same step.

        Raises:
            HashSetError: a set got another version meanwhile.
            OutputError: the disk is full or cannot be written; the library is as before.
        """
        with self.changing("nothing was installed") as pointer:
            new = also(pointer) if also is not None else pointer
            for manifest, _ in finished:
                if pointer.current.get(manifest.name) != manifest.supersedes:
                    msg = f"another import changed the set {manifest.name} meanwhile; import again"
                    raise HashSetError(msg)
            clear_unnamed(self.folder / SETS, pointer.versions)
            for manifest, _ in finished:
                new = new.with_version(manifest.name, manifest.version)
            moves = [(folder, self.folder_of(one.version)) for one, folder in finished]
            with in_place(moves, lambda: self.pointer().versions):
                self.point(new)

    @contextmanager
    def changing(self, otherwise: str = "nothing was changed") -> Iterator[Pointer]:
        """Hold the library for a change; others that would change it wait, readers do not.

        Raises:
            OutputError: the disk is full or cannot be written, and ``otherwise`` says what of it.
        """
        with files.writing(f"the library {self.folder}", otherwise), locked(self.folder):
            yield self.pointer()

    def point(self, pointer: Pointer) -> None:
        """Write the pointer in one step; only inside :meth:`changing`."""
        durable.replace(self.folder / CURRENT, pointer.to_bytes(self.key))


def _find(name: str, pointer: Pointer) -> str:
    if name in pointer.current:
        return pointer.current[name]
    stem, _, version = name.rpartition("@")
    if pointer.versions.get(version) == stem:
        return version
    raise unknown(name, pointer)


def unknown(name: str, pointer: Pointer) -> UsageError:
    """Say that there is no such set in use, and which there are."""
    known = ", ".join(sorted(pointer.current)) or "none"
    return UsageError(f"no set {name} in the library; there are {known}")


def _read(path: Path) -> bytes:
    with files.reading(f"the library's file {path.name}"):
        return path.read_bytes()
