"""A process that has a program run on archives, as a worker does, and says what came of it.

What stands for unrar is a script whose archive tells it what to do.
"""

import json
import os
import sys
import time
from itertools import islice
from pathlib import Path

from hashmatch.evidence.members import rar_program
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.rar_program import Superseded
from hashmatch.jobs import unpacker, unpacker_child
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.confinement.starter import Bounds

MEMORY, WRITTEN = 256 << 20, 1 << 20
_MOST = 40  # blocks that are taken of one answer
_SCRIPT = """#!{python} -IS
import os, signal, socket, sys, time
if len(sys.argv) == 1:
    print({greeting!r})
    raise SystemExit
place = sys.argv[-1]
held = open(place, "rb").read()
if held.startswith(b"Rar!"):
    sys.stdout.write({content!r})
    raise SystemExit
wish = held.decode()

def say(*words):
    print(*words, flush=True)

def attempt(name, act):
    try:
        act()
    except OSError:
        say(name, "refused")
    else:
        say(name, "ALLOWED")

if wish == "arguments":
    say(*sys.argv[1:-1], *sorted(os.environ))
elif wish == "fail":
    say("part")
    raise SystemExit(3)
elif wish == "hang":
    say(os.getpid())
    time.sleep(600)
elif wish == "silence":
    os.close(1)
    time.sleep(600)
elif wish == "flood":
    while True:
        os.write(1, bytes(1 << 16))
elif wish == "memory":
    bytearray(1 << 30)
elif wish == "attempts":
    attempt("write", lambda: open({outside!r} + "/new", "w"))
    attempt("write the archive", lambda: open(place, "r+b"))
    attempt("write a file in memory", lambda: os.memfd_create("x"))
    attempt("read outside", lambda: open({outside!r} + "/secret"))
    attempt("list", lambda: os.listdir({outside!r}))
    attempt("remove", lambda: os.unlink({outside!r} + "/secret"))
    attempt("socket", lambda: socket.socket())
    attempt("fork", os.fork)
    attempt("shell", lambda: os.execv("/bin/sh", ["sh", "-c", "echo ALLOWED"]))
    attempt("signal", lambda: os.kill(os.getppid(), 0))
    attempt("pipes of others", lambda: [os.fstat(n) for n in range(3, 64) if n != int(
        place.rpartition("/")[2]) and not os.readlink("/proc/self/fd/%d" % n).startswith("/")])
else:
    say(wish)
"""
GREETING = "\nUNRAR 9.99 freeware      Copyright (c) 1993-2026 Alexander Roshal\n"


def script(folder, greeting=GREETING, content="hashmatch"):
    """Write a program that is called unrar; gives its path."""
    path = folder / "unrar"
    python = Path(sys.executable).resolve()
    path.write_text(
        _SCRIPT.format(python=python, greeting=greeting, outside=str(folder), content=content)
    )
    path.chmod(0o755)
    (folder / "secret").write_text("secret")
    return str(path)


def main(level, path, *wishes):
    """Print one JSON line: what the process beside says of itself, and what came of each wish."""
    unpacker_child.SILENT, unpacker_child._LINGER = 2.0, 0.2
    held = os.pipe()  # as a worker holds the pipe to its parent
    beside = unpacker.start(unpacker.Offer((path,), Bounds(MEMORY, WRITTEN, 60)), Level(level))
    report = beside.lend(Report(Level(level)))
    trials = [[one.name, one.hindrance, one.refused] for one in report.trials]
    said = {"tools": report.tools, "trials": trials, "lent": rar_program.lent() is beside}
    said["answers"] = [_answer(beside, wish) for wish in wishes]
    _tell(json.dumps(said))
    os.close(held[0])


def _tell(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _answer(beside, wish):
    try:
        if wish == "large":
            return b"".join(beside.output([bytes(WRITTEN), b"more"])).decode()
        if wish == "pid":
            _tell(next(beside.output([b"hang"])).decode().strip())
            time.sleep(60)
        if wish == "two":
            first = beside.output([b"flood"])
            next(first)
            said = next(beside.output([b"second"])).decode()
            try:
                next(first)
            except Superseded:
                return said
        said = b"".join(islice(beside.output([wish.encode()]), _MOST)).decode()
        return said if len(said) < 1 << 16 else str(len(said))
    except MemberError as error:
        return f"error: {error.reason}"


if __name__ == "__main__":
    main(*sys.argv[1:])
