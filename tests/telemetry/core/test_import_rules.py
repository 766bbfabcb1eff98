"""Import rules: what the columns of a file hold, and units on the way."""

import pytest

from telemetry.core.conversions import NoConversion, conversion, known_units, units_of
from telemetry.core.import_rules import BadImportRule, read_column_use, read_columns, sent_value
from telemetry.core.metric import UNITS
from telemetry.core.table_rules import TableRule, distinct_names
from telemetry.core.unit_rules import SentUnit, SourceUnits

KNOWN = "DCGM_FI_DEV_GPU_TEMP"


@pytest.mark.parametrize(
    ("unit", "stored", "value", "expected"),
    [
        ("kW", "W", 1.5, 1500),
        ("°F", "°C", 212, 100),
        ("K", "°C", 273.15, 0),
        ("ratio", "%", 0.25, 25),
        ("bits", "bytes", 16, 2),
        ("J", "kWh", 3.6e6, 1),
        ("MB/s", "Gb/s", 125, 1),
        ("bar", "kPa", 2, 200),
    ],
)
def test_a_value_becomes_one_of_the_stored_unit(unit, stored, value, expected):
    assert conversion(unit, stored).apply(value) == pytest.approx(expected)


def test_every_stored_unit_is_a_unit_of_itself():
    assert {unit: units_of(unit)[0] for unit in UNITS} == {unit: unit for unit in UNITS}


def test_units_of_different_things_do_not_convert():
    with pytest.raises(NoConversion, match="kW cannot become °C: use °C, °F, K"):
        conversion("kW", "°C")


@pytest.mark.parametrize(
    "text",
    [
        "time",
        "metric",
        "value",
        "value in kW",
        "label node",
        f"metric {KNOWN} in °F",
        "nothing",
        "date",
        "time of day",
        f"metric {KNOWN}{{instance=a, gpu=0}} in °F",
    ],
)
def test_what_a_column_holds_is_written_as_it_is_read(text):
    assert str(read_column_use(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a", "line 1: write COLUMN = what it holds"),
        ("a = time\nb = power", "line 2: power says nothing of a column"),
        ("a = time\na = nothing", "line 2: the column a is named twice"),
        ("a = time in kW", "line 1: only a value or a metric has a unit"),
        ("a = time\nb = value in furlongs", "line 2: furlongs is no unit"),
        ("a = time\nb = metric mine in kW", "line 2: Muster knows no unit of mine"),
        (f"a = time\nb = metric {KNOWN} in kW", "line 2: .*kW cannot become °C"),
        ("a = label x", "exactly one column holds the time"),
        ("a = time of day\nb = metric m", "exactly one column holds the time"),
        ("a = time\nb = metric m{x}", "line 2: x is no label"),
        ("a = time\nb = metric m{x=1, x=2}", "line 2: the label x is named twice"),
        ("a = time\nb = metric m{x=1} kW", "line 2: m?.*says nothing of a column"),
        ("a = time\nb = metric m{x=1} in", "line 2: m?.*says nothing of a column"),
        ("a = time\nb = metric m{x=1}in kW", "line 2: m?.*says nothing of a column"),
        (
            "a = time\nb = metric m{x=1,y=2}\nc = metric m{y=2,x=1}",
            "2 columns hold metric m{x=1, y=2}",
        ),
        ("a = time\nb = value{x=1}", "line 2: only the metric of a column has labels"),
        ("a = time\nb = time\nc = metric m", "exactly one column holds the time"),
        ("a = time\nb = value", "a column that names the metric needs one column of values"),
        ("a = time\nb = label x", "name metrics of columns"),
        ("a = time\nb = metric m\nc = metric m", "2 columns hold metric m"),
        ("a = time\nb = metric m\nc = label x\nd = label x", "2 columns hold label x"),
    ],
)
def test_a_bad_rule_names_its_line(text, reason):
    with pytest.raises(BadImportRule, match=reason):
        read_columns(text)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        pytest.param(("Power", "Power", " Power "), ["Power", "Power (2)", "Power (3)"], id="repeated"),
        pytest.param(("a", "", " "), ["a", "column 2", "column 3"], id="without a name"),
        pytest.param(("a (2)", "a", "a", "a"), ["a (2)", "a", "a (3)", "a (4)"], id="already numbered"),
        pytest.param(
            ("0",) * 20_000, ["0", *(f"0 ({number})" for number in range(2, 20_001))], id="a row of zeros"
        ),
    ],
)
def test_each_column_has_a_name_of_its_own(header, names):
    assert distinct_names(header) == names


def test_many_spaces_are_read_at_once():
    with pytest.raises(BadImportRule, match="metric } says nothing of a column"):
        read_column_use(f"metric{' ' * 50_000}}}")
    assert str(read_column_use(f"metric  {KNOWN}{' ' * 50_000}in   °F")) == f"metric {KNOWN} in °F"


def test_the_factor_of_the_source_is_left_out_where_a_unit_is_stated():
    rule = TableRule("r", {}, units=SourceUnits((SentUnit(KNOWN, factor=10),)))
    assert sent_value(rule, {"__name__": KNOWN}, "°F", 212) == pytest.approx(10)
    assert sent_value(rule, {"__name__": KNOWN}, "", 212) == 212


def test_units_are_listed_once():
    assert len(known_units()) == len(set(known_units()))
