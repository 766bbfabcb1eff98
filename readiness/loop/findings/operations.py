"""Raise, answer, comment and close findings."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import CheckResult
from readiness.loop.actions.models import Action
from readiness.loop.actions.operations import add_action
from readiness.loop.findings import proving
from readiness.loop.findings.core.seen import SeenRefused, seen_from
from readiness.loop.findings.models import (
    OVER,
    UNSETTLED,
    Finding,
    FindingAction,
    FindingEvent,
    waits_for_answer,
)
from readiness.loop.findings.queries import closes_by_evidence
from readiness.tradeoffs.models import Decision
from web.permissions import MissingPermission
from web.workflows import Turn, Workflow, require, require_words, second
from web.workflows.waiting import subjects_by

MAY_RAISE = "findings.add_finding"
MAY_ANSWER = {
    Finding.Route.TO_PLANNERS: "findings.answer_for_planning",
    Finding.Route.TO_OPS: "findings.answer_for_operations",
    Finding.Route.TO_FRAMEWORK: "findings.answer_for_framework",
}
ANYBODY = (MAY_RAISE, *MAY_ANSWER.values())
ANSWERED_WITHIN = {
    Finding.Route.TO_PLANNERS: timedelta(days=30),
    Finding.Route.TO_OPS: timedelta(days=30),
    Finding.Route.TO_FRAMEWORK: timedelta(days=14),
}
"""Operator-set defaults: the pass limit of p5-ops-planner-loop; a wrong check misleads every site in the meantime."""
LONGEST_DEFERRAL = timedelta(days=366)
State, Event = Finding.State, FindingEvent.Kind

FINDINGS = Workflow(
    model=Finding,
    states=dict(State.choices),
    joined=("site",),
    refusal="The finding is {state}, so this is no longer possible.",
)


def answerable(by: Any, now: datetime) -> Q:
    """A condition for the findings of others that wait for an answer of this user."""
    routes = [route for route, permission in MAY_ANSWER.items() if by.has_perm(permission)]
    return waits_for_answer(now) & Q(route__in=routes) & second.others("raised_by", by, now)


ANSWERING = Turn(
    kind="Answer a finding",
    verb="Answer",
    tab="finding-list",
    page="finding-detail",
    of=answerable,
    subjects=subjects_by(str),
    asked_by=lambda finding: finding.raised_by,
    since="raised_at",
    due="due_on",
    joined=("site", "raised_by"),
)


@transaction.atomic
def raise_finding(
    *,
    title: str,
    text: str,
    route: str,
    subject_kind: str,
    closing: str,
    subject_key: str = "",
    site: Site | None = None,
    seen: Mapping[str, Any] | None = None,
    check_id: str = "",
    decision: Decision | None = None,
    by: User,
    now: datetime,
) -> Finding:
    """Raise a finding; without a site it is of the whole fleet. `seen` has the names of `core.seen.SeenThing`.

    Raises MissingPermission, and ValidationError by field: among others for a check that passes already.
    """
    require(by, MAY_RAISE)
    finding = Finding(
        title=title.strip(),
        text=text.strip(),
        route=route,
        subject_kind=subject_kind,
        subject_key=subject_key.strip(),
        site=site,
        seen=_frozen_seen(seen or {}),
        closing=closing,
        check_id=check_id if closing == Finding.Closing.CHECK else "",
        decision=decision,
        raised_by=by,
        raised_at=now,
    )
    _refuse_wrong(finding)
    finding.due_on = (now + ANSWERED_WITHIN[Finding.Route(route)]).date()
    finding.save(force_insert=True)
    note(finding, Event.RAISED, by=by, now=now)
    return finding


def _frozen_seen(seen: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return seen_from(seen).json_fields()
    except SeenRefused as error:
        raise ValidationError({"seen": [str(error)]}) from error


def _refuse_wrong(finding: Finding) -> None:
    finding.clean_fields(exclude=["raised_by", "answered_by", "site", "decision", "due_on"])
    require_words("text", finding.text)
    if finding.closing == Finding.Closing.DECISION:
        _refuse_over(finding.decision)
    if finding.closing != Finding.Closing.CHECK:
        return
    if finding.site is None:
        raise ValidationError({"site": ["A check passes at a site: name one."]})
    _version, framework = framework_queries.current()
    if finding.check_id not in framework.checks_by_id:
        text = f"{framework.version} has no check {finding.check_id[:64]}."
        raise ValidationError({"check_id": [text if finding.check_id else "Choose a check."]})
    if is_passing(finding.site.pk, finding.check_id):
        text = "It passes at this site now, so it would show nothing: choose what else closes the finding."
        raise ValidationError({"check_id": [text]})


def _refuse_over(decision: Decision | None) -> None:
    if decision is None:
        raise ValidationError({"decision": ["Choose the decision whose figure comes in."]})
    if decision.reviewed_at is not None or decision.state in OVER:
        raise ValidationError({"decision": ["No figure of this decision is to come: choose another one."]})


def is_passing(site_id: int, check_id: str) -> bool:
    return CheckResult.objects.filter(site=site_id, check_id=check_id, measured_state="pass").exists()


def _refuse_other_side(finding: Finding, by: User) -> None:
    permission = MAY_ANSWER[Finding.Route(finding.route)]
    if not by.has_perm(permission):
        raise MissingPermission([permission])


# Who raised it would otherwise answer for the other side, and make the figures of the loop alone.
SECOND = second.first_in("raised_by", "raised_at")
ANSWERABLE = (State.RAISED, State.REOPENED, State.DEFERRED, State.REJECTED)


@FINDINGS.step(
    after=ANSWERABLE,
    any_of=tuple(MAY_ANSWER.values()),
    refuse=_refuse_other_side,
    second=SECOND,
    words="reason",
    turn=ANSWERING,
)
def accept(finding: Finding, *, reason: str, by: User, now: datetime) -> None:
    """Accept a finding: it stays until what closes it has happened."""
    _record_answer(finding, State.ACCEPTED, Event.ACCEPTED, reason, by, now)


@FINDINGS.step(
    after=(State.RAISED, State.REOPENED, State.DEFERRED, State.ACCEPTED),
    any_of=tuple(MAY_ANSWER.values()),
    refuse=_refuse_other_side,
    second=SECOND,
    words="reason",
    must_say=True,
)
def reject(finding: Finding, *, reason: str, by: User, now: datetime) -> None:
    """Reject a finding, with a reason."""
    _record_answer(finding, State.REJECTED, Event.REJECTED, reason, by, now)


@FINDINGS.step(
    after=(State.RAISED, State.REOPENED, State.DEFERRED, State.ACCEPTED),
    any_of=tuple(MAY_ANSWER.values()),
    refuse=_refuse_other_side,
    second=SECOND,
    words="reason",
    must_say=True,
    fields=("until",),
)
def defer(finding: Finding, *, reason: str, until: date, by: User, now: datetime) -> None:
    """Defer a finding until a day, with a reason; then it waits for an answer again."""
    if not now.date() < until <= (now + LONGEST_DEFERRAL).date():
        raise ValidationError({"until": ["Enter a day after today, within a year."]})
    finding.deferred_until = until
    _record_answer(finding, State.DEFERRED, Event.DEFERRED, reason, by, now)


def _record_answer(
    finding: Finding, state: Finding.State, event: FindingEvent.Kind, reason: str, by: User, now: datetime
) -> None:
    finding.state, finding.reason = state, reason
    finding.answered_by, finding.answered_at = by, now
    finding.first_answered_at = finding.first_answered_at or now
    if state != State.DEFERRED:
        finding.deferred_until = None
    finding.save()
    note(finding, event, by=by, now=now, text=reason)
    prove_site(finding, now=now)


@FINDINGS.step(after=tuple(State), any_of=ANYBODY, words="text", must_say=True)
def comment(finding: Finding, *, text: str, by: User, now: datetime) -> None:
    """Write into the thread of a finding."""
    note(finding, Event.COMMENTED, by=by, now=now, text=text)


@FINDINGS.step(after=UNSETTLED, any_of=ANYBODY, words="evidence", must_say=True, longest=500)
def attach_finding_evidence(finding: Finding, *, evidence: str, by: User, now: datetime) -> None:
    """Attach evidence: an address, or where it is kept. It closes an accepted finding that asks for it."""
    finding.evidence = evidence
    finding.save()
    note(finding, Event.EVIDENCE, by=by, now=now, text=evidence)
    if Finding.objects.filter(closes_by_evidence(), pk=finding.pk, state=State.ACCEPTED).exists():
        close(finding, because="Evidence is attached.", now=now)


@FINDINGS.step(
    after=UNSETTLED,
    any_of=tuple(MAY_ANSWER.values()),
    refuse=_refuse_other_side,
    words="",
    fields=("decision",),
)
def take_up(finding: Finding, *, decision: Decision, by: User, now: datetime) -> None:
    """Name the decision that takes a finding up."""
    finding.decision = decision
    finding.save()
    note(finding, Event.CITED, by=by, now=now, text=f"Decision {decision.pk}: {decision}")
    prove_site(finding, now=now)


@FINDINGS.step(after=(State.CLOSED,), any_of=ANYBODY, words="reason", must_say=True)
def reopen(finding: Finding, *, reason: str, by: User, now: datetime) -> None:
    """Open a closed finding again, with a reason."""
    is_by_check = finding.closing == Finding.Closing.CHECK
    if is_by_check and finding.site is not None and is_passing(finding.site.pk, finding.check_id):
        raise ValidationError("Its check still passes, so it would close again: raise another finding.")
    open_again(finding, because=reason, by=by, now=now)


@transaction.atomic
def add_finding_action(finding: Finding, *, by: User, now: datetime, **values: Any) -> Action:
    """Add an action at the finding's site. `values` are those of `actions.operations.add_action`."""
    require(by, *ANYBODY)
    locked = FINDINGS.locked(finding)
    FINDINGS.refuse_unless(locked, UNSETTLED, now)
    action = add_action(site=locked.site, **values, by=by, now=now)
    FindingAction.objects.create(finding=locked, action=action)
    note(locked, Event.ACTION, by=by, now=now, text=action.title)
    return action


def prove_site(finding: Finding, *, now: datetime) -> None:
    """Write the figures of the loop that an answer has moved."""
    if finding.site_id is not None:
        proving.prove(site_ids=[finding.site_id], now=now)


def close(finding: Finding, *, because: str, now: datetime) -> None:
    """Close a locked finding because what it asked for has happened."""
    finding.state, finding.closed_at, finding.closed_because = State.CLOSED, now, because[:300]
    finding.save()
    note(finding, Event.CLOSED, by=None, now=now, text=because)


def open_again(finding: Finding, *, because: str, by: User | None, now: datetime) -> None:
    """Open a locked finding again; it waits for an answer as a new one does, and for evidence newer than that in its
    thread."""
    finding.state, finding.reopened_at, finding.closed_because = State.REOPENED, now, ""
    finding.evidence = ""
    finding.due_on = (now + ANSWERED_WITHIN[Finding.Route(finding.route)]).date()
    finding.save()
    note(finding, Event.REOPENED, by=by, now=now, text=because)


def note(
    finding: Finding, kind: FindingEvent.Kind, *, by: User | None, now: datetime, text: str = ""
) -> None:
    FindingEvent.objects.create(finding=finding, kind=kind, at=now, by=by, text=text[:2000])
