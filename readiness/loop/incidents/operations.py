"""Open, change, join, end, review and close incidents."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.demand.workloads.models import Placement, WorkloadClass
from readiness.loop.alerts.models import Alert
from readiness.loop.incidents.core.rules import (
    IncidentFacts,
    IncidentSeverity,
    ReviewState,
    cause_key_of,
    repeat_of,
    review_due_on,
    review_rule,
    severity_of_alert,
)
from readiness.loop.incidents.models import Incident, IncidentAlert, IncidentEntry, IncidentWorkload
from readiness.loop.incidents.queries import is_settled, later_incidents, past_incidents
from readiness.loop.problems.models import SiteProblems
from web.links import link
from web.units import day, instant
from web.workflows import NotInState, Workflow, require, require_words

MAY_SEE, MAY_OPEN, MAY_CHANGE = (
    "incidents.view_incident",
    "incidents.add_incident",
    "incidents.change_incident",
)
MAY_REVIEW = "incidents.review_incident"
CHANGES = frozenset(
    {
        *("title", "severity", "domains", "summary", "began_at", "affected_kw", "affected_accelerators"),
        *("lead", "communications", "scribe", "is_review_wanted"),
    }
)
TIMELINE_FIELDS = {"severity", "began_at", "affected_kw", "affected_accelerators"}
"""Fields whose changes stand in the timeline."""
LONGEST_AGO = timedelta(days=3653)
MOST_KW = 1e9
Kind = IncidentEntry.Kind
OPEN, OVER, CLOSED = Incident.State.OPEN, Incident.State.OVER, Incident.State.CLOSED

INCIDENTS = Workflow(
    model=Incident,
    states=dict(Incident.State.choices),
    joined=("site",),
    refusal="The incident is {state}, so this is no longer possible.",
)


@transaction.atomic
def open_incident(
    *,
    site: Site | None = None,
    alert: Alert | None = None,
    workloads: Collection[WorkloadClass] | None = None,
    by: User,
    now: datetime,
    **columns: Any,
) -> Incident:
    """Open an incident by hand, or from an alert, which says what is not given: site, title, severity, domain, begin.

    Open alerts of the same cause at the site join at once. Without `workloads`, those placed at the site are hit.
    Raises MissingPermission, and ValidationError by field.
    """
    require(by, MAY_OPEN)
    if alert is not None:
        site = _site_of_alert(alert, site)
        columns = columns_of_alert(alert) | {name: value for name, value in columns.items() if value}
    if site is None:
        raise ValidationError({"site": ["Choose a site, or an alert of one."]})
    columns.setdefault("began_at", None)
    columns["began_at"] = columns["began_at"] or now
    incident = Incident(site=site, opened_at=now, opened_by=by, **columns)
    incident.title = _required_title(incident.title)
    incident.site_kw = SiteProblems.objects.filter(site=site).values_list("kw", flat=True).first()
    _refuse_wrong(incident, now)
    incident.save(force_insert=True)
    write_entry(incident, Kind.OPENED, incident.title, by=by, at=now, url=_alert_url(alert))
    _set_workloads(incident, _placed_at(site, now) if workloads is None else workloads)
    if alert is not None:
        related = Alert.objects.open().filter(
            site=site, group=alert.group, raised_at__lte=now, joined_incident=None
        )
        _join(incident, [alert], by=by, now=now)
        _join(incident, related.exclude(pk=alert.pk).order_by("pk"), by=None, now=now)
    _find_repeat(incident)
    return incident


def _required_title(title: str) -> str:
    if not title.strip():
        raise ValidationError({"title": ["Say in one line what happened."]})
    return title.strip()


def _site_of_alert(alert: Alert, site: Site | None) -> Site:
    if alert.site is None:
        raise ValidationError({"alert": ["This alert is of no site: open the incident by hand."]})
    if site is not None and site != alert.site:
        raise ValidationError({"site": ["The alert is of another site."]})
    incident = Incident.objects.filter(joined_alerts__alert=alert).first()
    if incident is not None:
        raise ValidationError({"alert": [f"The alert belongs to the incident “{incident}” already."]})
    return alert.site


def columns_of_alert(alert: Alert) -> dict[str, Any]:
    return {
        "title": alert.title[:200],
        "severity": severity_of_alert(alert.severity),
        "domains": [alert.domain] if alert.domain else [],
        "summary": alert.detail[:4000],
        "began_at": alert.began_at,
    }


def _placed_at(site: Site, now: datetime) -> list[WorkloadClass]:
    placed = Placement.objects.holding_on(now.date()).filter(site=site)
    return list(WorkloadClass.objects.filter(placements__in=placed).distinct().order_by("pk"))


@INCIDENTS.step(after=(OPEN, OVER), any_of=(MAY_CHANGE,), words="")
def change_incident(
    incident: Incident,
    *,
    workloads: Collection[WorkloadClass] | None = None,
    by: User,
    now: datetime,
    **changes: Any,
) -> None:
    """Change any of CHANGES, and which workload classes are hit, until it is closed. Raises ValidationError by
    field."""
    if unknown := sorted(set(changes) - CHANGES):
        raise ValidationError({name: ["This field cannot be changed."] for name in unknown})
    new_values = {name: value for name, value in changes.items() if getattr(incident, name) != value}
    texts = [
        _change_text(incident, name, new_values[name]) for name in sorted(TIMELINE_FIELDS & new_values.keys())
    ]
    for name, value in new_values.items():
        setattr(incident, name, value)
    incident.title = _required_title(incident.title)
    _refuse_wrong(incident, now)
    if "began_at" in new_values:
        _find_repeat(incident)
    if incident.state == OVER:
        _judge_review(incident)
    incident.save()
    if workloads is not None:
        _set_workloads(incident, workloads)
    if texts:
        write_entry(incident, Kind.CHANGED, ". ".join(texts), by=by, at=now)


def _change_text(incident: Incident, name: str, value: Any) -> str:
    field = Incident._meta.get_field(name)
    before = getattr(incident, name)
    return f"{str(field.verbose_name).capitalize()}: {_value_text(before)} → {_value_text(value)}"  # type: ignore[union-attr]


def _value_text(value: Any) -> str:
    if isinstance(value, datetime):
        return instant(value)
    return "none" if value is None or value == "" else str(value)


@INCIDENTS.step(after=(OPEN, OVER), any_of=(MAY_CHANGE,), words="text", must_say=True, fields=("at",))
def add_entry(
    incident: Incident, *, text: str, at: datetime | None = None, by: User, now: datetime
) -> IncidentEntry:
    """Write to the timeline what happened at an instant, by default now; also after the end, until it is closed."""
    if at is not None and not now - LONGEST_AGO <= at <= now:
        raise ValidationError({"at": ["Enter a time of the last ten years, and not in the future."]})
    return write_entry(incident, Kind.NOTE, text, by=by, at=at or now)


@INCIDENTS.step(after=(OPEN,), any_of=(MAY_CHANGE,), words="", fields=("alert",), by_clock=True)
def join_alert(incident: Incident, *, alert: Alert, by: User | None, now: datetime) -> None:
    """Let an alert of the same site join an incident that is under way.

    `by` is None where the causes are the same. Raises ValidationError: the alert belongs to an incident already.
    """
    if alert.site_id != incident.site_id:
        raise ValidationError({"alert": ["The alert is of another site."]})
    _site_of_alert(alert, None)
    _join(incident, [alert], by=by, now=now)
    _find_repeat(incident)


def _join(incident: Incident, alerts: Iterable[Alert], *, by: User | None, now: datetime) -> None:
    alerts = list(alerts)
    IncidentAlert.objects.bulk_create(
        IncidentAlert(incident=incident, alert=alert, joined_at=now, joined_by=by) for alert in alerts
    )
    IncidentEntry.objects.bulk_create(
        IncidentEntry(
            incident=incident,
            kind=Kind.JOINED,
            at=max(alert.began_at, incident.began_at) if alert.began_at <= now else now,
            by=by,
            text=alert.title,
            url=_alert_url(alert),
        )
        for alert in alerts
    )


def join_alerts(*, now: datetime) -> int:
    """Let alerts of the same site and cause, raised while an incident is under way, join it; returns their number.

    Alerts of an incident that is over open no door: what comes then is another incident.
    """
    number = 0
    for incident in Incident.objects.open().filter(joined_alerts__isnull=False).distinct().order_by("pk"):
        groups = Alert.objects.filter(joined_incident__incident=incident).order_by().values("group")
        raised_since = Alert.objects.filter(
            site=incident.site_id, group__in=groups, raised_at__gte=incident.opened_at, joined_incident=None
        )
        for alert in raised_since.order_by("pk"):
            number += _join_quietly(incident, alert, now)
    return number


def _join_quietly(incident: Incident, alert: Alert, now: datetime) -> bool:
    try:
        join_alert(incident, alert=alert, by=None, now=now)
    except (NotInState, ValidationError):
        # Somebody ended the incident, or took the alert, at this moment.
        return False
    return True


@INCIDENTS.step(after=(OPEN,), any_of=(MAY_CHANGE,), fields=("ended_at",))
def end_incident(
    incident: Incident, *, note: str, ended_at: datetime | None = None, by: User, now: datetime
) -> None:
    """End an incident at an instant. A rule says whether it must be reviewed; no alert joins it any more."""
    incident.ended_at = ended_at or now
    if not incident.began_at <= incident.ended_at <= now:
        raise ValidationError({"ended_at": ["Enter a time between its beginning and now."]})
    incident.state = OVER
    _find_repeat(incident)
    _judge_review(incident)
    incident.save()
    write_entry(incident, Kind.ENDED, note, by=by, at=incident.ended_at)


@INCIDENTS.step(
    after=(OVER,),
    any_of=(MAY_REVIEW,),
    words="cause",
    must_say=True,
    longest=200,
    fields=("what_happened", "what_helped", "what_to_change"),
)
def review_incident(
    incident: Incident,
    *,
    cause: str,
    what_happened: str,
    what_helped: str = "",
    what_to_change: str = "",
    by: User,
    now: datetime,
) -> None:
    """Write the blameless review of an incident that is over, or write it again until it is closed.

    It counts as held when it was first written. The same root cause as that of an earlier incident makes it a repeat.
    """
    incident.cause, incident.cause_key = cause, cause_key_of(cause)
    if not incident.cause_key:
        raise ValidationError({"cause": ["Name the cause in words."]})
    incident.what_happened = require_words("what_happened", what_happened)
    incident.what_helped, incident.what_to_change = what_helped.strip(), what_to_change.strip()
    incident.reviewed_at, incident.reviewed_by = incident.reviewed_at or now, incident.reviewed_by or by
    incident.review_state = ReviewState.DONE
    _refuse_wrong(incident, now)
    _find_repeat(incident)
    incident.save()
    for later in later_incidents(incident):
        _find_repeat(later)
    write_entry(incident, Kind.REVIEWED, f"Root cause: {cause}", by=by, at=now)


@INCIDENTS.step(after=(OVER,), any_of=(MAY_CHANGE,), words="")
def close_incident(incident: Incident, *, by: User, now: datetime) -> None:
    """Close an incident whose review is done or not needed, and whose actions are done with their effect seen."""
    if incident.review_state == ReviewState.REQUIRED:
        due_day = day(incident.review_due_on) if incident.review_due_on else ""
        raise ValidationError(f"Its review is missing, which is due on {due_day}.")
    if not is_settled(incident):
        raise ValidationError("An action is open, or nobody has seen its effect yet.")
    incident.state, incident.closed_at = CLOSED, now
    incident.save()
    write_entry(incident, Kind.CLOSED, "", by=by, at=now)


def _refuse_wrong(incident: Incident, now: datetime) -> None:
    if not now - LONGEST_AGO <= incident.began_at <= now:
        raise ValidationError({"began_at": ["Enter a time of the last ten years, and not in the future."]})
    if incident.ended_at is not None and incident.began_at > incident.ended_at:
        raise ValidationError({"began_at": ["It cannot begin after its end."]})
    if incident.affected_kw is not None and not 0 <= incident.affected_kw <= MOST_KW:
        raise ValidationError({"affected_kw": [f"Enter 0 to {MOST_KW:,.0f}."]})
    incident.clean_fields(exclude=["site", "opened_by", "lead", "communications", "scribe", "reviewed_by"])


def _judge_review(incident: Incident) -> None:
    """Apply the rule, unless it is reviewed already."""
    if incident.review_state == ReviewState.DONE:
        return
    rule = review_rule(
        IncidentFacts(
            severity=IncidentSeverity(incident.severity),
            is_repeat=incident.repeats_id is not None,
            is_review_wanted=incident.is_review_wanted,
            affected_kw=incident.affected_kw,
            site_kw=incident.site_kw,
        )
    )
    assert incident.ended_at is not None
    incident.review_state, incident.review_reason = rule.state, rule.reason
    is_required = rule.state is ReviewState.REQUIRED
    ended_on = incident.ended_at.astimezone(ZoneInfo(incident.site.time_zone)).date()
    incident.review_due_on = review_due_on(ended_on) if is_required else None


def _find_repeat(incident: Incident) -> None:
    own, earlier = past_incidents(incident)
    repeat = repeat_of(own, earlier)
    incident.repeats_id = repeat.id if repeat else None
    incident.repeats_because = repeat.reason if repeat else ""
    incident.save(update_fields=["repeats", "repeats_because"])


def _set_workloads(incident: Incident, workloads: Collection[WorkloadClass]) -> None:
    wanted_ids = {workload.pk for workload in workloads}
    present_ids = set(incident.hit_workloads.values_list("workload_class_id", flat=True))
    incident.hit_workloads.filter(workload_class__in=present_ids - wanted_ids).delete()
    IncidentWorkload.objects.bulk_create(
        IncidentWorkload(incident=incident, workload_class_id=pk) for pk in sorted(wanted_ids - present_ids)
    )


def write_entry(
    incident: Incident, kind: IncidentEntry.Kind, text: str, *, by: User | None, at: datetime, url: str = ""
) -> IncidentEntry:
    return IncidentEntry.objects.create(incident=incident, kind=kind, at=at, by=by, text=text, url=url)


def _alert_url(alert: Alert | None) -> str:
    return link("alert", alert.pk) if alert is not None else ""
