"""Metrics as people browse them: one entry for a metric of a place, with its title, domain, and how it is summed up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from telemetry.core.metric import LimitTest, Metric, MetricDomain, MetricKind, guess_kind
from telemetry.core.registry import registry
from telemetry.core.spec import Aggregation

OTHER = "other"
DOMAINS = (*(str(domain) for domain in MetricDomain), OTHER)
# What people look for first, in each domain.
FIRST = (
    *("DCGM_FI_DEV_GPU_UTIL", "gpu_gfx_activity", "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_GPU_TEMP"),
    *("DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_XID_ERRORS", "probe_icmp_duration_seconds", "probe_success"),
    *("node_infiniband_port_data_received_bytes_total", "ifHCInOctets", "node_network_receive_bytes_total"),
    *("site_power_watts", "upsOutputPercentLoad", "cooling_supply_temperature_celsius"),
    *("vllm:time_to_first_token_seconds", "vllm:generation_tokens_total"),
)
_PARTS = ("_bucket", "_sum", "_count")
# Quantities of parts that make up the quantity of the whole: a mean of feeds says little of a site.
_ADDED_UNITS = frozenset({"W", "VA", "kWh", "tokens", "packets", "l/min"})
_COMPUTE, _NETWORK, _ENERGY = (str(domain) for domain in MetricDomain)
# The domain by kind of object, of metrics and of series.
_DOMAINS = {
    **dict.fromkeys(("accelerator", "node"), _COMPUTE),
    **dict.fromkeys(("switch", "port", "link"), _NETWORK),
    **dict.fromkeys(("feed", "pdu", "ups", "cooling-unit"), _ENERGY),
}


@dataclass(frozen=True, slots=True)
class BrowsedMetric:
    """A metric with the names that its series have (the parts of a histogram), their number, and that of sites."""

    name: str
    names: tuple[str, ...]
    kinds: frozenset[str]
    series: int
    sites: int = 0

    @property
    def definition(self) -> Metric | None:
        return registry().get(self.name)

    @property
    def title(self) -> str:
        return self.definition.title if self.definition else self.name

    @property
    def exporter(self) -> str:
        return self.definition.exporter if self.definition else ""

    @property
    def domain(self) -> str:
        """The domain of the metric; where it has none, that of the object to which all its series belong."""
        definition = self.definition
        if definition is not None:
            return str(definition.domain or _DOMAINS.get(definition.object, OTHER))
        domains = {_DOMAINS.get(kind, OTHER) for kind in self.kinds if kind}
        return domains.pop() if len(domains) == 1 else OTHER

    @property
    def kind(self) -> MetricKind:
        if f"{self.name}_bucket" in self.names:
            return MetricKind.HISTOGRAM
        return self.definition.kind if self.definition else guess_kind(self.name)

    @property
    def combine(self) -> Aggregation:
        """How its series at one place become one figure: counts and powers are added, of judged values the worst
        counts, of anything else the mean."""
        definition = self.definition
        if self.kind is MetricKind.COUNTER or (definition and definition.unit in _ADDED_UNITS):
            return Aggregation.SUM
        directions = {rule.direction for rule in definition.health} if definition else set()
        if directions == {LimitTest.ABOVE}:
            return Aggregation.MAX
        return Aggregation.MIN if directions == {LimitTest.BELOW} else Aggregation.AVG

    @property
    def rank(self) -> tuple[int, bool, bool, str, str]:
        first = FIRST.index(self.name) if self.name in FIRST else len(FIRST)
        definition = self.definition
        return first, not (definition and definition.health), definition is None, self.title, self.name

    def fits(self, words: Iterable[str]) -> bool:
        text = f"{self.name} {' '.join(self.names)} {self.title} {self.exporter} {self.domain}".casefold()
        return all(word in text for word in words)


def folded(counts: Mapping[tuple[str, str], tuple[int, int]]) -> list[BrowsedMetric]:
    """Metrics in order of rank, from (series, sites) by name and kind of object. The parts of a histogram are one."""
    metrics: dict[str, BrowsedMetric] = {}
    names = {name for name, _ in counts}
    for (name, kind), (series, sites) in counts.items():
        family = _family(name, names)
        metric = metrics.get(family, BrowsedMetric(family, (), frozenset(), 0))
        metrics[family] = replace(
            metric,
            names=tuple(sorted({*metric.names, name})),
            kinds=metric.kinds | {kind},
            series=metric.series + series,
            sites=max(metric.sites, sites),
        )
    return sorted(metrics.values(), key=lambda metric: metric.rank)


def _family(name: str, names: set[str]) -> str:
    """The histogram that a name is a part of, else the name itself."""
    for part in _PARTS:
        family = name.removesuffix(part)
        if family != name and f"{family}_bucket" in names:
            return family
    return name
