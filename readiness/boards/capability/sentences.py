"""Sentences about the capability gap, computed from its figures."""

from readiness.boards.capability.closing import CapabilityClosing
from readiness.boards.capability.queries import CapabilityHistory, CapabilityRow
from readiness.boards.gap.sentences import amount
from readiness.organisation.people.core.coverage import CoverDepth
from web.units import day, how_many, number

NO_GROWTH = (
    "Growth is counted from a month with both capacity and qualified people; there is none in this time."
)


def growth_finding(history: CapabilityHistory) -> str:
    if history.first is None:
        return NO_GROWTH
    capacity_change, people_change = (
        100 * (values[-1] / values[history.first] - 1) for values in (history.capacity, history.qualified)
    )
    since = day(history.instants[history.first])
    return (
        f"Since {since} capacity changed by {number(capacity_change, 0)} %, qualified people by"
        f" {number(people_change, 0)} %, from {history.qualified[history.first]} to {history.qualified[-1]}."
    )


def covers(row: CapabilityRow) -> str:
    total = sum(row.covers.values())
    if not total:
        return "Nothing is required of people here yet."
    once, nobody = row.covers[CoverDepth.ONCE], row.covers[CoverDepth.NOBODY]
    return (
        f"{how_many(total, 'requirement', 'requirements')}: {nobody} covered by nobody, {once} by one person"
        f" and {total - once - nobody} by two or more."
    )


def closing(outcome: CapabilityClosing) -> list[str]:
    """The plan, what it does not reach, and what reaching everything takes."""
    if not outcome.short:
        return ["No site that is not ready lacks qualified people."]
    measure, plan, short = outcome.measure, outcome.plan, len(outcome.short)
    lack = "lacks qualified people and is" if short == 1 else "lack qualified people and are"
    capacity = amount(measure.of(outcome.held_capacity), measure)
    sentences = [f"{how_many(short, 'site', 'sites')} with {capacity} {lack} not ready."]
    if not plan.trainings:
        return [
            *sentences,
            f"{how_many(outcome.trainings, 'training covers', 'trainings cover')} no site as a whole.",
            *_rest(outcome),
        ]
    train = "Train this person" if len(plan.trainings) == 1 else f"Take these {len(plan.trainings)} trainings"
    until = _until(outcome)
    freed, sites = amount(measure.of(plan.freed), measure), how_many(len(plan.covered), "site", "sites")
    sentences.append(
        f"{train}{until}, and people cover all that is required at {sites} with {freed}."
        " Other checks may hold those sites."
    )
    if plan.is_exact:
        sentences.append(
            f"No other choice of up to {how_many(outcome.trainings, 'training', 'trainings')} covers more."
        )
    else:
        sentences.append(
            "Sites were taken by capacity for each training that they need; by the linear relaxation no plan of as many"
            f" covers more than {amount(plan.bound, measure)}."
        )
    return [*sentences, *_rest(outcome)]


def _until(outcome: CapabilityClosing) -> str:
    if outcome.due_on is None:
        return ""
    if not outcome.undated:
        return f" by {day(outcome.due_on)}"
    rest = "one has no date yet" if outcome.undated == 1 else f"{outcome.undated} have no date yet"
    dated = len(outcome.plan.trainings) - outcome.undated
    return f", {dated} of them by {day(outcome.due_on)} ({rest})"


def _rest(outcome: CapabilityClosing) -> list[str]:
    rest, everything = [], outcome.everything
    if len(everything.covered) > len(outcome.plan.covered):
        most = "" if everything.is_exact else "up to "
        rest.append(
            f"All {len(everything.covered)} sites that trainings can cover need"
            f" {most}{how_many(len(everything.trainings), 'training', 'trainings')}."
        )
    if outcome.beyond:
        rest.append(
            f"{how_many(len(outcome.beyond), 'site has', 'sites have')} too few people assigned for any training to"
            " cover."
        )
    return rest
