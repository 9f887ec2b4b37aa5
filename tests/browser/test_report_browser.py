"""The HTML report in a real browser: it opens, obeys its policy, shows Thai and prints."""

import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from hashmatch.report.html import REPORT
from hashmatch.report.options import ReportOptions
from hashmatch.report.stored_run import StoredRun
from tests import report_runs

BROWSER = "/usr/bin/chromium"

pytestmark = pytest.mark.skipif(
    not shutil.which(BROWSER), reason=f"{BROWSER} is not installed; apt install chromium"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name in ("full", "empty", "imaged"):
        run = StoredRun.open(getattr(report_runs, name)().seal(folder / "runs" / name))
        (folder / name).mkdir()
        for language in ("en", "th"):
            REPORT.write(run, folder / name, ReportOptions(language=language))
    return folder


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    return tmp_path_factory.mktemp("profile")


def browse(profile, page: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--enable-logging=stderr", "--v=0", f"--user-data-dir={profile}"]
    done = subprocess.run(
        [*command, *arguments, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def console(done: subprocess.CompletedProcess) -> list[str]:
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def pixels(picture: Path) -> tuple[int, int, set[bytes]]:
    """Width, height and the distinct rows of a PNG, filters left on: enough to tell a blank one."""
    content = picture.read_bytes()
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    data, at = b"", 8
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] == b"IDAT":
            data += content[at + 8 : at + 8 + size]
        at += size + 12
    rows = zlib.decompress(data)
    step = len(rows) // height
    return width, height, {rows[start : start + step] for start in range(0, len(rows), step)}


def test_the_page_opens_without_a_word_on_the_console_and_runs_no_name(pages, profile):
    done = browse(profile, pages / "full" / "report.en.html", "--dump-dom")
    dom = done.stdout
    assert console(done) == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in dom
    assert "<script" not in dom
    assert "<img" not in dom


def test_the_policy_would_stop_a_script_if_there_were_one(pages, profile, tmp_path):
    """Guards the test above: the console is listened to, and the policy is in force."""
    page = tmp_path / "report.html"
    content = (pages / "empty" / "report.en.html").read_text(encoding="utf-8")
    page.write_text(content.replace("<main>", "<main><script>document.title='ran'</script>", 1))
    (message,) = console(browse(profile, page, "--dump-dom"))
    assert "violates the following Content Security Policy" in message


def test_thai_stands_in_the_page_and_names_are_visible(pages, profile):
    dom = browse(profile, pages / "full" / "report.th.html", "--dump-dom").stdout
    assert '<html lang="th">' in dom
    assert "รายงานผลการเปรียบเทียบกับชุดค่าแฮช" in dom
    assert "ภาพถ่าย ที่บ้าน ๑.jpg" in dom
    assert "‹U+202E›" in dom


MEASURE = """<script>
const wide = [...document.querySelectorAll('.wide, td, th, dd')]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent.slice(0, 60));
if (document.documentElement.scrollWidth > innerWidth) wide.push('the page');
document.title = 'too wide: ' + JSON.stringify(wide);
</script></body>"""


def too_wide(profile, page, content):
    """Measure a copy of a page that may run a script, at the width of A4."""
    allowed = content.replace("default-src 'none'; style-src", "style-src")
    page.write_text(allowed.replace("</body>", MEASURE), encoding="utf-8")
    dom = browse(profile, page, "--window-size=794,1123", "--dump-dom").stdout
    (title,) = re.findall(r"<title>too wide: (.*)</title>", dom)
    return title


def test_long_locators_and_names_stay_inside_an_a4_page(pages, profile, tmp_path):
    page = tmp_path / "report.html"
    for language in ("en", "th"):
        content = (pages / "imaged" / f"report.{language}.html").read_text(encoding="utf-8")
        assert too_wide(profile, page, content) == "[]"
    unbroken = content.replace("overflow-wrap: anywhere", "")
    assert "xxxxxx" in too_wide(profile, page, unbroken), "what is too wide must be seen"


@pytest.mark.parametrize(
    ("page", "width", "scheme"),
    [
        ("full/report.th.html", 1100, "light"),
        ("full/report.en.html", 1100, "dark"),
        ("empty/report.th.html", 400, "light"),
    ],
)
def test_the_page_is_drawn_and_not_blank(pages, profile, tmp_path, page, width, scheme):
    picture = tmp_path / "page.png"
    dark = "0" if scheme == "dark" else "1"
    arguments = (f"--window-size={width},1400", f"--screenshot={picture}")
    done = browse(
        profile, pages / page, *arguments, f"--blink-settings=preferredColorScheme={dark}"
    )
    assert console(done) == []
    wide, high, rows = pixels(picture)
    assert (wide, high) == (width, 1400)
    assert len(rows) > 300


def test_the_page_prints_on_numbered_a4_pages(pages, profile, tmp_path):
    target = tmp_path / "report.pdf"
    printing = ("--no-pdf-header-footer", f"--print-to-pdf={target}")
    browse(profile, pages / "full" / "report.th.html", *printing)
    content = target.read_bytes()
    assert content.startswith(b"%PDF-")
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert len(sizes) > 3
    assert {(round(float(w)), round(float(h))) for w, h in sizes} == {(595, 842)}
