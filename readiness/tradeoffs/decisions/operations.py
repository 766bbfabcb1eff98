"""Record, answer and withdraw a decision, record its outcome, and write the evidence of its error."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.assessment.evidence.models import RecordedFact
from readiness.assessment.evidence.operations.records import FactRow, record_facts
from readiness.assessment.framework import queries as framework_queries
from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.models import Placement, WorkloadClass
from readiness.tradeoffs.decisions import realising
from readiness.tradeoffs.decisions.core import mean_percent
from readiness.tradeoffs.decisions.queries import Pair, pairs
from readiness.tradeoffs.factors.core.power import PowerBasis
from readiness.tradeoffs.models import Decision, DecisionForecast, DecisionOutcome
from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing.core.levers import PlacementQuestion
from readiness.tradeoffs.placing.core.objectives import ObjectiveDirection
from readiness.tradeoffs.placing.core.weighing import weigh
from readiness.tradeoffs.placing.document import frozen
from readiness.tradeoffs.placing.facts import read_facts
from web.parameters import BadParameter
from web.permissions import roles_of
from web.units import day
from web.workflows import NotInState, Turn, Workflow, require, require_words, second
from web.workflows.waiting import subjects_by

CHECK = "p5-forecast-accuracy"
PARTS = {realising.PEAK: "power-error", realising.IN_USE: "accelerators-error"}
"""Forecasts and their sub-measures; the check's other sub-measures are about plans that decisions do not contain."""
QUARTER = timedelta(days=91)
SOURCE = "Decisions reviewed: "


def write(decision: Decision, *, by: User | None, now: datetime) -> list[RecordedFact]:
    """Write a fact for each sub-measure with a forecast for the site: the mean error of the quarter's decisions.

    It is dated the last compared day. Writing it again gives the same; a fact that somebody else entered for that day
    stays.
    """
    _version, framework = framework_queries.current()
    check = framework.checks_by_id.get(CHECK)
    if check is None:
        return []
    parts = {part.id for part in check.parts}
    day = decision.due_on - timedelta(days=1)
    of_others = RecordedFact.objects.filter(site=decision.site, check_id=CHECK, taken_on=day).exclude(
        source__startswith=SOURCE
    )
    other_parts = set(of_others.values_list("part", flat=True))
    pairs = _pairs_of_quarter(decision)
    rows = []
    for objective, part in PARTS.items():
        of_part = [
            pair for pair in pairs if pair.forecast.objective == objective and pair.percent is not None
        ]
        if part not in parts - other_parts or not of_part:
            continue
        rows.append(
            FactRow(
                site=decision.site,
                check=CHECK,
                part=part,
                value=mean_percent(pair.comparison for pair in of_part) or 0.0,
                taken_on=day,
                source=_source(pair.forecast.decision_id for pair in of_part),
                note=f"Mean of {len(of_part)} decisions reviewed within {QUARTER.days} days",
                provenance=worst_provenance(each for pair in of_part for each in pair.provenances),
            )
        )
    return record_facts(rows, by=by, now=now)


def _pairs_of_quarter(decision: Decision) -> list[Pair]:
    reviewed = Decision.objects.filter(
        site=decision.site,
        reviewed_at__isnull=False,
        due_on__gt=decision.due_on - QUARTER,
        due_on__lte=decision.due_on,
    ).order_by("due_on", "pk")
    return [pair for each in reviewed.prefetch_related("forecasts__outcome") for pair in pairs(each, ())]


def _source(decision_ids: Iterable[int]) -> str:
    text = SOURCE + ", ".join(f"#{pk}" for pk in sorted(decision_ids, reverse=True))
    return text if len(text) <= 200 else text[:199] + "…"


MAY_SEE = "tradeoffs.view_decision"
MAY_RECORD = "tradeoffs.add_decision"
MAY_APPROVE = "tradeoffs.approve_decision"
REVIEWED_AFTER = timedelta(days=30)
"""Operator-set default: a month of metering, and within the 100 days that p5-forecast-accuracy allows."""
LATEST_REVIEW = timedelta(days=366)


type Placing = Callable[[WorkloadClass, PlacementQuestion, datetime], Mapping[str, Any]]
"""Returns the answer of `POST /api/tradeoffs/placements/` at an instant, as JSON values."""


class OwnDecision(PermissionDenied):
    """Nobody may approve their own decision."""


def _state(decision: Decision, now: datetime) -> str:
    return decision.state if decision.reviewed_at is None else "reviewed"


DECISIONS = Workflow(
    model=Decision,
    states={
        "recorded": "waiting for approval",
        "approved": "approved",
        "rejected": "rejected",
        "withdrawn": "withdrawn",
        "reviewed": "reviewed",
    },
    state_of=_state,
    joined=("site",),
)


def place(workload: WorkloadClass, question: PlacementQuestion, now: datetime) -> dict[str, Any]:
    envelope = workloads.envelope_of(workload)
    adapter = read_facts([envelope], now=now).adapter(envelope, question)
    return frozen(weigh(adapter, question))


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
    """Record the chosen site, the alternatives, their figures, and the forecasts.

    The figures are those that `placing` returns now. Raises MissingPermission, and ValidationError by field.
    """
    require(by, MAY_RECORD)
    rationale = require_words("rationale", rationale)
    try:
        answer = placing(workload, question, now)
    except BadParameter as error:
        raise ValidationError({error.field: [error.reason]}) from error
    chosen_option = _chosen(answer, site)
    decision = _decision(workload, site, question, answer, now)
    decision.rationale, decision.decided_by = rationale, by
    decision.due_on = due_on or (now + REVIEWED_AFTER).date()
    decision.demand |= _held(chosen_option)
    _refuse_due(decision.due_on, now)
    decision.clean_fields(exclude=["workload", "site", "previous_site", "decided_by"])
    decision.save(force_insert=True)
    _forecast(decision, chosen_option, answer, now)
    return decision


def _decision(
    workload: WorkloadClass, site: Site, question: PlacementQuestion, answer: Mapping[str, Any], now: datetime
) -> Decision:
    before = _site_before(workload, question.today, now)
    return Decision(
        workload=workload,
        workload_slug=workload.slug,
        workload_name=workload.name,
        site=site,
        previous_site=before,
        previous_name=before.name if before else "",
        demand=_demand_of(workload) | {"carbon": f"carbon_{question.carbon}"},
        what_if=question.what_if.changes(),
        weights=dict(answer["weights"]),
        options=list(answer["options"]),
        sensitivity=answer.get("sensitivity") or {},
        snapshot=answer.get("snapshot") or {},
        decided_at=now,
    )


def _refuse_own(decision: Decision, by: User) -> None:
    if decision.decided_by_id == by.pk:
        raise OwnDecision(
            f"You decided this yourself: a second person with the role {roles_of(MAY_APPROVE)} must approve it."
        )


def _refuse_stranger(decision: Decision, by: User) -> None:
    if decision.decided_by_id != by.pk:
        require(by, MAY_APPROVE)


APPROVING = Turn(
    kind="Approve a decision",
    verb="Decide",
    tab="decisions",
    page="decision",
    of=lambda by, now: (
        Q(state=Decision.State.RECORDED, reviewed_at=None) & second.others("decided_by", by, now)
    ),
    subjects=subjects_by(lambda decision: decision.workload_name),
    asked_by=lambda decision: decision.decided_by,
    since="decided_at",
    joined=("site", "decided_by"),
)


@DECISIONS.step(
    after=[Decision.State.RECORDED],
    any_of=(MAY_APPROVE,),
    refuse=_refuse_own,
    second=second.first_in("decided_by", "decided_at"),
    turn=APPROVING,
)
def approve(decision: Decision, *, note: str, by: User, now: datetime) -> None:
    """Approve somebody else's decision."""
    _save_answer(decision, Decision.State.APPROVED, note, by, now)


@DECISIONS.step(after=[Decision.State.RECORDED], any_of=(MAY_APPROVE,), refuse=_refuse_own, must_say=True)
def reject(decision: Decision, *, note: str, by: User, now: datetime) -> None:
    """Reject somebody else's decision, with a reason."""
    _save_answer(decision, Decision.State.REJECTED, note, by, now)


@DECISIONS.step(
    after=[Decision.State.RECORDED, Decision.State.APPROVED],
    any_of=(MAY_APPROVE, MAY_RECORD),
    refuse=_refuse_stranger,
    must_say=True,
)
def withdraw(decision: Decision, *, note: str, by: User, now: datetime) -> None:
    """Withdraw a decision, with a reason."""
    decision.state = Decision.State.WITHDRAWN
    decision.withdrawn_by, decision.withdrawn_at, decision.withdrawal_note = by, now, note
    decision.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawal_note"])


@DECISIONS.step(
    after=[Decision.State.APPROVED, "reviewed"], any_of=(MAY_APPROVE, MAY_RECORD), words="", by_clock=True
)
def review(decision: Decision, *, by: User | None, now: datetime) -> None:
    """Record the outcome, and the forecast errors of the site as evidence. A second review changes nothing."""
    if decision.reviewed_at is not None:
        return
    if not decision.is_due(now):
        raise NotInState(f"It is reviewed on {day(decision.due_on)}; until then more data arrives.")
    forecasts = list(decision.forecasts.all())
    outcomes = realising.realised_of(decision, now)
    DecisionOutcome.objects.bulk_create(
        DecisionOutcome(forecast=forecast, unknown=why[:300], **_columns(figure))
        for forecast, (figure, why) in zip(forecasts, outcomes, strict=True)
    )
    decision.reviewed_at = now
    decision.save(update_fields=["reviewed_at"])
    write(decision, by=by, now=now)


def review_due(*, now: datetime) -> int:
    due = list(Decision.objects.due(now).order_by("due_on", "pk"))
    for decision in due:
        review(decision, by=None, now=now)
    return len(due)


def _demand_of(workload: WorkloadClass) -> dict[str, Any]:
    """Return the demand of the envelope; it is stored, so that later changes do not affect the decision."""
    envelope = workloads.envelope_of(workload)
    return {
        "accelerators": [{"type": need.type, "count": need.count} for need in envelope.accelerators],
        "it_kw": envelope.it_kw,
        "regions": [users.region for users in envelope.users],
        "percentile": envelope.latency_percentile,
    }


def _site_before(workload: WorkloadClass, slug: str, now: datetime) -> Site | None:
    placements = (
        Placement.objects.holding_on(now.date()).filter(workload_class=workload).select_related("site")
    )
    sites = [placement.site for placement in placements.order_by("site__name", "pk")]
    requested_sites = [site for site in sites if site.slug == slug]
    return next(iter([*requested_sites, *sites]), None)


def _held(chosen_option: Mapping[str, Any]) -> dict[str, Any]:
    """Return accelerators and peak power at the chosen site where they differ from the envelope."""
    accelerators = chosen_option.get("accelerators") or {}
    count = accelerators.get("count")
    counts = {} if count is None or count == accelerators.get("asked") else {"held": count}
    if chosen_option.get("power_basis", PowerBasis.DECLARED) == PowerBasis.DECLARED:
        return counts
    return counts | {"peak_kw": chosen_option["peak_power"]["value"]}


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
    decision: Decision, chosen_option: Mapping[str, Any], answer: Mapping[str, Any], now: datetime
) -> None:
    previous = _option_at(answer, decision.previous_site.slug) if decision.previous_site else None
    forecasts = [
        DecisionForecast(
            objective=name,
            direction=objective["direction"],
            before=previous["objectives"][name]["value"] if previous else None,
            **_columns_of_json(chosen_option["objectives"][name]),
        )
        for objective in answer["objectives"]
        for name in [objective["name"]]
    ]
    forecasts += [
        DecisionForecast(
            objective=name, unit=figure.unit, direction=ObjectiveDirection.MIN.value, **_columns(figure)
        )
        for name, figure in realising.expected_of_site(decision, now).items()
    ]
    for forecast in forecasts:
        forecast.decision = decision
    DecisionForecast.objects.bulk_create(forecasts)


def _columns_of_json(figure: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: figure[name] for name in ("value", "unit", "low", "high")},
        "provenance": figure["provenance"] or "",
        "as_of": figure["as_of"] and datetime.fromisoformat(figure["as_of"]),
        "source": (figure["source"] or figure.get("unknown") or "")[:500],
    }


def _columns(figure: BandedFigure) -> dict[str, Any]:
    columns = asdict(figure)
    columns.pop("unit")
    return columns | {
        "provenance": figure.provenance.value if figure.provenance else "",
        "source": figure.source[:500],
    }


def _save_answer(decision: Decision, state: Decision.State, note: str, by: User, now: datetime) -> None:
    decision.state, decision.answered_by, decision.answered_at, decision.answer_note = state, by, now, note
    decision.save(update_fields=["state", "answered_by", "answered_at", "answer_note"])


def _refuse_due(day: date, now: datetime) -> None:
    if day <= now.date():
        raise ValidationError({"due_on": ["The review must be after the day of the decision."]})
    if day > (now + LATEST_REVIEW).date():
        raise ValidationError({"due_on": [f"The review must be within {LATEST_REVIEW.days} days."]})
