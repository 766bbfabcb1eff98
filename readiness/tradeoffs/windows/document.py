"""A workload's windows as the answer of the endpoint."""

from __future__ import annotations

from typing import Any

from readiness.tradeoffs.core.deferral import Plan, TrialDay
from readiness.tradeoffs.core.windows import HOUR
from readiness.tradeoffs.windows import lines
from readiness.tradeoffs.windows.planned import Windows, WindowsAnswer

type Answer = dict[str, Any]


def document(answer: WindowsAnswer) -> Answer:
    question = answer.question
    return {
        "workload": answer.envelope.slug,
        "site": answer.site.slug if answer.site else None,
        "time_zone": answer.site.zone.key if answer.site else None,
        "evaluated_at": answer.at,
        "deferrable_h": answer.envelope.deferrable_h,
        "hours": question.hours,
        "pauses": question.pauses,
        "aim": answer.aim.value,
        "currency": answer.currency or None,
        "carbon_price": question.carbon_price,
        "power_kw": answer.power_kw,
        "power_unknown": answer.lacks or None,
        "factors": [_factor(answer, kind) for kind in answer.kinds],
        "why_not": lines.why_not(answer) or None,
        "windows": _windows(answer, answer.windows) if answer.windows else None,
        "back_test": _back_test(answer),
    }


def _factor(answer: WindowsAnswer, kind: str) -> Answer:
    source = answer.sources.get(kind)
    return {
        "kind": kind,
        "known": kind not in answer.missing,
        "source": source.name if source else None,
        "provenance": source.provenance if source else None,
        "others": list(source.others) if source else [],
    }


def _windows(answer: WindowsAnswer, windows: Windows) -> Answer:
    work = windows.work
    return {
        "span": windows.span.value,
        "earliest_at": work.earliest_at,
        "deadline_at": work.deadline_at,
        "step_s": int(windows.hours.step.total_seconds()),
        "slots_unknown": dict(windows.skipped),
        "at_once": _plan(answer, windows.at_once),
        "flat": _amounts(answer, windows.flat.money, windows.flat.grams),
        "cheapest": _plan(answer, windows.cheapest),
        "cleanest": _plan(answer, windows.cleanest),
        "with_carbon_price": _plan(answer, windows.priced),
        "front": [_plan(answer, each) for each in windows.front],
    }


def _plan(answer: WindowsAnswer, plan: Plan | None) -> Answer | None:
    if plan is None:
        return None
    zone = answer.site.zone if answer.site else None
    once = answer.windows.at_once if answer.windows else plan
    return {
        "pieces": [
            {
                "start_at": piece.start_at,
                "end_at": piece.end_at,
                "start_local": piece.start_at.astimezone(zone).isoformat(),
                "end_local": piece.end_at.astimezone(zone).isoformat(),
            }
            for piece in plan.pieces
        ],
        "hours": sum((piece.end_at - piece.start_at) / HOUR for piece in plan.pieces),
        **_amounts(answer, plan.money, plan.grams),
        "saved": {
            **_amounts(answer, lines.less(once.money, plan.money), lines.less(once.grams, plan.grams)),
            "cost_share": lines.share(once.money, plan.money),
            "carbon_share": lines.share(once.grams, plan.grams),
        },
    }


def _amounts(answer: WindowsAnswer, money: float | None, grams: float | None) -> Answer:
    """State a plan for the run where its power is known, and for each kW at the meter."""
    return {
        "cost": answer.money(money),
        "carbon_kg": answer.kg(grams),
        "cost_per_kw": money,
        "carbon_g_per_kw": grams,
    }


def _back_test(answer: WindowsAnswer) -> Answer | None:
    trial = answer.trial
    if trial is None:
        return None
    return {
        "days": [_day(answer, each) for each in trial.days],
        "unknown_days": trial.unknown,
        "totals": {
            name: _amounts(
                answer, lines.total(each.money for each in plans), lines.total(each.grams for each in plans)
            )
            for name, plans in (
                ("at_once", [day.at_once for day in trial.days]),
                ("by_rule", [day.by_rule for day in trial.days]),
                ("best", [day.best for day in trial.days]),
            )
        },
    }


def _day(answer: WindowsAnswer, day: TrialDay) -> Answer:
    zone = answer.site.zone if answer.site else None
    return {
        "asked_at": day.asked_at,
        "asked_local": day.asked_at.astimezone(zone).isoformat(),
        **{
            name: {"start_at": plan.start_at, **_amounts(answer, plan.money, plan.grams)}
            for name, plan in (("at_once", day.at_once), ("by_rule", day.by_rule), ("best", day.best))
        },
    }
