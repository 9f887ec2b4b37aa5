import importlib
import pkgutil
from pathlib import Path

import pytest

import hashmatch.formats
from hashmatch.errors import UsageError
from hashmatch.formats import registry
from hashmatch.formats.interface import Certainty
from tests.contract import test_formats_contract as contracts
from tests.contract.format_contract import FormatContract

TOOLS = {
    "csv_columns",
    "csv_rows",
    "encoding",
    "gathering",
    "hash_text",
    "interface",
    "json_stream",
    "registry",
    "sqlite_file",
    "text",
    "thumbnails",
    "whole_rows",
}


def test_every_module_of_the_folder_is_a_registered_format_or_a_known_tool():
    folder = Path(hashmatch.formats.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"} - TOOLS
    registered = {type(one).__module__.rpartition(".")[2] for one in registry.all_formats()}
    assert modules == registered


def test_every_registered_format_has_a_contract_test():
    assert contracts  # importing it makes the subclasses known
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
    with pytest.raises(UsageError, match=r"csv, hashdeep, pdq, plain, sums, vics"):
        registry.by_name("nonsense")


def test_nothing_recognises_noise():
    assert registry.detect(b"\x89PNG\r\n\x1a\n", "list.csv") is None


def test_tools_hold_no_format():
    found = {module.name for module in pkgutil.iter_modules(hashmatch.formats.__path__)}
    assert found >= TOOLS
    for name in TOOLS:
        assert not hasattr(importlib.import_module(f"hashmatch.formats.{name}"), "FORMAT")
