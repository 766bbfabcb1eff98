"""Incidents for lists, their timeline, what they are compared with, and what other pages tell of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from readiness.loop.actions.models import Action
from readiness.loop.incidents.core.rules import REPEATS_WITHIN, PastIncident
from readiness.loop.incidents.models import (
    Incident,
    IncidentAction,
    IncidentAlert,
    IncidentEntry,
    IncidentEscape,
)
from web.links import link
from web.timeline import TimelineEvent

MAY_SEE = "incidents.view_incident"
MOST_EVENTS = 1000
MOST_OPEN = 3
PEOPLE = ("opened_by", "reviewed_by", "lead__user", "communications__user", "scribe__user")


def unsettled() -> Q:
    """A condition for actions that are open, or whose effect nobody has seen yet."""
    return Q(action__state=Action.State.OPEN) | Q(action__state=Action.State.DONE, action__observed_at=None)


def incidents() -> QuerySet[Incident]:
    """Incidents with the numbers of their alerts, escapes, and actions that are open or whose effect nobody
    has seen."""

    def number_of(rows: QuerySet[Any]) -> Coalesce:
        numbers = rows.filter(incident=OuterRef("pk")).order_by().values("incident").annotate(n=Count("pk"))
        return Coalesce(Subquery(numbers.values("n")), 0)

    return Incident.objects.select_related("site", "repeats", *PEOPLE).annotate(
        alert_count=number_of(IncidentAlert.objects.all()),
        escape_count=number_of(IncidentEscape.objects.all()),
        open_actions=number_of(IncidentAction.objects.filter(unsettled())),
    )


def counts() -> dict[str, int]:
    """The figures above the list; one statement."""
    unsettled_actions = IncidentAction.objects.filter(unsettled(), incident=OuterRef("pk"))
    return Incident.objects.annotate(is_unsettled=Exists(unsettled_actions)).aggregate(
        under_way=Count("pk", filter=Q(ended_at=None)),
        to_review=Count("pk", filter=Q(review_state="required")),
        with_actions=Count("pk", filter=Q(is_unsettled=True)),
        repeats=Count("pk", filter=Q(repeats__isnull=False)),
    )


def is_settled(incident: Incident) -> bool:
    return not IncidentAction.objects.filter(unsettled(), incident=incident).exists()


def past_incidents(incident: Incident) -> tuple[PastIncident, list[PastIncident]]:
    """The incident, and those of its site that ended within REPEATS_WITHIN before it began; two statements."""
    earlier_incidents = Incident.objects.filter(
        site=incident.site_id,
        ended_at__gte=incident.began_at - REPEATS_WITHIN,
        ended_at__lte=incident.began_at,
    ).exclude(pk=incident.pk)
    others = list(earlier_incidents)
    alerts: dict[int, list[tuple[str, str]]] = {}
    rows = IncidentAlert.objects.filter(incident__in=[incident.pk, *(other.pk for other in others)])
    for incident_id, key, check_id in rows.values_list("incident_id", "alert__key", "alert__check_id"):
        alerts.setdefault(incident_id, []).append((key, check_id))
    return _past(incident, alerts), [_past(other, alerts) for other in others]


def _past(incident: Incident, alerts: dict[int, list[tuple[str, str]]]) -> PastIncident:
    own_alerts = alerts.get(incident.pk, [])
    return PastIncident(
        id=incident.pk,
        began_at=incident.began_at,
        ended_at=incident.ended_at,
        keys=frozenset(key for key, _check_id in own_alerts),
        checks=frozenset(check_id for _key, check_id in own_alerts if check_id),
        cause_key=incident.cause_key,
    )


def later_incidents(incident: Incident) -> list[Incident]:
    """The incidents that may repeat one that is over."""
    if incident.ended_at is None:
        return []
    following_incidents = Incident.objects.filter(
        site=incident.site_id, began_at__range=(incident.ended_at, incident.ended_at + REPEATS_WITHIN)
    )
    return list(following_incidents.exclude(pk=incident.pk).order_by("pk"))


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One line of the timeline of an incident. `by` is None where Muster wrote it."""

    at: datetime
    kind: str
    text: str
    by: User | None = None
    url: str = ""


def incident_lines(incident: Incident) -> list[IncidentLine]:
    """Entries of people and of Muster, and the end of each alert, in the order of time; two statements."""
    entries = IncidentEntry.objects.filter(incident=incident).select_related("by")
    lines = [
        IncidentLine(each.at, str(each.get_kind_display()), each.text, each.by, each.url) for each in entries
    ]  # type: ignore[attr-defined]
    ended_alerts = IncidentAlert.objects.filter(incident=incident, alert__ended_at__isnull=False)
    lines += [
        IncidentLine(each.alert.ended_at, "Alert ended", each.alert.title, url=link("alert", each.alert_id))
        for each in ended_alerts.select_related("alert")
        if each.alert.ended_at is not None
    ]
    return sorted(lines, key=lambda line: line.at)


def joined_alerts(incident: Incident) -> Sequence[IncidentAlert]:
    rows = IncidentAlert.objects.filter(incident=incident).select_related("alert", "joined_by")
    return list(rows.order_by("alert__began_at", "pk"))


def actions_of(incident: Incident) -> list[Action]:
    actions = Action.objects.filter(incident_link__incident=incident)
    return list(
        actions.select_related("owner__user", "team", "site").order_by(F("due_on").asc(nulls_last=True), "pk")
    )


def open_incidents_at(site_id: int) -> list[Incident]:
    """The incidents under way at a site, the most severe first; MOST_OPEN at most."""
    under_way = Incident.objects.open().filter(site=site_id)
    return list(under_way.order_by("severity", "-began_at", "-pk")[:MOST_OPEN])


def events_between(
    start: datetime,
    end: datetime,
    *,
    sites: Collection[int] | None = None,
    user: Any,
    limit: int = MOST_EVENTS,
) -> Iterator[TimelineEvent]:
    """Incidents that were under way in this time, the newest first, `limit` at most."""
    if not user.has_perm(MAY_SEE):
        return
    rows = Incident.objects.filter(Q(ended_at=None) | Q(ended_at__gte=start), began_at__lt=end)
    if sites is not None:
        rows = rows.filter(site__in=sites)
    for incident in rows.order_by("-began_at", "-pk")[:limit]:
        yield TimelineEvent(
            kind="incident",
            at=incident.began_at,
            ends_at=incident.ended_at,
            title=f"Incident of severity {incident.severity}: {incident.title}",
            url=link("incident-detail", incident.pk),
            site_id=incident.site_id,
            subject=("incident", str(incident.pk)),
        )
