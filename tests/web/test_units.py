from datetime import UTC, datetime, timedelta

import pytest

from web import units

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        pytest.param(640.3, "kW", "640 kW", id="no decimals from 100"),
        pytest.param(2130.0, "kW", "2.1 MW", id="kilowatts become megawatts"),
        pytest.param(0.25, "kW", "0.25 kW", id="two decimals below one"),
        pytest.param(12.0, "°C", "12 °C", id="a whole number has no decimals"),
        pytest.param(3 * 2**30, "bytes", "3 GiB", id="bytes go by 1024"),
        pytest.param(1500, "ms", "1.5 s", id="milliseconds become seconds"),
        pytest.param(None, "kW", "unknown", id="missing is unknown"),
        pytest.param(float("nan"), "kW", "unknown", id="not a number is unknown"),
        pytest.param(0.001, "kW", "<0.01 kW", id="what is too small to show is no 0"),
        pytest.param(-0.001, "kW", ">−0.01 kW", id="what is negative and too small is above"),
        pytest.param(0, "kW", "0 kW", id="zero is a number"),
        pytest.param(1, "people", "1 person", id="one person"),
        pytest.param(1.5, "people", "1.5 people", id="more than one person"),
        pytest.param(2, "in 24 h", "2 in 24 h", id="events in a window"),
        pytest.param(1, "packets in 1 h", "1 packet in 1 h", id="one packet in a window"),
        pytest.param(1, "days", "1 day", id="one day"),
    ],
)
def test_a_value_is_shown_in_the_readers_unit(value, unit, shown):
    assert str(units.format_value(value, unit)) == shown


@pytest.mark.parametrize(
    ("kw", "unit", "shown"),
    [
        pytest.param(20.0, "", "20.0 kW", id="never 0.02 MW"),
        pytest.param(930.0, "", "930 kW", id="whole kilowatts from a hundred on"),
        pytest.param(8800.0, "", "8.8 MW", id="one decimal for megawatts"),
        pytest.param(640_300.0, "", "640.3 MW", id="of hundreds of megawatts too"),
        pytest.param(0.0, "", "0 kW", id="zero is a number"),
        pytest.param(8800.0, "kW", "8,800 kW", id="in the unit of a column"),
    ],
)
def test_a_power_is_shown_in_its_own_unit(kw, unit, shown):
    assert str(units.power(kw, unit)) == shown


def test_a_change_carries_its_sign():
    assert units.signed(1200, "kW") == "+1.2 MW"
    assert units.signed(-3, "°C") == "−3 °C"
    assert units.signed(None) == ""


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=45), "45 s ago"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=12), "12 d ago"),
        (timedelta(seconds=-20), "just now"),
    ],
)
def test_an_age_is_in_the_largest_unit_that_fits(ago, shown):
    assert units.age(NOW - ago, now=NOW) == shown


def test_never_is_said():
    assert units.age(None, now=NOW) == "never"
