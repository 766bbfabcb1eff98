"""Sentences of the page of cover by shift: its title, a shift in words, who is on it, what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from inventory.models import DomainChoices
from inventory.queries import SiteFacts
from readiness.assessment.evidence.core.proving.values import few
from readiness.boards.cover.core import Half, ShiftCounts
from readiness.boards.cover.queries import HeldTurn, ShiftDetail
from readiness.organisation.people.core.on_call import NOBODY
from web.units import duration, how_many, instant, number, plural
from web.visibility import name_of, sees_names

DOMAINS = dict(DomainChoices.choices)
MOST_NAMED = 2


def summary(counts: ShiftCounts, sites: Mapping[int, SiteFacts], days: int) -> str:
    """How many shifts are short, and where most of them are."""
    ahead = f"in the next {how_many(days, 'day', 'days')}"
    if not counts.planned:
        return f"No shift is planned {ahead}"
    if not counts.short:
        return (
            f"All {how_many(counts.planned, 'shift', 'shifts')} {ahead} have the qualified people they need"
        )
    verb = plural(counts.short, "is", "are")
    shifts = how_many(counts.planned, "shift", "shifts")
    text = f"{number(counts.short)} of {shifts} {ahead} {verb} short of qualified people"
    worst = counts.by_line.most_common(MOST_NAMED)
    if sum(short for _, short in worst) == counts.short:
        return f"{text} · all at {_lines(worst, sites)}"
    return f"{text} · {number(sum(short for _, short in worst))} of them at {_lines(worst, sites)}"


def _lines(worst: Sequence[tuple[tuple[int, str], int]], sites: Mapping[int, SiteFacts]) -> str:
    domains = {domain for (_, domain), _ in worst}
    if len(domains) == 1:
        names = [sites[site_id].name for (site_id, _), _ in worst]
        return f"{' and '.join(names)} {DOMAINS[domains.pop()].lower()}"
    return " and ".join(f"{sites[site_id].name} {DOMAINS[domain].lower()}" for (site_id, domain), _ in worst)


def half_words(half: Half) -> str:
    """A day or night in a heading: "Wed 2 Dec night"."""
    return f"{half.day:%a} {half.day.day} {half.day:%b} {'night' if half.is_night else 'day'}"


def ahead_words(starts_at: datetime, ends_at: datetime, *, now: datetime) -> str:
    if ends_at <= now:
        return "over"
    return "now" if starts_at <= now else f"in {duration((starts_at - now).total_seconds())}"


def times_words(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """A shift's times at its site."""
    local = ZoneInfo(zone)
    return f"{instant(starts_at, local)} to {instant(ends_at, local)}"


def present_people(detail: ShiftDetail) -> str:
    """Who is on, and who has a turn without what is required. Without names, how many."""
    span = detail.span
    if not span.is_planned:
        return "No shift is planned in this time."
    if not sees_names():
        able = len(span.qualified)
        on = how_many(len(span.people), "person is", "people are")
        return f"{on} on call, and {number(able)} of them {plural(able, 'is', 'are')} qualified."
    parts = []
    if fit := _once(name_of(turn.shift.person) for turn in detail.turns if not turn.is_weak):
        parts.append(f"{few(fit)} {plural(len(fit), 'is', 'are')} on and qualified.")
    if weak := _once(name_of(turn.shift.person) for turn in detail.turns if turn.is_weak):
        parts.append(f"{few(weak)} {plural(len(weak), 'has', 'have')} a turn without what is required.")
    parts += [_nobody(turn) for turn in detail.turns if turn.shift.person is None]
    return " ".join(dict.fromkeys(parts)) or "Nobody is on call."


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, names)))


def _nobody(turn: HeldTurn) -> str:
    why = " because of leave" if turn.shift.is_on_leave else ""
    return f"Nobody is {turn.level.lower()}{why}."


def missing(detail: ShiftDetail) -> list[str]:
    """Say what the people on call lack, once each."""
    listed = []
    for lack in detail.span.lacks:
        who = "Too few of those on call have" if lack.level is None else f"The {lack_level(lack.level)} lacks"
        listed.append(
            f"There is no {lack_level(lack.level)}" if lack.skill == NOBODY else f"{who} {lack.skill}"
        )
    return list(dict.fromkeys(listed))


def lack_level(level: int | None) -> str:
    return {1: "primary", 2: "secondary"}.get(level or 0, "")
