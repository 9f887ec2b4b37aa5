#!/usr/bin/env python3
"""Verify a hashmatch case without hashmatch: python3 verify_case.py CASE [TRUSTED_KEY.pem].

Needs Python 3.11 and nothing else. Exit code 0: all holds. 22: something was altered. 3: something
could not be checked. A copy that lay in the case may be altered as well: use one that you trust.
"""

import base64
import re
import sys
from collections.abc import Callable
from hashlib import file_digest, sha256, sha512
from json import dumps, loads
from pathlib import Path
from typing import Any

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT_OF_MINUS_1 = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
KEY_PREFIX = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: an Ed25519 key follows
RESULTS = ["outcomes.jsonl", "hits.jsonl", "problems.jsonl"]
FIELDS = "actor at body case clock host id prev refs seq tool type utc_offset v"
STATE = {"plan.json", "journal.jsonl", "listing.jsonl"}
KNOWN = {"ledger.jsonl", "checkpoints", "verify_case.py", "lock"}
BAD = (ValueError, LookupError, TypeError, AttributeError, RecursionError, FileNotFoundError)
VERDICTS: set[str] = set()


def _add(a: list[int], b: list[int]) -> list[int]:  # RFC 8032, section 5.1.4
    s, t = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    u, v = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = t - s, v - u, v + u, t + s
    return [e * f % P, g * h % P, f * g % P, e * h % P]


def _times(n: int, y: int, sign: int) -> list[int]:  # n times the point that has this y
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT_OF_MINUS_1 % P
    x = x if x & 1 == sign else P - x
    total, point = [0, 1, 1, 0], [x, y, 1, x * y % P]
    while n:
        total, point, n = _add(total, point) if n & 1 else total, _add(point, point), n >> 1
    return total


def _signed(key: bytes, signature: bytes, message: bytes) -> bool:  # RFC 8032, section 5.1.7
    s, y = int.from_bytes(signature[32:], "little"), int.from_bytes(key, "little")
    h = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % Q
    minus_key = _times(h, y & (1 << 255) - 1, 1 - (y >> 255))
    point = _add(_times(s, 4 * pow(5, -1, P) % P, 0), minus_key)
    x, y = (c * pow(point[2], -1, P) % P for c in point[:2])
    return s < Q and (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def _need(holds: object, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _check(name: str, work: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401
    found, detail = None, ""
    try:
        found = work(*given)
        verdict = "NOT CHECKED" if found == "open" else "PASS"
    except BAD as error:
        verdict, detail = "FAIL", str(error)
    except OSError as error:
        verdict, detail = "NOT CHECKED", str(error)
    VERDICTS.add(verdict)
    print(verdict.ljust(12) + ascii(f"{name} {detail}")[1:-1])  # noqa: T201
    return found


def _regular(path: Path) -> Path:
    _need(path.is_file() and not path.is_symlink(), f"{path} is missing or not a file")
    return path


def _digest(path: Path) -> str:
    with _regular(path).open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _canonical(line: bytes, where: str) -> dict[str, Any]:
    value = loads(line.decode(), parse_float=int, parse_constant=int)  # int() refuses both
    text = dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    _need(text.encode() == line, f"{where} is not in canonical form")
    return dict(value)


def _grow(edge: list[bytes], size: int, leaf: bytes) -> None:  # RFC 6962, section 2.1
    edge.append(sha256(b"\0" + leaf).digest())
    while size & 1:
        edge[-2:] = [sha256(b"\1" + edge[-2] + edge[-1]).digest()]
        size >>= 1


def _root(edge: list[bytes]) -> bytes:
    node = edge[-1] if edge else sha256().digest()
    for left in edge[-2::-1]:
        node = sha256(b"\1" + left + node).digest()
    return node


def _checkpoint(path: Path, case: str, size: int, key: bytes) -> bytes:
    note = _regular(path).read_bytes()
    body, last = note.split(b"\n\n")
    root, full = base64.b64decode(body.split(b"\n")[2]), base64.b64decode(last.split(b" ")[2])
    origin = f"hashmatch-case/{case}"
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    whole = f"{text}\n\u2014 {origin} {base64.b64encode(full).decode()}\n"
    named = full[:4] == sha256(f"{origin}\n\1".encode() + key).digest()[:4]
    good = note == whole.encode() and named and _signed(key, full[4:], text.encode())
    _need(good, f"{path.name} is not what the key of this case signed")
    return root


def _ledger(folder: Path, case: str, key: bytes) -> list[dict[str, Any]]:
    *lines, rest = _regular(folder / "ledger.jsonl").read_bytes().split(b"\n")
    names = {path.name for path in (folder / "checkpoints").iterdir()}
    newest = sum(name.endswith(".ckpt") for name in names)
    pending = names - {f"{n:08d}.ckpt" for n in range(1, newest + 1)}
    _need(pending <= {f"{newest + 1:08d}.ckpt.new"}, "a checkpoint is missing or unknown")
    entries: list[dict[str, Any]] = []
    edge: list[bytes] = []
    prev, at = "0" * 64, ""
    for seq, line in enumerate(lines):
        e = _canonical(line, f"line {seq + 1}")
        facts = (" ".join(e), e["v"], e["seq"], e["case"], e["prev"], e["clock"]["backwards"])
        expected = (FIELDS, 1, seq, case, prev, e["at"] < at)
        _need(facts == expected, f"line {seq + 1} does not follow from line {seq}")
        prev, at = sha256(line).hexdigest(), e["at"]
        _grow(edge, seq, line)
        entries.append(e)
        if seq < newest or not rest:  # the line beyond the newest is the one that was pending
            name = f"{seq + 1:08d}.ckpt" + (".new" if seq == newest else "")
            root = _checkpoint(folder / "checkpoints" / name, case, seq + 1, key)
            _need(root == _root(edge), f"{name} was signed for other lines")
    _need(newest <= len(lines) <= newest + (not rest), "lines were cut off or added")
    if rest:
        _checkpoint(folder / "checkpoints" / f"{newest + 1:08d}.ckpt.new", case, newest + 1, key)
    return entries


def _leftovers(folder: Path, entries: list[dict[str, Any]]) -> str | None:
    recorded = {e["body"]["kept_as"]: e["body"] for e in entries if e["type"] == "recover"}
    torn = {path.name for path in folder.iterdir()} - KNOWN
    for name in torn | recorded.keys():
        digest = _digest(folder / name)
        _need(re.fullmatch(f"ledger.torn-{digest[:16]}", name), f"{name} is unknown")
        facts = {"bytes": (folder / name).stat().st_size, "sha256": digest, "kept_as": name}
        _need(recorded.get(name, facts) == facts, f"{name} is not as the ledger recorded it")
    pending = [*(folder / "checkpoints").glob("*.new")]
    return "open" if pending or torn - recorded.keys() else None


def _run(folder: Path, end: dict[str, Any]) -> None:
    listed = "".join(f"{_digest(folder / name)}  {name}\n" for name in ["run.json", *RESULTS])
    _need(_regular(folder / "SHA256SUMS").read_bytes() == listed.encode(), "a file was altered")
    _need(_digest(folder / "SHA256SUMS") == end["sums_sha256"], "SHA256SUMS is another one")
    known = {"run.json", *RESULTS, "SHA256SUMS", "state"}
    there = {path.name for path in folder.iterdir()}
    _need(there <= known, "there is an unknown file")
    if "state" in there:  # left by a crash after the run was sealed
        left = {_regular(path).name for path in _folder(folder / "state").iterdir()}
        _need(left <= STATE, "there is an unknown file in state")
    for name in RESULTS:
        edge: list[bytes] = []
        with (folder / name).open("rb") as stream:
            for size, line in enumerate(stream):
                _grow(edge, size, line[:-1])
        _need(_root(edge).hex() == end["roots"][name], f"{name} has another root")


def _folder(path: Path) -> Path:
    _need(path.is_dir() and not path.is_symlink(), f"{path} is missing or not a folder")
    return path


def _folders(case: Path) -> None:
    for path in (case / "ledger", case / "ledger" / "checkpoints", case / "reports"):
        _folder(path)
    for path in _folder(case / "runs").iterdir():
        _folder(path)


def _runs(case: Path, entries: list[dict[str, Any]]) -> None:
    last = {e["body"]["run"]: e for e in entries if e["type"].startswith("run.")}
    strays = {path.name for path in (case / "runs").iterdir()} - last.keys()
    _need(not strays, f"not in the ledger: {strays}")
    for run, entry in last.items():
        if entry["type"] == "run.end":
            _check(f"run {run}", _run, case / "runs" / run, entry["body"])
        elif entry["type"] != "run.abort":
            _check(f"run {run} was interrupted", lambda: "open")


def _reports(case: Path, entries: list[dict[str, Any]]) -> None:
    written = [e["body"] for e in entries if e["type"] == "report.write"]
    known = {(b["run"], f["name"]): f["sha256"] for b in written for f in b["files"]}
    paths = {case / "reports" / run / name: digest for (run, name), digest in known.items()}
    strays = {p for p in (case / "reports").rglob("*") if p.is_symlink() or not p.is_dir()}
    _need(strays <= paths.keys(), f"not in the ledger: {strays - paths.keys()}")
    for path, digest in paths.items():
        _need(_digest(path) == digest, f"{path} was altered")


def _key(pem: str) -> bytes:
    der = base64.b64decode("".join(pem.strip().splitlines()[1:-1]))
    _need(der.startswith(KEY_PREFIX) and len(der) == 44, "no Ed25519 public key")
    return der[12:]


def _about(file: Path) -> dict[str, Any]:
    return _canonical(_regular(file).read_bytes().removesuffix(b"\n"), file.name)


def _opening(case: Path, entries: list[dict[str, Any]]) -> None:
    body = entries[0]["body"] if entries[0]["type"] == "case.open" else {}
    _need(_digest(case / "case.json") == body["case_file_sha256"], "case.json is another one")
    verifier = case / "ledger" / "verify_case.py"
    _need(_digest(verifier) == body["verifier_sha256"], "verify_case.py is another one")


def _signer(key: bytes | None, trusted: list[str]) -> str | None:
    if key is None or not trusted:
        return "open"
    _need(all(_key(Path(pem).read_text()) == key for pem in trusted), "not the key you trust")
    return None


def main(argv: list[str]) -> int:
    """Print one line for each check and give the exit code."""
    VERDICTS.clear()
    case, trusted = Path(argv[1] if len(argv) > 1 else "."), argv[2:]
    try:
        [_key(Path(pem).read_text()) for pem in trusted]
    except (OSError, ValueError):
        print("usage: verify_case.py CASE [TRUSTED_KEY.pem]: no public key there")  # noqa: T201
        return 2
    if not (case / "case.json").is_file():
        print(f"no case in {str(case)!a}")  # noqa: T201
        return 23
    _check("folders", _folders, case)
    about = _check("case file form", _about, case / "case.json")
    key = entries = None
    if about is not None:
        key = _check("key of the case", lambda: _key(about["public_keys"][0]["pem"]))
    if key is not None:
        entries = _check("ledger and checkpoints", _ledger, case / "ledger", about["id"], key)
    if entries is not None:
        _check("case file and verifier", _opening, case, entries)
        _check("interrupted writes", _leftovers, case / "ledger", entries)
        _check("runs", _runs, case, entries)
        _check("reports", _reports, case, entries)
    _check("signed by the key you trust", _signer, key, trusted)
    return 22 if "FAIL" in VERDICTS else 3 if "NOT CHECKED" in VERDICTS else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
