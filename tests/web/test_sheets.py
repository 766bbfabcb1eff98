"""CSV: no cell is run by a spreadsheet, and every text comes back as it was."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from web import sheets


@pytest.mark.parametrize(
    "text",
    [
        *(
            "=1+1",
            "+1",
            "@SUM(A1)",
            "-1+2",
            "-",
            "-inf",
            "\tx",
            "\rx",
            "\nx",
            "  =1",
            "\u00a0=1",
            "\ufeff=1",
            "＝1",
        ),
        "'=1",
    ],
)
def test_what_a_spreadsheet_would_run_is_text(text):
    assert sheets.guarded(text) == f"'{text}"


@pytest.mark.parametrize(
    "value", [-5, -5.5, Decimal("-5.50"), None, True, "-5", "-5.5e-3", "a=1", "'s-Gravenhage"]
)
def test_numbers_and_plain_words_stay(value):
    assert sheets.guarded(value) == value


def test_headers_are_guarded_too_and_rows_come_in_chunks():
    rows = ([number, "x" * 1000] for number in range(200))
    parts = list(sheets.lines(["=1+1", "text"], rows))
    read = list(csv.reader(io.StringIO(b"".join(parts).decode())))
    assert read[0] == ["'=1+1", "text"]
    assert [row[0] for row in read[1:]] == [str(number) for number in range(200)]
    assert max(map(len, parts)) < 2 * sheets.CHUNK_CHARACTERS
    assert len(parts) > 1


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00")))
@example("''=1")
@example("' =1")
@example("'-5")
def test_every_text_comes_back(text):
    assert sheets.unguarded(sheets.guarded(text)) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (212.60000000000002, "212.6"),
        (0.1 + 0.2, "0.3"),
        (7.583333333333333, "7.58333333333"),
        (-1e-17 / 3, "-3.33333333333e-18"),
        (17_179_869_184, "17179869184"),
        (44.0, "44.0"),
        (17_179_869_185.0, "17179869185.0"),
        (1_234_567_890.12, "1234567890.12"),
        (0.0, "0.0"),
    ],
)
def test_a_figure_has_no_digits_that_nobody_measured(value, written):
    [line] = b"".join(sheets.lines(["a"], [[value]])).decode().splitlines()[1:]
    assert line == written
