"""The samples of a soak test of 24 hours, and the sub-measures that follow from them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import fmean, pstdev

from readiness.assessment.evidence.core.parsers.vllm_rows import percentile_of
from readiness.demo.core.noise import wobble

type Row = tuple[datetime, str, float, str, str]
HOURS = 24
ANOMALIES = ("link_flaps", "queue_pair_errors", "throttle_events")
CHECK = "p1-soak-24h"


def soak_rows(
    end: datetime, *, name: str, busbw: float, inlet: float, ttft_ms: float, drift: float, slope: float
) -> Iterator[Row]:
    """Bandwidth every minute, the rest every hour. `drift` is the change of the p99 time to first token in per cent,
    `slope` the growth of the switch process in MB/h."""
    # On the day of a time change, minutes before a local time are no minutes.
    end = end.astimezone(UTC)
    minutes = [end - timedelta(minutes=ago) for ago in range(60 * HOURS, -1, -1)]
    hours = minutes[::60]
    rates = [round(busbw * (1 + 0.01 * wobble(f"{name}/{at:%H:%M}")), 1) for at in minutes]
    inlets = [round(inlet + 0.3 * wobble(f"{name}/inlet/{at:%H}"), 1) for at in hours]
    tails = [round(ttft_ms * (1 + drift / 100 * place / HOURS), 1) for place in range(HOURS + 1)]
    sizes = [round(2150 + slope * place, 1) for place in range(HOURS + 1)]
    for times, measure, values, unit in (
        (minutes, "busbw", rates, "GB/s"),
        (hours, "inlet_temperature", inlets, "°C"),
        (hours, "ttft_p99", tails, "ms"),
        (hours, "switch_memory", sizes, "MB"),
        *((minutes[-1:], counter, [0.0], "") for counter in ANOMALIES),
    ):
        yield from ((at, measure, value, unit, "") for at, value in zip(times, values, strict=True))
    for part, value, unit in (
        ("duration", float(HOURS), "h"),
        ("busbw-cv", round(100 * pstdev(rates) / fmean(rates), 2), "%"),
        ("unexplained-anomalies", 0.0, ""),
        ("explained-anomalies", 0.0, ""),
        ("ttft-drift", round(100 * abs(tails[-1] / tails[0] - 1), 2), "%"),
        ("inlet-p99", round(percentile_of(sorted(inlets), 99), 1), "°C"),
        ("memory-slope", round((sizes[-1] - sizes[0]) / HOURS, 2), "MB/h"),
    ):
        yield end, f"{CHECK}/{part}", value, unit, ""
