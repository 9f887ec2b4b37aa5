"""A filter of system calls: this thread makes those that decoding needs, and no other.

A call that is not in the table is answered with ENOSYS, as an older kernel would, so that a newer
C library falls back to one that is. Calls that are there for some uses only are answered with
EPERM for the others. A call of another architecture ends the process.

Source: linux/seccomp.h, linux/filter.h, linux/bpf_common.h.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from typing import TYPE_CHECKING

from hashmatch.jobs.confinement import kernel
from hashmatch.jobs.confinement.system_calls import ALLOWED, conditional

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.jobs.confinement.kernel import Machine
    from hashmatch.jobs.confinement.system_calls import Only, Use

LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
"""BPF_LD|W|ABS, BPF_ALU|AND|K, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K."""
KILL, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
"""SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO."""
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data; each argument takes 8 bytes."""
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, constant."""


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def install(machine: Machine, process: int, more: tuple[Use, ...] = ()) -> None:
    """Put the filter before this thread and all it starts; ``no_new_privs`` must be set.

    Args:
        machine: the architecture this process runs on.
        process: its own id, the only one it may still signal.
        more: further uses of calls that are allowed.

    Raises:
        OSError: the kernel has no filters, or does not allow one.
    """
    code = [struct.pack("=HBBI", *one) for one in program(machine, process, more)]
    instructions = ctypes.create_string_buffer(b"".join(code))
    filter_ = _Program(len(code), ctypes.addressof(instructions))
    kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(filter_))


def program(machine: Machine, process: int, more: tuple[Use, ...] = ()) -> list[Instruction]:
    """Write the filter for an architecture."""
    lines: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    if machine.alien is not None:
        lines += [(AT_LEAST, 0, 1, machine.alien), (RETURN, 0, 0, KILL)]
    for numbers in ALLOWED.values():
        lines += _when(numbers[machine.column], [(RETURN, 0, 0, ALLOW)])
    for numbers, conditions in (*more, *conditional(process)):
        lines += _when(numbers[machine.column], list(_checked(conditions)))
    return [*lines, (RETURN, 0, 0, ERRNO | errno.ENOSYS)]


def _when(number: int | None, body: list[Instruction]) -> list[Instruction]:
    """Do this for one call; architectures without it do not ask. The body ends in returns."""
    return [] if number is None else [(EQUAL, 0, len(body), number), *body]


def _checked(conditions: tuple[Only, ...]) -> Iterator[Instruction]:
    """Allow when every condition holds, else refuse."""
    for one in conditions:
        yield LOAD, 0, 0, ARGUMENTS + 4 * one.word
        yield AND, 0, 0, one.mask
        last = len(one.values) - 1
        for at, value in enumerate(one.values):  # on a match over the others and the refusal
            yield EQUAL, last - at + 1, 0, value
        yield RETURN, 0, 0, ERRNO | errno.EPERM
    yield RETURN, 0, 0, ALLOW
