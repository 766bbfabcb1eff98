"""`GET /api/tradeoffs/windows/`: when a workload that may wait should run, and what a rule would have saved."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as fields
from rest_framework.request import Request

from readiness.demand.workloads import queries as workloads
from readiness.tradeoffs.windows.answer import (
    TRIED,
    Aim,
    Figures,
    HoursShown,
    Windows,
    WindowsAnswer,
    WindowsQuestionSerializer,
    question_of,
    share,
    total,
)
from readiness.tradeoffs.windows.core import HOUR, Plan
from readiness.tradeoffs.windows.queries import planned
from readiness.tradeoffs.windows.sentences import why_not
from readiness.tradeoffs.windows.views import MAY_SEE
from web import clock
from web.parameters import BadParameter
from web.rest.reports import endpoint, parameter, parameters_of

NUMBER = fields.FloatField(allow_null=True)
AMOUNTS: dict[str, Any] = {
    "cost": NUMBER,
    "carbon_kg": NUMBER,
    "cost_per_kw": fields.FloatField(allow_null=True, help_text="For 1 kW at the meter"),
    "carbon_g_per_kw": fields.FloatField(allow_null=True, help_text="For 1 kW at the meter"),
}
PLAN = inline_serializer(
    "WindowPlan",
    {
        "pieces": inline_serializer(
            "WindowPiece",
            {
                "start_at": fields.DateTimeField(),
                "end_at": fields.DateTimeField(),
                "start_local": fields.CharField(help_text="At the site, with its offset"),
                "end_local": fields.CharField(),
            },
            many=True,
        ),
        "hours": fields.FloatField(),
        **AMOUNTS,
        "saved": inline_serializer(
            "WindowSaved",
            {**AMOUNTS, "cost_share": NUMBER, "carbon_share": NUMBER},
            help_text="Saving against running at once; below 0 if the plan costs or emits more",
        ),
    },
    allow_null=True,
)
WINDOWS = inline_serializer(
    "WindowsOfWorkload",
    {
        "span": fields.ChoiceField(choices=[each.value for each in HoursShown]),
        "earliest_at": fields.DateTimeField(),
        "deadline_at": fields.DateTimeField(),
        "step_s": fields.IntegerField(),
        "slots_unknown": fields.DictField(child=fields.IntegerField()),
        "at_once": PLAN,
        "flat": inline_serializer("WindowFlat", AMOUNTS, help_text="At the mean of the known hours"),
        "cheapest": PLAN,
        "cleanest": PLAN,
        "with_carbon_price": PLAN,
        "front": fields.ListField(child=fields.DictField(), help_text="Corners, the cheapest first"),
    },
    allow_null=True,
)
ANSWER = inline_serializer(
    "WindowsAnswer",
    {
        "workload": fields.CharField(),
        "site": fields.CharField(allow_null=True),
        "time_zone": fields.CharField(allow_null=True),
        "evaluated_at": fields.DateTimeField(),
        "deferrable_h": fields.FloatField(),
        "hours": fields.FloatField(),
        "pauses": fields.BooleanField(),
        "aim": fields.ChoiceField(choices=[each.value for each in Aim]),
        "currency": fields.CharField(allow_null=True),
        "carbon_price": fields.FloatField(),
        "power_kw": fields.FloatField(allow_null=True, help_text="At the meter"),
        "power_unknown": fields.CharField(allow_null=True, help_text="Why there is no power"),
        "factors": fields.ListField(
            child=fields.DictField(), help_text="Factors with hourly values, and their sources"
        ),
        "why_not": fields.CharField(allow_null=True, help_text="Why there is no window"),
        "windows": WINDOWS,
        "back_test": fields.DictField(allow_null=True, help_text="The rule on past days"),
    },
)


@endpoint(
    *MAY_SEE,
    parameters=[
        parameter("workload", "Slug", required=True),
        *parameters_of(WindowsQuestionSerializer),
    ],
    answer=ANSWER,
    operation_id="tradeoffs_windows",
    summary="When a workload that may wait should run, by hours of price and carbon, and a back-test",
)
def windows(request: Request) -> dict[str, Any]:
    slug = request.query_params.get("workload", "").replace("\0", "")[:100]
    envelopes = workloads.envelopes([slug])
    if not envelopes:
        raise BadParameter("workload", "Give the slug of a workload class.")
    return _document(planned(envelopes[0], question_of(request.query_params.dict()), now=clock.now()))


def _document(answer: WindowsAnswer) -> dict[str, Any]:
    return {
        "workload": answer.envelope.slug,
        "site": answer.site.slug if answer.site else None,
        "time_zone": answer.site.zone.key if answer.site else None,
        "evaluated_at": answer.at,
        "deferrable_h": answer.envelope.deferrable_h,
        "hours": answer.question.hours,
        "pauses": answer.question.pauses,
        "aim": answer.aim.value,
        "currency": answer.currency or None,
        "carbon_price": answer.question.carbon_price,
        "power_kw": answer.power_kw,
        "power_unknown": answer.lacks or None,
        "factors": [_factor(answer, kind) for kind in answer.kinds],
        "why_not": why_not(answer) or None,
        "windows": _windows(answer, answer.windows) if answer.windows else None,
        "back_test": _back_test(answer),
    }


def _factor(answer: WindowsAnswer, kind: str) -> dict[str, Any]:
    source = answer.sources.get(kind)
    return {
        "kind": kind,
        "known": kind not in answer.missing,
        "source": source.name if source else None,
        "provenance": source.provenance if source else None,
        "others": list(source.others) if source else [],
    }


def _windows(answer: WindowsAnswer, windows: Windows) -> dict[str, Any]:
    plans = {
        "at_once": windows.at_once,
        "cheapest": windows.cheapest,
        "cleanest": windows.cleanest,
        "with_carbon_price": windows.priced,
    }
    return {
        "span": windows.span.value,
        "earliest_at": windows.work.earliest_at,
        "deadline_at": windows.work.deadline_at,
        "step_s": int(windows.hours.step.total_seconds()),
        "slots_unknown": dict(windows.skipped),
        "flat": _amounts(answer.flat),
        **{name: plan and _plan(answer, plan, windows) for name, plan in plans.items()},
        "front": [_plan(answer, each, windows) for each in windows.front],
    }


def _plan(answer: WindowsAnswer, plan: Plan, windows: Windows) -> dict[str, Any]:
    zone = answer.site.zone if answer.site else None
    figures, once = answer.figures(plan), answer.figures(windows.at_once)
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
        **_amounts(figures),
        "saved": {
            **_amounts(once.less(figures)),
            "cost_share": share(once.money, figures.money),
            "carbon_share": share(once.grams, figures.grams),
        },
    }


def _amounts(figures: Figures) -> dict[str, Any]:
    return {
        "cost": figures.cost,
        "carbon_kg": figures.carbon_kg,
        "cost_per_kw": figures.money,
        "carbon_g_per_kw": figures.grams,
    }


def _back_test(answer: WindowsAnswer) -> dict[str, Any] | None:
    if answer.trial is None or answer.site is None:
        return None
    days, totals = [], {}
    for day in answer.trial.days:
        plans: dict[str, Plan] = {name: getattr(day, name) for name in TRIED}
        days.append(
            {
                "asked_at": day.asked_at,
                "asked_local": day.asked_at.astimezone(answer.site.zone).isoformat(),
                **{
                    name: {"start_at": plan.start_at, **_amounts(answer.figures(plan))}
                    for name, plan in plans.items()
                },
            }
        )
    for name in TRIED:
        plans_of_days = [getattr(day, name) for day in answer.trial.days]
        money, grams = (total(getattr(plan, each) for plan in plans_of_days) for each in ("money", "grams"))
        totals[name] = _amounts(Figures(money, grams, answer.power_kw))
    return {"days": days, "unknown_days": answer.trial.unknown, "totals": totals}
