"""What is registered is what lies in the folder: nothing is remembered by hand."""

import importlib
import pkgutil

import click

import hashmatch.commands
from hashmatch import cli
from hashmatch.commands import library


def test_every_command_module_is_reachable_from_the_command_line():
    modules = {module.name for module in pkgutil.iter_modules(hashmatch.commands.__path__)}
    found = {
        name
        for name in modules
        if isinstance(
            getattr(importlib.import_module(f"hashmatch.commands.{name}"), "command", None),
            click.Command,
        )
    }
    inner = {name for name in found if name.partition("_")[0] in cli.COMMANDS and "_" in name}
    assert found - inner == set(cli.COMMANDS)
    for name in inner:
        module = importlib.import_module(f"hashmatch.commands.{name}")
        assert module.command in library.command.commands.values(), name
