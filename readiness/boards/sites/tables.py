"""Columns and filters of the list of sites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from inventory.models import DomainChoices, Region, Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.gap import SiteCapacity
from readiness.assessment.scoring.core.states import HEALTHS, VERDICTS
from readiness.assessment.scoring.models import DomainHealth
from readiness.assessment.scoring.queries.rows import PillarFigure, SiteRef
from readiness.assessment.scoring.queries.standing import owned_by
from readiness.boards.health import sentences as health_sentences
from readiness.boards.sites import queries
from web import clock, visibility, watch
from web.ages import old
from web.drawing import bar_width, spark_path
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table
from web.units import power, signed

NO_VERDICT = "none"


@dataclass(frozen=True, slots=True)
class SiteLine:
    row: queries.SiteRow
    widest_kw: float

    @property
    def bar(self) -> dict[str, object]:
        deployed, ready = self.row.deployed.it_kw, self.row.ready.it_kw
        return {
            # As text: templates localise numbers, but SVG needs a decimal point.
            "width": f"{bar_width(ready, of=self.widest_kw)}%",
            "outline": f"{bar_width(deployed, of=self.widest_kw)}%",
            "label": f"{power(ready)} of {power(deployed)} ready",
        }


def site_lines(
    page: Sequence[Site],
    *,
    now: datetime,
    framework: Framework,
    capacity: Mapping[int, SiteCapacity] | None = None,
) -> list[SiteLine]:
    rows = queries.rows(page, now=now, framework=framework, capacity=capacity)
    widest = max((row.deployed.it_kw for row in rows), default=0)
    return [SiteLine(row, widest) for row in rows]


def _health_filter(label: str) -> django_filters.MultipleChoiceFilter:
    return django_filters.MultipleChoiceFilter(label=label, choices=HEALTHS, method="filter_health")


class ReadinessSiteFilters(ObjectFilterSet):
    verdict = django_filters.MultipleChoiceFilter(
        label="Readiness", choices=[*VERDICTS, (NO_VERDICT, "No verdict")], method="filter_verdicts"
    )
    region = django_filters.ModelMultipleChoiceFilter(
        label="Region", queryset=Region.objects.all(), to_field_name="slug", field_name="region__slug"
    )
    stage = django_filters.MultipleChoiceFilter(label="Stage", choices=Site.Stage.choices)
    kind = django_filters.MultipleChoiceFilter(label="Kind", choices=Site.Kind.choices)
    owner = django_filters.CharFilter(label="Owner", method="filter_owner")
    compute = _health_filter("Compute health")
    network = _health_filter("Network health")
    energy = _health_filter("Energy health")

    class Meta:
        model = Site
        fields: list[str] = []
        search_fields = ["name", "slug", "city", "owner", "region__name"]

    def filter_verdicts(self, queryset: QuerySet[Site], name: str, values: list[str]) -> QuerySet[Site]:
        if not values:
            return queryset
        matching = queryset.filter(
            score__verdict__in=[value for value in values if value != NO_VERDICT], score__failed_at=None
        )
        if NO_VERDICT in values:
            matching |= queryset.filter(
                Q(score__isnull=True) | Q(score__verdict="") | Q(score__failed_at__isnull=False)
            )
        return matching

    def filter_owner(self, queryset: QuerySet[Site], name: str, value: str) -> QuerySet[Site]:
        """ "none" finds the sites without an owner."""
        return queryset.filter(owned_by(value, now=clock.now())) if value else queryset

    def filter_health(self, queryset: QuerySet[Site], domain: str, values: list[str]) -> QuerySet[Site]:
        if not values:
            return queryset
        health = DomainHealth.objects.annotate_health_now(watch.instant_reached(clock.now())).filter(
            Q(health_now__in=values), domain=domain
        )
        return queryset.filter(pk__in=health.values("site"))


def pillar_bar(pillar: PillarFigure, before: float | None) -> dict[str, Any]:
    """The bar with an earlier score (of 100) and the change since then in whole points."""
    is_comparable = pillar.score is not None and before is not None
    change = round(100 * pillar.score) - round(100 * before) if is_comparable else None  # type: ignore[operator]
    return pillar_mark(pillar) | {
        "before": None if before is None else round(100 * before, 1),
        "change": "unchanged" if change == 0 else signed(change) if change is not None else "",
    }


def pillar_mark(pillar: PillarFigure) -> dict[str, Any]:
    return {
        "label": pillar.name,
        "short": pillar.short_name,
        "score": None if pillar.score is None else 100 * pillar.score,
        "upper": None if pillar.upper is None else round(100 * pillar.upper, 1),
        "waived": pillar.waived_checks,
        "waived_width": None if not pillar.waived else round(100 * pillar.waived, 1),
        "state": pillar.state,
    }


def owner_text(site: SiteRef) -> str:
    """The owner in a file: whoever has left owns nothing."""
    person = "nobody" if site.owner_has_left else site.accountable if visibility.sees_names() else ""
    person = f"{person} (deputy)" if person and site.owner_is_deputy and not site.owner_has_left else person
    return ", ".join(part for part in (person, site.owner) if part)


def _owner(line: Any) -> str:
    return owner_text(line.row.site)


def _points(score: float | None) -> int | None:
    return None if score is None else round(100 * score)


def _pillars(line: SiteLine) -> str:
    scores = {pillar.id: _points(pillar.score) for pillar in line.row.pillars}
    return " ".join(f"{pillar}={'' if score is None else score}" for pillar, score in scores.items())


def _weeks(line: SiteLine) -> str:
    return " ".join("-" if score is None else str(_points(score)) for score in line.row.weeks)


def _health(line: SiteLine) -> list[dict[str, Any]]:
    return [
        {
            "domain": DomainChoices(mark.domain).label,
            "state": mark.health,
            "clock": mark.clock,
            "note": health_sentences.last_known(
                mark.last_health, mark.heard_at, is_last_known=mark.is_last_known
            ),
        }
        for mark in line.row.health
    ]


SITES = Table(
    id="sites",
    page="sites",
    title="All sites",
    noun=("site", "sites"),
    filterset=ReadinessSiteFilters,
    default_sort="-deployed",
    nothing="readiness/nothing.html#sites",
    columns=(
        Column("site", "Site", "row.site.name", template="readiness/cells/site.html", sort="name", locked=True,
               phone="title"),
        Column("verdict", "Readiness", "row.verdict", template="readiness/cells/verdict.html", sort="verdict_order",
               phone="status"),
        Column("deployed", "Deployed", "row.deployed.it_kw", lambda line: power(line.row.deployed.it_kw, "kW").value,
               sort="deployed_kw", numeric=True, unit="kW"),
        Column("ready", "Ready of deployed", "row.ready.it_kw", template="readiness/cells/ready.html", sort="ready_kw",
               unit="kW", phone="hide"),
        Column("pillars", "Pillars", lambda line: [pillar_mark(pillar) for pillar in line.row.pillars],
               template="web/pillar_marks.html", export=_pillars, phone="mark"),
        Column("weakest", "Weakest pillar", "row.weakest", template="readiness/cells/weakest.html",
               export="row.weakest.short_name", phone="hide"),
        Column("health", "C · N · E", _health, template="web/health_marks.html",
               hint="Compute, network and energy health", phone="mark",
               export=lambda line: " ".join(health_sentences.exported(mark) for mark in line.row.health)),
        Column("weeks", "24 weeks", lambda line: spark_path(line.row.weeks), template="readiness/cells/weeks.html",
               hint="Score at the end of each of the last 24 weeks", export=_weeks,
               file_unit="points, oldest first", phone="hide"),
        Column("owner", "Owner", "row.site.owner", template="readiness/cells/owner.html", export=_owner,
               sort="answering", phone="hide"),
        Column("age", "Data age", "row.data_age_s", file_unit="s", sort="-newest_sample_at", numeric=True, phone="hide",
               text=lambda line: old(line.row.stored.newest_sample_at, line.row.data_age_s)),
        Column("region", "Region", "row.site.region", sort="region__name", default=False),
        Column("kind", "Kind", "row.site.kind", sort="kind", default=False),
        Column("stage", "Stage", "row.site.stage", template="readiness/cells/stage.html", sort="stage", default=False),
        Column("accelerators", "Accelerators", "row.deployed.accelerators", numeric=True, default=False),
        Column("score", "Score", lambda line: _points(line.row.stored.score), template="readiness/cells/score.html",
               sort="score__score", numeric=True, default=False),
        Column("blocker", "First blocker", "row.first_blocker_name", default=False),
    ),
    row_id="row.site.id",
    row_name="row.site.name",
    row_url=lambda line: link("site", line.row.site.slug),
)  # fmt: skip
# Saved views check their query by SITES, so this one has no page of its own.
SITES_ON_FLEET = replace(SITES, per_page=25, page="")
