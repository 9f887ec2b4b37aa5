"""Perceptual hashers beside PDQ: what one is, and which ones this installation has.

Besides those built in, a package may bring one as an entry point of the group
``hashmatch.hashers``, under the name of its method: a laboratory's licensed library, for instance.
Nothing of it is imported until :func:`load` is called, which belongs into a process of its own.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol

from hashmatch.hashing.drawn import Drawing, draw
from hashmatch.model import names
from hashmatch.model.hashes import VARIANTS, Method

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from importlib import metadata

    import numpy as np
    from numpy.typing import NDArray

GROUP = "hashmatch.hashers"

OWN = (Method.PDQ, Method.VPDQ)
"""Methods that hashmatch computes itself; no package can take their place."""

PDQ_IMPLEMENTATION = "hashmatch-numpy-pdq/1"
"""Changes when the same pixels may give other bits than before."""

PDQ_DIALECT = "full-resolution"
"""PDQ of the picture as it is, not of one that was made smaller first."""

TRIAL = Drawing(100, 75, 11, 8, 1003)
"""A picture that every hasher has hashed before it sees evidence, so that all of it is loaded."""

_TURNS = VARIANTS[1:]
_LONGEST = 200  # characters of a plug-in's own words, and of its implementation's name


class Hasher(Protocol):
    """One perceptual hash method, as one implementation computes it. The same pixels give the same.

    It is made by calling the entry point without arguments, and asked in one process at a time,
    by one thread.
    """

    @property
    def method(self) -> str:
        """The method whose lists it serves: a value of ``hashmatch.model.hashes.Method``."""

    @property
    def implementation(self) -> str:
        """Name and version of what computes: kept in the record of every run that uses it."""

    @property
    def nbytes(self) -> int:
        """Length of a value."""

    @property
    def metric(self) -> Literal["hamming", "sql2"]:
        """How values are compared: bits that differ, or the sum of squared differences of bytes."""

    def selftest(self) -> bool:
        """Compute known answers; False when one is wrong. No run begins then."""

    def hash(self, pixels: NDArray[np.uint8]) -> bytes | None:
        """Hash a picture; None where the method has no value for it, as it may for a flat one.

        Whatever it raises costs this method's value of this picture, and nothing else. For want
        of memory, the picture counts as compared in part.

        Shape:
            pixels (H, W, 3) uint8, RGB, in C order, each side at least 5. Not to be changed.
        """

    def derive(self, value: bytes) -> Mapping[str, bytes]:
        """Give values of the rotated and flipped picture, as far as they follow from a value.

        Keys are names from ``hashmatch.model.hashes.VARIANTS`` but ``identity``.
        """


class HasherError(Exception):
    """A hasher cannot be used; the message says why, in words without the hasher's name."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A hasher that may be loaded. ``origin`` names the package that brings it."""

    method: Method
    origin: str
    make: Callable[[], object]


def offers() -> dict[Method, tuple[Offer, ...]]:
    """Find what is installed for each method, without importing any of it."""
    found: dict[Method, list[Offer]] = defaultdict(list)
    for method, module in BUILT_IN.items():
        if importlib.util.find_spec(module):
            found[method].append(Offer(method, module, _built_in(method)))
    for entry in _entries():
        for method in Method:
            if method == entry.name and method not in OWN:
                found[method].append(Offer(method, _package(entry), _called(entry)))
    return {method: tuple(found[method]) for method in Method if method in found}


def misnamed() -> tuple[str, ...]:
    """Name entry points that stand for no method which a plug-in can bring."""
    known = {str(method) for method in Method} - {*OWN}
    return tuple(f"{e.name} ({_package(e)})" for e in _entries() if e.name not in known)


def _entries() -> Iterable[metadata.EntryPoint]:
    """Read what is installed; what reads it takes long to import, and most runs need none of it."""
    from importlib import metadata  # noqa: PLC0415

    return metadata.entry_points(group=GROUP)


def absent(method: Method) -> str:
    """Say what would bring a hasher of a method."""
    if method in BUILT_IN:
        return "pip install 'hashmatch[compat]'"
    return f"a plug-in of the group {GROUP}; see docs/plugins.md"


@cache
def load(method: Method) -> Hasher:
    """Import the hasher of a method and try it, once in a process.

    Raises:
        HasherError: there is none, or more than one, or it does not compute what it must.
    """
    found = offers().get(method, ())
    if not found:
        msg = f"none is installed: {absent(method)}"
        raise HasherError(msg)
    if len(found) > 1:
        msg = f"several are installed, keep one of: {', '.join(one.origin for one in found)}"
        raise HasherError(msg)
    with _in_words():
        return _tried(method, found[0].make())


def trial(hasher: Hasher) -> bytes | None:
    """Hash a drawn picture, always the same.

    Raises:
        HasherError: the hasher fails.
    """
    pixels = draw(TRIAL)
    pixels.flags.writeable = False  # as those of evidence will be
    with _in_words():
        return checked(hasher, pixels)


def checked(hasher: Hasher, pixels: NDArray[np.uint8]) -> bytes | None:
    """Hash a picture and look at the answer.

    Raises:
        HasherError: it is not of the method's length. Besides, whatever the hasher raises.
    """
    value: object = hasher.hash(pixels)
    return None if value is None else _fit(value, Method(hasher.method))


def turned(hasher: Hasher, value: bytes) -> dict[str, bytes]:
    """Derive values of rotations and flips and look at the answer.

    Returns:
        Values by name, in the order of ``VARIANTS``.

    Raises:
        HasherError: a name is unknown, or a value not of the method's length. Besides, whatever
            the hasher raises.
    """
    method = Method(hasher.method)
    derived = {name: _fit(one, method) for name, one in hasher.derive(value).items()}
    if not derived.keys() <= set(_TURNS):
        msg = "it derives values of something other than rotations and flips"
        raise HasherError(msg)
    return {name: derived[name] for name in _TURNS if name in derived}


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn whatever a hasher raises into words; the first of its own may stand among them."""
    try:
        yield
    except HasherError:
        raise
    except (Exception, SystemExit) as error:  # a plug-in may raise anything
        msg = f"{type(error).__name__}: {names.shown(str(error))[:_LONGEST]}"
        raise HasherError(msg) from error


def _tried(method: Method, hasher: object) -> Hasher:
    # What a plug-in returns is anything; from here on it is what it says, as far as can be told.
    one: Hasher = hasher  # type: ignore[assignment]
    metric = "sql2" if method is Method.PHOTODNA else "hamming"
    stated = (one.method, one.nbytes, one.metric)
    if stated != (str(method), method.size, metric):
        msg = f"it is not for {method} values of {method.size} bytes compared by {metric}"
        raise HasherError(msg)
    name: object = one.implementation
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or names.shown(name) != name:
        msg = f"its implementation has no printable name of up to {_LONGEST} characters"
        raise HasherError(msg)
    if one.selftest() is not True:
        msg = "its self-test failed: it does not compute what it must"
        raise HasherError(msg)
    value = trial(one)
    if value is not None:
        turned(one, value)
    return one


def _fit(value: object, method: Method) -> bytes:
    if not isinstance(value, bytes) or len(value) != method.size:
        msg = f"it gives something other than {method.size} bytes"
        raise HasherError(msg)
    return value


BUILT_IN = {
    Method.PHASH: "imagehash",
    Method.DHASH: "imagehash",
    Method.AHASH: "imagehash",
    Method.WHASH: "imagehash",
    Method.BLOCKMEAN: "cv2",
}
"""Methods of optional packages, and the module that each needs."""


def _built_in(method: Method) -> Callable[[], object]:
    def make() -> object:
        compat = importlib.import_module("hashmatch.hashing.compat_hashers")
        return compat.make(method)

    return make


def _called(entry: metadata.EntryPoint) -> Callable[[], object]:
    def make() -> object:
        return entry.load()()

    return make


def _package(entry: metadata.EntryPoint) -> str:
    return names.shown(f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value)
