"""The home page, whose sections follow from the reader's permissions, and the reader's inbox."""

from typing import Any

from django.http import HttpRequest

from readiness.assessment.scoring.core.closing import ClosingTarget
from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.assessment.scoring.gap.closing import closing
from readiness.assessment.scoring.gap.queries import capability
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.assessment.scoring.queries.standing import FleetStanding, fleet_standing
from readiness.boards.alerts.carriers import SEES_ALERTS
from readiness.boards.fleet import sites_map
from readiness.boards.gap import sentences as gap_sentences
from readiness.boards.home import queries, sentences, setup
from readiness.boards.home.tables import inbox_table
from readiness.boards.road.figures import strip_of
from readiness.loop.problems import queries as problem_queries
from web import tables as table_kit
from web.clock import now
from web.drawing import bar_width, stacked
from web.links import link
from web.reports import Report, chart_urls
from web.tables import TablePage
from web.workflows import waiting
from web.workflows.pages import reader

DUTIES = OPERATES, PLANS, ANSWERS = (
    "telemetry.change_source",
    "tradeoffs.add_decision",
    "tradeoffs.approve_decision",
)
"""These permissions choose the sections of a home page. Readers with several see the sections of each."""
TREND = "now-90d"
IN_SHORT = 6
HOME = Report("readiness/home/home.html", "inventory.view_site", "scoring.view_sitescore")
INBOX = Report("readiness/home/inbox.html")


@HOME.page
def home(request: HttpRequest) -> tuple[None, Any]:
    return None, lambda: _home(request)


def _home(request: HttpRequest) -> dict[str, Any]:
    at, by = now(), reader(request)
    steps = setup.steps(by, now=at)
    around = {
        "setup": steps,
        "setup_done": sum(step.is_done for step in steps),
        "setup_open": [step for step in steps if not step.is_done],
        "setup_ticked": [step for step in steps if step.is_done],
        "setup_first": not all(step.is_done for step in steps if step.key in ("site", "source", "sample")),
        "at": at,
    }
    standing_now = fleet_standing(now=at)
    if not standing_now.sites:
        return around
    numbers = waiting.counts(by, now=at)
    entries = waiting.inbox(by, now=at, numbers=numbers, limit=IN_SHORT)
    around |= {
        "known": standing_now,
        "figures": _figures(standing_now),
        "waiting": queries.Few(entries[:IN_SHORT], sum(numbers.values())),
    }
    if by.has_perm(PLANS) or by.has_perm(ANSWERS):
        around["road"] = strip_of(standing_now)
    sections = [
        section(request, standing_now, around)
        for duty, section in ((OPERATES, _operating), (PLANS, _planning), (ANSWERS, _answering))
        if by.has_perm(duty)
    ] or [_looking(standing_now)]
    for section in reversed(sections):
        around |= section
    if len(sections) > 1:
        around |= {
            name: few.cut(queries.SHOWN_OF_MANY)
            for name, few in around.items()
            if isinstance(few, queries.Few | queries.HomeProblems)
        }
    around["has_every_duty"] = len(sections) == len(DUTIES)
    return around


def _figures(standing_now: FleetStanding) -> dict[str, Any]:
    gap = standing_now.gap
    shares = {"ready": gap.ready, "conditional": gap.conditional, "not-ready": gap.not_ready}
    return {
        "deployed": gap.deployed.it_kw,
        "by_verdict": [
            {"verdict": verdict, "kw": band.it_kw, "sites": standing_now.verdicts.get(verdict, 0)}
            for verdict, band in shares.items()
        ],
        "segments": stacked({verdict: round(band.it_kw) for verdict, band in shares.items()}),
    }


def _operating(request: HttpRequest, standing_now: FleetStanding, around: dict[str, Any]) -> dict[str, Any]:
    problems = queries.worst(sees_alerts=request.user.has_perm(SEES_ALERTS), now=standing_now.at)
    return {
        "opening": sentences.problems_headline(problems),
        "problems": problems,
        "as_of": problem_queries.lagging_since(now=standing_now.at),
        "sources_on_time": queries.sources_on_time(),
        "runs": queries.runs_due(reader(request), now=standing_now.at),
        **sites_map.card(standing_now),
    }


def _planning(request: HttpRequest, standing_now: FleetStanding, around: dict[str, Any]) -> dict[str, Any]:
    plan = closing(standing_now, target=ClosingTarget.CONDITIONAL, measure=CapacityMeasure.POWER)
    steps = [
        {
            "site": plan.sites[step.site.site],
            "checks": [
                (check_id, check_name(standing_now.framework, check_id)) for check_id in step.site.checks
            ],
            "kw": step.site.capacity.it_kw,
            "kw_so_far": step.freed_so_far.it_kw,
        }
        for step in plan.plan[: queries.SHOWN]
    ]
    return {
        "opening": sentences.plan_headline(plan),
        "plan": queries.Few(steps, len(plan.plan)),
        "waivers": queries.waivers_ending(standing_now),
        "decisions": queries.decisions_to_review(),
        "campaigns": queries.open_campaigns(now=standing_now.at),
    }


def _answering(request: HttpRequest, standing_now: FleetStanding, around: dict[str, Any]) -> dict[str, Any]:
    stakes = queries.stake_by_owner(standing_now)
    sites, items = queries.unowned(now=standing_now.at)
    widest = max((stake.held_kw for stake in stakes), default=0.0)
    owners = [
        {
            "stake": stake,
            "width": bar_width(stake.held_kw, of=widest),
            "url": link("sites", owner=stake.owner or "none"),
        }
        for stake in stakes
    ]
    return {
        "opening": sentences.answers_headline(around["waiting"].total, items, standing_now.gap.gap.it_kw),
        "owners": queries.few_of(owners, queries.SHOWN + 2),
        "unowned": sites,
        "unowned_items": items,
        "staff_growth": gap_sentences.staff_growth_gap(capability(standing_now)),
        "trend": chart_urls("fleet-gap-chart", start=TREND, end="now"),
    }


def _looking(standing_now: FleetStanding) -> dict[str, Any]:
    return {
        "opening": sentences.fleet_headline(standing_now),
        "trend": chart_urls("fleet-gap-chart", start=TREND, end="now"),
        "attention": queries.attention(now=standing_now.at),
        **sites_map.card(standing_now),
    }


@INBOX.page
def inbox(request: HttpRequest) -> tuple[TablePage, Any]:
    at, by = now(), reader(request)
    numbers = waiting.counts(by, now=at)
    entries = waiting.inbox(by, now=at, numbers=numbers)
    kinds = [(key, kind) for key, kind in waiting.kinds() if numbers.get(key)]
    page = table_kit.page(request, inbox_table(kinds, today=at.date()), entries)
    return page, lambda: {"total": sum(numbers.values()), "shown": len(entries)}
