"""Figures over all sites: the gap and its past, verdicts, freshness, and the health of each domain."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from django.db.models import F, Min, Q, StringAgg, TextField, Value
from django.db.models.functions import Cast, Concat

from inventory.models import DomainChoices, Site
from readiness.assessment.scoring.core.gap import Gap
from readiness.assessment.scoring.core.states import Health
from readiness.assessment.scoring.figures import FIGURES, DomainFigure, combined
from readiness.assessment.scoring.models import DomainHealth
from readiness.assessment.scoring.queries.capacity import (
    HISTORIES,
    CapacityHistory,
    histories_of,
    outlook,
    weekly,
)
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.assessment.scoring.queries.standing import FleetStanding
from telemetry.models import Series, Source
from web import watch
from web.cached import CachedAnswer, clock_step
from web.drawing import Segment, stacked
from web.links import link
from web.units import how_many

BEFORE_WEEKS = 4
SPARK_WEEKS = 52
STEADY = timedelta(minutes=10)
"""Past weeks are shown as of one moment, which is kept for this long."""
# Adding up a year of histories takes longer than the rest of the page. The basis is the newest verdict and the
# capacity.
_WEEKS: CachedAnswer[None, tuple[Gap, ...]] = CachedAnswer(
    "gap of past weeks", answers=(HISTORIES,), grain=STEADY
)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Figures of the fleet.

    `verdicts` counts sites by verdict, "none" for sites without one; `sites` is the total. `monitored` sites have a
    source, `sites_reporting` of them a source on time. `outlook` holds the projection and the pace, but no gaps;
    `weeks` ends with now. `declared` counts BLOCK checks at sites with a verdict that ask for a measurement but are
    declared, and their sites.
    """

    now: Gap
    verdicts: dict[str, int]
    sites: int
    without_owner: tuple[SiteRef, ...]
    sources: dict[str, int]
    newest_sample_at: datetime | None
    sites_reporting: int
    monitored: int
    weeks: tuple[Gap, ...]
    outlook: CapacityHistory
    declared: dict[str, int]


@dataclass(frozen=True, slots=True)
class DomainCard:
    """One domain over the fleet.

    `reporting` of the monitored `sites` have live data for it; those in `unknown_at` (ids) have no data that shows its
    health. Figures name their provenance.
    """

    domain: str
    sites_by_health: dict[str, int]
    clocks: dict[str, int]
    figures: tuple[DomainFigure, ...]
    reporting: int
    sites: int
    unknown_at: frozenset[int]

    @property
    def title(self) -> str:
        return str(DomainChoices(self.domain).label)

    @property
    def segments(self) -> list[Segment]:
        return stacked(self.sites_by_health)

    @property
    def note(self) -> str:
        return f"{self.reporting} of {self.sites} sites reporting"

    @property
    def clock_note(self) -> str:
        late = [(clock, self.clocks.get(clock, 0)) for clock in ("silent", "late")]
        return " · ".join(f"{how_many(count, 'site', 'sites')} {clock}" for clock, count in late if count)

    @property
    def url(self) -> str:
        return link("sites", **{self.domain: "critical"})


def fleet(fleet_standing: FleetStanding) -> Fleet:
    weeks = _weeks(fleet_standing)
    open_sites = [site for site in fleet_standing.sites if site.ref.stage != Site.Stage.RETIRED]
    states, newest_at, reporting = _sources(fleet_standing, {site.ref.id for site in open_sites})
    return Fleet(
        now=weeks[-1],
        verdicts=fleet_standing.verdicts,
        sites=len(fleet_standing.sites),
        without_owner=tuple(site.ref for site in open_sites if not site.ref.owner.strip()),
        sources=states,
        newest_sample_at=newest_at,
        sites_reporting=sum("on-time" in of_site for of_site in reporting.values()),
        monitored=len(reporting),
        weeks=weeks,
        outlook=outlook(weeks, now=fleet_standing.at),
        declared=_declared(fleet_standing),
    )


def _declared(fleet_standing: FleetStanding) -> dict[str, int]:
    judged = [site for site in fleet_standing.sites if site.verdict]
    return {
        "capped": sum(site.capped for site in judged),
        "measurable": sum(site.measurable for site in judged),
        "sites": sum(site.capped > 0 for site in judged),
    }


def _weeks(fleet_standing: FleetStanding) -> tuple[Gap, ...]:
    """The gap now, and at about this moment of each past week."""
    moment = clock_step(fleet_standing.at, STEADY)
    moved_at = max((site.verdict_since for site in fleet_standing.sites if site.verdict_since), default=None)
    past = _WEEKS.value(
        lambda: weekly(histories_of(fleet_standing), now=moment, weeks=SPARK_WEEKS - 1)[:-1],
        key=tuple(site.ref.id for site in fleet_standing.sites),
        basis=(moved_at, fleet_standing.changes),
        now=fleet_standing.at,
    )
    return (*past, fleet_standing.gap)


def domain_cards(*, now: datetime) -> tuple[DomainCard, ...]:
    at = watch.instant_reached(now)
    return _CARDS.value(lambda: _read_cards(at), now=at, until=attrgetter("until")).cards


@dataclass(frozen=True, slots=True)
class _CardsAtInstant:
    """`until` is when the next health ends unless a sample comes; None if none does."""

    cards: tuple[DomainCard, ...]
    until: datetime | None


# Reading the figures of 3,000 domains takes a quarter of a page over 1,000 sites.
_CARDS: CachedAnswer[None, _CardsAtInstant] = CachedAnswer(
    "health of domains over the fleet", models=(Site,), rows=(DomainHealth,)
)


def _read_cards(at: datetime) -> _CardsAtInstant:
    health = DomainHealth.objects.exclude(site__stage=Site.Stage.RETIRED)
    by_domain: dict[str, list[_SiteHealth]] = defaultdict(list)
    # Aggregate equal sites into one text: fetching a row for each would take longer than the statement.
    site_id, stored = (Cast(field, TextField()) for field in ("site_id", "figures"))
    both = Concat(Value("["), site_id, Value(","), stored, Value("]"), output_field=TextField())
    rows = (
        health.annotate_health_now(at)
        .order_by()
        .values_list("domain", "health", F("health_now"), "clock")
        .annotate(texts=StringAgg(both, Value(",")), ends_at=Min("blind_at", filter=Q(blind_at__gte=at)))
    )
    ends = []
    for domain, evaluated, state, clock, texts, ends_at in rows:
        ends.append(ends_at)
        for site_id, figures in orjson.loads(f"[{texts}]"):
            # Figures without live samples mean nothing.
            by_domain[domain].append(
                _SiteHealth(state, clock, site_id, figures if state == evaluated else {})
            )
    # Sort first: the database returns rows in any order, and floating-point sums depend on it.
    cards = tuple(
        _card(domain, sorted(by_domain[domain], key=lambda row: row.site_id))
        for domain in DomainChoices.values
    )
    return _CardsAtInstant(cards, min(filter(None, ends), default=None))


class _SiteHealth(NamedTuple):
    health: str
    clock: str
    site_id: int
    figures: dict[str, Any]


def _card(domain: str, rows: Sequence[_SiteHealth]) -> DomainCard:
    reporting = [row for row in rows if row.health not in ("unknown", "not-monitored") and not row.clock]
    counts = Counter(row.health for row in rows)
    return DomainCard(
        domain=domain,
        sites_by_health={each.value: counts[each] for each in Health if each in counts},
        clocks={clock: sum(row.clock == clock for row in rows) for clock in ("late", "silent")},
        figures=_figures(domain, [row.figures for row in rows]),
        reporting=len(reporting),
        sites=len(rows) - counts["not-monitored"],
        unknown_at=frozenset(row.site_id for row in rows if row.health == "unknown"),
    )


def _figures(domain: str, stored: Iterable[dict[str, Any]]) -> tuple[DomainFigure, ...]:
    per_site = list(stored)
    return tuple(combined(figure, per_site) for figure in FIGURES if figure.domain == domain)


def _sources(
    fleet_standing: FleetStanding, counted: Collection[int]
) -> tuple[dict[str, int], datetime | None, dict[int, set[str]]]:
    """Return the number of sources by state, the newest sample, and the states of each site's sources."""
    own = Source.objects.order_by().values_list("site_id", "status__state", "status__last_sample_at")
    labelled = (
        Series.objects.filter(fleet_standing.among("site"), site__isnull=False, source__site__isnull=True)
        .order_by()
        .values_list("site_id", "source__status__state")
        .distinct()
    )
    states: Counter[str] = Counter()
    newest_at: datetime | None = None
    by_site: dict[int, set[str]] = defaultdict(set)
    for site_id, state, last_at in own:
        if state is not None:
            states[state] += 1
        if last_at is not None and (newest_at is None or last_at > newest_at):
            newest_at = last_at
        if site_id in counted:
            by_site[site_id].add(state)
    for site_id, state in labelled:
        if site_id in counted:
            by_site[site_id].add(state)
    return dict(states), newest_at, by_site
