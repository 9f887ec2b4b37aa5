"""A scan as somebody sees it who watches the system: what it reads, writes and opens."""

import json
import os
import re
import shutil
import subprocess
import threading
import time

import pytest
from PIL import Image

from hashmatch.errors import ExitCode

MEASURED = False  # other modules run the same commands

DEEP = 2100  # beyond what the kernel takes as one path
# What counts in more than 32 bits takes a while: HASHMATCH_TESTS=full
HOLE = ((4 << 30) if os.environ.get("HASHMATCH_TESTS") == "full" else (32 << 20)) + 1


def outcomes(bench):
    lines = (bench.only_run() / "outcomes.jsonl").read_text("utf-8").splitlines()
    return {line["path"]: line for line in map(json.loads, lines)}, len(lines)


def dig(folder, levels):
    """Make folders inside one another, and a file in the last; no path could name them."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)  # relative to a folder
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    file = os.open("known", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(file, b"known")
    os.close(file)
    os.close(here)


@pytest.fixture
def deep(bench):
    dig(bench.evidence, DEEP)
    yield bench
    subprocess.run(["rm", "-rf", bench.evidence], check=True)  # deeper than Python's own can


def grow(path, until):
    while not until.is_set():
        with path.open("ab") as out:
            out.write(b"more")
        time.sleep(0.001)


def test_each_entry_of_a_strange_tree_has_one_outcome(deep):
    evidence = deep.evidence
    (evidence / "empty").touch()
    (evidence / "one").write_bytes(b"\xff")
    (evidence / "growing").write_bytes(b"begun")
    os.mkfifo(evidence / "pipe")
    with (evidence / "sparse").open("wb") as out:
        out.truncate(HOLE)
    until = threading.Event()
    growing = threading.Thread(target=grow, args=(evidence / "growing", until))
    growing.start()
    try:
        deep.scan("--digests", "needed", code=ExitCode.HITS_INCOMPLETE)
    finally:
        until.set()
        growing.join()
    found, count = outcomes(deep)
    assert count == len(found) == 6
    assert found["d/" * DEEP + "known"]["hits"] == 1
    assert [found[name]["size"] for name in ("empty", "one", "sparse")] == [0, 1, HOLE]
    assert found["growing"]["reason"] in {"replaced-since-listed", "changed-while-read"}
    assert found["pipe"]["outcome"] == "skipped"


CALLS = "open,openat,creat,socket,connect,bind,sendto,unlink,unlinkat,rename,renameat,renameat2,"
CALLS += "mkdir,mkdirat,truncate,chmod,fchmodat,link,linkat,symlink,symlinkat,utimensat"
NAMED = re.compile(r'"((?:[^"\\]|\\.)*)"')
NOT_READING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
FAILED = re.compile(r"= -1 E")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_nothing_is_written_elsewhere_and_no_network_is_opened(bench):
    (bench.evidence / "hit").write_bytes(b"known")
    Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 50).save(bench.evidence / "p.png")
    trace = bench.root / "trace"
    words = ["strace", "-f", "-y", "-s", "4096", "-o", trace, "-e", f"trace={CALLS}"]
    scan = bench.command("scan", "evidence", "--case", "CASE", "-q")
    done = subprocess.run(
        [*words, *scan],
        env=bench.environment(),
        cwd=bench.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if not trace.exists() or "ptrace" in done.stderr:
        pytest.skip("tracing is not allowed here")
    assert done.returncode == ExitCode.HITS, done.stderr
    calls = [line for line in trace.read_text(errors="replace").splitlines() if "(" in line]
    assert any("evidence" in call for call in calls)
    allowed = (str(bench.case), str(bench.root / "home"), "CASE/", "/dev/null", "/dev/tty")
    own = tuple(f"<{place}" for place in (bench.case, bench.root / "home"))
    for call in calls:
        name = call.split("(", 1)[0].split()[-1]
        if name in {"socket", "connect", "bind", "sendto"}:
            assert "AF_INET" not in call, call
            assert "AF_NETLINK" not in call, call
        elif (not name.startswith("open") or NOT_READING.search(call)) and not FAILED.search(call):
            paths = NAMED.findall(call)
            relative_to_own = any(place in call for place in own)
            assert relative_to_own or all(path.startswith(allowed) for path in paths), call
