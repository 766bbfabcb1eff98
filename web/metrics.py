"""Muster's own metrics, of the process that reads them; `web/scraping.py` serves them at /metrics.

An app adds values to read at each scrape with `gauge`, in its AppConfig.ready.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from web import clock

# Values by label values, in the order of the labels: {("late",): 2}; {(): 5} for a gauge without labels.
type Values = Mapping[tuple[str, ...], float]
type Read = Callable[[datetime], Values]
type ReadAll = Callable[[datetime], Mapping[str, Values]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_requests = Counter("muster_http_requests", "Requests answered", ["method", "route", "status"])
_seconds = Histogram(
    "muster_http_request_seconds",
    "Time to answer, without sending",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class GaugeFamily(NamedTuple):
    name: str
    text: str
    labels: Sequence[str] = ()


_groups: dict[str, tuple[Sequence[GaugeFamily], ReadAll]] = {}
"""By the name of the first family."""


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    # Anybody may send an invented method, and each would become a permanent series.
    method = method if method in METHODS else "other"
    _requests.labels(method, route, status).inc()
    _seconds.labels(method, route).observe(seconds)


def gauge(name: str, text: str, labels: Sequence[str], read: Read) -> None:
    gauges([GaugeFamily(name, text, labels)], lambda now: {name: read(now)})


def gauges(families: Sequence[GaugeFamily], read: ReadAll) -> None:
    """Add families whose values are read together, by name; one that `read` leaves out has no values."""
    _groups[families[0].name] = (families, read)


def gauge_families() -> list[GaugeFamily]:
    return [family for families, _ in _groups.values() for family in families]


class _Gauges(Collector):
    def describe(self) -> list[Metric]:
        # Otherwise the registry would call `collect` at once, before the database is available.
        return []

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        for families, read in _groups.values():
            values = read(now)
            for name, text, labels in families:
                family = GaugeMetricFamily(name, text, labels=labels)
                for label_values, number in values.get(name, {}).items():
                    family.add_metric(label_values, number)
                yield family


REGISTRY.register(_Gauges())
