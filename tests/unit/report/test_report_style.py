import re
from importlib import resources

import pytest

STYLE = (resources.files("hashmatch.report") / "templates" / "style.css").read_text("utf-8")
PAIRS = [
    ("ink", "page"), ("ink", "wash"), ("soft", "page"), ("soft", "wash"), ("accent", "page"),
    ("warn-ink", "warn-page"), ("warn-ink", "page"),
]  # fmt: skip
SHAPES = [("examined", "page"), ("failed", "page"), ("warn-line", "page"), ("accent", "wash")]


def schemes():
    """The colours of the light page, the dark page and paper."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Source: WCAG 2.2, contrast ratio."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_has_the_contrast_of_level_aa(scheme):
    colours = schemes()[scheme]
    assert [p for p in PAIRS if contrast(colours[p[0]], colours[p[1]]) < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_bars_and_borders_that_mean_something_can_be_told_from_the_page(scheme):
    colours = schemes()[scheme]
    assert [p for p in SHAPES if contrast(colours[p[0]], colours[p[1]]) < 3] == []


def test_thai_text_is_never_broken_at_any_character():
    assert "break-all" not in STYLE
    for font in ("Noto Sans Thai", "Leelawadee UI", "Loma", "Garuda"):
        assert f'"{font}"' in STYLE


def test_tables_repeat_their_heads_on_paper_and_pages_are_a4():
    assert "thead { display: table-header-group; }" in STYLE
    assert "@page { size: A4;" in STYLE
