"""Write a plain list: the values of one kind of hash, one a line, and nothing else."""

from __future__ import annotations

from hashmatch.formats.writers.bare import BareValues

WRITER = BareValues("plain", "plain list")
