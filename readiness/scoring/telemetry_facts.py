"""Telemetry of sites at one instant, read for all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from readiness.evidence.measures import FLOW_ALARM_METRICS, POWER_METRICS, SITE_POWER_METRICS
from readiness.framework.core.definition import Framework
from readiness.scoring.checks import HELD_OF, LATEST_OF, RISES_OF, metrics_of, serving
from readiness.scoring.checks.accelerators import ROW_REMAP_METRICS, XID_METRICS
from readiness.scoring.facts import LIVE_CADENCES, ObjectKey, SourceFact
from readiness.scoring.figures import GPU_TEMPERATURE_METRICS, UTILISATION_METRICS
from telemetry import queries as telemetry
from telemetry.core.metric import ComparedValue
from telemetry.core.registry import registry

WINDOW = timedelta(hours=24)
"""What counters rise by and states change in, as the checks and the registry's rules have it."""
ARRIVING = timedelta(minutes=1)
"""A series is entered when its samples are stored, which may be a moment after the `now` they are judged
at."""
JUST_GONE_S = 600.0
"""So long after it stopped being live it can still be told since when an object is silent."""
LAST_CODES = frozenset({*XID_METRICS, *ROW_REMAP_METRICS})

type ByMetric[Row] = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Sent:
    """Each kind of fact by site; see readiness.scoring.facts."""

    sources: Mapping[int, Mapping[int, SourceFact]]
    seen: Mapping[int, Mapping[ObjectKey, Mapping[int, datetime]]]
    sources_of: Mapping[int, Mapping[ObjectKey, frozenset[int]]]
    latest: Mapping[int, ByMetric[telemetry.Latest]]
    held: Mapping[int, ByMetric[telemetry.Latest]]
    rises: Mapping[int, ByMetric[telemetry.Rise]]
    changed_at: Mapping[int, datetime]

    def of(self, site_id: int) -> dict[str, Any]:
        """Arguments of EvaluationFacts about one site."""
        return {
            "sources": self.sources.get(site_id, {}),
            "seen": self.seen.get(site_id, {}),
            "sources_of": self.sources_of.get(site_id, {}),
            "latest": self.latest.get(site_id, {}),
            "held": self.held.get(site_id, {}),
            "rises": self.rises.get(site_id, {}),
            "changed_at": self.changed_at,
        }


def sent_by(site_ids: Sequence[int], framework: Framework, *, now: datetime, live_floor_s: float) -> Sent:
    """A constant number of statements. Only samples up to `now` are read."""
    sources = _sources(site_ids)
    cadences = [source.cadence_s for of_site in sources.values() for source in of_site.values()]
    live_s = max([LIVE_CADENCES * cadence for cadence in cadences], default=0.0)
    live_s = max(live_s, live_floor_s)
    # One snapshot answers all of the questions, so that the newest samples are read once.
    at_now = telemetry.snapshot(site_ids, None, now=now, markers_within_s=live_s)
    held = at_now.latest(held_metrics(framework), within_s=WINDOW.total_seconds(), with_ended=True)
    codes = [sample.series_id for sample in held if sample.value != 0 and sample.metric in code_metrics()]
    rises = at_now.increase_since(rising_metrics(framework), start=now - WINDOW)
    return Sent(
        sources=sources,
        seen=_seen(at_now.last_seen(within_s=live_s + JUST_GONE_S)),
        sources_of=_sources_of(at_now.speakers(first_seen_by=now + ARRIVING)),
        latest=_by_metric(at_now.latest(live_metrics(framework), within_s=live_s)),
        held=_by_metric(held),
        rises=_by_metric(rises),
        changed_at=telemetry.last_changed(codes, start=now - WINDOW, now=now),
    )


def live_metrics(framework: Framework) -> set[str]:
    """Metrics of which only a live sample counts."""
    shown = {*SITE_POWER_METRICS, *POWER_METRICS, *UTILISATION_METRICS, *GPU_TEMPERATURE_METRICS}
    return metrics_of(framework, LATEST_OF) | _judged_by(ComparedValue.VALUE) | shown | serving.COUNTS


def held_metrics(framework: Framework) -> set[str]:
    """Metrics of which a sample counts for 24 hours, also after its series ended."""
    return metrics_of(framework, HELD_OF) | code_metrics() | set(FLOW_ALARM_METRICS)


def rising_metrics(framework: Framework) -> set[str]:
    """Counters of which it matters what they rose by."""
    return metrics_of(framework, RISES_OF) | _judged_by(ComparedValue.INCREASE)


def code_metrics() -> frozenset[str]:
    """States that hold a last code: whether they mean anything now depends on when they changed."""
    return _judged_by(ComparedValue.CHANGED) | LAST_CODES


@cache
def _judged_by(measure: ComparedValue) -> frozenset[str]:
    """Every name of the metrics that have a health rule of this kind."""
    return frozenset(
        name
        for metric in registry().judged()
        if any(rule.measure is measure for rule in metric.health)
        for name in (metric.name, *metric.aliases)
    )


def _sources(site_ids: Sequence[int]) -> dict[int, dict[int, SourceFact]]:
    return {
        site_id: {
            source.source_id: SourceFact(
                id=source.source_id,
                name=source.name,
                state=source.state,
                state_since=source.state_since,
                last_sample_at=source.last_sample_at,
                last_received_at=source.last_received_at,
                cadence_s=source.cadence_s,
                grace_s=source.grace_s,
                provenance=source.provenance,
            )
            for source in standings
        }
        for site_id, standings in telemetry.source_states(site_ids).items()
    }


def _seen(rows: Iterable[telemetry.Seen]) -> dict[int, dict[ObjectKey, dict[int, datetime]]]:
    by_site: dict[int, dict[ObjectKey, dict[int, datetime]]] = {}
    for site_id, kind, object_id, source_id, newest_at in rows:
        by_site.setdefault(site_id, {}).setdefault((kind, object_id), {})[source_id] = newest_at
    return by_site


def _sources_of(rows: Iterable[telemetry.Speaker]) -> dict[int, dict[ObjectKey, frozenset[int]]]:
    """Which sources ever sent anything about each object."""
    by_site: dict[int, dict[ObjectKey, frozenset[int]]] = {}
    # Most objects have one source, and most sources many objects.
    alone: dict[int, frozenset[int]] = {}
    for site_id, kind, object_id, source_id in rows:
        of_site = by_site.setdefault(site_id, {})
        source = alone.setdefault(source_id, frozenset((source_id,)))
        key = (kind, object_id)
        of_site[key] = of_site[key] | source if key in of_site else source
    return by_site


def _by_metric[Row: (telemetry.Latest, telemetry.Rise)](
    rows: Iterable[Row],
) -> dict[int, dict[str, list[Row]]]:
    by_site: dict[int, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_site[row.site_id][row.metric].append(row)
    return by_site


def object_key(row: telemetry.Latest | telemetry.Rise) -> ObjectKey | None:
    """The object that the series is about; None where it was matched to nothing."""
    if not row.object_kind:
        return None
    if row.object_kind == "site":
        return "site", row.site_id
    object_id = getattr(row, telemetry.OBJECT_COLUMNS[row.object_kind])
    return None if object_id is None else (row.object_kind, object_id)
