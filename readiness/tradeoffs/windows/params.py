"""The question of a workload's windows, read from an address; page and endpoint take the same parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from readiness.tradeoffs.core.parsing import (
    AllowedSpan,
    BadTradeoffQuestion,
    CarbonKind,
    carbon_of,
    currency_of,
    number_within,
    short_text,
)

HOURS = 4.0
"""Operator-set default: how long a run takes is in no envelope."""
SHORTEST_H, LONGEST_H = 0.25, 72.0
MOST_DEFERRED_H = 168.0
"""A week: what is further off, no market or grid publishes by the hour."""
DAYS, MOST_DAYS = 30, 60
"""Past days that the rule is tried on; operator-set default."""


class Aim(StrEnum):
    """The aim of the rule, which also says which plan comes first. With a carbon price, `cost` counts carbon at it."""

    COST = "cost"
    CARBON = "carbon"


@dataclass(frozen=True, slots=True)
class WindowsQuestion:
    """`site` "" is where the class runs; `aim` None what is known first; `at` as it was written, "" for now.

    `carbon_price` is money a tonne of CO2e, in the currency of the answer. `pauses`: it may run in several pieces.
    """

    site: str = ""
    hours: float = HOURS
    pauses: bool = False
    aim: Aim | None = None
    carbon_price: float = 0.0
    carbon: CarbonKind = CarbonKind.AVERAGE
    currency: str = ""
    at: str = ""
    days: int = DAYS


FIELDS = ("site", "hours", "pauses", "aim", "carbon_price", "carbon", "currency", "at", "days")


def question_of(given: Mapping[str, str]) -> WindowsQuestion:
    """Empty is as usual. Raises BadTradeoffQuestion with the parameter at fault."""
    usual = WindowsQuestion()

    def amount(name: str, usually: float, span: AllowedSpan) -> float:
        return number_within(name, given[name], span) if given.get(name) else usually

    currency = currency_of(given.get("currency"))
    days = amount("days", usual.days, AllowedSpan(1, MOST_DAYS))
    if days != int(days):
        raise BadTradeoffQuestion("days", "It has to be a whole number.")
    hours = amount("hours", usual.hours, AllowedSpan(SHORTEST_H, LONGEST_H))
    if hours * 4 != int(hours * 4):
        raise BadTradeoffQuestion("hours", "It has to be in whole quarters of an hour.")
    aim = _choice(given, "aim", list(Aim))
    return WindowsQuestion(
        site=short_text("site", given.get("site")).strip(),
        hours=hours,
        pauses=_choice(given, "pauses", ("yes", "no")) == "yes",
        aim=Aim(aim) if aim else None,
        carbon_price=amount("carbon_price", usual.carbon_price, AllowedSpan(0.0, 100_000.0)),
        carbon=carbon_of(given.get("carbon")),
        currency=currency,
        at=short_text("at", given.get("at")).strip(),
        days=int(days),
    )


def instant_of(written: str, zone: ZoneInfo) -> datetime:
    """Return it in UTC. Without an offset it is the time at the site: the first of one that comes twice. Raises
    BadTradeoffQuestion for one that clocks jump over.
    """
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise BadTradeoffQuestion("at", "It has to be an instant such as 2026-11-25T14:00.") from error
    if not 2000 <= at.year < 2200:
        raise BadTradeoffQuestion("at", "It has to be in a year from 2000 to 2199.")
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    instant = at.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != at:
        raise BadTradeoffQuestion(
            "at", f"There is no {at:%H:%M} on that day in {zone.key}: clocks jump over it."
        )
    return instant


def _choice(given: Mapping[str, str], name: str, known: tuple[str, ...] | list[Aim]) -> str:
    value = given.get(name, "")
    if value and value not in known:
        raise BadTradeoffQuestion(name, f"It has to be one of {', '.join(known)}.")
    return value
