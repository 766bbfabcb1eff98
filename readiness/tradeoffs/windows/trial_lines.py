"""What the rule would have come to on past days, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, ngettext

from readiness.tradeoffs.core.words import number
from readiness.tradeoffs.windows.lines import amount, carbon, carbon_unit, less, money, money_unit, total
from readiness.tradeoffs.windows.planned import Aim, WindowsAnswer

type Line = dict[str, Any]
PARTS = ("at_once", "by_rule", "best")


def shown(found: WindowsAnswer, worth: float | None) -> float | None:
    """What the aim weighs, for the run where its power is known."""
    return carbon(found, worth) if found.aim is Aim.CARBON else money(found, worth)


def unit(found: WindowsAnswer) -> str:
    return carbon_unit(found) if found.aim is Aim.CARBON else money_unit(found)


def names() -> dict[str, str]:
    """Of `PARTS`."""
    return {
        "at_once": gettext("At once"),
        "by_rule": gettext("By the rule"),
        "best": gettext("Perfect foresight"),
    }


def sums(found: WindowsAnswer) -> dict[str, float | None]:
    days = found.trial.days if found.trial else ()
    return {part: shown(found, total(found.worth(getattr(day, part)) for day in days)) for part in PARTS}


def finding(found: WindowsAnswer) -> str:
    if found.trial is None or not found.trial.days:
        return gettext("On no day before are enough hours known to try the rule.")
    of, many = sums(found), len(found.trial.days)
    saved, most = (less(of["at_once"], of[part]) or 0.0 for part in ("by_rule", "best"))
    days = ngettext("On %(n)s day", "On %(n)s days", many) % {"n": many}
    told = (
        gettext(
            "%(days)s the rule would have saved %(amount)s of %(all)s %(unit)s; perfect foresight %(most)s."
        )
        if saved >= 0
        else gettext(
            "%(days)s the rule would have cost %(amount)s more than %(all)s %(unit)s; foresight saves %(most)s."
        )
    )
    return told % {
        "days": days,
        "amount": number(abs(saved)),
        "all": number(of["at_once"] or 0.0),
        "most": number(most),
        "unit": unit(found),
    }


def facts(found: WindowsAnswer) -> list[Line]:
    if found.trial is None:
        return []
    of = sums(found)
    saved, most = (less(of["at_once"], of[part]) for part in ("by_rule", "best"))
    reached = max(100 * saved / most, 0.0) if saved is not None and most else None
    amounts = [{"term": name, "value": amount(of[part], unit(found))} for part, name in names().items()]
    return [
        *amounts,
        {
            "term": gettext("Share of the saving that the rule gets"),
            "value": gettext("unknown") if reached is None else f"{number(round(reached))} %",
        },
        {"term": gettext("Days worse than at once"), "value": str(worse(found))},
        {"term": gettext("Days that cannot be judged"), "value": str(found.trial.unknown)},
    ]


def worse(found: WindowsAnswer) -> int:
    days = found.trial.days if found.trial else ()
    pairs = [(found.worth(day.at_once), found.worth(day.by_rule)) for day in days]
    return sum(1 for once, ruled in pairs if once is not None and ruled is not None and ruled > once + 1e-9)
