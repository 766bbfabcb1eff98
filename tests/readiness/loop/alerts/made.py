"""Problems as the worker stores them, and the alerts that a run makes of them."""

from datetime import UTC, datetime, timedelta

from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity
from readiness.loop.alerts.core.present import PresentAlert
from readiness.loop.alerts.life.run import run
from readiness.loop.alerts.models import Alert, AlertEvent
from readiness.loop.alerts.raising.writing import write
from readiness.loop.problems.core.states import ProblemState, rank_of
from readiness.loop.problems.models import Problem, SiteProblems
from tests.inventory import made
from web import following

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def loaded_site(**columns):
    """A site at which something is at stake."""
    site = made.site(**columns)
    SiteProblems.objects.create(site=site, written_at=NOW, kw=400)
    return site


def problem(site, key="compute-device-1", *, cause=None, at=NOW, kind="health", state="critical", **columns):
    usual = {
        "subject": key.partition("-")[0],
        "title": f"{key} is {state}",
        "since": at,
        "first_seen_at": at,
        "last_seen_at": at,
        "is_cause": cause is None,
        "cause_kind": cause.kind if cause else kind,
        "cause_key": cause.key if cause else key,
        "rank": rank_of(ProblemState(state), is_last_known=False),
        "head_rank": 0,
        "head_title": "",
    }
    if cause is not None:
        Problem.objects.filter(pk=cause.pk).update(follow=1)
    return Problem.objects.create(site=site, kind=kind, key=key, state=state, **{**usual, **columns})


def change(row, **columns):
    """As the worker writes it again: it loses its position."""
    Problem.objects.filter(pk=row.pk).update(position=None, **columns)


def end(row, *, at, by="sample"):
    change(row, ended_at=at, ended_by=by)


def look(at=NOW):
    """What the worker does every few seconds."""
    following.number(Problem)
    run(now=at)


def alert_of(row):
    return Alert.objects.get(problem=row)


def events_of(alert):
    return list(AlertEvent.objects.filter(alert=alert).order_by("at", "pk").values_list("kind", flat=True))


def open_alert(key="problem:pdu-7", *, at=NOW, site=None, **values):
    """An alert that is raised at an instant, of no stored problem."""
    usual = {
        "kind": AlertKind.HEALTH,
        "severity": AlertSeverity.ERROR,
        "title": "PDU-7 is overloaded",
        "began_at": at - MINUTE,
    }
    of_site = {"site_id": site.pk if site else None}
    write([PresentAlert(key=key, group=key, **usual | of_site | values)], endings={}, now=at)
    return Alert.objects.open().get(key=key)
