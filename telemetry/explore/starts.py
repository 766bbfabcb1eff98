"""Proposals of Explore before a metric is chosen: figures of the whole fleet, of metrics that are sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telemetry.core.registry import registry
from telemetry.explore.metrics import BrowsedMetric
from telemetry.links import explore_url

BY_SITE = {"group_by": "site", "start": "now-24h", "end": "now"}
# Of each row the first metric that is sent.
_EACH = (
    ("DCGM_FI_DEV_GPU_UTIL", "gpu_gfx_activity"),
    ("probe_icmp_duration_seconds", "ifHCInOctets", "node_network_receive_bytes_total"),
    ("site_power_watts", "upsOutputPercentLoad"),
)
_RATIO = ("DCGM_FI_DEV_POWER_USAGE", "site_power_watts")


@dataclass(frozen=True, slots=True)
class ExploreStart:
    title: str
    note: str
    url: str


def starts(metrics: Sequence[BrowsedMetric]) -> list[ExploreStart]:
    return list(_starts({metric.name for metric in metrics}))


def _starts(sent: set[str]) -> Iterator[ExploreStart]:
    for names in _EACH:
        if (name := next((name for name in names if name in sent), None)) is not None:
            yield ExploreStart(
                _title(name), "24 hours, a line for each site", explore_url({"metric": name, **BY_SITE})
            )
    if sent.issuperset(_RATIO):
        first, second = _RATIO
        added = {"combine": "sum", "group_by": "site"}
        yield ExploreStart(
            f"{_title(first)} ÷ {_title(second)}",
            "24 hours against the day before, by site",
            explore_url(
                {"metric": first, **BY_SITE, **added},
                second={"metric": second, "site": "*", **added},
                relation="ratio",
                earlier="1d",
            ),
        )


def _title(name: str) -> str:
    definition = registry().get(name)
    return definition.title if definition else name
