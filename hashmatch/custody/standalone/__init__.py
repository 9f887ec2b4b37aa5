"""The verifier that travels with every case and needs nothing but Python."""

from __future__ import annotations

from importlib import resources

NAME = "verify_case.py"


def source() -> bytes:
    """Give the verifier's source, to be written into a case folder."""
    return resources.files(__name__).joinpath(NAME).read_bytes()
