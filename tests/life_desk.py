"""A library of its own, lists on the disk, a clock that stands still: for sets that change."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import zipfile
from datetime import UTC, datetime

from hashmatch.db import profiles
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.jobs import ingest
from hashmatch.model.people import Setting
from tests.library_maker import make_library

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def md5(word):
    return hashlib.md5(str(word).encode()).hexdigest()


def sha1(word):
    return hashlib.sha1(str(word).encode()).hexdigest()


def sha256(word):
    return hashlib.sha256(str(word).encode()).hexdigest()


def table(rows, delimiter=","):
    """CSV text of a header and rows."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def vics(*media):
    return json.dumps({"@odata.context": CONTEXT, "value": list(media)})


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def gzipped(content):
    return gzip.compress(content.encode() if isinstance(content, str) else content, mtime=0)


class LifeDesk:
    """Where lists are written and imported."""

    def __init__(self, root):
        self.root = root
        self.day = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
        self.library = make_library(root)
        self.setting = Setting(
            lambda: self.day,
            random.Random(7).randbytes,
            "host",
            "system",
            str(root),
            (),
            {"name": "hashmatch", "version": "0"},
        )

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(self, *names, show=lambda _: None, **changes):
        """Import files by name; ``changes`` to the reading, the description and the request."""
        words = {"format_name": None, "ignore_categories": False} | changes
        reading = ingest.Reading(
            tuple(self.root / one for one in names),
            words["format_name"],
            words.get("options", ingest.ReadOptions()),
            words["ignore_categories"],
        )
        request = {key: words[key] for key in ("delta", "withdraw", "check") if key in words}
        wanted = ingest.Import(reading, self.described(words), **request)
        return ingest.ingest(wanted, self.library, self.setting, show)

    def described(self, words):
        scheme = words.get("scheme")
        kind = SetKind.CATEGORIZED if scheme else words.get("kind", SetKind.ILLEGAL)
        known = ("publisher", "list_version", "list_date", "expires", "handling", "accept_losses")
        return SetDescription(
            words.get("name", "known"),
            kind,
            profiles.load(scheme) if scheme else None,
            **{key: words[key] for key in known if key in words},
        )

    def records(self, version=None):
        version = version or self.library.current("known").version
        with self.library.open_set(version) as installed:
            return [one for one in installed.records() if one.live]

    def knows(self, word, version=None):
        """Whether the current version has a record with the MD5 of a word."""
        return any(md5(word) in [d.hex for d in one.digests] for one in self.records(version))
