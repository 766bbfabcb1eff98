"""`GET /api/tradeoffs/windows/`: when a workload that may wait should run, and what a rule would have saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

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
from readiness.tradeoffs.windows.core import HOUR, Plan, Trial
from readiness.tradeoffs.windows.queries import planned
from readiness.tradeoffs.windows.sentences import why_not
from readiness.tradeoffs.windows.views import MAY_SEE
from web import clock
from web.parameters import BadParameter
from web.rest.reports import endpoint, parameter, parameters_of
from web.rest.shapes import filled

PerKW = Annotated[float | None, "For 1 kW at the meter"]


@dataclass(frozen=True, slots=True)
class WindowAmounts:
    cost: float | None
    carbon_kg: float | None
    cost_per_kw: PerKW
    carbon_g_per_kw: PerKW


@dataclass(frozen=True, slots=True)
class WindowSaved(WindowAmounts):
    cost_share: float | None
    carbon_share: float | None


@dataclass(frozen=True, slots=True)
class WindowPiece:
    start_at: datetime
    end_at: datetime
    start_local: Annotated[str, "At the site, with its offset"]
    end_local: str


@dataclass(frozen=True, slots=True)
class WindowPlan(WindowAmounts):
    pieces: list[WindowPiece]
    hours: float
    saved: Annotated[WindowSaved, "Saving against running at once; below 0 if the plan costs or emits more"]


@dataclass(frozen=True, slots=True)
class WindowsOfWorkload:
    span: HoursShown
    earliest_at: datetime
    deadline_at: datetime
    step_s: int
    slots_unknown: Mapping[str, int]
    at_once: WindowPlan
    flat: Annotated[WindowAmounts, "At the mean of the known hours"]
    cheapest: WindowPlan | None
    cleanest: WindowPlan | None
    with_carbon_price: WindowPlan | None
    front: Annotated[list[WindowPlan], "Corners, the cheapest first"]


@dataclass(frozen=True, slots=True)
class WindowFactor:
    kind: str
    known: bool
    source: str | None
    provenance: str | None
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TriedPlan(WindowAmounts):
    start_at: datetime


@dataclass(frozen=True, slots=True)
class TriedDay:
    asked_at: datetime
    asked_local: str
    at_once: TriedPlan
    by_rule: TriedPlan
    best: TriedPlan


@dataclass(frozen=True, slots=True)
class TriedTotals:
    at_once: WindowAmounts
    by_rule: WindowAmounts
    best: WindowAmounts


@dataclass(frozen=True, slots=True)
class TriedRule:
    days: list[TriedDay]
    unknown_days: int
    totals: TriedTotals


@dataclass(frozen=True, slots=True)
class WindowsDocument:
    workload: str
    site: str | None
    time_zone: str | None
    evaluated_at: datetime
    deferrable_h: float
    hours: float
    pauses: bool
    aim: Aim
    currency: str | None
    carbon_price: float
    power_kw: Annotated[float | None, "At the meter"]
    power_unknown: Annotated[str | None, "Why there is no power"]
    factors: Annotated[list[WindowFactor], "Factors with hourly values, and their sources"]
    why_not: Annotated[str | None, "Why there is no window"]
    windows: WindowsOfWorkload | None
    back_test: Annotated[TriedRule | None, "The rule on past days"]


@endpoint(
    *MAY_SEE,
    parameters=[
        parameter("workload", "Slug", required=True),
        *parameters_of(WindowsQuestionSerializer),
    ],
    operation_id="tradeoffs_windows",
    summary="When a workload that may wait should run, by hours of price and carbon, and a back-test",
)
def windows(request: Request) -> WindowsDocument:
    slug = request.query_params.get("workload", "").replace("\0", "")[:100]
    envelopes = workloads.envelopes([slug])
    if not envelopes:
        raise BadParameter("workload", "Give the slug of a workload class.")
    return _document(planned(envelopes[0], question_of(request.query_params.dict()), now=clock.now()))


def _document(answer: WindowsAnswer) -> WindowsDocument:
    return WindowsDocument(
        workload=answer.envelope.slug,
        site=answer.site.slug if answer.site else None,
        time_zone=answer.site.zone.key if answer.site else None,
        evaluated_at=answer.at,
        deferrable_h=answer.envelope.deferrable_h,
        hours=answer.question.hours,
        pauses=answer.question.pauses,
        aim=answer.aim,
        currency=answer.currency or None,
        carbon_price=answer.question.carbon_price,
        power_kw=answer.power_kw,
        power_unknown=answer.lacks or None,
        factors=[_factor(answer, kind) for kind in answer.kinds],
        why_not=why_not(answer) or None,
        windows=_windows(answer, answer.windows) if answer.windows else None,
        back_test=_back_test(answer),
    )


def _factor(answer: WindowsAnswer, kind: str) -> WindowFactor:
    source = answer.sources.get(kind)
    return WindowFactor(
        kind=kind,
        known=kind not in answer.missing,
        source=source.name if source else None,
        provenance=source.provenance if source else None,
        others=source.others if source else (),
    )


def _windows(answer: WindowsAnswer, windows: Windows) -> WindowsOfWorkload:
    def plan_of(plan: Plan | None) -> WindowPlan | None:
        return _plan(answer, plan, windows) if plan else None

    return WindowsOfWorkload(
        span=windows.span,
        earliest_at=windows.work.earliest_at,
        deadline_at=windows.work.deadline_at,
        step_s=int(windows.hours.step.total_seconds()),
        slots_unknown=windows.skipped,
        at_once=_plan(answer, windows.at_once, windows),
        flat=_amounts(WindowAmounts, answer.flat),
        cheapest=plan_of(windows.cheapest),
        cleanest=plan_of(windows.cleanest),
        with_carbon_price=plan_of(windows.priced),
        front=[_plan(answer, each, windows) for each in windows.front],
    )


def _plan(answer: WindowsAnswer, plan: Plan, windows: Windows) -> WindowPlan:
    zone = answer.site.zone if answer.site else None
    figures, figures_at_once = answer.figures(plan), answer.figures(windows.at_once)
    return _amounts(
        WindowPlan,
        figures,
        pieces=[
            WindowPiece(
                start_at=piece.start_at,
                end_at=piece.end_at,
                start_local=piece.start_at.astimezone(zone).isoformat(),
                end_local=piece.end_at.astimezone(zone).isoformat(),
            )
            for piece in plan.pieces
        ],
        hours=sum((piece.end_at - piece.start_at) / HOUR for piece in plan.pieces),
        saved=_amounts(
            WindowSaved,
            figures_at_once.less(figures),
            cost_share=share(figures_at_once.money, figures.money),
            carbon_share=share(figures_at_once.grams, figures.grams),
        ),
    )


def _amounts[Kind: WindowAmounts](kind: type[Kind], figures: Figures, **others: Any) -> Kind:
    return filled(kind, figures, cost_per_kw=figures.money, carbon_g_per_kw=figures.grams, **others)


def _back_test(answer: WindowsAnswer) -> TriedRule | None:
    if answer.trial is None or answer.site is None:
        return None
    days = []
    for day in answer.trial.days:
        plans: dict[str, Plan] = {name: getattr(day, name) for name in TRIED}
        tried = {
            name: _amounts(TriedPlan, answer.figures(plan), start_at=plan.start_at)
            for name, plan in plans.items()
        }
        local = day.asked_at.astimezone(answer.site.zone).isoformat()
        days.append(TriedDay(asked_at=day.asked_at, asked_local=local, **tried))
    totals = {name: _amounts(WindowAmounts, _total(answer, answer.trial, name)) for name in TRIED}
    return TriedRule(days, answer.trial.unknown, TriedTotals(**totals))


def _total(answer: WindowsAnswer, trial: Trial, name: str) -> Figures:
    plans = [getattr(day, name) for day in trial.days]
    money, grams = (total(getattr(plan, each) for plan in plans) for each in ("money", "grams"))
    return Figures(money, grams, answer.power_kw)
