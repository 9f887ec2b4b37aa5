"""The filter of system calls, run here instruction by instruction for both architectures."""

import errno
import os
import re
from pathlib import Path

import pytest

from hashmatch.jobs.confinement import kernel, seccomp
from hashmatch.jobs.confinement.system_calls import ALLOWED, CONDITIONAL, STARTED, STARTING

OWN, OTHER = 4711, 4712
STARTS = ("execve", "clone", "wait4", "pipe2", "ftruncate", "prctl")  # in the order of STARTING
THREAD = 0x003D0F00  # the flags with which the C library starts a thread
FORK = 0x01200011
MACHINES = list(kernel.MACHINES)
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
GONE = {  # what a decoder must never get, with the numbers of both architectures
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "socketpair": (53, 199),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "clone3": (435, 435),
    "ptrace": (101, 117),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "unlinkat": (263, 35),
    "renameat2": (316, 276),
    "openat2": (437, 437),
    "open_by_handle_at": (304, 265),
    "creat": (85, None),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fchmod": (91, 52),
    "utimensat": (280, 88),
    "memfd_create": (319, 279),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "unshare": (272, 97),
    "setns": (308, 268),
    "keyctl": (250, 219),
    "prctl": (157, 167),
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "wait4": (61, 260),
    "pipe2": (293, 59),
}


def verdict(name, number, *arguments, architecture=None, more=()):
    """Run the program on one call, as the kernel does."""
    machine = kernel.MACHINES[name]
    words = [number, architecture or machine.audit, 0, 0]
    for argument in (*arguments, *[0] * (6 - len(arguments))):
        words += [argument & 0xFFFFFFFF, argument >> 32 & 0xFFFFFFFF]
    program = seccomp.program(machine, OWN, more)
    at = value = 0
    while True:
        code, yes, no, constant = program[at]
        at += 1
        if code == seccomp.LOAD:
            value = words[constant // 4]
        elif code == seccomp.AND:
            value &= constant
        elif code == seccomp.EQUAL:
            at += yes if value == constant else no
        elif code == seccomp.AT_LEAST:
            at += yes if value >= constant else no
        else:
            assert code == seccomp.RETURN
            return constant


def refused(error):
    return seccomp.ERRNO | error


def cases(table):
    return [
        pytest.param(name, numbers[machine.column], id=f"{name}-{call}")
        for call, numbers in table.items()
        for name, machine in kernel.MACHINES.items()
        if numbers[machine.column] is not None
    ]


@pytest.mark.parametrize(("machine", "number"), cases(ALLOWED))
def test_what_decoding_needs_is_allowed(machine, number):
    assert verdict(machine, number, 1, 2, 3) == seccomp.ALLOW


@pytest.mark.parametrize(("machine", "number"), cases(GONE))
def test_what_decoding_does_not_need_seems_not_to_exist(machine, number):
    for arguments in ((), (0, 0, 0), (OWN, 1, 2, 3, 4, 5)):
        assert verdict(machine, number, *arguments) == refused(errno.ENOSYS)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_number_that_is_not_in_the_tables_seems_not_to_exist(machine):
    column = kernel.MACHINES[machine].column
    known = {numbers[column] for numbers in (ALLOWED | CONDITIONAL).values()}
    for number in set(range(600)) - known:
        assert verdict(machine, number, 0, 0, 0) == refused(errno.ENOSYS)


def uses():
    write, create = os.O_WRONLY | os.O_CREAT, os.O_RDONLY | os.O_CREAT
    read = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_DIRECTORY
    noatime = getattr(os, "O_NOATIME", 0o1000000)
    for call, before in (("open", (1,)), ("openat", (3, 1))):
        yield call, (*before, read | noatime), True
        yield call, (*before, 0xFFFF_FFFF_0000_0000), True  # the kernel reads 32 bits
        for flags in (write, os.O_RDWR, create, os.O_TRUNC, os.O_ACCMODE, 0o20200000 | os.O_RDWR):
            yield call, (*before, flags), False
    yield "clone", (THREAD,), True
    yield "clone", (FORK,), False
    yield "clone", (0x10000000,), False  # a new user namespace
    for call in ("kill", "tgkill"):
        yield call, (OWN, 9), True
        for target in (OTHER, 0, -1, -OTHER, 1):
            yield call, (target, 0), False
    yield "ioctl", (0, 0x5401), True
    yield "ioctl", (0, 0x5412), False  # TIOCSTI
    yield "ioctl", (0, 0x541C), False  # TIOCLINUX
    yield "fcntl", (0, 1030), True
    yield "fcntl", (0, 8), False  # F_SETOWN
    yield "fcntl", (0, 10), False  # F_SETSIG
    yield "prlimit64", (0, 7, 0, 1), True
    yield "prlimit64", (0, 7, 0x7FFF_0000_0000, 0), False  # the low half alone is nothing
    yield "prlimit64", (0, 7, 1, 0), False


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("call", "arguments", "allowed"), list(uses()))
def test_some_calls_are_allowed_for_some_uses_only(machine, call, arguments, allowed):
    number = CONDITIONAL[call][kernel.MACHINES[machine].column]
    if number is not None:
        expected = seccomp.ALLOW if allowed else refused(errno.EPERM)
        assert verdict(machine, number, *arguments) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_a_call_of_another_architecture_ends_the_process(machine):
    for other in (0x40000003, 0x40000028, 0xC00000F3):  # 32-bit x86 and arm, RISC-V
        assert verdict(machine, 0, architecture=other) == seccomp.KILL


def test_a_call_of_the_second_kind_of_x86_64_ends_the_process():
    assert verdict("x86_64", 0x40000000) == verdict("x86_64", 0x40000208) == seccomp.KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_jumps_are_short_enough_for_the_kernel_and_end_inside(machine):
    program = seccomp.program(kernel.MACHINES[machine], OWN)
    assert len(program) < 4096
    for at, (_, yes, no, _) in enumerate(program):
        assert max(yes, no) < 256
        assert at + 1 + max(yes, no) < len(program) or program[at][0] == seccomp.RETURN


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_those_of_the_kernel_headers(machine):
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    numbers = re.findall(
        r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s*$", header.read_text(), re.MULTILINE
    )
    theirs = {name: int(number) for name, number in reversed(numbers)}
    theirs.setdefault("newfstatat", theirs.get("fstatat"))
    for name, ours in (ALLOWED | CONDITIONAL | GONE).items():
        assert ours[kernel.MACHINES[machine].column] == theirs.get(name), name


@pytest.mark.parametrize("machine", MACHINES)
def test_what_starts_a_program_may_start_one_and_nothing_else(machine):
    column = kernel.MACHINES[machine].column
    numbers = {name: use[0][column] for name, use in zip(STARTS, STARTING, strict=True)}
    known = {name: own[column] for name, own in (GONE | CONDITIONAL).items()}
    assert {name: known.get(name, number) for name, number in numbers.items()} == numbers
    uses = (
        *(("execve", (1, 2, 3), True), ("wait4", (-1, 0, 1), True), ("pipe2", (1,), True)),
        *(("ftruncate", (3, 0), True), ("clone", (FORK,), True), ("clone", (THREAD,), True)),
        *(("clone", (flag,), False) for flag in (0x10000000, 0x20000, 0x40000000, 0x02000000)),
        *(("prctl", (1, 9), True), ("prctl", (22, 2, 3), True)),  # to die with the parent, a filter
        *(("prctl", (what, 1), False) for what in (1, 4, 22, 38, 47)),
    )
    for call, arguments, allowed in uses:
        expected = seccomp.ALLOW if allowed else refused(errno.EPERM)
        assert verdict(machine, numbers[call], *arguments, more=STARTING) == expected, call
    for call in GONE.keys() - numbers.keys():
        if (number := known[call]) is not None:
            found = {verdict(machine, number, 0, 0, more=more) for more in (STARTED, STARTING)}
            assert found == {refused(errno.ENOSYS)}, call


@pytest.mark.parametrize("machine", MACHINES)
def test_a_program_that_was_started_starts_no_process(machine):
    column = kernel.MACHINES[machine].column
    numbers = {name: use[0][column] for name, use in zip(STARTS, STARTING, strict=True)}
    assert verdict(machine, numbers["execve"], more=STARTED) == seccomp.ALLOW
    assert verdict(machine, numbers["clone"], FORK, more=STARTED) == refused(errno.EPERM)
    for name in STARTS[2:]:
        assert verdict(machine, numbers[name], 1, 9, more=STARTED) == refused(errno.ENOSYS)
