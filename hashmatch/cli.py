"""The command line: find the command, run it, end with a documented code."""

from __future__ import annotations


def main() -> None:
    """Run the program and exit with a documented code."""
    raise SystemExit(2)
