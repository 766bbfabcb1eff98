"""The samples of a soak test of 24 hours, and the sub-measures that follow from them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean, pstdev

from readiness.assessment.evidence.core.parsers.vllm_rows import percentile_of
from readiness.demo.core.noise import wobble

type Row = tuple[datetime, str, float, str, str]
HOURS = 24
FLAPS = "link_flaps"
ANOMALIES = (FLAPS, "queue_pair_errors", "throttle_events")
CHECK = "p1-soak-24h"


def soak_rows(
    end: datetime,
    *,
    name: str,
    busbw: float,
    inlet: float,
    ttft_ms: float,
    drift: float,
    slope: float,
    flaps: int = 0,
) -> Iterator[Row]:
    """Bandwidth every minute, the rest every hour. `drift` is the change of the p99 time to first token in per cent,
    `slope` the growth of the switch process in MB/h, `flaps` the link flaps without an explanation. A site that serves
    nobody has a time to first token of 0, and no rows of it."""
    # On the day of a time change, minutes before a local time are no minutes.
    end = end.astimezone(UTC)
    minutes = [end - timedelta(minutes=ago) for ago in range(60 * HOURS, -1, -1)]
    hours = minutes[::60]
    rates = [round(busbw * (1 + 0.01 * wobble(f"{name}/{at:%H:%M}")), 1) for at in minutes]
    inlets = [round(inlet + 0.3 * wobble(f"{name}/inlet/{at:%H}"), 1) for at in hours]
    tails = [round(ttft_ms * (1 + drift / 100 * place / HOURS), 1) for place in range(HOURS + 1)]
    sizes = [round(2150 + slope * place, 1) for place in range(HOURS + 1)]
    serves = ttft_ms > 0
    for times, measure, values, unit in (
        (minutes, "busbw", rates, "GB/s"),
        (hours, "inlet_temperature", inlets, "°C"),
        *([(hours, "ttft_p99", tails, "ms")] if serves else []),
        (hours, "switch_memory", sizes, "MB"),
        *((minutes[-1:], counter, [float(flaps * (counter == FLAPS))], "") for counter in ANOMALIES),
    ):
        yield from ((at, measure, value, unit, "") for at, value in zip(times, values, strict=True))
    yield from _claims(end, rates, inlets, tails if serves else [], sizes, flaps)


def _claims(
    end: datetime,
    rates: Sequence[float],
    inlets: Sequence[float],
    tails: Sequence[float],
    sizes: Sequence[float],
    flaps: int,
) -> Iterator[Row]:
    """The sub-measures that the test tool states at the end of the soak."""
    drift = [("ttft-drift", round(100 * abs(tails[-1] / tails[0] - 1), 2), "%")] if tails else []
    for part, value, unit in (
        ("duration", float(HOURS), "h"),
        ("busbw-cv", round(100 * pstdev(rates) / fmean(rates), 2), "%"),
        ("unexplained-anomalies", float(flaps), ""),
        ("explained-anomalies", 0.0, ""),
        *drift,
        ("inlet-p99", round(percentile_of(sorted(inlets), 99), 1), "°C"),
        ("memory-slope", round((sizes[-1] - sizes[0]) / HOURS, 2), "MB/h"),
    ):
        yield end, f"{CHECK}/{part}", value, unit, ""
