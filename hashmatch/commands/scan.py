"""``hashmatch scan``: examine folders, images and devices against installed sets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from hashmatch.commands import scan_summary
from hashmatch.commands.evidence_options import depth_of, evidence_options, secrets_of
from hashmatch.commands.keys import signing_key_file
from hashmatch.commands.options import (
    FOLDER,
    SETS,
    THRESHOLD,
    library_options,
    open_library,
    workers_option,
)
from hashmatch.commands.progress import Shown
from hashmatch.commands.setting import confinement, limits, present
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path


@click.command("scan")
@click.argument("sources", nargs=-1, required=True, type=FOLDER, metavar="SOURCE...")
@click.option("--case", "case", required=True, type=FOLDER, help="Case folder for the record.")
@SETS
@THRESHOLD
@click.option(
    "--near",
    "effort",
    type=click.Choice(["fast", "standard", "thorough"]),
    default="standard",
    show_default=True,
    help="How many hashes are made of each picture. fast: of the first frame as it is, so that"
    " turned, inverted and bordered copies are missed.",
)
@click.option(
    "--videos/--no-videos",
    default=True,
    show_default=True,
    help="Compare frames of videos, where a set holds hashes for it.",
)
@click.option(
    "--video-coverage",
    type=click.IntRange(0, 100),
    default=20,
    show_default=True,
    metavar="PERCENT",
    help="Least share of a listed video's frames to be found, where no 3 agree in a row.",
)
@click.option(
    "--hashes",
    multiple=True,
    metavar="NAME,...",
    help="Perceptual hashes to compute beside PDQ: phash, dhash, ahash, whash, blockmean, photodna,"
    " or all that the sets hold and that are installed.",
)
@click.option(
    "--digests",
    multiple=True,
    metavar="NAME,...",
    help="Digests to compute beside those that the sets need; 'needed' leaves out MD5 and SHA-1"
    " where no set needs them. [default: md5,sha1,sha256]",
)
@workers_option("Worker processes; results do not depend on it.")
@evidence_options
@click.option("--operator", help="Who runs this scan, if not the one who opened the case.")
@click.option("--new-run", is_flag=True, help="Give up an interrupted run instead of resuming it.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@library_options
def command(
    sources: tuple[Path, ...],
    case: Path,
    sets: tuple[str, ...],
    threshold: int,
    effort: str,
    videos: bool,
    video_coverage: int,
    hashes: tuple[str, ...],
    digests: tuple[str, ...],
    workers: int,
    depth: str,
    carve: bool | None,
    form: str,
    verify: str,
    passwords: Path | None,
    ask_password: bool,
    key_files: tuple[Path, ...],
    allow_rw_mount: bool,
    operator: str | None,
    new_run: bool,
    output: str,
    quiet: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Examine every entry of SOURCE... and keep a sealed record in a case.

    SOURCE is a folder, an image of a disk (raw, E01, VMDK, ...), a block device, or a single file
    such as an archive. Nothing in it is changed and no content is shown. Each entry ends as
    examined, failed or skipped by a named rule. Ctrl-C or a power cut loses nothing: the same
    command goes on where it stopped.

    \b
    Examples:
      hashmatch scan /mnt/exhibit-1 --case CASE
      hashmatch scan /mnt/phone /mnt/card --case CASE --set vic --set hotline
      hashmatch scan /mnt/exhibit-1 --case CASE --hashes photodna --digests needed
      hashmatch scan /evidence/disk.E01 --case CASE --profile deep
      hashmatch scan /evidence/laptop.dd --case CASE --passwords words.txt --verify before
    """
    from hashmatch.jobs import scan  # noqa: PLC0415  # NumPy takes a while
    from hashmatch.jobs.verifying import Verify  # noqa: PLC0415
    from hashmatch.matching.near import Limits  # noqa: PLC0415
    from hashmatch.model.wanted import Effort  # noqa: PLC0415

    setting = present()
    request = scan.Request(
        sources,
        case,
        sets,
        Limits(threshold, video_coverage=video_coverage),
        workers,
        operator,
        new_run,
        limits(),
        confinement(),
        effort=Effort(effort),
        hashes=hashes,
        digests=digests,
        videos=videos,
        profile=depth_of(depth, carve),
        secrets=secrets_of(passwords, key_files, ask=ask_password),
        form=form,
        verify=Verify(verify),
        allow_rw_mount=allow_rw_mount,
    )
    library = open_library(library_folder, library_key, passphrase_file)
    with Shown(quiet=quiet) as show:
        result = scan.scan(request, library, setting, show, signing_key_file())
    if output == "json":
        click.echo(json.dumps(scan_summary.as_json(result), sort_keys=True))
    else:
        scan_summary.tell(result)
        click.echo(f"next: hashmatch report {shown(str(case))} --to html --lang en")
    return result.tally.exit_code()
