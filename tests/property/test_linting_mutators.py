"""A sound list that is damaged in one way trips the rule for that damage, wherever it happens."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lint_lists import check_text, csv, row

COUNT = 30
USUAL = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
places = st.integers(0, COUNT - 1)
PDQ = "f0" * 32


def rows():
    return [row(str(number)) for number in range(COUNT)]


def flipped(text, at):
    return text[:at] + f"{int(text[at], 16) ^ 1:x}" + text[at + 1 :]


@USUAL
@given(place=places, at=st.integers(0, 31))
def test_a_flipped_digit_contradicts_a_second_copy(tmp_path, place, at):
    damaged = row(str(place))
    damaged["MD5"] = flipped(damaged["MD5"], at)
    assert check_text(tmp_path, csv(*rows(), damaged)) == [("HM107", COUNT + 2)]


@USUAL
@given(at=st.integers(0, 63))
def test_a_flipped_digit_of_a_pdq_unbalances_it(tmp_path, at):
    assert check_text(tmp_path, f"PDQ,x\n{PDQ},1\n{flipped(PDQ, at)},2\n") == [("HM302", 3)]


@USUAL
@given(place=places, column=st.integers(0, 4))
def test_a_dropped_column_loses_the_row(tmp_path, place, column):
    lines = csv(*rows()).splitlines()
    cells = lines[place + 1].split(",")
    del cells[column]
    lines[place + 1] = ",".join(cells)
    assert check_text(tmp_path, "\n".join(lines) + "\n") == [("HM109", place + 2)]


@USUAL
@given(place=places, to=places)
def test_a_repeated_row_is_found_at_its_second_place(tmp_path, place, to):
    listed = rows()
    listed.insert(to, row(str(place)))
    second = max(to, place + (to <= place))
    assert check_text(tmp_path, csv(*listed)) == [("HM201", second + 2)]


@USUAL
@given(place=places)
def test_swapped_algorithms_have_the_wrong_length(tmp_path, place):
    listed = rows()
    listed[place]["MD5"], listed[place]["SHA1"] = listed[place]["SHA1"], listed[place]["MD5"]
    assert set(check_text(tmp_path, csv(*listed))) == {("HM101", place + 2)}


@USUAL
@given(data=st.binary(max_size=300))
def test_any_bytes_end_in_a_report(tmp_path, data):
    check_text(tmp_path, data)


@USUAL
@given(data=st.binary(max_size=60), at=st.integers(0, 2000))
def test_any_bytes_inside_a_list_end_in_a_report(tmp_path, data, at):
    text = csv(*rows()).encode()
    check_text(tmp_path, text[:at] + data + text[at:])
