"""How a file is written, from its text alone: whatever form a table is written in, the same table is found."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.import_rules import read_columns
from telemetry.core.table_cells import DateOrder
from telemetry.imports.core.detection import (
    SEPARATORS,
    UnreadableTable,
    columns_as_text,
    decode_text,
    detect_table,
    rows_of,
)
from telemetry.imports.core.suggesting import suggested_use, unit_in

BEGIN = datetime(2026, 11, 24, 10)  # noqa: DTZ001
PATTERNS = {DateOrder.DAY_FIRST: "%d/%m/%Y %H:%M", DateOrder.MONTH_FIRST: "%m/%d/%Y %H:%M"}
values = st.lists(st.floats(-1000, 1000).map(lambda value: f"{value:.3f}"), min_size=1, max_size=20)


def table(numbers, *, separator, decimal, pattern, title=()):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=SEPARATORS[separator])
    file.write("".join(f"{line}\n" for line in title))
    writer.writerow(["When", "Power [kW]", "Note"])
    for number, value in enumerate(numbers):
        at = BEGIN + timedelta(minutes=number)
        writer.writerow(
            [at.strftime(pattern), value.replace(".", "," if decimal == "comma" else "."), "a note"]
        )
    return file.getvalue()


@given(
    numbers=values,
    separator=st.sampled_from(sorted(SEPARATORS)),
    decimal=st.sampled_from(["comma", "point"]),
    dates=st.sampled_from(sorted(PATTERNS)),
    title=st.lists(st.sampled_from(["Report", "", "Building 4"]), max_size=5),
    charset=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_a_table_is_found_however_it_is_written(numbers, separator, decimal, dates, title, charset):
    decimal = "point" if separator == "comma" else decimal
    text = table(numbers, separator=separator, decimal=decimal, pattern=PATTERNS[dates], title=title)
    text_read, _charset = decode_text(text.encode(charset))
    found = detect_table(text_read)
    assert (found.separator, found.decimal, found.dates) == (separator, decimal, dates)
    assert found.names == ("When", "Power [kW]", "Note")
    assert found.header_line == len(title) + 1
    assert found.has_local_times
    read_columns(columns_as_text(found.uses), is_whole=False)


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_named_error(content):
    try:
        text, _charset = decode_text(content)
        found = detect_table(text)
        list(rows_of(text, SEPARATORS[found.separator]))
    except UnreadableTable:
        return


@given(
    st.lists(
        st.sampled_from(["time", "t", "2026-11-24 10:00", "1,5", '"', "\n", ";", ",", "\t", "x=1{", "\0"]),
        max_size=40,
    )
)
def test_no_arrangement_of_cells_raises_anything_but_a_named_error(parts):
    try:
        found = detect_table("".join(parts))
    except UnreadableTable:
        return
    assert set(read_columns(columns_as_text(found.uses), is_whole=False)) == set(found.names)


@given(first=st.integers(1, 12), second=st.integers(1, 12))
def test_dates_that_can_be_read_both_ways_are_left_open(first, second):
    assert detect_table(f"time;t\n{first:02}/{second:02}/2026 10:00;1\n").dates is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Power [kW]", "kW"), ("Leistung (kW)", "kW"), ("Temp °C", "°C"), ("temp (degC)", "°C"), ("Power_kW", "kW"),
        ("Energy MWh", "MWh"), ("Flow (m³/h)", "m3/h"), ("Notes [old]", ""), ("Strom", ""), ("Panel A", ""),
    ],
)  # fmt: skip
def test_the_unit_of_a_column_is_in_its_name(name, unit):
    assert unit_in(name) == unit


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("DCGM_FI_DEV_GPU_TEMP", "metric DCGM_FI_DEV_GPU_TEMP"),
        ("PDU power [kW]", "metric idrac_pdu_power_watts in kW"),
        ("Supply temperature (°F)", "metric cooling_supply_temperature_celsius in °F"),
        ("Comment", "nothing"),
        ("42", "nothing"),
    ],
)
def test_a_metric_is_suggested_by_words_and_unit(name, use):
    assert str(suggested_use(name)) == use
