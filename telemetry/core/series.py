"""The identity of a series, the kind that a metric's name suggests, and the unit of a counter's rate."""

from enum import StrEnum


class MetricKind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    STATE = "state"


def guess_kind(name: str) -> MetricKind:
    """Guess a metric's kind by the naming rules of Prometheus and OpenMetrics.

    A `_bucket`, `_sum` or `_count` is taken for a part of a histogram or summary, whose parts all count up.
    """
    if name.endswith("_bucket"):
        return MetricKind.HISTOGRAM
    if name.endswith(("_total", "_sum", "_count")):
        return MetricKind.COUNTER
    if name.endswith(("_state", "_status", "_state_id", "_info", "_up")) or name in ("up", "probe_success"):
        return MetricKind.STATE
    return MetricKind.GAUGE


def per_second(unit: str) -> tuple[float, str]:
    """The unit of a counter's rate, and what growth in the counter's unit each second is multiplied by to be in it.

    Energy over time is power: 1 kWh/s is 3,600 kW.
    """
    return (3600.0, "kW") if unit == "kWh" else (1.0, f"{unit or '1'}/s")
