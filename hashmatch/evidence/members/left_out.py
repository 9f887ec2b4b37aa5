"""Which members are left out because they are links or devices, and hold nothing themselves.

What an archive calls a link is one only if it holds no more than a path: anybody may call a file
a link, and few programs would then show it.

Source: inode(7), PATH_MAX of Linux.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from hashmatch.evidence import folder

if TYPE_CHECKING:
    from hashmatch.model.outcomes import Rule

LONGEST_TARGET = 4096
"""Bytes of the path that a symbolic link holds as its content."""


def rule_for(mode: int, size: int) -> Rule | None:
    """Name the rule by which a member is left out; None where it is to be read as a file is.

    Args:
        mode: its kind as Unix has it, 0 where that is not known.
        size: bytes of its content, packed or not, whichever is more.
    """
    if not stat.S_IFMT(mode) or stat.S_ISREG(mode):
        return None
    most = LONGEST_TARGET if stat.S_ISLNK(mode) else 0
    return None if size > most else folder.left_out(mode)
