"""A workload's windows as the answer of the endpoint."""

from __future__ import annotations

from typing import Any

from readiness.tradeoffs.core.deferral import Plan, TrialDay
from readiness.tradeoffs.core.windows import HOUR
from readiness.tradeoffs.windows import lines
from readiness.tradeoffs.windows.planned import Windows, WindowsAnswer

type Answer = dict[str, Any]


def document(found: WindowsAnswer) -> Answer:
    question = found.question
    return {
        "workload": found.envelope.slug,
        "site": found.site.slug if found.site else None,
        "time_zone": found.site.zone.key if found.site else None,
        "evaluated_at": found.at,
        "deferrable_h": found.envelope.deferrable_h,
        "hours": question.hours,
        "pauses": question.pauses,
        "aim": found.aim.value,
        "currency": found.currency or None,
        "carbon_price": question.carbon_price,
        "power_kw": found.power_kw,
        "power_unknown": found.lacks or None,
        "factors": [_factor(found, kind) for kind in found.kinds],
        "why_not": lines.why_not(found) or None,
        "windows": _windows(found, found.windows) if found.windows else None,
        "back_test": _back_test(found),
    }


def _factor(found: WindowsAnswer, kind: str) -> Answer:
    source = found.sources.get(kind)
    return {
        "kind": kind,
        "known": kind not in found.missing,
        "source": source.name if source else None,
        "provenance": source.provenance if source else None,
        "others": list(source.others) if source else [],
    }


def _windows(found: WindowsAnswer, windows: Windows) -> Answer:
    work = windows.work
    return {
        "span": windows.span.value,
        "earliest_at": work.earliest_at,
        "deadline_at": work.deadline_at,
        "step_s": int(windows.hours.step.total_seconds()),
        "slots_unknown": dict(windows.skipped),
        "at_once": _plan(found, windows.at_once),
        "flat": _amounts(found, windows.flat.money, windows.flat.grams),
        "cheapest": _plan(found, windows.cheapest),
        "cleanest": _plan(found, windows.cleanest),
        "with_carbon_price": _plan(found, windows.priced),
        "front": [_plan(found, each) for each in windows.front],
    }


def _plan(found: WindowsAnswer, plan: Plan | None) -> Answer | None:
    if plan is None:
        return None
    zone = found.site.zone if found.site else None
    once = found.windows.at_once if found.windows else plan
    return {
        "pieces": [
            {
                "start_at": one.start_at,
                "end_at": one.end_at,
                "start_local": one.start_at.astimezone(zone).isoformat(),
                "end_local": one.end_at.astimezone(zone).isoformat(),
            }
            for one in plan.pieces
        ],
        "hours": sum((one.end_at - one.start_at) / HOUR for one in plan.pieces),
        **_amounts(found, plan.money, plan.grams),
        "saved": {
            **_amounts(found, lines.less(once.money, plan.money), lines.less(once.grams, plan.grams)),
            "cost_share": lines.share(once.money, plan.money),
            "carbon_share": lines.share(once.grams, plan.grams),
        },
    }


def _amounts(found: WindowsAnswer, money: float | None, grams: float | None) -> Answer:
    """Of the run where its power is known, and for each kW at the meter."""
    return {
        "cost": found.money(money),
        "carbon_kg": found.kg(grams),
        "cost_per_kw": money,
        "carbon_g_per_kw": grams,
    }


def _back_test(found: WindowsAnswer) -> Answer | None:
    trial = found.trial
    if trial is None:
        return None
    return {
        "days": [_day(found, each) for each in trial.days],
        "unknown_days": trial.unknown,
        "totals": {
            name: _amounts(
                found, lines.total(each.money for each in plans), lines.total(each.grams for each in plans)
            )
            for name, plans in (
                ("at_once", [day.at_once for day in trial.days]),
                ("by_rule", [day.by_rule for day in trial.days]),
                ("best", [day.best for day in trial.days]),
            )
        },
    }


def _day(found: WindowsAnswer, day: TrialDay) -> Answer:
    zone = found.site.zone if found.site else None
    return {
        "asked_at": day.asked_at,
        "asked_local": day.asked_at.astimezone(zone).isoformat(),
        **{
            name: {"start_at": plan.start_at, **_amounts(found, plan.money, plan.grams)}
            for name, plan in (("at_once", day.at_once), ("by_rule", day.by_rule), ("best", day.best))
        },
    }
