"""Sentences about the road. All figures in them are computed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from django.utils.formats import date_format

from readiness.boards.gap.sentences import amount, share
from readiness.boards.road.core.sums import RoadSums
from readiness.boards.road.core.threads import NOBODY, RoadBlocker, RoadSite, RoadState
from readiness.boards.road.queries import RoadStanding
from readiness.boards.road.steps import StepKind
from web.units import day, how_many, number

STATES = {
    RoadState.READY.value: "Ready now",
    RoadState.DATED.value: "Has a date",
    RoadState.UNDATED.value: "No date",
}
NAMED = 3
KINDS = {
    StepKind.WORK_ITEM: "work item",
    StepKind.RUN: "run of a campaign",
    StepKind.REVIEW: "action of the go-live review",
    StepKind.NOT_APPLICABLE: "check declared not applicable from then on",
}


def month(text: str) -> str:
    """Return "December 2026" for "2026-12", and "no date" for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return "No date"
    return date_format(first, "F Y")


def money(amounts: Mapping[str, float]) -> str:
    """Return "12,000 EUR and 300 USD" in whole units, "" for nothing."""
    return " and ".join(f"{number(amount, 0)} {currency}" for currency, amount in amounts.items())


def names(standing: RoadStanding, blockers: Sequence[RoadBlocker]) -> str:
    listed = [standing.check_name(blocker.check) for blocker in blockers[:NAMED]]
    more = len(blockers) - len(listed)
    return ", ".join(listed) + (f" and {more} more" if more else "")


def rests_on(standing: RoadStanding, site: RoadSite) -> str:
    """Say what the day of a site rests on: the step that is due last, or what has no date."""
    if site.is_ready:
        return "Ready: no check holds it back."
    if not site.blockers:
        return "No plan is possible: the site was never evaluated, or no check applies to prove it."
    last = site.last_blockers
    if last[0].due_on is not None:
        return _dated(standing, site, last)
    if len(last) == 1:
        return f"{standing.check_name(last[0].check)}: {_why_undated(standing, site, last[0])}."
    return f"{len(last)} of {len(site.blockers)} checks have no date: {names(standing, last)}."


def _dated(standing: RoadStanding, site: RoadSite, last: Sequence[RoadBlocker]) -> str:
    step = standing.step(site.slug, last[0].check)
    kind = f", {KINDS[step.kind]}" if step and len(last) == 1 else ""
    steps = how_many(len(site.blockers), "step", "steps")
    return (
        f"{names(standing, last)}{kind}, the last of {steps}."
        if len(site.blockers) > 1
        else (f"{names(standing, last)}{kind}.")
    )


def _why_undated(standing: RoadStanding, site: RoadSite, blocker: RoadBlocker) -> str:
    step = standing.step(site.slug, blocker.check)
    if step is None:
        return "no step is planned" + (", and nobody owns it" if _is_gap(blocker) else "")
    if step.due_on is None:
        return f"the {KINDS[step.kind]} has no date"
    if _is_gap(blocker) and not step.has_doer:
        return f"nobody owns the {KINDS[step.kind]} of {day(step.due_on)}"
    return f"the date of the {KINDS[step.kind]} has passed, {day(step.due_on)}"


def _is_gap(blocker: RoadBlocker) -> bool:
    return blocker.owner == NOBODY


def headline(sums: RoadSums) -> str:
    """Say how much waits and how much of it has a date."""
    dated, undated = sums.amount_in(RoadState.DATED), sums.amount_in(RoadState.UNDATED)
    size = size_in(sums)
    if not sums.sites:
        return "No site has capacity yet."
    if not sums.places[RoadState.DATED] and not sums.places[RoadState.UNDATED]:
        return f"Nothing waits: all {size(sums.deployed)} are ready."
    waits = f"{size(sums.amount_in(RoadState.DATED, RoadState.UNDATED))} wait"
    if not undated:
        return f"{waits}, and every site has a date"
    if not dated:
        return f"{waits}, and no site has a date"
    return f"{waits}: {size(dated)} have a date, {size(undated)} have none"


def size_in(sums: RoadSums) -> Callable[[float], str]:
    return lambda value: amount(value, sums.measure)


def instead_of(days: Iterable[date | None]) -> str:
    """Say when sites would be ready without a fix, such as "instead of no date or 29 Jan 2027"; "" for no sites."""
    listed = list(days)
    dated = sorted({each for each in listed if each})
    texts = (["no date"] if None in listed else []) + ([day(dated[-1])] if dated else [])
    return f"instead of {' or '.join(texts)}" if texts else ""


def gain(standing: RoadStanding) -> str:
    """Say what the ticked fixes make ready, and by when."""
    road = standing.road
    if not road.ticks:
        return "Tick a fix to see what it does."
    fixes = how_many(len(road.ticks), "fix", "fixes")
    if not road.sooner:
        return f"{fixes} alone make no site ready sooner: each site that they touch lacks more."
    sites = how_many(len(road.sooner), "site becomes", "sites become")
    return f"{sites} ready sooner with {fixes}."


def figure_notes(planned: RoadSums) -> dict[str, str]:
    """The notes under the three figures."""
    size = size_in(planned)
    counts = {state: len(sites) for state, sites in planned.places.items()}
    undated = planned.places[RoadState.UNDATED]
    gaps = sum(1 for site in undated if site.first and site.first.owner == NOBODY)
    ready = planned.amount_in(RoadState.READY)
    return {
        "ready": f"{how_many(counts[RoadState.READY], 'site', 'sites')}, "
        f"{share(ready, planned.deployed)} of what is deployed",
        "dated": f"+{size(planned.amount_in(RoadState.DATED))} from "
        f"{how_many(counts[RoadState.DATED], 'site', 'sites')}",
        "undated": how_many(counts[RoadState.UNDATED], "site", "sites")
        + (f", {gaps} without an owner" if gaps else ""),
    }


def chart_finding(standing: RoadStanding) -> str:
    planned, fixed = standing.road.planned, standing.road.fixed
    size = size_in(planned)
    last_on = max((sums.last_on for sums in (planned, fixed) if sums.last_on), default=None)
    if last_on is None:
        return "No site that waits has a date."
    now_ready = size(planned.ready_by(last_on))
    if not standing.road.ticks:
        return f"As planned, {now_ready} of {size(planned.deployed)} are ready by {day(last_on)}."
    more = fixed.ready_by(last_on) - planned.ready_by(last_on)
    than = f", {size(more)} more than planned" if more else ", as planned, some of it sooner"
    ticked = how_many(len(standing.road.ticks), "fix", "fixes")
    part = f"{size(fixed.ready_by(last_on))} of {size(planned.deployed)}"
    return f"With {ticked}, {part} are ready by {day(last_on)}{than}."


def figure_titles(last_on: date | None) -> dict[str, str]:
    dated = f"Ready by {day(last_on)} with the plan" if last_on else "Ready with the plan"
    return {"ready": "Ready now", "dated": dated, "undated": "Not dated"}
