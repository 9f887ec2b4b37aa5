"""Read all members of a container in tests."""

import io

from hashmatch.evidence.members.interface import Inside, MemberError
from hashmatch.model.secrets import Secrets


def read(module, content, *passwords):
    """Give each member with its content, or why it broke off, and how the container ended."""
    found, end = [], None
    stream = io.BytesIO(content)
    try:
        for given in module.members(stream, Secrets(tuple(passwords))):
            if isinstance(given, Inside):
                found.append((given, *_content(given)))
            else:
                found.append((given, b"", getattr(given, "reason", None) or given.rule))
    except MemberError as error:
        end = error.reason
    return found, end


def _content(given):
    parts = []
    try:
        stream = given.open()
        while part := stream.read(10_000):
            parts.append(part)
    except MemberError as error:
        return b"".join(parts), error.reason
    return b"".join(parts), None


def contents(module, content, *passwords):
    """Give the contents of all members of a container in which nothing is wrong."""
    found, end = read(module, content, *passwords)
    assert end is None
    assert all(trouble is None and one.doubt is None for one, _, trouble in found)
    return [data for _, data, _ in found]
