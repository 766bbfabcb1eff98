"""The contents of a digest, as its reader may see them: inside `scopes.read_as`, or in a request of the reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Window

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework.core.wording import name_checks
from readiness.assessment.scoring.core.gap import Gap, SiteCapacity, gap_over_time, site_capacity
from readiness.assessment.scoring.core.states import Verdict
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.queries.capacity import histories_of
from readiness.assessment.scoring.queries.standing import fleet_standing
from readiness.boards.alerts.told import ToldNotice, last_told
from readiness.boards.digests.core import Cadence, Period
from readiness.boards.home.queries import Few, few_of
from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity, AlertStanding
from readiness.loop.alerts.models import Alert
from readiness.tradeoffs.models import Decision
from web.workflows import waiting
from web.workflows.waiting import InboxEntry

MOST = 20
"""Rows of a section; its own page has all."""
SEES_ALERTS, SEES_SCORES = "alerts.view_alert", "scoring.view_sitescore"
SEES_STAFFING, SEES_DECISIONS = "people.view_staffing", "tradeoffs.view_decision"
SHORT_SHIFTS = (AlertKind.SHIFT,)
EXPIRING = (
    *(AlertKind.WAIVER, AlertKind.QUALIFICATION, AlertKind.OWNERSHIP),
    *(AlertKind.EVIDENCE, AlertKind.CERTIFICATE, AlertKind.DUTY),
    *(AlertKind.SURVEILLANCE, AlertKind.CERTIFICATION),
)
OF_DATES = (*SHORT_SHIFTS, *EXPIRING)


@dataclass(frozen=True, slots=True)
class DigestCounts:
    """Numbers of alerts, also of those that follow from others. `untaken` ones escalate: nobody carries them."""

    began: int
    began_sites: int
    ended: int
    open: int
    untaken: int
    by_severity: Sequence[tuple[AlertSeverity, int]]


@dataclass(frozen=True, slots=True)
class GapMove:
    """A site whose part of the gap changed; `kw` is negative if it closed."""

    name: str
    slug: str
    kw: float
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class GapMoves:
    before: Gap
    after: Gap
    moves: Few[GapMove]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The digest of one reader: a period at all their sites, or at one. What they may not see, and what its cadence
    leaves out, is None. `told` has the last notice of each listed alert. Alerts that another listed one explains are in
    the counts alone."""

    reader: User
    period: Period
    site: Site | None
    counts: DigestCounts
    began: Few[Alert]
    still_open: Few[Alert]
    told: Mapping[int, ToldNotice]
    expiring: Few[Alert]
    short_shifts: Few[Alert] | None
    gap: GapMoves | None
    decisions: Few[Decision] | None
    waiting: Few[InboxEntry]


def digest(reader: User, period: Period, site: Site | None = None) -> Digest:
    """The number of statements depends on the kinds of entries in the inbox alone."""
    is_weekly = period.cadence is Cadence.WEEKLY
    alerts = Alert.objects.filter(_place(site))
    troubles = alerts.exclude(kind__in=OF_DATES)
    dates = alerts.filter(ended_at=None, due_at__isnull=False).order_by("due_at", "pk")
    heads = _heads(troubles.select_related("site", "acknowledged_by", "assigned_to"), period)
    worst_first = heads.order_by("rank", "-kw", "raised_at", "pk")
    began = _few(worst_first.filter(raised_at__gte=period.start))
    still_open = _few(worst_first.filter(ended_at=None, raised_at__lt=period.start))
    return Digest(
        reader=reader,
        period=period,
        site=site,
        counts=_counts(troubles, period),
        began=began,
        still_open=still_open,
        told=last_told([alert.pk for alert in (*began.rows, *still_open.rows)]),
        expiring=_few(dates.filter(kind__in=EXPIRING).select_related("site")),
        short_shifts=_few(dates.filter(kind__in=SHORT_SHIFTS).select_related("site"))
        if reader.has_perm(SEES_STAFFING)
        else None,
        gap=_gap(period, site) if is_weekly and reader.has_perm(SEES_SCORES) else None,
        decisions=_decisions(site) if is_weekly and reader.has_perm(SEES_DECISIONS) else None,
        waiting=_waiting(reader, period, site),
    )


def _place(site: Site | None) -> Q:
    return Q() if site is None else Q(site=site)


def _heads(alerts: QuerySet[Alert], period: Period) -> QuerySet[Alert]:
    """Leave out what follows from an alert that the reader sees: from one that fires, or, if it is over itself, from
    one that began in this time."""
    cause = Alert.objects.filter(key=OuterRef("cause_key"))
    is_told_with_it = Exists(cause.open()) | Q(ended_at__isnull=False) & Exists(
        cause.filter(raised_at__gte=period.start)
    )
    return alerts.exclude(is_told_with_it)


def _few(ordered: QuerySet[Any]) -> Few[Any]:
    rows = list(ordered.annotate(of_all=Window(Count("pk")))[:MOST])
    return Few(rows, rows[0].of_all if rows else 0)


def _counts(troubles: QuerySet[Alert], period: Period) -> DigestCounts:
    firing, began = Q(ended_at=None), Q(raised_at__gte=period.start)
    severities = {
        severity: Count("pk", filter=firing & Q(severity=severity.value)) for severity in AlertSeverity
    }
    counted = troubles.aggregate(
        began=Count("pk", filter=began),
        began_sites=Count("site", filter=began, distinct=True),
        ended=Count("pk", filter=Q(ended_at__gte=period.start)),
        open=Count("pk", filter=firing),
        untaken=Count("pk", filter=Q(standing=AlertStanding.ESCALATING)),
        **{severity.value: count for severity, count in severities.items()},
    )
    by_severity = [(each, number) for each in AlertSeverity if (number := counted.pop(each.value))]
    return DigestCounts(**counted, by_severity=by_severity)


def _gap(period: Period, site: Site | None) -> GapMoves:
    fleet = fleet_standing(now=period.end, site_ids=None if site is None else [site.pk])
    histories = histories_of(fleet)
    before, after = gap_over_time(histories, [period.start, period.end])
    changes = [
        (standing.ref, site_capacity(history, period.start), site_capacity(history, period.end))
        for standing, history in zip(fleet.sites, histories, strict=True)
    ]
    moved = [change for change in changes if _held_kw(change[1]) != _held_kw(change[2])]
    flips = Flip.objects.filter(
        subject=Flip.Subject.VERDICT, at__gte=period.start, site__in=[ref.id for ref, *_capacity in moved]
    )
    reasons = dict(flips.order_by("at", "pk").values_list("site_id", "reason"))
    moves = [
        GapMove(
            name=ref.name,
            slug=ref.slug,
            kw=_held_kw(now) - _held_kw(then),
            before=then.verdict or "none",
            after=now.verdict or "none",
            reason=name_checks(reasons.get(ref.id, ""), fleet.framework),
        )
        for ref, then, now in moved
    ]
    return GapMoves(before, after, few_of(sorted(moves, key=lambda move: (move.kw, move.slug)), MOST))


def _held_kw(site: SiteCapacity) -> float:
    return 0.0 if site.verdict is Verdict.READY else site.deployed.it_kw


def _decisions(site: Site | None) -> Few[Decision]:
    """Approved ones whose outcome is not recorded yet, those due first."""
    approved = Decision.objects.filter(_place(site), state=Decision.State.APPROVED, reviewed_at=None)
    without_figures = approved.defer("options", "sensitivity", "snapshot", "demand")
    return _few(without_figures.select_related("site").order_by("due_on", "pk"))


def _waiting(reader: User, period: Period, site: Site | None) -> Few[InboxEntry]:
    numbers = waiting.counts(reader, now=period.end)
    if site is None:
        entries = waiting.inbox(reader, now=period.end, numbers=numbers, limit=MOST)
        return Few(entries[:MOST], sum(numbers.values()))
    entries = waiting.inbox(reader, now=period.end, numbers=numbers)
    return few_of([entry for entry in entries if entry.site == site], MOST)
