"""Which legal duties apply to a site, and on which day each is due next."""

from calendar import monthrange
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import MAXYEAR, date
from enum import StrEnum


class Recurrence(StrEnum):
    YEARLY = "yearly"
    EVERY = "every"
    ONCE = "once"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class DutySubject:
    """A site as the rules see it. `it_kw` is None if nobody stated any power."""

    country: str
    it_kw: float | None
    sectors: Set[str]


@dataclass(frozen=True, slots=True)
class DutyRuleInForce:
    """`places` are codes of countries or names of groups; empty places and sectors mean all of them."""

    id: int
    recurrence: Recurrence
    places: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    min_it_kw: float | None = None
    month: int | None = None
    day: int | None = None
    months: int | None = None
    once_on: date | None = None


def applies(rule: DutyRuleInForce, subject: DutySubject, groups: Mapping[str, Set[str]]) -> bool:
    """Whether a duty applies. A site without any stated power counts as large enough, so that no duty is missed."""
    in_place = not rule.places or any(subject.country in groups.get(place, {place}) for place in rule.places)
    in_sector = not rule.sectors or any(sector in subject.sectors for sector in rule.sectors)
    is_large = rule.min_it_kw is None or subject.it_kw is None or subject.it_kw >= rule.min_it_kw
    return in_place and in_sector and is_large


def next_due(rule: DutyRuleInForce, after: date) -> date | None:
    """The first day after `after` on which the duty is due; None if no day is left, or only an event makes it due."""
    match rule.recurrence:
        case Recurrence.YEARLY if rule.month and rule.day:
            this_year = _clamped(after.year, rule.month, rule.day)
            if this_year > after:
                return this_year
            return _clamped(after.year + 1, rule.month, rule.day) if after.year < MAXYEAR else None
        case Recurrence.EVERY if rule.months:
            month = after.month - 1 + rule.months
            return _clamped(after.year + month // 12, month % 12 + 1, after.day)
        case Recurrence.ONCE if rule.once_on and rule.once_on > after:
            return rule.once_on
        case _:
            return None


def due_after_proof(rule: DutyRuleInForce, due_on: date | None, filed_on: date) -> date | None:
    """The day on which a duty is due again once it was met. A date of the calendar stays where it is, however
    early it was met; a period begins anew on the day of the proof."""
    if rule.recurrence is Recurrence.YEARLY:
        return next_due(rule, max(due_on or filed_on, filed_on))
    return next_due(rule, filed_on) if rule.recurrence is Recurrence.EVERY else None


def _clamped(year: int, month: int, day: int) -> date:
    """The day, or the last one of a month that is shorter."""
    return date(year, month, min(day, monthrange(year, month)[1]))
