"""Health of a site's three domains: the registry's rules judge its samples, and what they find follows on from the
reasons that are stored. Arithmetic only: it imports no framework."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from readiness.assessment.scoring.core.health import DomainState, HealthBefore, site_state
from readiness.assessment.scoring.core.reasons import Heard, ObjectFacts, ObjectKey, OpenReason, ReasonPlace
from readiness.assessment.scoring.core.states import Health
from readiness.assessment.scoring.facts import (
    EvaluationFacts,
    heard_from,
    last_heard_at,
    object_key,
)
from readiness.assessment.scoring.judging import findings_of, judged_metrics
from readiness.assessment.scoring.reasons import Stored, stored_reason
from telemetry.core.metric import ComparedValue
from telemetry.core.registry import registry
from telemetry.core.rows import SourceStanding

CLOCKS = ("silent", "late")
"""States of sources that a domain tells, the worst first."""


@dataclass(frozen=True, slots=True)
class StoredHealth:
    """The open reasons of a site, the states of its domains, and the reasons that a person ended lately."""

    reasons: Sequence[OpenReason] = ()
    domains: Mapping[str, HealthBefore] = field(default_factory=dict)
    ends: Mapping[ReasonPlace, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DomainResult:
    """A DomainState as it is stored: the worst few reasons, and the state of the sources behind them."""

    domain: str
    health: Health
    clock: str
    objects_by_health: dict[str, int]
    reasons: list[Stored]
    taken_at: datetime | None
    last_health: str = ""
    heard_at: datetime | None = None
    blind_at: datetime | None = None
    is_last_known: bool = False
    due_at: datetime | None = None
    value_now: float | None = None


@dataclass(frozen=True, slots=True)
class SiteHealth:
    domains: Sequence[DomainResult]
    reasons: Sequence[OpenReason]


def site_health(facts: EvaluationFacts, before: StoredHealth, now: datetime) -> SiteHealth:
    state = site_state(
        before.reasons, before.domains, findings_of(facts, now), _object_facts(facts, before, now), now
    )
    return SiteHealth([_result(facts, domain) for domain in state.domains], state.reasons)


def _result(facts: EvaluationFacts, state: DomainState) -> DomainResult:
    sources = {source_id for key in state.objects for source_id in facts.sources_of.get(key, ())}
    return DomainResult(
        domain=state.domain,
        health=state.health,
        clock=_clock(facts.sources[source_id] for source_id in sources if source_id in facts.sources),
        objects_by_health=state.objects_by_health,
        reasons=[stored_reason(reason) for reason in state.worst],
        taken_at=state.taken_at,
        last_health=state.last_health,
        heard_at=state.heard_at,
        blind_at=state.blind_at,
        is_last_known=state.is_last_known,
        due_at=state.due_at,
        value_now=state.value_now,
    )


def _object_facts(facts: EvaluationFacts, before: StoredHealth, now: datetime) -> ObjectFacts:
    heard = heard_from(facts, now) | _site_heard(facts, now)
    silent = facts.seen.keys() - heard.keys()
    last_heard = {key: at for key in silent if (at := last_heard_at(facts, key)) is not None}
    return ObjectFacts(
        names=facts.names,
        domains={key: thing.domain for key, thing in facts.things.items()},
        resting={key for key, thing in facts.things.items() if not thing.in_service},
        watched=facts.sources_of.keys(),
        heard=heard,
        heard_at=last_heard,
        sampled=_sampled(facts, before.reasons, now),
        judged=facts.judged,
        ends=before.ends,
        source_titles=registry().sources,
        has_sources=bool(facts.sources),
        is_source_late=_clock(facts.sources.values()) != "",
    )


def _site_heard(facts: EvaluationFacts, now: datetime) -> dict[ObjectKey, Heard]:
    """The site itself is not in the inventory of objects, so the metrics judged for it show whether it is heard
    from."""
    heard: dict[ObjectKey, Heard] = {}
    for metric in judged_metrics(ComparedValue.VALUE) & facts.latest.keys():
        for sample in facts.latest[metric]:
            if sample.object_kind == "site" and facts.is_live(sample, now):
                key, live = ("site", sample.site_id), timedelta(seconds=facts.live_s(sample.source_id))
                if key not in heard or heard[key].until < sample.ts + live:
                    heard[key] = Heard(sample.ts, sample.ts + live)
    return heard


def _sampled(
    facts: EvaluationFacts, reasons: Iterable[OpenReason], now: datetime
) -> set[tuple[ObjectKey, str, str]]:
    """Objects, metrics and parts with a live sample, of the metrics with an open reason."""
    sampled = set()
    for metric in {reason.metric for reason in reasons} & facts.latest.keys():
        for sample in facts.latest[metric]:
            key = object_key(sample)
            if key is not None and facts.is_live(sample, now):
                definition = registry().get(metric, sample.labels)
                sampled.add((key, metric, definition.part(sample.labels) if definition else ""))
                # Of a reason that is older than the parts of its metric.
                sampled.add((key, metric, ""))
    return sampled


def _clock(sources: Iterable[SourceStanding]) -> str:
    states = {source.state for source in sources}
    return next((clock for clock in CLOCKS if clock in states), "")


def stored_domains(rows: Iterable[Any]) -> dict[str, HealthBefore]:
    return {row.domain: HealthBefore(row.health, row.last_health, row.heard_at, row.blind_at) for row in rows}
