"""A short fuzzing run of every file system; ``make fuzz-images`` runs as long as one likes."""

import pytest

from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.lister import Terms
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed
from tests.damaged_images import DamagedImages, bases
from tests.fuzz import fuzz_images

pytest.importorskip("pytsk3")

SLOW = {"fat16", "ext4", "ntfs", "lvm"}
"""Images so large that damaging many of them takes longer than listing them."""


def test_damaged_file_systems_end_in_outcomes_and_nothing_else():
    sound = {kind: content for kind, content in bases().items() if kind not in SLOW}
    assert sound.keys() >= {"fat12", "exfat", "xfs", "mbr"}
    source = DamagedImages.of(sound, range(20))
    counts, wrong = fuzz_images.examine(source, Terms(target=Level.LANDLOCK, seconds=20))
    assert wrong == []
    files = {kind: fuzz_images.files(content) for kind, content in sound.items()}
    assert len(counts) == 20 * len(sound)
    for number, (kind, seed) in enumerate(source.numbers):
        told = sum(counts[number][one.__name__] for one in (Item, Failed, Folder))
        assert told, (kind, seed)
        assert not fuzz_images.is_short(kind, counts[number], files[kind]), (kind, seed)
    failed = sum(count["Failed"] for count in counts.values())
    items = sum(count["Item"] for count in counts.values())
    assert failed > 20
    assert items > 400
