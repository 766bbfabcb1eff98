"""Moments of records that the timeline and charts read: each source gives its newest before an instant."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.text import capfirst

from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.queries.rows import flip_row
from readiness.assessment.standards.models import DeviationWaiver, StandardVersion
from readiness.boards.events import sentences
from readiness.boards.events.marks import EventKind
from readiness.boards.health.sentences import FlipLine
from readiness.demand.jurisdiction.models import RulePack
from readiness.loop.actions.queries import events_between as action_events
from readiness.loop.alerts.models import Alert, MaintenanceWindow, Silence
from readiness.loop.findings.queries import events_between as finding_events
from readiness.loop.incidents.queries import events_between as incident_events
from readiness.loop.lessons.queries import events_between as lesson_events
from readiness.organisation.ownership.models import Assignment
from readiness.tradeoffs.models import Decision
from web.links import page_url
from web.timeline import TimelineEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSpan:
    """From `start` up to, but not including, `end`; of these sites, None for all that the user sees. `check_id` leaves
    what is of that check alone, and `limit` is how many events each source reads."""

    start: datetime
    end: datetime
    user: Any
    sites: Collection[int] | None = None
    check_id: str = ""
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """Rows with an instant `at`. `site` names their site, "" for what is of the fleet, `check` the field with the id of
    their check. `title` says a row in words, before the name of its check with `names_check`."""

    kind: EventKind
    permission: str
    rows: Callable[[], QuerySet[Any]]
    at: str
    title: Callable[[Any], str]
    url: Callable[[Any], str] = lambda row: page_url(row) or ""
    site: str = "site"
    check: str = ""
    names_check: bool = False

    def events(self, span: EventSpan) -> list[TimelineEvent]:
        if not span.user.has_perm(self.permission):
            return []
        if (span.sites is not None and not self.site) or (span.check_id and not self.check):
            return []
        rows = self.rows().filter(**{f"{self.at}__gte": span.start, f"{self.at}__lt": span.end})
        if span.sites is not None:
            rows = rows.filter(**{f"{self.site}__in": span.sites})
        if span.check_id:
            rows = rows.filter(**{self.check: span.check_id})
        newest = list(rows.order_by(f"-{self.at}", "-pk")[: span.limit])
        checks = framework_queries.current()[1].checks_by_id if self.names_check and newest else {}
        return [self._event(row, checks) for row in newest]

    def _event(self, row: Any, checks: Mapping[str, Check]) -> TimelineEvent:
        check_id = getattr(row, self.check) if self.check else ""
        title = self.title(row)
        if self.names_check:
            title += f": {checks[check_id].name if check_id in checks else check_id}"
        return TimelineEvent(
            kind=self.kind.value,
            at=getattr(row, self.at),
            title=title,
            url=self.url(row),
            site_id=getattr(row, f"{self.site}_id") if self.site else None,
            subject=("check", check_id) if check_id else ("", ""),
        )


def _grant_words(verb: Callable[[Grant], str]) -> Callable[[Grant], str]:
    return lambda grant: f"{grant.get_kind_display()} {verb(grant)}"


def _grants(**conditions: Any) -> Callable[[], QuerySet[Grant]]:
    return lambda: Grant.objects.filter(**conditions)


def _decision_words(decision: Decision) -> str:
    return f"Decision: {decision.workload_name} at {decision.site}"


def _assignments(**conditions: Any) -> Callable[[], QuerySet[Assignment]]:
    return lambda: Assignment.objects.filter(**conditions)


_ALERT: dict[str, Any] = {"kind": EventKind.ALERT, "permission": "alerts.view_alert", "check": "check_id"}
_WAIVER: dict[str, Any] = {
    "kind": EventKind.WAIVER,
    "permission": "grants.view_grant",
    "check": "check_id",
    "names_check": True,
}
_OWNER: dict[str, Any] = {"kind": EventKind.HANDOVER, "permission": "ownership.view_assignment"}
_DECISION: dict[str, Any] = {
    "kind": EventKind.DECISION,
    "permission": "tradeoffs.view_decision",
    "title": _decision_words,
}
SOURCES: tuple[EventSource, ...] = (
    EventSource(**_ALERT, rows=Alert.objects.all, at="raised_at", title=lambda row: f"Alert: {row.title}"),
    EventSource(
        **_ALERT,
        rows=lambda: Alert.objects.filter(ended_at__isnull=False),
        at="ended_at",
        title=lambda row: f"Alert over: {row.title}",
    ),
    EventSource(
        **_WAIVER,
        rows=_grants(decided_at__isnull=False),
        at="decided_at",
        title=_grant_words(lambda row: "denied" if row.state == Grant.State.DENIED else "approved"),
    ),
    EventSource(
        **_WAIVER,
        rows=_grants(state=Grant.State.APPROVED),
        at="ends_at",
        title=_grant_words(lambda row: "ended"),
    ),
    EventSource(
        **_WAIVER,
        rows=_grants(revoked_at__isnull=False),
        at="revoked_at",
        title=_grant_words(lambda row: "revoked"),
    ),
    EventSource(
        **_OWNER,
        rows=_assignments(confirmed_at__isnull=False),
        at="answered_at",
        title=lambda row: f"Owner accepted: {row.get_item_display()}",
    ),
    EventSource(
        **_OWNER,
        rows=_assignments(confirmed_at__isnull=False, ended_at__isnull=False),
        at="ended_at",
        title=lambda row: f"Owner ended: {row.get_item_display()}",
    ),
    EventSource(**_DECISION, rows=lambda: Decision.objects.select_related("site"), at="decided_at"),
    EventSource(
        kind=EventKind.VERSION,
        permission="framework.view_frameworkversion",
        rows=lambda: FrameworkVersion.objects.filter(published_at__isnull=False).defer("definition"),
        at="published_at",
        title=lambda row: f"Framework {row.version} published: {row.title}",
        site="",
    ),
    EventSource(
        kind=EventKind.VERSION,
        permission="standards.view_standard",
        rows=lambda: StandardVersion.objects.filter(published_at__isnull=False).select_related("standard"),
        at="published_at",
        title=lambda row: f"Standard {row.standard} in force: version {row.version}",
        url=lambda row: page_url(row.standard) or "",
        site="",
    ),
    EventSource(
        kind=EventKind.WAIVER,
        permission="standards.view_deviationwaiver",
        rows=lambda: DeviationWaiver.objects.filter(decided_at__isnull=False).select_related("standard"),
        at="decided_at",
        title=lambda row: f"Deviation from {row.standard}: {row.get_state_display().lower()}",
    ),
    EventSource(
        kind=EventKind.VERSION,
        permission="jurisdiction.view_rulepack",
        rows=lambda: RulePack.objects.filter(published_at__isnull=False),
        at="published_at",
        title=lambda row: f"Rules {row.version} published: {row.title}",
        site="",
    ),
)
HELD: tuple[EventSource, ...] = (
    EventSource(
        kind=EventKind.WINDOW,
        permission="alerts.view_maintenancewindow",
        rows=MaintenanceWindow.objects.all,
        at="starts_at",
        title=lambda row: f"Maintenance: {row.name}",
    ),
    EventSource(
        kind=EventKind.SILENCE,
        permission="alerts.view_silence",
        rows=Silence.objects.all,
        at="starts_at",
        title=lambda row: f"Silence: {row.reason}",
        check="check_id",
    ),
)
"""Their beginnings, for the timeline; charts draw each occurrence from beginning to end."""
RUNS = EventSource(
    kind=EventKind.RUN,
    permission="evidence.view_validationrun",
    rows=ValidationRun.objects.all,
    at="taken_at",
    title=lambda row: capfirst(sentences.run_title(row)),
)
type RoomReader = Callable[..., Iterator[TimelineEvent]]
ROOMS: tuple[tuple[EventKind, RoomReader], ...] = (
    (EventKind.INCIDENT, incident_events),
    (EventKind.LESSON, lesson_events),
    (EventKind.FINDING, finding_events),
    (EventKind.ACTION, action_events),
)
"""`events_between` of the rooms that tell of their records themselves."""
FLIP_KINDS = (EventKind.VERDICT, EventKind.CHECK, EventKind.HEALTH)


def flip_events(span: EventSpan, kinds: Collection[EventKind]) -> Iterator[TimelineEvent]:
    subjects = [kind.value for kind in FLIP_KINDS if kind in kinds]
    if not subjects or not span.user.has_perm("scoring.view_flip"):
        return
    _version, framework = framework_queries.current()
    flips = Flip.objects.filter(at__gte=span.start, at__lt=span.end, subject__in=subjects)
    if span.sites is not None:
        flips = flips.filter(site__in=span.sites)
    if span.check_id:
        flips = flips.filter(Q(subject="check", key=span.check_id))
    for flip in flips.select_related("site").order_by("-at", "-pk")[: span.limit]:
        line = FlipLine(*flip_row(flip, framework))
        yield TimelineEvent(
            kind=flip.subject,
            at=flip.at,
            title=sentences.flip_title(line),
            url=line.url,
            site_id=flip.site_id,
            subject=("check", flip.key) if flip.subject == "check" else ("", ""),
        )


def room_events(read: RoomReader, span: EventSpan) -> list[TimelineEvent]:
    """Rooms also tell what began earlier and lasts: here it belongs to its beginning."""
    # They know nothing of checks, so all that there is has to be looked through for one.
    limit = {} if span.check_id else {"limit": span.limit}
    events = [
        event
        for event in read(span.start, span.end, sites=span.sites, user=span.user, **limit)
        if event.at >= span.start and (not span.check_id or event.subject == ("check", span.check_id))
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)
