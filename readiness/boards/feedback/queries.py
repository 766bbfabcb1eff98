"""The fate of findings, actions and decisions, by site or by team. A fixed number of statements."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from inventory.models import Site
from readiness.assessment.scoring.models import CheckResult
from readiness.boards.feedback.core.backlog import WEEK, WEEKS, BacklogWeek, backlog
from readiness.loop.actions.models import Action
from readiness.loop.findings.core.figures import AnswerTime, decision_days, median_days, share_percent
from readiness.loop.findings.models import UNSETTLED, Finding
from readiness.loop.findings.proving import CHECK, WINDOW
from readiness.loop.incidents.models import Incident, IncidentEscape
from readiness.tradeoffs.models import Decision

YEAR = timedelta(days=365)
FLEET = 0
"""Stands for the whole fleet, or for no team, in the place of a key."""


@dataclass(slots=True)
class LoopFigures:
    """`key` is the slug of a site or team, "" for the whole fleet or no team."""

    key: str
    name: str
    open_actions: int = 0
    overdue_actions: int = 0
    unseen_effects: int = 0
    unsettled: int = 0
    days_to_answer: float | None = None
    days_to_close: float | None = None
    reopened: int = 0
    decisions: int = 0
    came_in: int = 0
    incidents: int = 0
    repeats: int = 0
    check_state: str = ""
    routes: Counter[str] = field(default_factory=Counter)

    @property
    def came_in_percent(self) -> float | None:
        return share_percent(self.came_in, self.decisions)

    @property
    def is_empty(self) -> bool:
        figures = (
            self.open_actions,
            self.unseen_effects,
            self.unsettled,
            self.reopened,
            self.decisions,
            self.incidents,
        )
        return not any(figures) and not self.routes and self.days_to_close is None


def weeks(*, now: datetime) -> list[BacklogWeek]:
    # What ended before the first week counts in none.
    counted = Q(ended_at=None) | Q(ended_at__gt=now - WEEKS * WEEK)
    spans = Action.objects.filter(counted).order_by().values_list("added_at", "ended_at")
    return backlog(spans, now=now)


def figures_by_site(*, now: datetime) -> list[LoopFigures]:
    """One row for each site with a record of the loop, and one for what is of the whole fleet."""
    places = {pk: (slug, name) for pk, slug, name in Site.objects.values_list("pk", "slug", "name")}
    rows = {pk: LoopFigures(slug, name) for pk, (slug, name) in places.items()}
    rows[FLEET] = LoopFigures("", "The whole fleet")
    _add_actions(rows, "site", now)
    _add_findings(rows, now)
    _add_decisions(rows, now)
    _add_incidents(rows, now)
    states = CheckResult.objects.filter(check_id=CHECK).values_list("site_id", "state")
    for site_id, state in states:
        if site_id in rows:
            rows[site_id].check_state = state
    return _ranked(rows.values())


def figures_by_team(*, now: datetime) -> list[LoopFigures]:
    """One row for each team with actions, and one for those of no team."""
    team_columns = (
        Action.objects.exclude(team=None).order_by().values_list("team", "team__slug", "team__name")
    )
    rows = {pk: LoopFigures(slug, name) for pk, slug, name in team_columns.distinct()}
    rows[FLEET] = LoopFigures("", "No team")
    _add_actions(rows, "team", now)
    return _ranked(rows.values())


def _ranked(rows: Iterable[LoopFigures]) -> list[LoopFigures]:
    present = [row for row in rows if not row.is_empty]
    return sorted(
        present, key=lambda row: (-row.overdue_actions, -row.unsettled, -row.open_actions, row.name)
    )


def _add_actions(rows: Mapping[int, LoopFigures], by: str, now: datetime) -> None:
    is_open = Q(state=Action.State.OPEN)
    counted = (
        Action.objects.order_by()
        .values(by)
        .annotate(
            open_count=Count("pk", filter=is_open),
            overdue=Count("pk", filter=is_open & Q(due_on__lt=now.date())),
            unseen=Count("pk", filter=Q(state=Action.State.DONE, observed_at=None)),
        )
    )
    for key, open_count, overdue, unseen in counted.values_list(by, "open_count", "overdue", "unseen"):
        row = rows.get(key or FLEET)
        if row is not None:
            row.open_actions, row.overdue_actions, row.unseen_effects = open_count, overdue, unseen


def _add_findings(rows: Mapping[int, LoopFigures], now: datetime) -> None:
    """Answers count over the days of the check, ends over a year."""
    columns = ("site_id", "route", "state", "raised_at", "first_answered_at", "closed_at", "reopened_at")
    recent = Finding.objects.filter(Q(state__in=UNSETTLED) | Q(raised_at__gte=now - YEAR)).order_by("pk")
    answers: dict[int, list[AnswerTime]] = defaultdict(list)
    spans: dict[int, list[timedelta]] = defaultdict(list)
    for site_id, route, state, raised_at, answered_at, closed_at, reopened_at in recent.values_list(*columns):
        key = site_id or FLEET
        if (row := rows.get(key)) is None:
            continue
        row.routes[route] += 1
        row.unsettled += state in UNSETTLED
        row.reopened += reopened_at is not None
        if raised_at >= now - WINDOW or answered_at is None:
            answers[key].append(AnswerTime(raised_at, answered_at))
        if state == Finding.State.CLOSED and closed_at is not None:
            spans[key].append(closed_at - raised_at)
    for key, times in answers.items():
        rows[key].days_to_answer = decision_days(times, now=now)
    for key, of_site in spans.items():
        rows[key].days_to_close = median_days(of_site)


def _add_decisions(rows: Mapping[int, LoopFigures], now: datetime) -> None:
    reviewed = Decision.objects.filter(reviewed_at__gte=now - YEAR, reviewed_at__lte=now).order_by()
    counted = reviewed.values("site").annotate(
        decided=Count("pk", distinct=True),
        came=Count("pk", filter=Q(forecasts__outcome__value__isnull=False), distinct=True),
    )
    for site_id, decided, came in counted.values_list("site", "decided", "came"):
        if site_id in rows:
            rows[site_id].decisions, rows[site_id].came_in = decided, came


def _add_incidents(rows: Mapping[int, LoopFigures], now: datetime) -> None:
    counted = _incidents_of_a_year(now).values("site").annotate(count=Count("pk"), repeated=Count("repeats"))
    for site_id, count, repeated in counted.values_list("site", "count", "repeated"):
        if site_id in rows:
            rows[site_id].incidents, rows[site_id].repeats = count, repeated


def _incidents_of_a_year(now: datetime) -> QuerySet[Incident]:
    return Incident.objects.filter(began_at__gte=now - YEAR, began_at__lte=now).order_by()


def escapes(*, now: datetime) -> list[tuple[str, int]]:
    """How often each kind of thing should have caught an incident of the last year."""
    rows = IncidentEscape.objects.filter(incident__in=_incidents_of_a_year(now)).order_by()
    counted = dict(rows.values_list("kind").annotate(count=Count("pk")))
    return [(label, counted.get(value, 0)) for value, label in IncidentEscape.Kind.choices]


def totals(rows: Sequence[LoopFigures]) -> dict[str, object]:
    routes: Counter[str] = sum((row.routes for row in rows), Counter())
    decided, came = sum(row.decisions for row in rows), sum(row.came_in for row in rows)
    return {
        "open_actions": sum(row.open_actions for row in rows),
        "overdue": sum(row.overdue_actions for row in rows),
        "unseen": sum(row.unseen_effects for row in rows),
        "unsettled": sum(row.unsettled for row in rows),
        "reopened": sum(row.reopened for row in rows),
        "routes": [(label, routes[value]) for value, label in Finding.Route.choices],
        "incidents": sum(row.incidents for row in rows),
        "repeats": sum(row.repeats for row in rows),
        "decided": decided,
        "came_in": came,
    }
