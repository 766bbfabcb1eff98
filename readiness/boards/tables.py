"""Filters and columns of sites, checks, scores, results and flips, for pages and the API alike."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django_filters import Filter

from inventory.models import DomainChoices, Region, Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.combine import SEVERITY
from readiness.assessment.scoring.core.gap import SiteCapacity
from readiness.assessment.scoring.core.states import CHECK_STATES, HEALTHS, TIERS, VERDICTS, CheckState, Gate
from readiness.assessment.scoring.models import CheckResult, DomainHealth, Flip, SiteScore
from readiness.assessment.scoring.queries.rows import CheckRow, PillarFigure
from readiness.assessment.scoring.queries.standing import owned_by
from readiness.boards import findings, sentences
from readiness.boards.queries import sites
from readiness.boards.queries.blockers import Answering
from readiness.boards.queries.sites import PillarChecks
from readiness.boards.waivers.sentences import waiver_url, waiver_word
from telemetry.core.spec import SpecError, parse_time
from web import clock, visibility
from web.ages import old
from web.drawing import bar_width, spark_path
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf
from web.tables import Column, RowFilter, Table
from web.units import format_value, power, signed

PILLARS = tuple((f"p{number}", f"p{number}") for number in range(1, 6))
GATES = tuple((gate.value, gate.value) for gate in Gate)


class Moment(forms.Field):
    def clean(self, value: Any) -> datetime:
        try:
            ms = parse_time(str(value), int(clock.now().timestamp() * 1000))
            return datetime.fromtimestamp(ms / 1000, UTC)
        except SpecError as error:
            raise forms.ValidationError(error.reason) from error
        except (OverflowError, ValueError, OSError) as error:
            raise forms.ValidationError("is outside the supported years") from error


class SpanFilters(ObjectFilterSet):
    """Filters with `start` and `end`: a span that ends before it starts is an error, not an empty list."""

    def is_valid(self) -> bool:
        if not super().is_valid():
            return False
        starts, ends = (self.form.cleaned_data.get(name) for name in ("start", "end"))
        if starts and ends and min(starts) > max(ends):
            self.form.add_error("start", "start is after end.")
            return False
        return True


class ReportedFilters(ObjectFilterSet):
    """Filters by reported values: `reported` names the annotation that replaces a stored field."""

    reported: ClassVar[Mapping[str, str]]

    @classmethod
    def get_filters(cls) -> OrderedDict[str, Filter]:
        filters = super().get_filters()
        for each in filters.values():
            each.field_name = cls.reported.get(str(each.field_name), each.field_name)
        return filters


class ScoreFilters(ReportedFilters):
    reported = {"verdict": "confirmed"}

    class Meta:
        model = SiteScore
        fields = [
            *("site", "verdict", "first_blocker", "score", "score_upper", "coverage", "evaluated_at"),
            "failed_at",
        ]
        search_fields = ["site__name", "site__slug", "site__city"]


class ResultFilters(ObjectFilterSet):
    check = AnyOf(field_name="check_id", inner=forms.CharField(), commas=True, label="Check")
    pillar = AnyOf(field_name="pillar", inner=forms.ChoiceField(choices=PILLARS), label="Pillar")
    gate = AnyOf(field_name="gate", inner=forms.ChoiceField(choices=GATES), label="Gate")

    class Meta:
        model = CheckResult
        fields = [
            "site", "state", "pillar", "gate", "code", "tier", "value", "margin", "taken_at", "expires_at",
            "since", "first_bad_at",
        ]  # fmt: skip
        search_fields = ["check_id", "reason", "site__name"]


class FlipFilters(SpanFilters):
    """`start` and `end` are inclusive; `check` is the same as `key`."""

    check = AnyOf(field_name="key", inner=forms.CharField(), commas=True, label="Check")
    start = AnyOf(field_name="at", lookup_expr="gte", inner=Moment(), label="From")
    end = AnyOf(field_name="at", lookup_expr="lte", inner=Moment(), label="Until")

    class Meta:
        model = Flip
        fields = ["site", "subject", "key", "part", "from_state", "to_state", "cause", "at"]
        search_fields = ["key", "reason", "site__name"]


NO_VERDICT = "none"


@dataclass(frozen=True, slots=True)
class SiteLine:
    row: sites.SiteRow
    widest_kw: float

    @property
    def bar(self) -> dict[str, object]:
        deployed, ready = self.row.deployed.it_kw, self.row.ready.it_kw
        return {
            # As text: templates localise numbers, but SVG needs a decimal point.
            "width": f"{bar_width(ready, of=self.widest_kw)}%",
            "outline": f"{bar_width(deployed, of=self.widest_kw)}%",
            "label": f"{findings.kw(ready)} of {findings.kw(deployed)} ready",
        }


def site_lines(
    page: Sequence[Site],
    *,
    now: datetime,
    framework: Framework,
    capacity: Mapping[int, SiteCapacity] | None = None,
) -> list[SiteLine]:
    rows = sites.rows(page, now=now, framework=framework, capacity=capacity)
    widest = max((row.deployed.it_kw for row in rows), default=0)
    return [SiteLine(row, widest) for row in rows]


def _health_filter(label: str) -> django_filters.MultipleChoiceFilter:
    return django_filters.MultipleChoiceFilter(label=label, choices=HEALTHS, method="by_health")


class ReadinessSiteFilters(ObjectFilterSet):
    verdict = django_filters.MultipleChoiceFilter(
        label="Readiness", choices=[*VERDICTS, (NO_VERDICT, "No verdict")], method="by_verdict"
    )
    region = django_filters.ModelMultipleChoiceFilter(
        label="Region", queryset=Region.objects.all(), to_field_name="slug", field_name="region__slug"
    )
    stage = django_filters.MultipleChoiceFilter(label="Stage", choices=Site.Stage.choices)
    kind = django_filters.MultipleChoiceFilter(label="Kind", choices=Site.Kind.choices)
    owner = django_filters.CharFilter(label="Owner", method="by_owner")
    compute = _health_filter("Compute health")
    network = _health_filter("Network health")
    energy = _health_filter("Energy health")

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
        """ "none" finds the sites without an owner."""
        return queryset.filter(owned_by(value, now=clock.now())) if value else queryset

    def by_health(self, queryset: QuerySet[Site], domain: str, values: list[str]) -> QuerySet[Site]:
        if not values:
            return queryset
        health = DomainHealth.objects.as_of(clock.now()).filter(Q(health_now__in=values), domain=domain)
        return queryset.filter(pk__in=health.values("site"))


def pillar_bar(pillar: PillarFigure, before: float | None) -> dict[str, Any]:
    """The bar with an earlier score (of 100) and the change since then in whole points."""
    known = pillar.score is not None and before is not None
    change = round(100 * pillar.score) - round(100 * before) if known else None  # type: ignore[operator]
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


def _owner(line: Any) -> str:
    site = line.row.site
    person = site.accountable if visibility.sees_names() else ""
    return ", ".join(part for part in (person, site.owner) if part)


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
            "note": sentences.last_known(mark.last_health, mark.heard_at),
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
               export=lambda line: " ".join(sentences.exported(mark) for mark in line.row.health)),
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


def _tight(text: str) -> str:
    """Keep a short text on one line, so that a number and its unit stay together."""
    return text.replace(" ", "\N{NO-BREAK SPACE}") if len(text) <= 14 else text


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else _tight(str(format_value(value, unit)))


def _result(path: str = "", *, comparable: bool = False) -> dict[str, Column]:
    of: Any = attrgetter(path) if path else lambda row: row
    at = f"{path}." if path else ""
    figure: dict[str, Any] = {"unit_of": f"{at}unit", "sort": comparable or None, "numeric": True}
    columns = (
        Column("state", "State", f"{at}state", template="readiness/cells/state_and_tier.html",
               sort=lambda row: -SEVERITY[of(row).state], phone="status"),
        Column("value", "Measured", f"{at}value", lambda row: _number(of(row).value, of(row).unit), **figure),
        Column("margin", "Margin", f"{at}margin", lambda row: signed(of(row).margin, of(row).unit), **figure),
        # The state column already marks a declaration.
        Column("tier", "Rests on", f"{at}tier", template="readiness/cells/tier.html", sort=True, default=False),
        Column("reason", "Why", f"{at}reason", phone="full"),
        Column("age", "Age", f"{at}age_s", lambda row: old(of(row).taken_at, of(row).age_s), file_unit="s", sort=True,
               numeric=True),
    )  # fmt: skip
    return {column.key: column for column in columns}


def checks_of_site(
    slug: str,
    pillars: Sequence[PillarChecks],
    owner: Callable[[CheckRow], Answering],
    *,
    may_request: bool = False,
) -> Table:
    address = partial(link, "site-check", slug)
    result = _result()
    return Table(
        id="checks",
        noun=("check", "checks"),
        label="Checks of the site",
        columns=(
            result["state"],
            Column("check", "Check", "name", url=lambda row: address(row.id), template="readiness/cells/check.html",
                   sort=True, locked=True, phone="title"),
            result["value"],
            Column("threshold", "Limit", "threshold_text", lambda row: _tight(row.threshold_text), numeric=True),
            replace(result["margin"], default=False),
            result["reason"],
            Column("owner", "Owner", owner, template="readiness/cells/answering.html",
                   sort=lambda row: owner(row).who, export=lambda row: owner(row).who),
            Column("gate", "Gate", sort=True),
            result["tier"],
            Column("waiver", "Waiver", lambda row: waiver_word(row, may_request=may_request),
                   url=lambda row: waiver_url(row, slug, may_request=may_request),
                   export=lambda row: row.state == CheckState.WAIVED),
            result["age"],
            Column("since", "Since", template="readiness/cells/instant.html", sort=True, default=False),
        ),
        filters=_check_filters(pillars),
        row_id="id",
        row_name="name",
        row_url=lambda row: address(row.id),
        nothing="readiness/nothing.html#checks",
    )  # fmt: skip


def _check_filters(pillars: Sequence[PillarChecks]) -> tuple[RowFilter, ...]:
    return (
        RowFilter("state", "State", "state", CHECK_STATES),
        RowFilter("pillar", "Pillar", "pillar", [(group.pillar.id, group.pillar.name) for group in pillars]),
        RowFilter("gate", "Gate", "gate", [(gate, gate) for gate in Gate]),
        RowFilter("tier", "Rests on", "tier", TIERS),
    )


def sites_of_check(check_id: str) -> Table:
    def address(row: Any) -> str:
        return link("site-check", row.site.slug, check_id)

    result = _result("result", comparable=True)
    return Table(
        id="sites",
        noun=("site", "sites"),
        label="The check at every site",
        columns=(
            result["state"],
            Column("site", "Site", "site.name", url=address, sort=True, locked=True, phone="title"),
            Column("deployed", "Deployed", "deployed.it_kw", lambda row: power(row.deployed.it_kw, "kW").value,
                   sort=True, numeric=True, unit="kW"),
            result["value"],
            result["margin"],
            result["tier"],
            result["reason"],
            Column("owner", "Owner", "site.owner", template="readiness/cells/owner_of_site.html", sort=True),
            result["age"],
        ),
        filters=(
            RowFilter("state", "State", "result.state", CHECK_STATES),
            RowFilter("tier", "Rests on", "result.tier", TIERS),
        ),
        row_id="site.id",
        row_name="site.name",
        row_url=address,
        nothing="readiness/nothing.html#sites-of-check",
    )  # fmt: skip
