"""The sources of the demo: each site's exporters send through its Prometheus; a fast power meter sends by itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from readiness.demo.core.noise import Floats
from readiness.demo.core.plan import FleetPlan, SitePlan
from readiness.demo.core.series import Block, blocks, meter
from readiness.demo.core.shapes import column
from readiness.demo.core.stories import Stories
from telemetry.core.labels import NAME, key_of

CADENCE_S = GRACE_S = 60
# A fast meter samples every second and posts once a minute.
FAST_CADENCE_S = 1
FAST_GRACE_S = 119
POST_EVERY_S = 60
SITE_LABEL = "site"
EDGE_SOURCE = "Edge Prometheus"


@dataclass(frozen=True, slots=True)
class Stream:
    """Everything that one source sends for one site. `names_site` says that the source serves several sites, so that a
    label names the site."""

    source_name: str
    site: SitePlan
    cadence_s: int = CADENCE_S
    grace_s: int = GRACE_S
    names_site: bool = False
    sends_exporters: bool = True
    sends_meter: bool = True

    @property
    def samples_a_post(self) -> int:
        return max(POST_EVERY_S // self.cadence_s, 1)

    def ends_at(self, instants: Sequence[float]) -> list[float]:
        """All instants sampled in the minutes that end at these instants."""
        back = [self.cadence_s * place for place in range(self.samples_a_post - 1, -1, -1)]
        return [at - before for at in instants for before in back]


def streams(fleet: FleetPlan) -> tuple[Stream, ...]:
    """Every stream of the fleet, in the order of the plan; a site without hardware has none."""
    streams = []
    for site in fleet.sites:
        if not site.nodes:
            continue
        shared = site.name in fleet.fleet["shared_edge_source"]
        has_fast_meter = site.name in fleet.fleet["fast_meters"]
        name = EDGE_SOURCE if shared else f"{site.name} Prometheus"
        streams.append(Stream(name, site, names_site=shared, sends_meter=not has_fast_meter))
        if has_fast_meter:
            name = f"{site.name} power meter"
            streams.append(Stream(name, site, FAST_CADENCE_S, FAST_GRACE_S, sends_exporters=False))
    return tuple(streams)


def sent(fleet: FleetPlan, stream: Stream, stories: Stories, ts: Floats) -> Iterator[Block]:
    """Return what the stream sends at `ts` (shape (instants, 1)): always the same series in the same order."""
    if stream.sends_exporters:
        for block in blocks(fleet, stream.site, stories, ts):
            yield _labelled(block, stream) if stream.names_site else block
    if stream.sends_meter:
        yield meter(stream.site, stories, ts)


def series_of(fleet: FleetPlan, stream: Stream, stories: Stories) -> list[tuple[str, dict[str, str]]]:
    """Metric and labels of each series, in the order of sending."""
    any_time = column([stories.loaded_s])
    return [
        (block.metric, labels) for block in sent(fleet, stream, stories, any_time) for labels in block.labels
    ]


def key_of_series(metric: str, labels: Mapping[str, str]) -> bytes:
    """The labels as they are sent, including the metric's name."""
    return key_of({NAME: metric, **labels})


def _labelled(block: Block, stream: Stream) -> Block:
    return replace(block, labels=tuple({**labels, SITE_LABEL: stream.site.slug} for labels in block.labels))
