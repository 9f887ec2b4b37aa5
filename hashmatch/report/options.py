"""What a reader of a report may choose. None of it changes a result."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "th")


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """Choices for rendering a stored run.

    ``row_limit`` is the greatest number of rows in each long table of the HTML report; what is
    left out is counted there and stands in the CSV files and JSON lines. ``perceptual`` adds the
    perceptual hashes of the evidence to the JSON lines; they tell something about the pictures
    and are left out unless asked for. ``byte_order_mark`` makes Excel read CSV as UTF-8.
    """

    language: str = "en"
    mask_names: bool = False
    row_limit: int = 5_000
    perceptual: bool = False
    byte_order_mark: bool = True

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            msg = f"a report is written in one of {', '.join(LANGUAGES)}"
            raise ValueError(msg)

    def name(self, *parts: str) -> str:
        """Join the parts of a file name; a masked report is told from a full one by its name."""
        *stem, ending = parts
        return ".".join([*stem, *(["masked"] if self.mask_names else []), ending])
