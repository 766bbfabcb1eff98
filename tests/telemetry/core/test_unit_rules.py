"""In which units a source sends: which rule counts, what it makes of a value, and which rules are refused."""

import math

import pytest

from telemetry.core.conversions import NoConversion, known_units, units_by_quantity
from telemetry.core.registry import registry
from telemetry.core.unit_checks import check_unit
from telemetry.core.unit_rules import SentUnit, SourceUnits

TEMPERATURE, POWER = "cooling_supply_temperature_celsius", "node_hwmon_power_average_watt"
PDU_TENTHS = "rPDU2SensorTempHumidityStatusTempC"
INLET = "measurementsInletSensorValue"


@pytest.mark.parametrize(
    ("labels", "rule", "sent", "stored"),
    [
        pytest.param({}, None, 24, 24, id="no rule"),
        pytest.param({}, SentUnit(TEMPERATURE, "°F"), 77, 25, id="°F has a factor and an offset"),
        pytest.param({}, SentUnit(TEMPERATURE, "K"), 298.15, 25, id="K has an offset"),
        pytest.param({}, SentUnit("cooling_*_celsius", "°F"), 212, 100, id="a pattern"),
        pytest.param({}, SentUnit("cooling_*_kelvin", "K"), 24, 24, id="a pattern of other metrics"),
        pytest.param({"__name__": POWER}, SentUnit(POWER, "kW"), 1.5, 1500, id="kW become W"),
        pytest.param({"__name__": PDU_TENTHS}, None, 241, 24.1, id="the exporter sends tenths"),
        pytest.param({"__name__": PDU_TENTHS}, SentUnit(PDU_TENTHS, "°C"), 24.1, 24.1, id="not this one"),
        pytest.param(
            {"__name__": PDU_TENTHS}, SentUnit(PDU_TENTHS, factor=0.1, offset=10), 2310, 24.1,
            id="a factor makes of a value what the exporter would send",
        ),
        pytest.param({"__name__": "own"}, SentUnit("own", factor=1000, offset=5), 2, 2005, id="unknown metric"),
        pytest.param(
            {"__name__": INLET, "sensorType": "activePower"}, SentUnit(INLET, "kW"), 2, 2000,
            id="labels decide what is measured",
        ),
        pytest.param(
            {"__name__": INLET, "sensorType": "rmsVoltage"}, SentUnit(INLET, "kW"), 230, 230,
            id="the rule says nothing of volts",
        ),
    ],
)  # fmt: skip
def test_a_sent_value_becomes_a_stored_one(labels, rule, sent, stored):
    units = SourceUnits((rule,) if rule else ())
    labels = {"__name__": TEMPERATURE} | labels
    conversion = units.conversion(labels["__name__"], registry().get(labels["__name__"], labels))
    assert conversion.apply(sent) == pytest.approx(stored)
    assert conversion.invert(stored) == pytest.approx(sent)


def test_a_name_counts_before_patterns_and_a_long_pattern_before_a_short_one():
    exact, long, short = SentUnit("hw.a", factor=2), SentUnit("hw.*", factor=3), SentUnit("*", factor=4)
    units = SourceUnits((short, long, exact))
    assert [units.rule_for(name) for name in ("hw.a", "hw.b", "up")] == [exact, long, short]
    assert SourceUnits((long,)).rule_for("up") is None


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param(SentUnit(POWER, "°F"), f"{POWER}: °F cannot become W", id="another quantity"),
        pytest.param(SentUnit("node_hwmon_*", "°F"), "cannot become", id="a pattern of several quantities"),
        pytest.param(SentUnit("own", "kW"), "knows no metric own", id="unknown"),
        pytest.param(SentUnit("up", "kW"), "up: kW cannot become a number without a unit", id="no unit"),
        pytest.param(SentUnit("vllm:time_to_first_token_seconds_bucket", "ms"), "histogram", id="histogram"),
        pytest.param(SentUnit(INLET, "°F"), f"{INLET}: °F cannot become", id="no meaning has the unit"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused_with_both_sides(rule, reason):
    with pytest.raises(NoConversion) as refused:
        check_unit(rule, registry())
    assert reason in str(refused.value)


def test_units_that_fit_are_accepted():
    for rule in (SentUnit(POWER, "kW"), SentUnit("cooling_*_celsius", "°F"), SentUnit(INLET, "kW")):
        check_unit(rule, registry())


def test_every_unit_is_offered_once():
    offered = [unit for units in units_by_quantity().values() for unit in units]
    assert sorted(offered) == known_units()


@pytest.mark.parametrize("unit", ["W", "kW"])
def test_a_negative_zero_stays_one(unit):
    power = registry().get(POWER, {})
    usual = SourceUnits().conversion(POWER, power)
    by_rule = SourceUnits((SentUnit(POWER, unit),)).conversion(POWER, power)
    assert [math.copysign(1, each.apply(-0.0)) for each in (usual, by_rule)] == [-1, -1]
