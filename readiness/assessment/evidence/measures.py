"""The daily measures.

Each row of `Measure` has one of these keys; days are UTC days. A measure outlives its samples, so that a check can look
back 7 or 30 days and a trend further.
"""

from dataclasses import dataclass
from datetime import timedelta

from telemetry.core.spec import LabelOperator, Matcher

QUANTILE = 0.99
"""Quantile of the figures that are summarised by one."""
WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class DailyMeasure:
    key: str
    unit: str
    metrics: tuple[str, ...]


SITE_POWER_METRICS = ("site_power_watts",)
"""Power at the site's supply, as a series of the site itself."""

POWER_METRICS = (
    *("rPDU2DeviceStatusPower", "measurementsInletSensorValue", "upsOutputPower", "idrac_pdu_power_watts"),
    *("idrac_power_control_consumed_watts", "ipmi_dcmi_power_consumption_watts"),
    "ipmi_dcmi_power_consumption_current_watts",
)
"""Power of a whole device. If a device sends several, the first one is read. Only series in W count, because some
metrics carry other quantities, distinguished by a label."""

ACCELERATOR_POWER_METRICS = ("DCGM_FI_DEV_POWER_USAGE", "gpu_package_power")
"""Power of one accelerator of a node."""

CURRENT_METRICS = ("rPDU2PhaseStatusCurrent", "measurementsInletSensorValue")
"""Current of one phase of a circuit, compared with the breaker's rating; only series in A count."""

LOAD_METRICS = tuple(dict.fromkeys(SITE_POWER_METRICS + POWER_METRICS + CURRENT_METRICS))

INLET_METRICS = ("ipmi_temperature_celsius", "idrac_sensors_temperature")
INLET_SENSORS = Matcher("name", LabelOperator.LIKE, ".*[Ii][Nn][Ll][Ee][Tt].*")
SUPPLY_METRICS = ("cooling_supply_temperature_celsius",)
FLOW_ALARM_METRICS = ("cooling_flow_alarm",)
ROUND_TRIP_METRICS = ("probe_icmp_duration_seconds",)
ROUND_TRIPS = Matcher("phase", LabelOperator.IS, "rtt")
TTFT_METRICS = ("vllm:time_to_first_token_seconds",)
TPOT_METRICS = ("vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds")
"""Histograms; the last entry's second name is that of earlier versions."""

SITE_LOAD = DailyMeasure("site-load", "kW", SITE_POWER_METRICS + POWER_METRICS)
"""Highest 5-minute mean of the sum over all meters of the level, over windows with all meters; one figure for each
meter level."""
CIRCUIT_LOAD = DailyMeasure("circuit-load", "%", CURRENT_METRICS + POWER_METRICS)
"""Highest 15-minute mean over the breaker's rating; one figure for each power feed."""
STEP_1S = DailyMeasure("step-1s", "kW", SITE_POWER_METRICS + POWER_METRICS)
"""Largest change from one second to the next of the sum over all meters of the level; one figure for each meter level.
"""
STEP_10S = DailyMeasure("step-10s", "kW", SITE_POWER_METRICS + POWER_METRICS)
"""Largest change within 10 s of the sum over all meters of the level, or between neighbouring 10 s means if they send
less often than each second; one figure for each meter level."""
INLET = DailyMeasure("inlet", "°C", INLET_METRICS)
"""p99 of the day; the sketch is kept, so that the p99 over several days is exact; one figure for each sensor."""
SUPPLY = DailyMeasure("supply", "°C", SUPPLY_METRICS)
"""p99 of the day; the sketch is kept; one figure for each cooling unit."""
ROUND_TRIP = DailyMeasure("round-trip", "ms", ROUND_TRIP_METRICS)
"""p99 of the day; the sketch is kept; one figure for each user region."""
TTFT_WINDOWS = DailyMeasure("ttft-windows", "ms", TTFT_METRICS)
"""p99 over the day's windows; the sketch of the window values is kept, so that a limit declared later can be applied.
"""
TPOT_WINDOWS = DailyMeasure("tpot-windows", "ms", TPOT_METRICS)
"""p99 over the day's windows; the sketch is kept."""
SERVING = (TTFT_WINDOWS, TPOT_WINDOWS)
MEASURES = {
    measure.key: measure
    for measure in (SITE_LOAD, CIRCUIT_LOAD, STEP_1S, STEP_10S, INLET, SUPPLY, ROUND_TRIP, *SERVING)
}
