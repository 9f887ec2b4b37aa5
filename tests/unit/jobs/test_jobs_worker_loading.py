"""A worker loads what it will need before it is confined, and nothing for sources it has not."""

import subprocess
import sys
from pathlib import Path

import pytest

from hashmatch.evidence.folder import FolderSource
from hashmatch.evidence.image import ImageSource
from hashmatch.jobs import workers
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.reopen import with_places
from hashmatch.jobs.workers import Order
from hashmatch.model.hashes import Algorithm
from hashmatch.model.profile import Profile
from hashmatch.model.wanted import Wanted

ROOT = Path(__file__).resolve().parents[3]
FOLDER, IMAGE = FolderSource(b"/folder"), ImageSource(b"/image", "raw", ())
LATER = """
import sys
from hashmatch.evidence import preload
from hashmatch.model.secrets import Secrets
preload.load(file_systems={images}, members={members})
before = set(sys.modules)
{work}
later = sorted(name for name in set(sys.modules) - before if name.startswith("hashmatch"))
sys.exit(f"loaded later: {{later}}" if later else 0)
"""
RECOGNISED = """
from hashmatch.evidence.members import registry
assert registry.recognise(b"PK" + bytes([3, 4]), b"a.zip").NAME == "zip"
assert "pytsk3" not in sys.modules
"""
LISTED = """
from hashmatch.evidence.filesystems import registry
from hashmatch.evidence.media.registry import by_name
from hashmatch.evidence.volumes import finding
medium = by_name("raw").open_medium({path!r}, Secrets())
(volume,) = finding.volumes(medium, Secrets())
opened = finding.open_volume(medium, volume.layers, Secrets())
assert list(registry.mount(opened, Secrets()).entries(deleted=True))
"""


def loaded_later(**parts):
    code = LATER.format(**parts)
    words = [sys.executable, "-c", code]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stderr


def test_recognising_containers_loads_no_more_modules():
    assert loaded_later(images=False, members=True, work=RECOGNISED) == ""


def test_listing_an_image_loads_no_more_modules(tmp_path):
    pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")
    from tests.ntfs_maker import Data, NtfsVolume

    path = tmp_path / "volume.raw"
    path.write_bytes(NtfsVolume({"a.txt": [Data(b"text")]}).made())
    work = LISTED.format(path=bytes(path))
    assert loaded_later(images=True, members=False, work=work) == ""


@pytest.mark.parametrize(
    ("sources", "members", "asked"),
    [
        ((FOLDER,), True, [{"file_systems": False, "members": True}]),
        ((FOLDER,), False, []),
        ((FOLDER, IMAGE), False, [{"file_systems": True, "members": False}]),
    ],
    ids=["folder", "folder, not looked into", "image"],
)
def test_only_what_reads_the_sources_is_loaded(monkeypatch, sources, members, asked):
    found = []
    monkeypatch.setattr(workers.evidence_preload, "load", lambda **what: found.append(what))
    monkeypatch.setattr(workers, "confine", lambda *_: Report(Level.PROCESSES))
    monkeypatch.setattr(workers, "leave_terminal", lambda: None)
    wanted = Wanted((Algorithm.SHA256,), (), videos=False)
    order = Order(sources, wanted, Limits(), Level.PROCESSES, profile=Profile(members=members))
    assert workers._confined(with_places(order)) == Report(Level.PROCESSES)
    assert found == asked
