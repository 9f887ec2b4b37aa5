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
        name: command
        for name in modules
        if isinstance(
            command := getattr(
                importlib.import_module(f"hashmatch.commands.{name}"), "command", None
            ),
            click.Command,
        )
    }
    inner = {name for name in found if name.startswith("library_")}
    assert found.keys() - inner == {name.replace("-", "_") for name in cli.COMMANDS}
    assert {found[name] for name in inner} <= set(library.command.commands.values())
