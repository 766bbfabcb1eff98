"""The first line of a home page, computed from what the page shows."""

from dataclasses import dataclass

from readiness.assessment.scoring.gap.closing import Closing
from readiness.assessment.scoring.queries.standing import FleetStanding
from readiness.boards.gap import sentences as gap_sentences
from readiness.boards.home.queries import HomeProblems
from web.units import how_many, power


@dataclass(frozen=True, slots=True)
class Headline:
    """`tone` is bad, warn or ok, or "" if the sentence is neither good nor bad."""

    words: str
    tone: str
    icon: str


def problems_headline(problems: HomeProblems) -> Headline:
    parts = []
    if problems.critical:
        parts.append(how_many(problems.critical, "critical problem", "critical problems"))
    if problems.silent:
        parts.append(how_many(problems.silent, "silent source", "silent sources"))
    if not parts:
        if not problems.few.total:
            return Headline("Nothing is wrong at any site", "ok", "circle-check")
        failing = how_many(problems.few.total, "site has", "sites have")
        return Headline(f"Nothing is critical or silent; {failing} failing checks", "warn", "alert-triangle")
    verb = "affects" if problems.critical + problems.silent == 1 else "affect"
    words = f"{' and '.join(parts)} {verb} {power(problems.kw)}" if problems.kw else " and ".join(parts)
    return Headline(words, "bad", "alert-circle")


def plan_headline(closing: Closing) -> Headline:
    words = gap_sentences.first_steps(closing).removesuffix(".")
    if not words:
        return Headline("No check holds capacity back", "ok", "circle-check")
    return Headline(words, "warn", "trending-up")


def answers_headline(waiting: int, unowned: int, held_kw: float) -> Headline:
    parts = [f"{power(held_kw)} is held back"] if held_kw else []
    if unowned:
        parts.append(f"nobody answers for {how_many(unowned, 'item', 'items')}")
    if waiting:
        parts.append(f"{how_many(waiting, 'answer waits', 'answers wait')} for you")
    words = "; ".join(parts) or "All capacity is ready, and every item has an owner"
    return Headline(words, "warn" if parts else "ok", "hourglass" if waiting else "users-group")


def fleet_headline(fleet_standing: FleetStanding) -> Headline:
    first, _stop, _more = gap_sentences.readiness_summary(
        fleet_standing.gap, fleet_standing.verdicts
    ).partition(". ")
    return Headline(first.removesuffix("."), "", "layout-dashboard")
