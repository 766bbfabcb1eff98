"""Write what sites learn from their incidents as facts of the check p5-incident-learning.

Only sites with an incident on record have such facts; at the others the check goes on resting on attestations. They
are written when a figure changes, once a week, and whenever an attestation is newer, so that records outweigh it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from inventory.models import Site
from readiness.assessment.evidence.models import Attestation, RecordedFact
from readiness.assessment.evidence.operations.records import FactRow, record_facts
from readiness.assessment.framework import queries as framework_queries
from readiness.loop.actions.models import Action
from readiness.loop.incidents.core.learning import WINDOW, ActionRecord, IncidentRecord, Learning, learning
from readiness.loop.incidents.core.rules import IncidentSeverity, review_due_on
from readiness.loop.incidents.models import Incident, IncidentAction

CHECK = "p5-incident-learning"
SOURCE = "Incidents of the site"
WRITTEN_AGAIN = timedelta(days=7)
PARTS: Mapping[str, str] = {
    "reviews-in-time": "reviews_in_time",
    "actions-owned": "actions_owned",
    "actions-on-time": "actions_on_time",
    "repeats": "repeats",
}
"""Sub-measures of the check, and the figure of each."""


def learning_of(site_ids: Collection[int] | None = None, *, now: datetime) -> dict[Site, Learning]:
    """The figures of each site with an incident on record; three statements."""
    of_sites = Q() if site_ids is None else Q(pk__in=site_ids)
    sites = Site.objects.filter(of_sites, incidents__isnull=False).exclude(stage=Site.Stage.RETIRED)
    by_id = {site.pk: site for site in sites.distinct().order_by("pk")}
    ended_incidents = Incident.objects.filter(site__in=by_id, ended_at__gte=now - WINDOW, ended_at__lte=now)
    incidents: dict[int, list[IncidentRecord]] = defaultdict(list)
    for incident in ended_incidents:
        incidents[incident.site_id].append(_incident_record(incident, by_id[incident.site_id]))
    actions = _actions(by_id, now)
    return {
        site: learning(incidents[pk], actions[pk], now=now, today=_day(site, now))
        for pk, site in by_id.items()
    }


def _incident_record(incident: Incident, site: Site) -> IncidentRecord:
    assert incident.ended_at is not None
    return IncidentRecord(
        severity=IncidentSeverity(incident.severity),
        ended_at=incident.ended_at,
        review_due_on=incident.review_due_on or review_due_on(_day(site, incident.ended_at)),
        reviewed_on=_day(site, incident.reviewed_at) if incident.reviewed_at else None,
        is_repeat=incident.repeats_id is not None,
    )


def _actions(sites: Mapping[int, Site], now: datetime) -> dict[int, list[ActionRecord]]:
    """Actions of incidents that ended in the window, and those that are due in it, but for dropped ones."""
    first_day = now - WINDOW
    links = IncidentAction.objects.filter(
        Q(incident__ended_at__gte=first_day) | Q(action__due_on__gte=first_day.date()),
        incident__site__in=sites,
    ).exclude(action__state=Action.State.DROPPED)
    actions: dict[int, list[ActionRecord]] = defaultdict(list)
    for each in links.select_related("action", "incident").order_by("pk"):
        site = sites[each.incident.site_id]
        action = each.action
        closed_at = action.ended_at if action.observed_at is not None else None
        actions[site.pk].append(
            ActionRecord(
                has_owner=action.owner_id is not None or action.team_id is not None,
                due_on=action.due_on,
                closed_on=_day(site, closed_at) if closed_at else None,
            )
        )
    return actions


def _day(site: Site, at: datetime) -> date:
    return at.astimezone(ZoneInfo(site.time_zone)).date()


@transaction.atomic
def write_learning(site_ids: Collection[int] | None = None, *, now: datetime) -> int:
    """Write the facts that are due; returns their number. A value that somebody else entered for the day stays."""
    _version, framework = framework_queries.current()
    check = framework.checks_by_id.get(CHECK)
    figures = learning_of(site_ids, now=now)
    if check is None or not figures:
        return 0
    parts = [part.id for part in check.parts if part.id in PARTS]
    newest = _newest_facts(figures)
    attested_at = _attested_at(figures)
    rows = []
    for site, of_site in figures.items():
        today = _day(site, now)
        for part in parts:
            value = float(getattr(of_site, PARTS[part]))
            fact = newest.get((site.pk, part))
            if fact is not None and fact.taken_on >= today and not fact.source.startswith(SOURCE):
                continue
            if fact is None or _is_due(fact, value, today, attested_at.get(site.pk)):
                rows.append(
                    FactRow(site=site, check=CHECK, part=part, value=value, taken_on=today, source=SOURCE)
                )
    return len(record_facts(rows, by=None, now=now)) if rows else 0


def _is_due(fact: RecordedFact, value: float, today: date, attested_at: datetime | None) -> bool:
    is_old = today - fact.taken_on >= WRITTEN_AGAIN or not fact.source.startswith(SOURCE)
    is_outweighed = attested_at is not None and attested_at >= fact.taken_at and fact.taken_on < today
    return fact.value != value or is_old or is_outweighed


def _newest_facts(sites: Collection[Site]) -> dict[tuple[int, str], RecordedFact]:
    facts = RecordedFact.objects.filter(site__in=sites, check_id=CHECK, part__in=PARTS, voided_at=None)
    newest = facts.order_by("site_id", "part", "-taken_on", "-pk").distinct("site_id", "part")
    return {(fact.site_id, fact.part): fact for fact in newest}


def _attested_at(sites: Collection[Site]) -> dict[int, datetime]:
    attested = Attestation.objects.filter(site__in=sites, check_id=CHECK).order_by("taken_at")
    return dict(attested.values_list("site_id", "taken_at"))
