"""``docs/evidence.md`` says what the program says: forms, file systems, containers, limits."""

import re
from pathlib import Path

import pytest

from hashmatch.cli import program
from hashmatch.evidence.carving.registry import WALKERS
from hashmatch.evidence.filesystems import logical_ewf, tsk, unsupported
from hashmatch.evidence.filesystems import registry as filesystems
from hashmatch.evidence.media import refused, sidecars
from hashmatch.evidence.media import registry as media
from hashmatch.evidence.members import registry as members
from hashmatch.evidence.volumes.interface import LAYERS
from hashmatch.jobs.verifying import Verify
from hashmatch.model import locators
from hashmatch.model.facts import Recovery, Standing
from hashmatch.model.outcomes import PARTS, Reason, Rule
from hashmatch.model.profile import MemberLimits, ProfileName, profile
from tests.unit.test_demo_guide import examples, headings, parse

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "evidence.md"
TEXT = PAGE.read_text("utf-8")
GUIDES = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("guide.md", "guide.th.md")}


def section(number):
    """Give the text of a section, up to the next one."""
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", TEXT, re.M | re.S)
    assert found, number
    return found[0]


def rows(text, heading):
    """Give the words in code style in the first column of the table with that heading."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.M)
    assert found, heading
    cells = (line.split(" | ")[0] for line in found[1].splitlines())
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_form_of_image_has_a_row_under_its_title():
    forms = {one.NAME: one.TITLE for one in media.all_forms() if one is not refused}
    assert set(rows(section(2), "form")) == set(forms)
    for name, title in forms.items():
        [row] = re.findall(rf"^\| `{name}` \| .*", section(2), re.M)
        assert title.rstrip(")").partition(" (")[0] in row, name


def test_every_form_that_is_refused_is_named():
    kinds = {kind for _, _, kind, _ in refused._HEADS}
    assert [kind for kind in sorted(kinds) if kind not in section(2)] == []


def test_every_step_to_a_volume_has_a_row():
    assert set(rows(section(3), "step")) == LAYERS


def test_every_kind_of_file_system_has_a_row():
    families = set(tsk._KINDS.values()) | {tsk._NTFS, tsk._HFS, tsk._ISO, tsk._EXFAT}
    others = set(filesystems.names()) - {tsk.NAME, logical_ewf.NAME}
    assert set(rows(section(4), "kind")) == families | others | {logical_ewf.KIND}


def test_what_is_recognised_and_not_read_is_named():
    named = {one.what.name for one in (*unsupported._FIRST, *unsupported._LAST)}
    plain = {re.sub(r"^(an? )?(members? of )?(an? )?", "", name) for name in named}
    plain = {word for name in plain for word in name.split(" or ")}
    text = (section(3) + section(4)).replace("\n", " ")
    missing = [one for one in plain if one.removeprefix("Microsoft ") not in text]
    unlike = {"Windows dynamic disk": "dynamic disks", "BSD disk label": "BSD labels"}
    assert [one for one in missing if unlike.get(one, one) not in text] == []


def test_every_kind_of_container_has_a_row_under_its_title():
    kinds = {one.NAME: one.TITLE for one in members.containers()}
    lines = re.findall(r"^\| `.*", section(6), re.M)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {name.strip("`"): title for name, title, _, _ in cells} == kinds
    needs = {name.strip("`"): needed for name, _, _, needed in cells}
    for one in members.containers():
        assert bool(needs[one.NAME]) == bool(one.HELP), one.NAME
        extra = re.search(r"hashmatch(\[\w+\])", one.HELP)
        assert extra is None or one.NAME == "ufdr" or extra[1] in needs[one.NAME], one.NAME


def test_every_kind_that_is_carved_has_a_row():
    assert set(rows(section(7), "kind")) == set(WALKERS)


@pytest.mark.parametrize("name", ProfileName)
def test_every_profile_says_what_it_looks_for(name):
    one = profile(name)
    words = ["yes" if wanted else "no" for wanted in (one.deleted, one.members, one.carve)]
    assert f"| `{name}` | {' | '.join(words)} |" in section(8)


def test_every_limit_is_the_one_that_holds():
    limits = MemberLimits()
    told = {
        Reason.LIMIT_DEPTH: f"{limits.depth} containers",
        Reason.LIMIT_COUNT: f"{limits.count:,} members",
        Reason.LIMIT_SIZE: f"{limits.bytes >> 30} GiB in one",
        Reason.LIMIT_TOTAL: f"{limits.total >> 30} GiB in all members of one item,"
        f" or {limits.times} times",
        Reason.LIMIT_RATIO: f"{limits.ratio} times what a member is packed in,"
        f" after the first {limits.free >> 20} MiB",
        Reason.LIMIT_KEPT: f"{limits.kept >> 30} GiB of a member",
        Reason.LIMIT_TIME: f"{limits.seconds:,} seconds",
    }
    assert set(rows(section(8), "reason")) == {str(reason) for reason in told}
    for reason, words in told.items():
        assert f"| `{reason}` | {words}" in section(8)


def test_every_way_to_verify_and_every_name_of_a_hash_file_is_told():
    assert set(rows(section(11), "`--verify`")) == {str(one) for one in Verify}
    assert [end for end in sidecars.ENDINGS if f"`{end.decode()}`" not in section(11)] == []


def test_every_word_of_standing_and_recovery_is_explained():
    words = {str(one) for one in (*Standing, *Recovery)}
    assert set(rows(section(5), "word")) == words


def test_every_reason_about_evidence_and_every_rule_is_explained():
    begin, end = list(Reason).index(Reason.DAMAGED_MEDIUM), list(Reason).index(Reason.LIMIT_DEPTH)
    wanted = {str(one) for one in list(Reason)[begin:end]}
    assert {str(one) for one in PARTS - {Reason.IO}} <= wanted
    assert set(rows(section(12), "reason")) == wanted
    assert all(f"`{rule}`" in TEXT for rule in (Rule.NAME_ONLY, Rule.METADATA))


def test_every_locator_can_be_read_and_written_again():
    found = re.findall(r"\| `(EV\d\d!.+?)` \|", section(10))
    assert len(found) >= 8
    for text in found:
        label, layers = locators.parse(text)
        assert locators.locator(label, locators.place(layers)) == text
    assert f"`{locators.item_id(found[0])}`" in section(10)


def test_every_example_is_a_command_that_exists():
    found = list(examples(PAGE))
    assert len(found) >= 8
    for words in found:
        parse(program, words)


def test_links_lead_to_files_and_headings_that_exist():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        name, _, anchor = target.partition("#")
        aimed = PAGE.parent / name if name else PAGE
        assert aimed.is_file(), target
        assert not anchor or anchor in headings(aimed), target


@pytest.mark.parametrize("name", GUIDES)
def test_the_guides_tell_of_images_profiles_and_where_more_is_said(name):
    text = GUIDES[name]
    assert "(evidence.md" in text
    assert [f"`{one}`" for one in ProfileName if f"`{one}`" not in text] == []
    assert [
        option for option in ("--verify", "--passwords", "--as raw") if option not in text
    ] == []
