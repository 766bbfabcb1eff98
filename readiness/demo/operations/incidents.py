"""Two incidents of one site, one of which repeats the other, and lessons from the first."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from inventory.models import Site
from readiness.demo.core.plan import book
from readiness.demo.operations.made import DemoObjects
from readiness.loop.actions import operations as actions
from readiness.loop.alerts.core.kinds import AlertStanding
from readiness.loop.alerts.models import Alert, EndedBy
from readiness.loop.incidents import following, operations
from readiness.loop.incidents.models import Incident, IncidentEscape
from readiness.loop.lessons.operations import write_lesson
from readiness.organisation.people.models import Team


def write_incidents(
    sites: Mapping[str, Site], staff: Mapping[str, User], objects: DemoObjects, *, now: datetime
) -> None:
    """Write them where their site and the logins that act are there. Call after the night, whose alert opens one."""
    words = book("incidents")
    site, ops, planner = sites.get(words["site"]), staff.get("ops"), staff.get("planner")
    if site is None or ops is None or planner is None:
        return
    alert = Alert.objects.open().filter(site=site, domain=words["domain"]).order_by("began_at", "pk").first()
    past = _write_past(site, words["past"], alert, by=ops, now=now)
    if alert is not None:
        _write_present(alert, words["present"], by=ops)
    for row in words["lessons"]:
        written_at = now - timedelta(days=row["ago"])
        columns = {name: value for name, value in row.items() if name != "ago"}
        lesson = write_lesson(**columns, incident=past, by=planner, now=written_at)
        objects.note([lesson])
        if lesson.draft is not None:
            objects.note([lesson.draft])


def _write_past(
    site: Site, words: Mapping[str, Any], alert: Alert | None, *, by: User, now: datetime
) -> Incident:
    began_at = now - timedelta(days=words["ago"])
    opened_at, ended_at = began_at + timedelta(minutes=20), began_at + timedelta(hours=words["lasts_h"])
    columns = ("title", "severity", "summary", "affected_kw", "affected_accelerators")
    incident = operations.open_incident(
        site=site,
        alert=_past_alert(alert, began_at, ended_at) if alert is not None else None,
        began_at=began_at,
        domains=["compute"],
        by=by,
        now=opened_at,
        **{name: words[name] for name in columns},
    )
    for line in words["lines"]:
        at = began_at + timedelta(hours=line["after_h"])
        operations.add_entry(incident, text=line["text"], at=at, by=by, now=at)
    incident = operations.end_incident(incident, note=words["ended"], by=by, now=ended_at)
    review = dict(words["review"])
    reviewed_at = began_at + timedelta(days=review.pop("after_d"))
    incident = operations.review_incident(incident, **review, by=by, now=reviewed_at)
    IncidentEscape.objects.bulk_create(IncidentEscape(incident=incident, **row) for row in words["escapes"])
    team = Team.objects.filter(staffings__site=site).order_by("pk").first()
    for row in words["actions"]:
        _write_action(incident, row, team, began_at, by=by)
    return incident


def _past_alert(alert: Alert, began_at: datetime, ended_at: datetime) -> Alert:
    """The same alert, as it was then: over, and told long ago."""
    same = (
        "key",
        "kind",
        "group",
        "severity",
        "rank",
        "site",
        "domain",
        "check_id",
        "title",
        "kw",
        "workloads",
    )
    return Alert.objects.create(
        **{name: getattr(alert, name) for name in same},
        began_at=began_at,
        raised_at=began_at + timedelta(minutes=3),
        ended_at=ended_at,
        ended_by=EndedBy.EVIDENCE,
        standing=AlertStanding.OVER,
        standing_since=ended_at,
    )


def _write_action(
    incident: Incident, row: Mapping[str, Any], team: Team | None, began_at: datetime, *, by: User
) -> None:
    if team is None:
        return
    action = following.add_incident_action(
        incident,
        title=row["title"],
        effect="evidence",
        team=team,
        due_on=(began_at + timedelta(days=row["due_after_d"])).date(),
        by=by,
        now=began_at + timedelta(days=row["after_d"]),
    )
    if "done_after_d" in row:
        done_at = began_at + timedelta(days=row["done_after_d"])
        actions.finish_action(action, note="", by=by, now=done_at)
        actions.attach_evidence(action, evidence=row["evidence"], by=by, now=done_at + timedelta(days=3))


def _write_present(alert: Alert, words: Mapping[str, Any], *, by: User) -> None:
    opened_at = alert.began_at + timedelta(minutes=words["opened_after_min"])
    incident = operations.open_incident(
        alert=alert,
        title=words["title"],
        severity=words["severity"],
        affected_accelerators=words["affected_accelerators"],
        by=by,
        now=opened_at,
    )
    for line in words["lines"]:
        at = alert.began_at + timedelta(minutes=line["after_min"])
        operations.add_entry(incident, text=line["text"], at=at, by=by, now=at)
