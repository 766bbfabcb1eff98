"""Every file that pages offer: figures with their unit, and no digits that nobody measured."""

import csv
import io
import re
from decimal import Decimal

import pytest

from tests.web.routes.test_every_route import paths, reader_of
from web.sheets import MOST_DIGITS

__all__ = ["paths", "reader_of"]
pytestmark = [pytest.mark.django_db, pytest.mark.full]
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
# "Deployed (kW)", "Cost, EUR/month", "lag_max_s", "time_ms".
WITH_UNIT = re.compile(r".+ \(.+\)|.+, .+|.+_(ms|s|kw|points)|cost_.+|energy_.+|carbon_.+")
# Nothing else would be read as a unit of these: places in an order, shares of one, ratios, numbers of a whole,
# versions.
WITHOUT = {
    "id",
    "rank",
    "Rank",
    "score",
    "Score",
    "Step",
    "Rate",
    "PUE",
    "Load factor",
    "Jitter",
    "Review",
    "Point",
    "Concentration",
    "Has",
}
SPANS = re.compile(r"\b(age|after|lag|size|duration|cadence|latency)\b", re.IGNORECASE)


def files(reader, paths):
    """The rows of each file: lists as CSV with all their columns, and what stands beside charts."""
    pages = [path for path in paths if not path.startswith("/api/")]
    offered = [variant for path in pages for variant in reader.variants(path)[:-1] if "export=csv" in variant]
    named = [path for path in pages if path.partition("?")[0].endswith(".csv")]
    for path in dict.fromkeys([*offered, *named]):
        _status, body = reader.ask(path)
        rows = list(csv.reader(io.StringIO(body.decode()))) if isinstance(body, bytes) else []
        if len(rows) > 1:
            yield path, rows


def columns(rows):
    """Head and what is written below it, for each column that holds numbers alone."""
    for place, head in enumerate(rows[0]):
        written = [row[place] for row in rows[1:] if place < len(row) and row[place]]
        if written and all(NUMBER.fullmatch(cell) for cell in written):
            yield head, written


def has_its_unit(head, written, heads):
    if head in WITHOUT or WITH_UNIT.fullmatch(head) or "Unit" in heads or f"{head}, unit" in heads:
        return True
    is_count = all(re.fullmatch(r"-?\d+(\.0)?", cell) for cell in written)
    return is_count and not SPANS.search(head)


def digits(cell):
    return len(Decimal(cell).normalize().as_tuple().digits)


def test_figures_have_units_and_no_noise(reader_of, paths):
    seen, without_unit, noisy = 0, {}, {}
    for path, rows in files(reader_of("admin"), paths):
        for head, written in columns(rows):
            seen += 1
            if not has_its_unit(head, written, rows[0]):
                without_unit[path, head] = written[:2]
            if noise := [cell for cell in written if "." in cell and digits(cell) > MOST_DIGITS]:
                noisy[path, head] = noise[:2]
    assert seen > 100
    assert noisy == {}
    assert without_unit == {}
