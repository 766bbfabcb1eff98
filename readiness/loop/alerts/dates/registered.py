"""Duties of the register that are due, and certificates of sites that need an audit or end."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Q

from inventory.models import Site
from readiness.assessment.duties.core.register import instant_due
from readiness.assessment.duties.models import Certificate, DutyEntry
from readiness.assessment.duties.queries import counting_certificates
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.core.leads import longest_lead
from readiness.loop.alerts.dates.ahead import DateAhead
from web.links import link
from web.units import day

CHECK = "p4-regulatory-register"
_A_DAY = timedelta(days=1)


def _last_day(kind: AlertKind, now: datetime) -> date:
    """The last day that can matter: in some zones it ends a day after that of UTC."""
    return (now + longest_lead(kind)).date() + _A_DAY


def due_duties(now: datetime) -> Iterator[DateAhead]:
    """One for each duty of a register that is due soon or overdue."""
    entries = DutyEntry.objects.filter(applies=True, due_on__lte=_last_day(AlertKind.DUTY, now))
    present = entries.exclude(site__stage=Site.Stage.RETIRED).select_related("site", "duty", "owner")
    for entry in present.order_by("due_on", "pk"):
        due_at = instant_due(entry.due_on, entry.due_hour, entry.site.time_zone)
        if entry.due_on is None or due_at is None:
            continue
        owner = f"{entry.owner} answers for it" if entry.owner else "Nobody answers for it: name a team"
        yield DateAhead(
            kind=AlertKind.DUTY,
            key=str(entry.pk),
            site_id=entry.site_id,
            due_at=due_at,
            title=f"Duty {_verb(due_at, now)}: {entry.duty}"[:200],
            detail=f"Due on {day(entry.due_on)}. {owner}. File what proves that it was met.",
            url=link("duty-entry-detail", entry.pk),
            check_id=CHECK,
        )


def due_certificates(now: datetime) -> Iterator[DateAhead]:
    """One for the next surveillance and one for the end of each certificate that nobody gave up."""
    audited_until = _last_day(AlertKind.SURVEILLANCE, now)
    ends_until = _last_day(AlertKind.CERTIFICATION, now)
    near = counting_certificates(now=now).filter(
        Q(surveillance_on__lte=audited_until) | Q(expires_on__lte=ends_until)
    )
    present = near.exclude(site__stage=Site.Stage.RETIRED).select_related("site")
    for certificate in present.order_by("pk"):
        yield from _dates_of(certificate, now)


def _dates_of(certificate: Certificate, now: datetime) -> Iterator[DateAhead]:
    for kind, on, event, remedy in (
        (AlertKind.SURVEILLANCE, certificate.surveillance_on, "Surveillance", "Have it audited"),
        (AlertKind.CERTIFICATION, certificate.expires_on, "Renewal", "Have it renewed"),
    ):
        due_at = instant_due(on, certificate.due_hour, certificate.site.time_zone)
        if on is None or due_at is None:
            continue
        yield DateAhead(
            kind=kind,
            key=str(certificate.pk),
            site_id=certificate.site_id,
            due_at=due_at,
            title=f"{event} {_verb(due_at, now)}: {certificate}",
            detail=f"Due on {day(on)}. {remedy}, then enter the next date; or say that it is given up.",
            url=link("certificate-detail", certificate.pk),
            check_id=CHECK,
        )


def _verb(due_at: datetime, now: datetime) -> str:
    return "is overdue" if due_at <= now else "is due"
