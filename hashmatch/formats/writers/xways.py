"""Write a text list for X-Ways: the first line names the hash, each further line is a value."""

from __future__ import annotations

from hashmatch.formats.writers.bare import BareValues
from hashmatch.model.hashes import Algorithm, Method

_HEADERS: dict[Algorithm | Method, str] = {
    Algorithm.MD5: "MD5",
    Algorithm.SHA1: "SHA-1",
    Algorithm.SHA256: "SHA-256",
}

WRITER = BareValues("xways", "X-Ways text list", _HEADERS, upper=True)
