"""Findings for lists, pages and the timeline."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from readiness.assessment.framework import queries as framework_queries
from readiness.loop.findings.models import (
    OVER,
    UNSETTLED,
    Finding,
    FindingEvent,
    JointReview,
    waits_for_answer,
)
from web.links import link, page_url
from web.timeline import TimelineEvent

MAY_SEE = "findings.view_finding"
MOST_EVENTS = 1000
TOLD = (
    FindingEvent.Kind.RAISED,
    FindingEvent.Kind.ACCEPTED,
    FindingEvent.Kind.REJECTED,
    FindingEvent.Kind.DEFERRED,
    FindingEvent.Kind.CLOSED,
    FindingEvent.Kind.REOPENED,
)


def finding_url(
    subject_kind: str, subject_key: object, site: Any = None, seen: Mapping[str, Any] | None = None
) -> str:
    """The address of "Raise a finding" about something; `site` is a site or its slug, and `seen` has the names of
    `core.seen.SeenThing`."""
    slug = getattr(site, "slug", site)
    query = {
        "subject_kind": subject_kind,
        "subject_key": subject_key,
        "site": slug,
        "seen": json.dumps(seen) if seen else "",
    }
    return link("finding-add", **{name: value for name, value in query.items() if value not in (None, "")})


def findings() -> QuerySet[Finding]:
    """Leave out the options of decisions: they are as large as the fleet, and no page of findings shows them."""
    rows = Finding.objects.select_related("site", "decision__site", "raised_by", "answered_by")
    return rows.defer("decision__options", "decision__snapshot", "decision__sensitivity")


def closes_by_evidence() -> Q:
    """A condition for the findings that evidence closes: those that ask for it, and those that nothing else can close,
    since no figure of their decision is to come or the framework has no such check any more."""
    is_over = Q(decision=None) | Q(decision__reviewed_at__isnull=False) | Q(decision__state__in=OVER)
    checks = list(framework_queries.current()[1].checks_by_id)
    return (
        Q(closing=Finding.Closing.EVIDENCE)
        | Q(is_over, closing=Finding.Closing.DECISION)
        | Q(closing=Finding.Closing.CHECK) & ~Q(check_id__in=checks)
    )


def findings_about(subject_kind: str, subject_key: object) -> QuerySet[Finding]:
    return findings().filter(subject_kind=subject_kind, subject_key=str(subject_key))


def joint_reviews() -> QuerySet[JointReview]:
    return JointReview.objects.select_related("site", "opened_by", "ended_by").annotate(
        finding_count=Count("items")
    )


def counts(now: datetime) -> dict[str, int]:
    return Finding.objects.aggregate(
        waiting=Count("pk", filter=waits_for_answer(now)),
        late=Count("pk", filter=waits_for_answer(now) & Q(due_on__lt=now.date())),
        accepted=Count("pk", filter=Q(state=Finding.State.ACCEPTED)),
        unsettled=Count("pk", filter=Q(state__in=UNSETTLED)),
    )


def add_thread(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    events = FindingEvent.objects.select_related("by").order_by("at", "pk")
    return rows.prefetch_related(Prefetch("events", queryset=events))


def events_between(
    start: datetime,
    end: datetime,
    *,
    sites: Collection[int] | None = None,
    user: Any,
    limit: int = MOST_EVENTS,
) -> Iterator[TimelineEvent]:
    """Steps of findings in this time, without their comments: the newest first, `limit` at most."""
    if not user.has_perm(MAY_SEE):
        return
    events = FindingEvent.objects.filter(at__gte=start, at__lt=end, kind__in=TOLD)
    if sites is not None:
        events = events.filter(finding__site__in=sites)
    for event in events.select_related("finding").order_by("-at", "-pk")[:limit]:
        finding = event.finding
        yield TimelineEvent(
            kind="finding",
            at=event.at,
            title=f"Finding {event.get_kind_display().lower()}: {finding.title}",
            url=page_url(finding) or "",
            site_id=finding.site_id,
            subject=(finding.subject_kind, finding.subject_key),
        )
