"""Recording a decision, answering it, taking it back, and writing down what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.tradeoffs.core.objectives import ObjectiveDirection
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.tradeoffs.core.realised import RealisedFigure
from readiness.tradeoffs.decisions import evidence, realising
from readiness.tradeoffs.decisions.forecasts import demand_of, expected_of_site, site_before
from readiness.tradeoffs.models import Decision, DecisionForecast, DecisionOutcome
from readiness.tradeoffs.placing.document import frozen
from readiness.tradeoffs.placing.params import PlacementQuestion
from readiness.tradeoffs.placing.queries import placement_answer
from readiness.workloads import queries as workloads
from readiness.workloads.models import WorkloadClass
from web.permissions import MissingPermission, roles_of

MAY_SEE = "tradeoffs.view_decision"
MAY_RECORD = "tradeoffs.add_decision"
MAY_APPROVE = "tradeoffs.approve_decision"
REVIEWED_AFTER = timedelta(days=30)
"""Operator-set default: a month of meters, and within the 100 days that p5-forecast-accuracy holds."""
LATEST_REVIEW = timedelta(days=366)


type Placing = Callable[[WorkloadClass, PlacementQuestion, datetime], Mapping[str, Any]]
"""Returns what `POST /api/tradeoffs/placements/` answers at an instant, of JSON values alone."""


class OwnDecision(PermissionDenied):
    """Nobody approves what they decided."""


class AlreadyAnswered(Exception):
    """The decision is in a state that this does not follow from; the message says in which."""


class NotDue(Exception):
    """The day of the review has not come."""


def place(workload: WorkloadClass, question: PlacementQuestion, now: datetime) -> dict[str, Any]:
    return frozen(placement_answer(workloads.envelope_of(workload), question, now=now))


@transaction.atomic
def record(
    *,
    workload: WorkloadClass,
    site: Site,
    question: PlacementQuestion,
    rationale: str,
    due_on: date | None = None,
    placing: Placing = place,
    by: User,
    now: datetime,
) -> Decision:
    """Keep which site was chosen, among which, by which figures, and what is expected of it.

    The figures are those that `placing` answers to the question now; whoever decides sends none. Raises
    MissingPermission, and ValidationError by field: a question that cannot be answered, a site that the placement does
    not allow, no reason given, a review that is no later day.
    """
    _require(by, MAY_RECORD)
    if not rationale.strip():
        raise ValidationError({"rationale": ["Say why."]})
    try:
        answer = placing(workload, question, now)
    except BadTradeoffQuestion as error:
        raise ValidationError({error.field: [error.reason]}) from error
    chosen = _chosen(answer, site)
    before = site_before(workload, question.today, now)
    decision = Decision(
        workload=workload,
        workload_slug=workload.slug,
        workload_name=workload.name,
        site=site,
        previous_site=before,
        previous_name=before.name if before else "",
        demand=demand_of(workload) | {"carbon": f"carbon_{question.carbon}"} | _held(chosen),
        rationale=rationale.strip(),
        weights=dict(answer["weights"]),
        what_if=question.what_if.changes(),
        options=list(answer["options"]),
        sensitivity=answer.get("sensitivity") or {},
        snapshot=answer.get("snapshot") or {},
        decided_by=by,
        decided_at=now,
        due_on=due_on or (now + REVIEWED_AFTER).date(),
    )
    _refuse_due(decision.due_on, now)
    decision.clean_fields(exclude=["workload", "site", "previous_site", "decided_by"])
    decision.save(force_insert=True)
    _forecast(decision, chosen, answer, now)
    return decision


@transaction.atomic
def approve(decision: Decision, *, note: str = "", by: User, now: datetime) -> Decision:
    """Let it stand, so that it is reviewed. Raises MissingPermission, OwnDecision, AlreadyAnswered."""
    return _answer(decision, Decision.State.APPROVED, note=note, by=by, now=now)


@transaction.atomic
def reject(decision: Decision, *, note: str, by: User, now: datetime) -> Decision:
    """Say no, and why. Raises MissingPermission, OwnDecision, AlreadyAnswered, ValidationError."""
    _refuse_silence(note)
    return _answer(decision, Decision.State.REJECTED, note=note, by=by, now=now)


@transaction.atomic
def withdraw(decision: Decision, *, note: str, by: User, now: datetime) -> Decision:
    """Take it back before it is reviewed: whoever decided it, or who may approve.

    Raises MissingPermission, AlreadyAnswered, ValidationError.
    """
    own = decision.decided_by_id == by.pk
    _require(by, MAY_RECORD if own and not by.has_perm(MAY_APPROVE) else MAY_APPROVE)
    _refuse_silence(note)
    locked = _locked(decision)
    if locked.reviewed_at is not None:
        raise AlreadyAnswered("It is reviewed, which cannot be changed any more.")
    _refuse_unless(locked, {Decision.State.RECORDED, Decision.State.APPROVED})
    locked.state = Decision.State.WITHDRAWN
    locked.withdrawn_by, locked.withdrawn_at, locked.withdrawal_note = by, now, note.strip()
    locked.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawal_note"])
    return locked


@transaction.atomic
def review(decision: Decision, *, by: User | None, now: datetime) -> Decision:
    """Write down what came of it, and how far the forecasts of the site were off as evidence.

    `by` None is the clock. Once reviewed it stays as it is: a second review changes nothing. Raises MissingPermission,
    AlreadyAnswered for one that was never approved, NotDue.
    """
    if by is not None and not by.has_perm(MAY_APPROVE):
        _require(by, MAY_RECORD)
    locked = _locked(decision)
    if locked.reviewed_at is not None:
        return locked
    _refuse_unless(locked, {Decision.State.APPROVED})
    if not locked.is_due(now):
        raise NotDue(f"It is reviewed on {locked.due_on.isoformat()}; until then more comes in.")
    forecasts = list(locked.forecasts.all())
    outcomes = realising.realised_of(locked, now)
    DecisionOutcome.objects.bulk_create(
        _outcome(forecast, outcome) for forecast, outcome in zip(forecasts, outcomes, strict=True)
    )
    locked.reviewed_at = now
    locked.save(update_fields=["reviewed_at"])
    evidence.write(locked, by=by, now=now)
    return locked


def review_due(*, now: datetime) -> int:
    """Review every decision whose day has come; how many."""
    due = list(Decision.objects.due(now).order_by("due_on", "pk"))
    for decision in due:
        review(decision, by=None, now=now)
    return len(due)


def _held(chosen: Mapping[str, Any]) -> dict[str, int]:
    """How many accelerators of the chosen site do what is asked; empty where that is the count that is asked."""
    held = chosen.get("accelerators") or {}
    count = held.get("count")
    return {} if count is None or count == held.get("asked") else {"held": count}


def _chosen(answer: Mapping[str, Any], site: Site) -> Mapping[str, Any]:
    option = _option_at(answer, site.slug)
    if option is None:
        raise ValidationError({"site": [f"{site.name} is not among the sites."]})
    if not option["feasible"]:
        reasons = "; ".join(reason["words"] for reason in option["reasons"])
        refused = f"{site.name} is no option: {reasons or 'the placement does not say why'}."
        raise ValidationError({"site": [refused]})
    return option


def _option_at(answer: Mapping[str, Any], slug: str) -> Mapping[str, Any] | None:
    return next((option for option in answer["options"] if option["site"] == slug), None)


def _forecast(
    decision: Decision, chosen: Mapping[str, Any], answer: Mapping[str, Any], now: datetime
) -> None:
    """Keep what the answer states about the chosen site, and what the whole site is expected to come to."""
    previous = _option_at(answer, decision.previous_site.slug) if decision.previous_site else None
    stated = [
        DecisionForecast(
            decision=decision,
            objective=objective["name"],
            direction=objective["direction"],
            before=previous["objectives"][objective["name"]]["value"] if previous else None,
            **_columns_of_json(chosen["objectives"][objective["name"]]),
        )
        for objective in answer["objectives"]
    ]
    of_site = [
        DecisionForecast(
            decision=decision,
            objective=expected.objective,
            unit=expected.figure.unit,
            direction=ObjectiveDirection.MIN.value,
            **_columns(expected.figure),
        )
        for expected in expected_of_site(decision, now)
    ]
    DecisionForecast.objects.bulk_create([*stated, *of_site])


def _columns_of_json(figure: Mapping[str, Any]) -> dict[str, Any]:
    """A figure without a value says in its source why not."""
    return {
        "value": figure["value"],
        "unit": figure["unit"],
        "provenance": figure["provenance"] or "",
        "as_of": datetime.fromisoformat(figure["as_of"]) if figure["as_of"] else None,
        "low": figure["low"],
        "high": figure["high"],
        "source": (figure["source"] or figure.get("unknown") or "")[:500],
    }


def _columns(figure: BandedFigure) -> dict[str, Any]:
    columns = asdict(figure)
    columns.pop("unit")
    return columns | {
        "provenance": figure.provenance.value if figure.provenance else "",
        "source": figure.source[:500],
    }


def _outcome(forecast: DecisionForecast, outcome: RealisedFigure) -> DecisionOutcome:
    return DecisionOutcome(forecast=forecast, unknown=outcome.unknown[:300], **_columns(outcome.figure))


def _answer(decision: Decision, state: Decision.State, *, note: str, by: User, now: datetime) -> Decision:
    _require(by, MAY_APPROVE)
    locked = _locked(decision)
    if locked.decided_by_id == by.pk:
        raise OwnDecision(
            f"You decided this yourself: somebody else with the role {roles_of(MAY_APPROVE)} answers."
        )
    _refuse_unless(locked, {Decision.State.RECORDED})
    locked.state = state
    locked.answered_by, locked.answered_at, locked.answer_note = by, now, note.strip()
    locked.save(update_fields=["state", "answered_by", "answered_at", "answer_note"])
    return locked


def _locked(decision: Decision) -> Decision:
    """Lock it until the end of the transaction: two who answer at once see each other's answer."""
    return Decision.objects.select_for_update(of=("self",)).select_related("site").get(pk=decision.pk)


def _require(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise MissingPermission([permission])


def _refuse_unless(decision: Decision, states: set[Decision.State]) -> None:
    if decision.state not in states:
        raise AlreadyAnswered(
            f"It is in the state “{decision.get_state_display()}”, which this does not follow."
        )


def _refuse_silence(note: str) -> None:
    if not note.strip():
        raise ValidationError({"note": ["Say why."]})


def _refuse_due(day: date, now: datetime) -> None:
    if day <= now.date():
        raise ValidationError({"due_on": ["The review is after the day of the decision."]})
    if day > (now + LATEST_REVIEW).date():
        told = f"It is reviewed within {LATEST_REVIEW.days} days."
        raise ValidationError({"due_on": [told]})
