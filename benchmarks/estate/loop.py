"""Findings, incidents and registers of duties of the estate."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import User
from readiness.assessment.duties.models import Certificate, DutyProfile
from readiness.assessment.duties.operations import keep_registers
from readiness.loop.actions.models import Action
from readiness.loop.findings.models import Finding, FindingEvent
from readiness.loop.incidents.models import Incident, IncidentEntry

FINDINGS_A_SITE, INCIDENTS_A_SITE = 3, 2
"""In the last year."""


def write_loop(site_ids: Sequence[int], *, by: User, now: datetime) -> None:
    _write_findings(site_ids, by=by, now=now)
    _write_incidents(site_ids, by=by, now=now)
    DutyProfile.objects.bulk_create(
        DutyProfile(site_id=site_id, it_kw=600.0, sectors=["digital"], source="Asset register")
        for site_id in site_ids
    )
    keep_registers(now=now)
    Certificate.objects.bulk_create(
        Certificate(
            site_id=site_id,
            scheme=Certificate.Scheme.ISO_50001,
            number=f"EN-{site_id}",
            scope="Energy management of the site",
            assessor="Assessor",
            issued_on=(now - timedelta(days=200)).date(),
            expires_on=(now + timedelta(days=site_id % 700 - 20)).date(),
        )
        for site_id in site_ids
    )


def _write_findings(site_ids: Sequence[int], *, by: User, now: datetime) -> None:
    findings = Finding.objects.bulk_create(
        (
            _finding(place, site_ids[place % len(site_ids)], by=by, now=now)
            for place in range(len(site_ids) * FINDINGS_A_SITE)
        ),
        batch_size=5_000,
    )
    FindingEvent.objects.bulk_create(
        (
            FindingEvent(finding=finding, kind=FindingEvent.Kind.RAISED, at=finding.raised_at, by=by)
            for finding in findings
        ),
        batch_size=5_000,
    )
    Action.objects.bulk_create(
        (
            Action(
                title=f"Draw a second feed, {finding.pk}",
                site_id=finding.site_id,
                due_on=finding.due_on + timedelta(days=30),
                effect=Action.Effect.EVIDENCE,
                added_by=by,
                added_at=finding.raised_at,
            )
            for finding in findings[::2]
        ),
        batch_size=5_000,
    )


def _finding(place: int, site_id: int, *, by: User, now: datetime) -> Finding:
    """Every third one was answered at once and closed after three days."""
    raised_at = now - timedelta(hours=8 * place % 8760)
    is_closed = place % 3 == 0
    return Finding(
        title=f"Plan {place} does not fit the feed",
        text="The plan asks for more power than the feed of the rack has.",
        site_id=site_id,
        route=(Finding.Route.TO_PLANNERS, Finding.Route.TO_OPS)[place % 2],
        subject_kind=Finding.Subject.CHECK,
        subject_key="p2-power-headroom",
        state=Finding.State.CLOSED if is_closed else Finding.State.RAISED,
        closing=Finding.Closing.EVIDENCE,
        raised_by=by,
        raised_at=raised_at,
        due_on=(raised_at + timedelta(days=14)).date(),
        first_answered_at=raised_at if is_closed else None,
        answered_by=by if is_closed else None,
        answered_at=raised_at if is_closed else None,
        closed_at=raised_at + timedelta(days=3) if is_closed else None,
        closed_because="Evidence was attached." if is_closed else "",
    )


def _write_incidents(site_ids: Sequence[int], *, by: User, now: datetime) -> None:
    incidents = Incident.objects.bulk_create(
        (
            Incident(
                site_id=site_ids[place % len(site_ids)],
                title="Half of a hall lost its cooling",
                severity=str(1 + place % 4),
                domains=["energy"],
                state=Incident.State.OVER if place % 20 else Incident.State.OPEN,
                began_at=now - timedelta(hours=4 * place % 8760 + 2),
                opened_at=now - timedelta(hours=4 * place % 8760 + 1),
                opened_by=by,
                ended_at=now - timedelta(hours=4 * place % 8760) if place % 20 else None,
                affected_kw=40.0 + place % 50,
                site_kw=120.0,
                review_state="required" if place % 20 else "",
            )
            for place in range(len(site_ids) * INCIDENTS_A_SITE)
        ),
        batch_size=5_000,
    )
    IncidentEntry.objects.bulk_create(
        (
            IncidentEntry(incident=incident, kind=kind, at=incident.began_at + timedelta(minutes=minute))
            for incident in incidents
            for minute, kind in ((60, IncidentEntry.Kind.OPENED), (90, IncidentEntry.Kind.NOTE))
        ),
        batch_size=5_000,
    )
