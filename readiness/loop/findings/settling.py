"""Close findings whose check passes or whose figure came in, and open those again whose check fails."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import CheckResult
from readiness.loop.actions.operations import observe_effects
from readiness.loop.findings import operations
from readiness.loop.findings.models import FAILS_WITHIN, Finding, FindingQuerySet
from readiness.loop.findings.queries import closes_by_evidence
from readiness.tradeoffs.models import DecisionOutcome

State, Closing = Finding.State, Finding.Closing


@transaction.atomic
def settle(*, now: datetime) -> list[Finding]:
    """Take every step that the present results call for; returns the findings that moved. Three statements where none
    does. Two workers never take the same finding."""
    observe_effects(now=now)
    moved_findings = [*_answered_findings(now), *_failing_findings(now)]
    for finding in moved_findings:
        if finding.state == State.CLOSED:
            because = f"{_check_name(finding)} fails at {finding.site}."
            operations.open_again(finding, because=because, by=None, now=now)
        else:
            operations.close(finding, because=_reason_to_close(finding), now=now)
    return moved_findings


def _results(state: str) -> Exists:
    results = CheckResult.objects.filter(site=OuterRef("site"), check_id=OuterRef("check_id"))
    return Exists(results.filter(measured_state=state))


def _answered_findings(now: datetime) -> list[Finding]:
    """Accepted findings that close, with `check_passes` and `figure_came_in` as the reason."""
    # The figures of a finding that was opened again after them have not mended it.
    since = Coalesce(OuterRef("reopened_at"), OuterRef("raised_at"))
    outcomes = DecisionOutcome.objects.filter(
        forecast__decision=OuterRef("decision"),
        value__isnull=False,
        forecast__decision__reviewed_at__lte=now,
        forecast__decision__reviewed_at__gte=since,
    )
    happened = (
        Q(closing=Closing.CHECK, check_passes=True)
        | Q(closing=Closing.DECISION, figure_came_in=True)
        | closes_by_evidence() & ~Q(evidence="")
    )
    findings = Finding.objects.annotate(check_passes=_results("pass"), figure_came_in=Exists(outcomes))
    return _locked(findings.filter(happened, state=State.ACCEPTED, answered_at__lte=now))


def _failing_findings(now: datetime) -> list[Finding]:
    closed_lately = Finding.objects.filter(
        state=State.CLOSED, closing=Closing.CHECK, closed_at__lt=now, closed_at__gte=now - FAILS_WITHIN
    )
    return _locked(closed_lately.filter(_results("fail")))


def _locked(findings: FindingQuerySet) -> list[Finding]:
    rows = findings.select_for_update(of=("self",), skip_locked=True)
    return list(rows.select_related("site", "decision").order_by("pk"))


def _reason_to_close(finding: Any) -> str:
    if finding.closing == Closing.CHECK and finding.check_passes:
        return f"{_check_name(finding)} passes at {finding.site}."
    if finding.closing == Closing.DECISION and finding.figure_came_in:
        return f"The figure of decision {finding.decision_id} came in."
    return "Evidence is attached."


def _check_name(finding: Finding) -> str:
    check = framework_queries.current()[1].checks_by_id.get(finding.check_id)
    return check.name if check else finding.check_id
