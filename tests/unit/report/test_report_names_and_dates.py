from datetime import date, datetime, timedelta, timezone

import pytest

from hashmatch.report import dates
from hashmatch.report.item_names import ItemNames
from hashmatch.report.lines import Place
from hashmatch.report.options import ReportOptions
from hashmatch.report.words import number, size, words
from tests.report_runs import HOSTILE

BANGKOK = timezone(timedelta(hours=7))


def shown(path, mask=False):
    return ItemNames(mask).item(Place(n=7, source=0, path=path))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"family/Name Surname.jpg", "item-7.jpg"),
        (b"a.TAR", "item-7.TAR"),
        (b"a.b/c", "item-7"),
        (b".jpg", "item-7"),
        (b"a/.name", "item-7"),
        (b"a.toolong", "item-7"),
        (b"a.", "item-7"),
        ("a.ไทย".encode(), "item-7"),
        (b"a.jpg\n", "item-7"),
        (b"a.j-g", "item-7"),
        (b"a.\xff", "item-7"),
    ],
)
def test_a_masked_name_is_the_number_and_at_most_a_short_plain_ending(path, name):
    assert shown(path, mask=True) == name


@pytest.mark.parametrize("path", HOSTILE)
def test_a_shown_name_has_no_character_that_hides_or_acts(path):
    assert shown(path).isprintable()


def test_the_exact_bytes_are_given_only_where_the_shown_name_is_not_exact():
    def exact(path, mask=False):
        return ItemNames(mask).exact(Place(0, 0, path))

    assert exact(b"plain.txt") is None
    assert exact(b"\xff") == b"\xff"
    assert exact(b"a\nb") == b"a\nb"
    assert exact(b"\xff", mask=True) is None


def test_thai_times_show_the_buddhist_year_beside_the_iso_time():
    when = datetime(2026, 11, 22, 8, 8, 47, 123456, BANGKOK)
    shown = dates.moment(when, "th", words("th").months)
    assert shown == "22 พ.ย. 2569 08:08:47 (2026-11-22T08:08:47+07:00)"
    shown = dates.moment(when, "en", words("en").months)
    assert shown == "22 November 2026 08:08:47 (2026-11-22T08:08:47+07:00)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-02", "2 พ.ย. 2569 (2026-11-02)"),
        ("2026-02-28T23:59:59+07:00", "28 ก.พ. 2569 (2026-02-28T23:59:59+07:00)"),
        ("2026-1", "2026-1"),
        ("spring", "spring"),
        ("2026-02-30", "2026-02-30"),
    ],
)
def test_a_date_that_a_list_states_keeps_its_own_form(text, shown):
    assert dates.stated(text, "th", words("th").months) == shown


def test_a_stated_date_is_a_day_or_nothing():
    assert dates.as_day("2026-11-02T10:00:00") == date(2026, 11, 2)
    assert dates.as_day("soon") is None


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB (1,000 B)"),
        (123_456_789, "123.5 MB (123,456,789 B)"),
        (5 * 10**15, "5000.0 TB (5,000,000,000,000,000 B)"),
    ],
)
def test_sizes_are_always_exact_to_the_byte(count, shown):
    assert size(count) == shown


def test_numbers_have_separators_and_other_values_stay():
    assert [number(1234), number("1234"), number(True)] == ["1,234", "1234", "True"]


def test_a_report_in_another_language_is_refused():
    with pytest.raises(ValueError, match="en, th"):
        ReportOptions(language="xx")


def test_a_masked_report_is_told_by_its_name():
    assert ReportOptions(mask_names=True).name("report", "th", "html") == "report.th.masked.html"
    assert ReportOptions().name("hits", "csv") == "hits.csv"
