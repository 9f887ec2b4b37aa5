import importlib
import pkgutil
from pathlib import Path

import pytest

import hashmatch.formats
from hashmatch.errors import UsageError
from hashmatch.formats import registry
from hashmatch.formats.interface import Certainty
from tests.contract.format_contract import FormatContract

MODULES = [
    importlib.import_module(f"hashmatch.formats.{module.name}")
    for module in pkgutil.iter_modules(hashmatch.formats.__path__)
]
for path in Path(__file__).parents[2].joinpath("contract").glob("test_formats_contract*.py"):
    importlib.import_module(f"tests.contract.{path.stem}")


def test_every_module_with_a_format_is_registered():
    formats = {module.__name__ for module in MODULES if hasattr(module, "FORMAT")}
    assert formats == {type(one).__module__ for one in registry.all_formats()}


def test_every_registered_format_has_a_contract_test():
    tested = {one.name for one in FormatContract.__subclasses__()}
    assert tested == set(registry.names())


def test_names_are_unique_and_lead_back_to_the_format():
    names = registry.names()
    assert len(set(names)) == len(names)
    assert [registry.by_name(name).name for name in names] == list(names)


def test_surer_signs_are_tried_first():
    order = [one.certainty for one in registry.all_formats()]
    assert order == sorted(order)
    assert order[-1] is Certainty.BARE
    assert registry.names().index("sums") < registry.names().index("plain")


def test_an_unknown_name_is_a_usage_error_that_lists_the_known_ones():
    with pytest.raises(UsageError, match=r"csv, .*hashdeep, .*vics"):
        registry.by_name("nonsense")


def test_nothing_recognises_noise():
    assert registry.detect(b"\x89PNG\r\n\x1a\n", "list.csv") is None
