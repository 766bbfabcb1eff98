"""The gap: what is deployed and not ready, whose it is, and what would close it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from inventory.models import Site
from readiness.assessment.scoring.core.closing import CheckEffect, Step
from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.assessment.scoring.gap import queries
from readiness.assessment.scoring.gap.closing import Closing, closing
from readiness.assessment.scoring.gap.queries import (
    CONDITIONAL,
    FIRST_BLOCKER,
    KIND,
    PILLAR,
    REGION,
    SITE,
    UNEVALUATED,
    Present,
    PresentGroup,
    Question,
)
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.boards.gap import charts, sentences
from readiness.boards.gap.sentences import amount
from readiness.golive.worklist import queries as worklist
from readiness.golive.worklist.params import BY, FIELDS, MEASURES, TARGETS, read
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.drawing import bar_width
from web.links import link
from web.reports import Report, chart_urls, choices
from web.tables import Column, Table, TablePage
from web.tables.addresses import Address
from web.tables.filtering import panel_of
from web.timerange import TimeRange
from web.units import Formatted, how_many, number, power

NAMED = 3
"""Number of checks that a row names; the others are only counted."""
NO_CAPACITY_HELD = "No check holds any capacity of these sites back."

type Listed = Mapping[tuple[str, str], int]
"""Work items that are open, by slug of the site and check id."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """The row of one site in the plan. `listed` counts its checks that are on the worklist."""

    place: int
    step: Step
    site: SiteRef
    verdict: str
    names: str
    listed: int

    @property
    def checks(self) -> tuple[str, ...]:
        return self.step.site.checks


@dataclass(frozen=True, slots=True)
class GapCheckLine:
    """One check, resolved at every site that it holds back. `listed` counts the sites where it is on the worklist."""

    effect: CheckEffect
    check: str
    pillar: str
    listed: int


def plan_lines(closing: Closing, verdicts: Mapping[str, str], listed: Listed) -> list[PlanLine]:
    lines = []
    for place, step in enumerate(closing.plan, start=1):
        site, checks = closing.sites[step.site.site], step.site.checks
        names = [check_name(closing.framework, check_id) for check_id in checks[:NAMED]]
        names += [f"{len(checks) - NAMED} more"] if len(checks) > NAMED else []
        on_list = sum((site.slug, check_id) in listed for check_id in checks)
        lines.append(PlanLine(place, step, site, verdicts[site.slug] or "none", ", ".join(names), on_list))
    return lines


def check_lines(closing: Closing, listed: Listed) -> list[GapCheckLine]:
    pillars = {pillar.id: pillar.short_name for pillar in closing.framework.pillars}
    return [
        GapCheckLine(
            effect=effect,
            check=check_name(closing.framework, effect.check_id),
            pillar=pillars.get(effect.check_id.partition("-")[0], ""),
            listed=sum((site, effect.check_id) in listed for site in effect.sites),
        )
        for effect in closing.effects
    ]


def actions(query: str) -> Sequence[Mapping[str, str]]:
    url = link("worklist-add") + (f"?{query}" if query else "")
    return ({"name": "add", "label": "Add to the worklist", "icon": "plus", "url": url},)


def plan_table(measure: CapacityMeasure) -> Table:
    return Table(
        id="plan",
        noun=("site", "sites"),
        label="Sites by capacity freed for each check resolved",
        columns=(
            Column("place", "Step", sort=True, numeric=True, phone="hide"),
            Column("site", "Site", "site.name", url=_site_url, sort=True, locked=True, phone="title",
                   export="site.slug"),
            Column("region", "Region", "site.region", sort=True, default=False),
            Column("verdict", "Verdict", template="readiness/gap/verdict_cell.html", phone="status"),
            Column("checks", "Checks to resolve", lambda line: " ".join(line.checks), "names",
                   template="readiness/gap/checks_cell.html", phone="full"),
            Column("count", "Checks", lambda line: len(line.checks), sort=True, numeric=True),
            _capacity(measure, "freed", "Frees", lambda line: measure.of(line.step.site.capacity), sort=True),
            _capacity(measure, "each", "For each check", sort=True,
                      value=lambda line: measure.of(line.step.site.capacity) / len(line.checks),
                      hint="Capacity freed by the checks resolved: what the plan is ordered by"),
            Column("so_far", "Checks so far", "step.checks_so_far", numeric=True),
            _capacity(measure, "freed_so_far", "Freed so far", lambda line: measure.of(line.step.freed_so_far)),
            _listed(lambda line: {"site": line.site.slug}, lambda line: len(line.checks)),
        ),
        row_id=lambda line: f"site:{line.site.slug}",
        row_url=_site_url,
        row_name="site.name",
        per_page=25,
        empty={"title": "No plan is needed", "text": NO_CAPACITY_HELD, "icon": "circle-check"},
    )  # fmt: skip


def check_table(measure: CapacityMeasure) -> Table:
    return Table(
        id="effects",
        noun=("check", "checks"),
        label="Checks by the capacity that each would free",
        columns=(
            Column("check", "Check", url=_check_url, sort=True, locked=True, phone="title",
                   export="effect.check_id"),
            Column("pillar", "Pillar", sort=True),
            Column("sites", "Sites held", lambda line: len(line.effect.sites), sort=True, numeric=True),
            _capacity(measure, "touched", "Their capacity", lambda line: measure.of(line.effect.touched), sort=True),
            Column("frees", "Sites freed", lambda line: len(line.effect.frees), sort=True, numeric=True,
                   hint="Sites that no other check holds"),
            _capacity(measure, "freed", "Frees", lambda line: measure.of(line.effect.freed), sort=True),
            _listed(lambda line: {"check": line.effect.check_id}, lambda line: len(line.effect.sites)),
        ),
        row_id=lambda line: f"check:{line.effect.check_id}",
        row_url=_check_url,
        row_name="check",
        per_page=50,
        empty={"title": "No check holds capacity back", "text": NO_CAPACITY_HELD, "icon": "circle-check"},
    )  # fmt: skip


def _site_url(line: PlanLine) -> str:
    return link("site", line.site.slug)


def _check_url(line: GapCheckLine) -> str:
    return link("check", line.effect.check_id)


def _capacity(
    measure: CapacityMeasure, key: str, label: str, value: Callable[[Any], float], **more: Any
) -> Column:
    unit = "kW" if measure is CapacityMeasure.POWER else "accelerators"

    def text(line: Any) -> str:
        return amount(value(line), measure)

    return Column(key, label, value, text, numeric=True, file_unit=unit, **more)


def _listed(query_of: Callable[[Any], dict[str, str]], whole: Callable[[Any], int]) -> Column:
    def url(line: Any) -> str:
        return link("worklist", **query_of(line), live="true") if line.listed else ""

    def text(line: Any) -> str:
        return f"{line.listed} of {whole(line)}"

    return Column("listed", "On the worklist", text=text, url=url, sort=True, numeric=True)


DEFAULT_RANGE = "now-365d"
NARROWING = ("region", "kind", "profile")
PLANS = {"sites": "By site", "checks": "By check"}
MOST_BARS = 6
GAP = Report("readiness/gap.html", "inventory.view_site", "scoring.view_sitescore")


@GAP.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    regions = queries.regions()
    question = read(request.GET, regions=regions, by=FIRST_BLOCKER)
    present = queries.present(question, queries.fleet_with_past(question, now=at))
    outcome = closing(present.fleet, target=question.target, measure=question.measure)
    plan = "checks" if request.GET.get("plan") == "checks" else "sites"
    address = Address(request, path=request.path, filters=NARROWING)

    def context() -> dict[str, Any]:
        span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
        return {
            "time_range": span.context,
            "has_sites": bool(present.fleet.sites),
            "filters": panel_of("gap", address, [
                ("region", "Region", regions.items(), question.regions),
                ("kind", "Kind", Site.Kind.choices, question.kinds),
                ("profile", "Profile", Site.Profile.choices, question.profiles),
            ]),
            "by": str(BY[question.by]).lower(),
            "measure_views": choices(MEASURES.items(), question.measure, lambda name: address.anew(measure=name)),
            "by_views": choices(BY.items(), question.by, lambda name: address.anew(by=name)),
            "target_views": choices(TARGETS.items(), question.target, lambda name: address.anew(target=name)),
            "plan_views": choices(PLANS.items(), plan, lambda name: address.anew(plan=name)),
            **_chart_urls(question, address, span),
            **_present(question, present, address),
            **_closing(question, outcome, address),
        }  # fmt: skip

    return _table(request, outcome, present, plan, address), context


@GAP.chart
def history_chart(request: HttpRequest) -> Figure:
    question, span, at = _read_request(request)
    sites = queries.fleet_with_past(question, now=at)
    history = queries.gap_history(question, sites, start=span.start, end=span.end)
    return charts.gap_over_time(history, now=at, measure=question.measure)


@GAP.chart
def group_chart(request: HttpRequest) -> Figure:
    question, span, at = _read_request(request, by=FIRST_BLOCKER)
    sites = queries.fleet_with_past(question, now=at)
    groups = queries.groups_over_time(question, sites, start=span.start, end=span.end)
    return charts.gap_by_group(groups, measure=question.measure)


@GAP.chart
def closing_chart(request: HttpRequest) -> Figure:
    question, _span, at = _read_request(request)
    fleet_standing = queries.fleet_of(question, now=at)
    outcome = closing(fleet_standing, target=question.target, measure=question.measure)
    return charts.closing(outcome, checks=question.checks)


def _read_request(request: HttpRequest, *, by: str = "") -> tuple[Question, TimeRange, datetime]:
    at = now()
    question = read(request.GET, regions=queries.regions() if "region" in request.GET else {}, by=by)
    return question, answers.time_range(request, now=at, default=DEFAULT_RANGE), at


def _chart_urls(question: Question, address: Address, span: TimeRange) -> dict[str, Any]:
    own: dict[str, Any] = {name: [value for each, value in address.pairs if each == name] for name in FIELDS}
    own = {
        name: values for name, values in own.items() if values and name not in ("points", "by")
    } | span.query
    # The plan that closes the gap has its own endpoint.
    of_gap = {name: values for name, values in own.items() if name != "target"}
    return {
        "over_time": chart_urls("gap-over-time-chart", **own),
        "by_group": chart_urls("gap-by-group-chart", **own, by=question.by),
        "freed": chart_urls("gap-closing-chart", **own),
        "api_url": link("readiness-gap", **of_gap, by=question.by),
    }


def _present(question: Question, present: Present, address: Address) -> dict[str, Any]:
    gap, measure = present.fleet.gap, question.measure
    groups = queries.present_groups(question, present.fleet)
    larger, smaller = _split(groups)
    bands = {
        name: measure.of(getattr(gap, name)) for name in ("deployed", "ready", "conditional", "not_ready")
    }
    deployed = bands["deployed"]
    return {
        "figures": {name: _quantity(value, measure) for name, value in bands.items()},
        "shares": {name: sentences.share(value, deployed) for name, value in bands.items() if deployed},
        "sites_counted": how_many(
            sum(1 for site in present.fleet.capacity.values() if measure.of(site.deployed)), "site", "sites"
        ),
        "capability": sentences.staff_growth_gap(present.capability),
        "gap_figure": _quantity(measure.of(gap.gap), measure, counted="accelerators"),
        "standing": sentences.readiness_summary(gap, present.fleet.verdicts, measure=measure),
        "pace": sentences.pace(present.outlook.pace, gap, measure=measure),
        "over_time_footer": sentences.ahead(present.outlook),
        "sentences": [
            sentences.projected(present.outlook, measure=measure),
            sentences.capability(present.capability),
        ],
        "bars": _bars(larger, question, address),
        "more_groups": sentences.smaller(smaller, measure=measure),
        "largest": sentences.largest(groups, gap, measure=measure),
    }


def _quantity(value: float, measure: CapacityMeasure, counted: str = "") -> Formatted:
    return power(value) if measure is CapacityMeasure.POWER else Formatted(number(value), counted)


def _split(groups: Sequence[PresentGroup]) -> tuple[list[PresentGroup], list[PresentGroup]]:
    """Groups that get a bar, and the smaller ones that are only counted; the conditional group always gets a bar."""
    blocked = [group for group in groups if group.key != CONDITIONAL]
    conditional = [group for group in groups if group.key == CONDITIONAL]
    return blocked[:MOST_BARS] + conditional, blocked[MOST_BARS:]


def _bars(groups: Sequence[PresentGroup], question: Question, address: Address) -> list[Mapping[str, Any]]:
    capacities = [question.measure.of(group.gap.gap) for group in groups]
    widest = max(capacities, default=0.0)
    return [
        {
            "label": group.label,
            "url": _behind(group, question, address),
            "quantity": _quantity(value, question.measure),
            "width": str(bar_width(value, of=widest)),
            "role": "conditional" if group.key == CONDITIONAL else "gap",
            "note": how_many(len(group.sites), "site", "sites"),
        }
        for group, value in zip(groups, capacities, strict=True)
    ]


def _behind(group: PresentGroup, question: Question, address: Address) -> str:
    if group.key == CONDITIONAL:
        return link("sites", verdict="conditional")
    if group.key == UNEVALUATED:
        return link("sites", verdict="none")
    if question.by in (REGION, KIND):
        return address.anew(**{question.by: group.key})
    if question.by == PILLAR:
        return link("checks", pillar=group.key)
    if question.by == SITE:
        return link("site", group.key)
    return link("check", group.key) if question.by == FIRST_BLOCKER and "-" in group.key else ""


def _closing(question: Question, outcome: Closing, address: Address) -> dict[str, Any]:
    return {
        "closing_rule": sentences.target(question.target),
        "closing_sentences": [
            sentences.single_check(outcome),
            sentences.first_steps(outcome),
            sentences.best_outcome(outcome, question.checks),
            sentences.beyond(outcome),
        ],
        "checks": question.checks,
        "checks_hidden": [pair for pair in address.pairs if pair[0] not in ("checks", "page")],
    }


def _table(
    request: HttpRequest, outcome: Closing, present: Present, plan: str, address: Address
) -> TablePage:
    carried_names = (*NARROWING, "target", "measure")
    query = urlencode([pair for pair in address.pairs if pair[0] in carried_names])
    offered = actions(query) if request.user.has_perm("golive.add_workitem") else ()
    listed = worklist.listed()
    if plan == "checks":
        lines = check_lines(outcome, listed)
        return table_kit.page(request, check_table(outcome.measure), lines, actions=offered)
    verdicts = {site.site: site.verdict or "" for site in present.fleet.capacity.values()}
    rows = plan_lines(outcome, verdicts, listed)
    return table_kit.page(request, plan_table(outcome.measure), rows, actions=offered)
