"""Columns as data: the sites with their verdicts, the checks of a site, a check over the sites."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from inventory.models import Region, Site
from readiness.boards import cards, findings, sentences
from readiness.boards.queries import sites
from readiness.scoring.choices import HEALTHS, VERDICTS
from readiness.scoring.models import DomainHealth
from readiness.scoring.owners import owned_by
from readiness.scoring.queries.rows import SiteRow
from web import clock, visibility
from web.ages import old
from web.drawing import bar_width, spark_path
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table
from web.units import power

NO_VERDICT = "none"


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A site's row, and the widest deployed capacity of the page, against which bars are drawn."""

    row: SiteRow
    widest_kw: float

    @property
    def bar(self) -> dict[str, object]:
        deployed, ready = self.row.deployed.it_kw, self.row.ready.it_kw
        return {
            # As text: a template would write a number the reader's way, and SVG has one way.
            "width": f"{bar_width(ready, of=self.widest_kw)}%",
            "outline": f"{bar_width(deployed, of=self.widest_kw)}%",
            "label": _("%(ready)s of %(deployed)s ready")
            % {"ready": findings.kw(ready), "deployed": findings.kw(deployed)},
        }


def site_lines(page: Sequence[Site], *, now: datetime) -> list[SiteLine]:
    rows = sites.rows(page, now=now)
    widest = max((row.deployed.it_kw for row in rows), default=0)
    return [SiteLine(row, widest) for row in rows]


class ReadinessSiteFilters(ObjectFilterSet):
    verdict = django_filters.MultipleChoiceFilter(
        label=_("Readiness"), choices=[*VERDICTS, (NO_VERDICT, _("No verdict"))], method="by_verdict"
    )
    region = django_filters.ModelMultipleChoiceFilter(
        label=_("Region"), queryset=Region.objects.all(), to_field_name="slug", field_name="region__slug"
    )
    stage = django_filters.MultipleChoiceFilter(label=_("Stage"), choices=Site.Stage.choices)
    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=Site.Kind.choices)
    owner = django_filters.CharFilter(label=_("Owner"), method="by_owner")
    compute = django_filters.MultipleChoiceFilter(
        label=_("Compute health"), choices=HEALTHS, method="by_health"
    )
    network = django_filters.MultipleChoiceFilter(
        label=_("Network health"), choices=HEALTHS, method="by_health"
    )
    energy = django_filters.MultipleChoiceFilter(
        label=_("Energy health"), choices=HEALTHS, method="by_health"
    )

    class Meta:
        model = Site
        fields: list[str] = []
        search_fields = ["name", "slug", "city", "owner", "region__name"]

    def by_verdict(self, queryset: QuerySet[Site], name: str, values: list[str]) -> QuerySet[Site]:
        if not values:
            return queryset
        wanted = queryset.filter(
            score__verdict__in=[value for value in values if value != NO_VERDICT], score__failed_at=None
        )
        if NO_VERDICT in values:
            wanted |= queryset.filter(
                Q(score__isnull=True) | Q(score__verdict="") | Q(score__failed_at__isnull=False)
            )
        return wanted

    def by_owner(self, queryset: QuerySet[Site], name: str, value: str) -> QuerySet[Site]:
        """ "none" finds the sites that nobody owns."""
        return queryset.filter(owned_by(value, now=clock.now())) if value else queryset

    def by_health(self, queryset: QuerySet[Site], domain: str, values: list[str]) -> QuerySet[Site]:
        if not values:
            return queryset
        health = DomainHealth.objects.as_of(clock.now()).filter(Q(health_now__in=values), domain=domain)
        return queryset.filter(pk__in=health.values("site"))


def _owner(line: Any) -> str:
    """The person who answers, for those who may see names, and the team."""
    site = line.row.site
    person = site.accountable if visibility.sees_names() else ""
    return ", ".join(part for part in (person, site.owner) if part)


SITES = Table(
    id="sites",
    title=_("All sites"),
    noun=(_("site"), _("sites")),
    filterset=ReadinessSiteFilters,
    default_sort="-deployed",
    empty={
        "title": _("No sites yet"),
        "text": _(
            "A site is one place that holds infrastructure. Add one, then connect a source of samples to it."
        ),
        "icon": "building-factory-2",
        "action_url": "/inventory/sites/",
        "action_label": _("Go to the inventory"),
    },
    columns=(
        Column(
            "site",
            _("Site"),
            value=lambda line: line.row.site.name,
            template="readiness/cells/site.html",
            sort="name",
            locked=True,
            phone="title",
        ),
        Column(
            "verdict",
            _("Readiness"),
            value=lambda line: line.row.verdict,
            template="readiness/cells/verdict.html",
            sort="verdict_order",
            phone="status",
        ),
        Column(
            "deployed",
            _("Deployed"),
            value=lambda line: line.row.deployed.it_kw,
            text=lambda line: power(line.row.deployed.it_kw, "kW").value,
            sort="deployed_kw",
            numeric=True,
            unit="kW",
        ),
        Column(
            "ready",
            _("Ready of deployed"),
            value=lambda line: line.row.ready.it_kw,
            template="readiness/cells/ready.html",
            sort="ready_kw",
            unit="kW",
        ),
        Column(
            "pillars",
            _("Pillars"),
            value=lambda line: [cards.pillar_mark(pillar) for pillar in line.row.pillars],
            template="readiness/cells/pillars.html",
            export=lambda line: " ".join(
                f"{pillar.id}={'' if pillar.score is None else round(100 * pillar.score)}"
                for pillar in line.row.pillars
            ),
        ),
        Column(
            "weakest",
            _("Weakest pillar"),
            value=lambda line: line.row.weakest,
            template="readiness/cells/weakest.html",
            export=lambda line: line.row.weakest.short_name if line.row.weakest else "",
            phone="hide",
        ),
        Column(
            "health",
            _("C · N · E"),
            hint=_("Compute, network and energy health"),
            value=lambda line: [
                {
                    "domain": cards.DOMAIN_TITLES[mark.domain],
                    "state": mark.health,
                    "clock": mark.clock,
                    "note": sentences.last_known(mark.last_health, mark.heard_at),
                }
                for mark in line.row.health
            ],
            template="readiness/cells/health.html",
            export=lambda line: " ".join(sentences.exported(mark) for mark in line.row.health),
        ),
        Column(
            "weeks",
            _("24 weeks"),
            hint=_("Score at the end of each of the last 24 weeks"),
            value=lambda line: spark_path(line.row.weeks),
            template="readiness/cells/weeks.html",
            export=lambda line: " ".join(
                "-" if score is None else str(round(100 * score)) for score in line.row.weeks
            ),
            file_unit=_("points, oldest first"),
            phone="hide",
        ),
        Column(
            "owner",
            _("Owner"),
            value=lambda line: line.row.site.owner,
            template="readiness/cells/owner.html",
            export=_owner,
            sort="answering",
            phone="hide",
        ),
        Column(
            "age",
            _("Data age"),
            value=lambda line: line.row.data_age_s,
            text=lambda line: old(line.row.newest_sample_at, line.row.data_age_s),
            file_unit="s",
            sort="-newest_sample_at",
            numeric=True,
            phone="hide",
        ),
        Column(
            "region", _("Region"), value=lambda line: line.row.site.region, sort="region__name", default=False
        ),
        Column("kind", _("Kind"), value=lambda line: line.row.site.kind, sort="kind", default=False),
        Column(
            "stage",
            _("Stage"),
            value=lambda line: line.row.site.stage,
            template="readiness/cells/stage.html",
            sort="stage",
            default=False,
        ),
        Column(
            "accelerators",
            _("Accelerators"),
            value=lambda line: line.row.deployed.accelerators,
            numeric=True,
            default=False,
        ),
        Column(
            "score",
            _("Score"),
            value=lambda line: None if line.row.score is None else round(100 * line.row.score),
            sort="score__score",
            numeric=True,
            default=False,
        ),
        Column("blocker", _("First blocker"), value=lambda line: line.row.first_blocker_name, default=False),
    ),
    row_id=lambda line: line.row.site.id,
    row_name=lambda line: line.row.site.name,
    row_url=lambda line: link("site", line.row.site.slug),
)
