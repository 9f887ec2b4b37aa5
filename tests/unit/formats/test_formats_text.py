import io

import pytest

from hashmatch.errors import UsageError
from hashmatch.formats.encoding import Utf8Source, opening_text
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.text import TextLines, opening_lines


class Dribble(io.RawIOBase):
    """Gives at most so many bytes at a time, as a pipe or an unpacker may."""

    def __init__(self, data, step):
        self._inner = io.BytesIO(data)
        self._step = step

    def read(self, size=-1):
        return self._inner.read(self._step)


def lines(data, step=10**6, nul=False, **options):
    text = TextLines(Dribble(data, step), ReadOptions(**options), nul=nul)
    return list(text), text.facts().facts["encoding"]


@pytest.mark.parametrize("step", [3, 4, 7, 1000])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\r\nb\r\r\nc\r\n", ["a", "b", "c"]),
        ("\ufeffé\nü".encode(), ["é", "ü"]),
        ("\ufeffé\r\nü𝄞".encode("utf-16-le"), ["é", "ü𝄞"]),
        ("\ufeffé\nü\n".encode("utf-16-be"), ["é", "ü"]),
        (b"\xef\xbb\xbf", []),
    ],
)
def test_lines_are_numbered_from_1_whatever_the_encoding_and_the_pieces(data, expected, step):
    assert lines(data, step)[0] == list(enumerate(expected, start=1))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"a", "utf-8"),
        ("é".encode(), "utf-8"),
        ("\ufeffa".encode("utf-16-le"), "utf-16-le"),
        ("\ufeffa".encode("utf-16-be"), "utf-16-be"),
        (b"a\n\xe9\n", "cp1252"),
    ],
)
def test_the_encoding_is_stated(data, encoding):
    assert lines(data)[1] == encoding


H = ["ab" * 16, "cd" * 16, "0f" * 16]


@pytest.mark.parametrize("nul", [False, True])
@pytest.mark.parametrize("step", [3, 1000])
def test_cr_ends_lines_where_nothing_else_does(nul, step):
    assert lines("\r".join(H).encode(), step, nul) == (list(enumerate(H, 1)), "utf-8")
    assert opening_lines("\r".join([*H, "x"]).encode()) == H


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (b"\0\0\0\0", [*H, None]),
        (b"\0" + b"ab" * 16 + b"  f\n", [*H, None]),
        (b"x\0y\nz\n", [*H, None, "z"]),
    ],
)
def test_nul_in_a_list_of_lines_costs_its_line_alone(tail, expected):
    data = "".join(f"{one}\n" for one in H).encode() + tail
    assert [line for _, line in lines(data, nul=True)[0]] == expected
    assert opening_lines(data)[:2] == H[:2]


def test_nul_in_the_first_line_costs_that_line_alone():
    data = f"{H[0]}  a\0b\n{H[1]}  c\n{H[2]}  d\n".encode()
    expected = [None, f"{H[1]}  c", f"{H[2]}  d"]
    assert [line for _, line in lines(data, nul=True)[0]] == expected


@pytest.mark.parametrize("nul", [False, True])
def test_lines_in_one_line_behind_a_lone_cr_are_not_read_as_its_rest(nul):
    data = f"{H[0]}  a\n{H[1]}  b\r{H[2]}  c\nx\ry\n".encode()
    assert [line for _, line in lines(data, nul=nul)[0]] == [f"{H[0]}  a", None, "x\ry"]


@pytest.mark.parametrize("start", ["MD5 (", "  12  " + H[0], "\\" + H[0], H[0]])
def test_nul_ends_lines_whose_names_hold_line_breaks(start):
    data = f"{H[0]}  a\nb\0{start}  c\0".encode()
    expected = [f"{H[0]}  a\nb", f"{start}  c"]
    assert [line for _, line in lines(data, nul=True)[0]] == expected


def test_only_the_lines_that_are_not_utf_8_are_read_as_cp1252():
    assert lines("é\n".encode() + b"\x80\n") == ([(1, "é"), (2, "€")], "cp1252")


def test_a_byte_that_no_encoding_knows_costs_no_line():
    assert lines(b"\x81\n") == ([(1, "\x81")], "cp1252")


def test_half_a_utf_16_unit_is_shown_as_damage():
    assert lines("\ufeffab".encode("utf-16-le")[:-1])[0] == [(1, "a�")]


@pytest.mark.parametrize("step", [3, 8, 1000])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x" * 50, [None]),
        (b"x" * 50 + b"\nab", [None, "ab"]),
        (b"ab\n" + b"x" * 50 + b"\ncd\n", ["ab", None, "cd"]),
        (b"x" * 50 + b"\n" + b"y" * 50 + b"\n", [None, None]),
        (b"x" * 8 + b"\n" + b"y" * 9 + b"\nz", ["x" * 8, None, "z"]),
        (b"a\nb\n" + b"y" * 9, ["a", "b", None]),
    ],
)
def test_an_over_long_line_is_one_loss_and_the_next_line_has_its_right_number(data, expected, step):
    step = min(step, 8)  # the reader asks for no more than a line may be long
    assert lines(data, step, maximum_line=8)[0] == list(enumerate(expected, start=1))


def test_an_endless_line_is_not_kept_in_memory():
    class Long(io.RawIOBase):
        pieces = iter([b"x" * 4096] * 3000 + [b"\nend"])

        def read(self, size=-1):
            return next(self.pieces, b"")

    assert list(TextLines(Long(), ReadOptions(maximum_line=1 << 12))) == [(1, None), (2, "end")]


def test_nul_ends_lines_only_where_it_is_allowed():
    assert lines(f"a\nb\0{H[0]}\0".encode(), nul=True)[0] == [(1, "a\nb"), (2, H[0])]
    assert lines(f"a\nb\0{H[0]}\0".encode())[0] == [(1, "a"), (2, None)]
    assert lines(b"a\0b\0", nul=True)[0] == [(1, "a"), (2, "b")]
    assert lines(b"a\r\nb", nul=True)[0] == [(1, "a"), (2, "b")]


def test_recognition_sees_complete_lines_without_comments():
    assert opening_lines(b"# c\n\n; d\n a \nb\ncut o") == ["a", "b"]
    assert opening_lines(b"only") == ["only"]
    assert opening_lines("\ufeffa\nb\nc".encode("utf-16-be")) == ["a", "b"]
    assert opening_text(b"\xff\xfea") == "�"


def test_a_source_counts_what_it_took_and_gives_nothing_for_nothing():
    source = Utf8Source(io.BytesIO("\ufeffäb".encode("utf-16-le")), 4)
    assert source.read(0) == b""
    assert source.position == 4
    assert source.read() == "ä".encode()
    assert source.read() == b"b"
    assert source.position == 6
    assert source.read() == source.read() == b""


@pytest.mark.parametrize(
    "options",
    [{"algorithm": "vpdq"}, {"columns": {"hash": "1"}}, {"delimiter": ""}, {"delimiter": ",,"}],
)
def test_words_that_mean_nothing_are_usage_errors(options):
    with pytest.raises(UsageError):
        ReadOptions(**options)
