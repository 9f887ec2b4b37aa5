"""How volumes are named; what one is, :mod:`hashmatch.evidence.volume` says."""

from __future__ import annotations

from hashmatch.evidence.volume import Opened, Volume

__all__ = ["LAYERS", "Opened", "Volume"]

LAYERS = frozenset({"mbr", "gpt", "apm", "lvm", "bde", "luks", "space"})
"""Kinds of layers that lead to a volume; ``space`` is a stretch that no partition covers. The first
of another kind names what is in it: an entry of a file system, or something that was carved."""
