"""Stored runs made by hand for the tests of the reports. Everything in them is invented."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

from hashmatch.model import locators, names
from hashmatch.model.bands import band
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from pathlib import Path

RUN = "019aa8a0-0000-7000-8000-00000000002a"
NAMED, BENIGN, TIPS = "a" * 32, "b" * 32, "c" * 32


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


class Builder:
    """Collects the lines of a run, counts them and seals the folder."""

    def __init__(self) -> None:
        self.outcomes: list[dict] = []
        self.hits: list[dict] = []
        self.problems: list[dict] = []
        self.sources = [source(0, b"/mnt/exhibit-7")]
        self.sets = [provider_set(), benign_set(), tips_set()]
        self.record: dict = {}
        self.noted: dict = {}
        self.counts: dict = {}
        self.next: dict | None = None

    def at(self, place: str, source: int = 0, **facts: object) -> Builder:
        """Say where the next entry lies, and what is known of it beside its name."""
        self.next = {"source": source, "place": place, "facts": facts}
        return self

    def examined(self, path: bytes, hits: list[dict] = (), **facts: object) -> None:
        head = self._head(path)
        seed = repr(facts.pop("content", path))
        digests = {"md5": sha256(seed)[:32], "sha1": sha256(seed)[:40], "sha256": sha256(seed)}
        line = {"outcome": "examined", "size": 4_321, "modified_ns": 1_700_000_000_000_000_000}
        self.outcomes.append(head | line | {"digests": digests, "hits": len(hits)} | facts)
        conflict = len({hit["disposition"] == "benign" for hit in hits}) == 2
        item = {"sha256": digests["sha256"], "size": 4_321, "viewed": False, "conflict": conflict}
        self.hits += [self._named(head) | item | hit for hit in hits]

    def read_in_part(self, reason: str) -> None:
        """Say that the last item was not read to the byte; carved in part is no problem."""
        self.outcomes[-1]["partial"] = self.hits[-1]["partial"] = reason
        if reason != "carved-in-part":
            self._problem("content-partial", "read", reason)

    def picture(self, path: bytes, hits: list[dict] = (), **facts: object) -> None:
        quality = facts.pop("quality", 90)
        hashes = [
            {
                "method": "pdq",
                "rendering": "stored",
                "phase": "native",
                "quality": quality,
                "variants": [sha256(f"{path!r}{k}") for k in range(8)],
            }
        ]
        trouble = facts.get("trouble")
        picture = {"kind": "image/jpeg", "width": 640, "height": 480, "frames": 1}
        picture |= {"partial": False, "trouble": None} | facts
        picture["hashes"] = [] if trouble else hashes
        self.examined(path, hits, picture=picture)
        if trouble:
            self._problem("not-compared", "decode", str(trouble))
        elif picture["partial"]:
            self._problem("partial", "decode", "truncated-picture")
        elif quality < 50:
            self._problem("low-quality", None, "too-little-structure")

    def video(self, path: bytes, hits: list[dict] = (), **facts: object) -> None:
        video = {"kind": "video/mp4", "codec": "h264", "width": 640, "height": 360}
        video |= {"length_ms": 30_000, "frames": 750, "partial": False, "trouble": None}
        best = facts.pop("quality", 90)
        hashes = [[at, best - at // 20, sha256(f"{path!r}{at}")] for at in (0, 40)]
        video |= {"hashes": hashes} | facts
        self.examined(path, hits, video=video)
        if video["trouble"]:
            self._problem("video-not-compared", "decode", str(video["trouble"]))
        elif video["partial"]:
            self._problem("video-partial", "decode", "incomplete-video")
        elif best < 50:
            self._problem("video-low-quality", None, "too-little-structure")

    def failed(self, path: bytes, stage: str = "open", reason: str = "permission-denied") -> None:
        line = {"outcome": "failed", "stage": stage, "reason": reason}
        self.outcomes.append(self._head(path) | line)
        self._problem("failed", stage, reason)

    def skipped(self, path: bytes, rule: str = "symbolic-link") -> None:
        self.outcomes.append(self._head(path) | {"outcome": "skipped", "rule": rule})

    def seal(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        counts = self._counted() | self.counts
        record = run_record() | {"sources": self.sources, "sets": self.sets, "counts": counts}
        record |= self.noted
        record["exit_code"] = self._exit_code(counts)
        contents = {
            "run.json": [record | self.record],
            "outcomes.jsonl": self.outcomes,
            "hits.jsonl": self.hits,
            "problems.jsonl": self.problems,
        }
        for name, lines in contents.items():
            (folder / name).write_bytes(b"".join(map(canonical, lines)))
        reseal(folder)
        return folder

    def _head(self, path: bytes) -> dict:
        head = {"n": len(self.outcomes), "source": 0, **names.to_json(path)}
        if self.next is not None:
            source, facts = self.next["source"], self.next["facts"]
            where = locators.locator(locators.label(source), self.next["place"])
            head |= {"source": source, "locator": where} | ({"facts": facts} if facts else {})
            self.next = None
        return head

    def _named(self, head: dict) -> dict:
        """Add the id that lines about an entry have beside its locator."""
        where = head.get("locator")
        return head if where is None else head | {"id": locators.item_id(where)}

    def _problem(self, problem: str, stage: str | None, reason: str) -> None:
        last = self.outcomes[-1]
        keys = ("n", "source", "path", "path_b64", "locator", "facts")
        head = {key: last[key] for key in keys if key in last}
        self.problems.append(
            self._named(head) | {"problem": problem, "stage": stage, "reason": reason}
        )

    def _counted(self) -> dict:
        ended = Counter(line["outcome"] for line in self.outcomes)
        problems = Counter(line["problem"] for line in self.problems)
        pictures = [line["picture"] for line in self.outcomes if "picture" in line]
        named = [hit for hit in self.hits if hit["disposition"] != "benign"]
        notable = {hit["n"] for hit in named if hit["claim"] != "lead"}
        leads = {hit["n"] for hit in named} - notable
        near = any("pdq" in one["values"] for one in self.sets)
        low = problems["low-quality"]
        bad = problems["not-compared"] + problems["partial"]
        videos = sum("video" in line for line in self.outcomes)
        bad_videos = problems["video-not-compared"] + problems["video-partial"]
        return {
            "videos": videos,
            "videos_compared": videos - bad_videos - problems["video-low-quality"],
            "videos_low_quality": problems["video-low-quality"],
            "videos_not_compared": bad_videos,
            "videos_not_compared_by": self._by_reason("video-not-compared", "video-partial"),
            "seen": len(self.outcomes),
            "examined": ended["examined"],
            "failed": ended["failed"],
            "skipped": ended["skipped"],
            "folders": 4,
            "bytes": sum(line.get("size", 0) for line in self.outcomes),
            "pictures": len(pictures),
            "compared_near": len(pictures) - low - bad if near else 0,
            "low_quality": low,
            "pictures_sampled": sum(one.get("sampled", False) for one in pictures),
            "not_compared": bad,
            "items_with_hits": len({hit["n"] for hit in self.hits}),
            "items_with_notable_hits": len(notable),
            "items_with_leads": len(leads),
            "hits": len(self.hits),
            "conflicts": len({hit["n"] for hit in self.hits if hit["conflict"]}),
            "partial_by": self._by_reason("content-partial"),
            "failed_by": self._by("failed", "stage", "reason"),
            "skipped_by": self._by("skipped", "rule"),
            "not_compared_by": self._by_reason("not-compared", "partial"),
            "table": self._table(),
        }

    def _by(self, outcome: str, *keys: str) -> dict[str, int]:
        found = (line for line in self.outcomes if line["outcome"] == outcome)
        return dict(Counter(":".join(line[key] for key in keys) for line in found))

    def _by_reason(self, *problems: str) -> dict[str, int]:
        found = (p for p in self.problems if p["problem"] in problems)
        return dict(Counter(p["reason"] for p in found))

    def _table(self) -> list[dict]:
        keys = ("set", "scheme", "category", "disposition", "claim")
        rows: dict[tuple, list[dict]] = {}
        for hit in self.hits:
            rows.setdefault(tuple(hit[key] for key in keys), []).append(hit)
        return [
            dict(zip(keys, key, strict=True))
            | {
                "items": len({hit["n"] for hit in hits}),
                "distinct": len({hit["sha256"] for hit in hits}),
                "hits": len(hits),
            }
            for key, hits in sorted(rows.items(), key=repr)
        ]

    def _exit_code(self, counts: dict) -> int:
        changed = any(not one["unchanged"] for one in self.sources)
        unlooked = counts["not_compared"] or counts["videos_not_compared"]
        incomplete = counts["failed"] or unlooked or changed or counts["partial_by"]
        found = counts["items_with_notable_hits"] or counts["items_with_leads"]
        return (10 if found else 0) + (3 if incomplete else 0)


def reseal(folder: Path) -> None:
    """Write SHA256SUMS for whatever stands in the folder now."""
    found = ("run.json", "outcomes.jsonl", "hits.jsonl", "problems.jsonl")
    lines = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in found]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def source(index: int, location: bytes, **facts: object) -> dict:
    return {
        "index": index,
        "kind": "folder",
        **names.to_json(location, "location"),
        "read_only": True,
        "before": sha256("source"),
        "after": sha256("source"),
        "unchanged": True,
        "entries": 120,
        "folders": 4,
        "bytes": 123_456,
        "access_times": "kept",
    } | facts


def hash_set(name: str, version: str, kind: str, **facts: object) -> dict:
    return {
        "name": name,
        "version": version,
        "kind": kind,
        "scheme": None,
        "scheme_title": None,
        "categories": {},
        "publisher": None,
        "list_version": None,
        "list_date": None,
        "issued": None,
        "expires": None,
        "handling": None,
        "files": [{"name": f"{name}.json", "size": 20_480, "sha256": sha256(name)}],
        "records": {"read": 8, "kept": 8, "dropped": 0, "quarantined": 0},
        "values": {"md5": 8},
        "not_evaluated": {},
        "dropped": {},
        "quarantined": {},
        "accepted_losses": False,
    } | facts


def provider_set(**facts: object) -> dict:
    shapes = {"disposition": "illegal", "en": "Test shapes, class 1", "th": "รูปทดสอบ ประเภท 1"}
    lines = {"disposition": "comparison", "en": "Test lines, class 4", "th": "เส้นทดสอบ ประเภท 4"}
    return (
        hash_set(
            "provider-test",
            NAMED,
            "categorized",
            scheme="vic-us",
            scheme_title={"en": "Invented scheme for tests", "th": "ผังสมมติสำหรับการทดสอบ"},
            categories={"1": shapes, "4": lines},
            publisher="Invented Provider",
            list_version="7",
            list_date="2026-11-01",
            issued="2026-11-02",
            expires="2027-02-02",
            handling="for tests only",
            records={"read": 10, "kept": 8, "dropped": 1, "quarantined": 1, "unmatchable": 2},
            lost_values={"wrong-length": 3},
            quarantined_values={"constant-value": 5},
            values={"md5": 8, "sha1": 8, "pdq": 3},
            not_evaluated={"photodna": 4},
            why={"photodna": "no-hasher-installed"},
            dropped={"not-hexadecimal": 1},
            quarantined={"empty-file": 1},
            accepted_losses=True,
        )
        | facts
    )


def benign_set() -> dict:
    return hash_set("ordinary-software", BENIGN, "benign", values={"sha256": 8}, list_date="2026-1")


def tips_set() -> dict:
    return hash_set("tips", TIPS, "reported", expires="2026-11-01", values={"md5": 8})


def run_record() -> dict:
    return {
        "schema": "hashmatch.run/1",
        "run": RUN,
        "case": {
            "id": "3f0c2a54-5d1e-4c6f-9b1a-0c9d3a7e5b10",
            "reference": "TH-TEST-2569-000042-K",
            "agency": "หน่วยงานทดสอบ (Test Agency)",
        },
        "status": "complete",
        "operator": {"name": "สมชาย ทดสอบ", "agency": "หน่วยงานทดสอบ (Test Agency)"},
        "started": "2026-11-22T01:08:47.123456Z",
        "finished": "2026-11-22T02:40:03.000001Z",
        "utc_offset": "+07:00",
        "resumed": ["2026-11-22T01:40:00.000000Z"],
        "argv": ["scan", "/mnt/exhibit-7", "--case", "CASE"],
        "tool": {
            "name": "hashmatch",
            "version": "0.1.0",
            "python": "3.11.7",
            "numpy": "2.1.0",
            "opencv": "4.10.0",
            "pillow": "11.3.0",
        },
        "host": {"name": "lab-3", "system": "Linux 6.1"},
        "settings": {
            "algorithms": ["md5", "sha1", "sha256"],
            "max_picture_bytes": 268_435_456,
            "max_pixels": 200_000_000,
            "methods": ["pdq"],
            "near": "standard",
            "near_threshold": 31,
            "quality_gate": 50,
            "sandbox": "seccomp",
            "videos": True,
            "workers": 2,
        },
        "self_test": [{"name": "sha256", "passed": True}, {"name": "pdq", "passed": True}],
        "roots": {
            "outcomes.jsonl": sha256("o"),
            "hits.jsonl": sha256("h"),
            "problems.jsonl": sha256("p"),
        },
        "exit_code": 0,
    }


def exact(claim: str = "exact-2", **facts: object) -> dict:
    digests = {"exact-2": ["md5", "sha1"], "exact-1": ["md5"]}[claim]
    return {
        "claim": claim,
        "set": "provider-test",
        "set_version": NAMED,
        "record": 17,
        "entry": "media-17",
        "scheme": "vic-us",
        "category": "1",
        "disposition": "illegal",
        "agreeing": digests,
        "disagreeing": [],
        "needs_confirmation": False,
        "near": None,
    } | facts


def near(distance: int = 4, **facts: object) -> dict:
    return (
        exact()
        | {
            "claim": "near",
            "disposition": "suspected",
            "agreeing": [],
            "needs_confirmation": True,
            "near": {
                "method": "pdq",
                "distance": distance,
                "band": str(band(Method.PDQ, distance)),
                "threshold": 31,
                "quality": 100,
                "list_quality": None,
                "variant": "rot90",
                "rendering": "stored",
                "phase": "native",
                "frames": None,
            },
        }
        | facts
    )


def benign() -> dict:
    return exact() | {
        "set": "ordinary-software",
        "set_version": BENIGN,
        "record": 3,
        "entry": None,
        "scheme": None,
        "category": None,
        "disposition": "benign",
        "agreeing": ["sha256"],
    }


def reported() -> dict:
    other = {"set": "tips", "set_version": TIPS, "scheme": None, "category": None, "entry": None}
    return exact("exact-1") | other | {"disposition": "reported"}


def lead(distance: int = 40, **facts: object) -> dict:
    hit = near(distance, claim="lead", disposition="uncategorized")
    hit["near"] |= {"threshold": 60}
    return hit | facts


def near_video(**facts: object) -> dict:
    hit = near(8, record=21, entry="media-21")
    frames = {"matched": 12, "of": 30, "agreeing": 90, "asked": 240, "longest_ms": 4_200}
    frames |= {"ranges_ms": [[0, 4_200], [61_000, 3_725_500]]}
    hit["near"] |= {"method": "vpdq", "rendering": "video-frame", "variant": "identity"}
    hit["near"] |= {"frames": frames}
    return hit | facts


HOSTILE = (
    b"<script>alert(1)</script>.jpg",
    b"[bold]red[/bold].png",
    "ก\u202egpj.exe".encode(),
    b"two\nlines\r\x1b[2J.txt",
    b'=cmd()|"&calc',
    b"\xff\xfe broken \x80.bin",
    b"\xed\xa0\x80 lone surrogate",
    b"{{ 7*7 }}{% raw %}",
    "ภาพถ่าย ที่บ้าน ๑.jpg".encode(),
    b"--><img src=x onerror=alert(1)>",
)


def flood(**facts: object) -> dict:
    head = {"set": "provider-test", "set_version": NAMED, "record": 17, "entry": "media-17"}
    return head | {"files": 4_321, "quality": 64} | facts


def chance(**facts: object) -> dict:
    head = {"set": "provider-test", "set_version": NAMED, "method": "pdq", "threshold": 31}
    measured = {"sample": "photographs", "pairs": 7_488_448, "seen": 0}
    measured |= {"number": "3e-05", "extrapolated": "6e-10"}
    return head | {"queries": 24, "entries": 3, "measured": measured} | facts


def full() -> Builder:
    """A run with every kind of outcome, hit and problem, and with hostile names."""
    run = Builder()
    seen = {"sample": "drawn-scenes", "pairs": 7_998_000, "seen": 114, "extrapolated": None}
    often = chance(method="ahash", threshold=8, measured=seen | {"number": "9e+03"})
    unmeasured = chance(method="photodna", threshold=40_000, measured=None)
    run.noted["floods"] = {"limit": 20, "records": 3, "named": [flood(), flood(record=4)]}
    run.noted["chance"] = [chance(), often, unmeasured]
    for path in HOSTILE:
        run.examined(b"names/" + path, [exact()])
    run.picture("ภาพ/เด็ก และ ครอบครัว.jpg".encode(), [near(4), exact("exact-1")])
    run.picture(b"pictures/resized.png", [near(12, category="4", disposition="comparison")])
    run.picture(b"pictures/flat.png", quality=12)
    run.picture(b"pictures/half.jpg", [near(30)], partial=True)
    run.picture(b"pictures/broken.jpg", trouble="corrupt-picture")
    run.examined(b"both/setup.dll", [exact(disagreeing=["sha256"]), benign()])
    run.examined(b"system/kernel.dll", [benign()])
    run.examined(b"tips/a.bin", [reported()])
    run.examined(b"tips/copy of a.bin", [reported()], content="tip")
    run.examined(b"unknown code", [exact(category="9", disposition="uncategorized")])
    run.examined(b"plain.txt")
    run.failed(b"private")
    run.failed(b"locked folder", "list")
    run.skipped(b"link")
    run.skipped(b"pipe", "fifo")
    run.picture(b"pictures/derived.png", [lead(record=19, entry="media-19")])
    run.video(b"video/clip.mp4", [near_video()])
    return run


def image_source(index: int, location: bytes, **facts: object) -> dict:
    name = location.rpartition(b"/")[2]
    return (
        source(index, location, kind="image", form="e01", label=f"EV{index + 1:02d}")
        | {
            "segments": [
                {**names.to_json(name, "name"), "size": 9_000, "sha256": sha256("segment")}
            ],
            "protection": {
                "read_only_mount": False,
                "mount_point": "/evidence/สมชาย",
                "file_system": "ext4",
                "options": "rw,relatime",
                "device": "sdb",
                "removable": True,
            },
            "medium": medium(),
        }
        | facts
    )


def medium(**facts: object) -> dict:
    digests = {"md5": sha256("m")[:32], "sha1": sha256("m")[:40], "sha256": sha256("m")}
    check = {
        "size": 67_108_864,
        "read": 67_108_864,
        "digests": digests,
        "stored": {"md5": sha256("other")[:32]},
        "verdict": "mismatch",
        "damage": [{"offset": 4_096, "length": 32_768, "why": "checksum", "part": "chunk 1"}],
        "damaged_stretches": 1,
        "damaged_bytes": 32_768,
    }
    bad = [[512, 1_024, "unreadable", "acquisition"], [9_216, 512, "unreadable", ""]]
    noted = {"file": "/evidence/disk.E01.txt", "line": 3, "algorithm": "md5", "of": "content"}
    return {
        "size": 67_108_864,
        "said": {
            "examiner": "ผู้ทำสำเนา <b>",
            "case_number": "SYN-1",
            "media_flags": ["image", "physical"],
            "chunks": 2_048,
        },
        "stored": check["stored"],
        "unread_by_imager": {"count": 2, "bytes": 1_536, "first": bad},
        "verify": "full",
        "verdict": "mismatch",
        "doubtful": True,
        "volumes": [
            {"number": 0, "place": "space;off=0", "offset": 0, "size": 1_048_576, "gap": True},
            volume(1, "gpt:p1;off=1048576", kind="fat16"),
            volume(2, "gpt:p2;off=17825792", kind="ntfs"),
            volume(
                3,
                "gpt:p3;off=42991616",
                trouble="key-or-password-needed",
                advice="encrypted with LUKS: give its password with --passwords",
            ),
            volume(4, "gpt:p4;off=59768832!lvm:บ้าน;vg=home", kind="ext4"),
        ],
        "check": check,
        "check_after": check | {"digests": digests | {"md5": sha256("later")[:32]}},
        "sidecars": [
            noted | {"value": sha256("m")[:32], "result": "agree"},
            noted | {"line": 4, "value": "0" * 32, "result": "differ"},
        ],
        "sidecars_unread": [{"file": "/evidence/disk.E01.md5", "why": "Permission denied"}],
    } | facts


def volume(number: int, place: str, **facts: object) -> dict:
    return {"number": number, "place": place, "offset": number << 24, "size": 16_777_216} | facts


def imaged() -> Builder:
    """A run over an image and a folder that looked at everything, with damage and deep places."""
    run = Builder()
    folder = source(1, "/mnt/บัตร".encode(), label="EV02", protection={"read_only_mount": True})
    backup = {"path": "สำรองข้อมูล/Manifest.db", "encrypted": True, "named": 0, "unnamed": 0}
    backup |= {"unfit_names": 3, "names_missing": "key-or-password-needed"}
    folder["phone_backups"] = [backup]
    run.sources = [image_source(0, b"/evidence/disk.E01"), folder]
    settings = run_record()["settings"]
    settings |= {"profile": "deep", "left_out": [], "verify": "full", "secrets": 2}
    run.record["settings"] = settings | {"member_limits": {"depth": 5, "count": 1_000_000}}
    named = {"locator": "EV01!gpt:p2;off=17825792!ntfs:/ลับ.jpg;id=70-1", "why": "other digests"}
    run.record["reopened"] = {"items": 9, "agreed": 8, "differed": 1, "unreachable": 0}
    run.record["reopened"]["named"] = [named]
    fat, ntfs = "gpt:p1;off=1048576!fat16:", "gpt:p2;off=17825792!ntfs:"
    times = {"created": "2020-01-15T10:20:30.5", "modified": "2020-01-15T10:20:30"}
    zoned = {"accessed": "2020-01-16T03:04:05.1234567Z"}
    extents = {"extents": [[1_101_824, 4_321]], "fragments": 1}
    at = {"standing": "allocated", "times": times | {"accessed": "2020-01-16"}} | extents
    run.at(fat + "/DCIM/ภาพ.jpg;id=517", **at).picture("p1/DCIM/ภาพ.jpg".encode(), [exact()])
    gone = {"standing": "deleted", "recovery": "by-contiguity", "times": times}
    run.at(fat + "/_el.png;id=519;del", **gone).picture(b"p1/_el.png", [near(12)])
    lost = {"standing": "orphan", "recovery": "by-record", "times": zoned}
    run.at(ntfs + "/$OrphanFiles/o-91;id=91-3;del", **lost).examined(b"p2/$Orphan/o-91", [exact()])
    carved = {"standing": "carved", "recovery": "by-structure"}
    carved |= {"extents": [[44_564_480, 4_321]], "fragments": 1}
    run.at("gpt:p2;off=17825792!ntfs:/$unalloc;off=44564480;len=4321", **carved).picture(
        b"p2/$carved/44564480.jpg", [near(20)]
    )
    run.read_in_part("carved-in-part")
    long = "/".join(f"โฟลเดอร์ ที่ยาวมาก {k}" for k in range(12))
    deep = f"{ntfs}/{long}/outer.zip;id=65-1!zip:inner.zip;n=0!zip:deep/แมว%21.jpg;n=0"
    path = f"p2/{long}/outer.zip!/inner.zip!/deep/แมว!.jpg".encode()
    run.at(deep, standing="allocated", times=times).picture(path, [exact()])
    unbroken = "x" * 180
    run.at(f"{ntfs}/{unbroken};id=66-1;ads=hidden.jpg", standing="allocated", times=zoned).examined(
        f"p2/{unbroken}:hidden.jpg".encode(), [reported()]
    )
    hurt = {"standing": "allocated", "times": times | zoned}
    run.at(ntfs + "/hurt.jpg;id=67-1", **hurt).picture(b"p2/hurt.jpg", [near(5)])
    run.read_in_part("damaged-medium")
    mail = {"standing": "allocated", "notes": {"original-name": "C:/สมหญิง.jpg"}}
    run.at("dir:/mail.mbox!mbox;n=12!mime:2.1;name=IMG.jpg", 1, **mail).examined(
        b"mail.mbox!/12!/IMG.jpg", [exact(), benign()]
    )
    run.at("dir:/plain.txt", 1).examined(b"plain.txt", [exact("exact-1")])
    run.at("gpt:p3;off=42991616").failed(b"p3", "list", "key-or-password-needed")
    run.at("dir:/bomb.zip!zip", 1).failed(b"bomb.zip!/", "unpack", "limit-ratio")
    run.at(fat + "/_ld.doc;id=530;del", standing="deleted").skipped(
        b"p1/_ld.doc", "deleted-name-only"
    )
    run.counts = {"inside": 3, "deleted": 2, "carved": 1, "media_doubtful": 1, "reopened_differ": 1}
    run.counts["backups_locked"] = 2
    return run


def empty() -> Builder:
    """A complete run in which nothing hit."""
    run = Builder()
    run.sets = [tips_set()]
    run.examined(b"plain.txt")
    run.picture(b"harmless.jpg")
    return run


def incomplete() -> Builder:
    """A run in which nothing hit and much could not be examined."""
    run = Builder()
    run.examined(b"plain.txt")
    run.failed(b"private")
    run.failed(b"locked folder", "list")
    run.picture(b"broken.jpg", trouble="corrupt-picture")
    run.sources = [source(0, b"/mnt/exhibit-7", after=sha256("other"), unchanged=False)]
    return run
