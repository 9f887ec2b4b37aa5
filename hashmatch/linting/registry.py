"""Every rule and every output of this package, found by looking into its folders."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

import hashmatch.linting.outputs
import hashmatch.linting.rules
from hashmatch.errors import UsageError
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from types import ModuleType
    from typing import TextIO

    from hashmatch.linting.check import Family
    from hashmatch.linting.report import Report
    from hashmatch.linting.rule import Rule


class Output(Protocol):
    """One form in which findings are written."""

    @property
    def name(self) -> str:
        """The word on the command line: ``sarif``."""

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write the whole report; the same report gives the same text.

        Never content of a list: digests only as far as the report carries their first digits.
        """


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    return [import_module(f"{package.__name__}.{name}") for name in names]


@cache
def families() -> tuple[Family, ...]:
    """Give every family of rules."""
    return tuple(
        module.FAMILY for module in _modules(hashmatch.linting.rules) if hasattr(module, "FAMILY")
    )


@cache
def rules() -> dict[str, Rule]:
    """Give every rule by its id, in the order of the ids."""
    return {
        rule.id: rule
        for rule in sorted(
            (rule for family in families() for rule in family.rules), key=lambda rule: rule.id
        )
    }


@cache
def outputs() -> dict[str, Output]:
    """Give every output by its name."""
    found = [
        module.OUTPUT for module in _modules(hashmatch.linting.outputs) if hasattr(module, "OUTPUT")
    ]
    return {output.name: output for output in found}


def chosen(select: tuple[str, ...], ignore: tuple[str, ...]) -> frozenset[str]:
    """Give the ids of the rules to apply; words are ids or their beginnings, in any case.

    Raises:
        UsageError: a word fits no rule.
    """
    wanted = _fitting(select) if select else frozenset(rules())
    return wanted - _fitting(ignore)


def _fitting(words: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for word in words:
        fitting = {name for name in rules() if word and name.startswith(word.upper())}
        if not fitting:
            msg = f"no rule begins with {shown(word[:40])!r}; --list-rules shows them all"
            raise UsageError(msg)
        found |= fitting
    return frozenset(found)
