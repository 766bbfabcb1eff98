"""The result of the rule on past days, in words."""

from __future__ import annotations

from typing import Any

from readiness.tradeoffs.core.words import number
from readiness.tradeoffs.windows.lines import amount, carbon, carbon_unit, less, money, money_unit, total
from readiness.tradeoffs.windows.planned import Aim, WindowsAnswer
from web.units import how_many

type Line = dict[str, Any]
PARTS = ("at_once", "by_rule", "best")


def shown(answer: WindowsAnswer, worth: float | None) -> float | None:
    """Return what the aim weighs, for the run where its power is known."""
    return carbon(answer, worth) if answer.aim is Aim.CARBON else money(answer, worth)


def unit(answer: WindowsAnswer) -> str:
    return carbon_unit(answer) if answer.aim is Aim.CARBON else money_unit(answer)


def names() -> dict[str, str]:
    """Index in `PARTS`."""
    return {
        "at_once": "At once",
        "by_rule": "By the rule",
        "best": "Perfect foresight",
    }


def sums(answer: WindowsAnswer) -> dict[str, float | None]:
    days = answer.trial.days if answer.trial else ()
    return {part: shown(answer, total(answer.worth(getattr(day, part)) for day in days)) for part in PARTS}


def finding(answer: WindowsAnswer) -> str:
    if answer.trial is None or not answer.trial.days:
        return "On no day before are enough hours known to try the rule."
    of, many = sums(answer), len(answer.trial.days)
    saved, most = (less(of["at_once"], of[part]) or 0.0 for part in ("by_rule", "best"))
    days = how_many(many, "day", "days")
    at_once = f"{number(of['at_once'] or 0.0)} {unit(answer)}"
    if saved >= 0:
        would = f"would have saved {number(saved)} of {at_once}; perfect foresight {number(most)}"
    else:
        would = f"would have cost {number(-saved)} more than {at_once}; foresight saves {number(most)}"
    return f"On {days} the rule {would}."


def facts(answer: WindowsAnswer) -> list[Line]:
    if answer.trial is None:
        return []
    of = sums(answer)
    saved, most = (less(of["at_once"], of[part]) for part in ("by_rule", "best"))
    reached = max(100 * saved / most, 0.0) if saved is not None and most else None
    amounts = [{"term": name, "value": amount(of[part], unit(answer))} for part, name in names().items()]
    return [
        *amounts,
        {
            "term": "Share of the saving that the rule gets",
            "value": "unknown" if reached is None else f"{number(round(reached))} %",
        },
        {"term": "Days worse than at once", "value": str(worse(answer))},
        {"term": "Days that cannot be judged", "value": str(answer.trial.unknown)},
    ]


def worse(answer: WindowsAnswer) -> int:
    days = answer.trial.days if answer.trial else ()
    pairs = [(answer.worth(day.at_once), answer.worth(day.by_rule)) for day in days]
    return sum(1 for once, ruled in pairs if once is not None and ruled is not None and ruled > once + 1e-9)
