"""The fleet with one of everything, as the walk along every route has it, and what no address names."""

from accounts.models import AccessScope, SavedView
from accounts.operations import create_source_token
from inventory.models import Site
from readiness.assessment.evidence.models import Measure, MeasuredDay, MeterContradiction
from readiness.assessment.scoring.models import HealthReason, ReasonEnd
from readiness.golive.models import Approver
from readiness.loop.alerts.inbound.senders import create_sender
from readiness.loop.alerts.models import AlertPreferences, InboundRule
from readiness.organisation.ownership.models import Assignment, LeaveHandover
from readiness.organisation.people.models import Leave, Person, Rotation, RotationCalendar
from readiness.tradeoffs.models import DecisionForecast, DecisionOutcome
from telemetry.models import (
    LateDay,
    MatchedInventory,
    Replica,
    SchedulerContradiction,
    SchedulerState,
    ScrapeTarget,
    Series,
    StuckSensor,
    TargetState,
)
from tests.conftest import NOW, make_user
from tests.scenes import scene
from tests.visibility.ways_in import come_by_provider
from tests.web.routes.scenes import everything
from web.security_log.models import SecurityBatch, SecurityEvent, SecurityStream
from web.workflows.models import Approval


@scene(on=everything)
def rows_of_all_kinds(clock):
    """And what no address names."""
    porto, day = Site.objects.get(slug="porto"), {"on_date": NOW.date()}
    LateDay.objects.create(site=porto, **day)
    MatchedInventory.objects.create(site=porto, fingerprint="x", matched_at=NOW)
    stuck = Series.objects.filter(site=porto).order_by("pk").first()
    target = ScrapeTarget.objects.filter(site=porto).first()
    TargetState.objects.create(target=target, standing="down", since=NOW, down_since=NOW, series_down=1)
    state = SchedulerState.objects.filter(site=porto).first()
    SchedulerContradiction.objects.create(
        state=state, site=porto, kind="inventory", since=NOW, scheduler_says="drained", other_says="active"
    )
    Replica.objects.create(
        source=stuck.source,
        number=2,
        name="b",
        first_sample_at=NOW,
        removed_at=NOW,
        removed_by=make_user("ops"),
    )
    StuckSensor.objects.create(series=stuck, site=porto, value=41, since=NOW, found_at=NOW)
    MeterContradiction.objects.create(
        site=porto, level="rack-pdu", meter="The rack PDUs", behind="node", kw=7.5, behind_kw=10, percent=-25,
        since=NOW, seen_at=NOW,
    )  # fmt: skip
    MeasuredDay.objects.create(site=porto, measured_at=NOW, whole_at=NOW, **day)
    Measure.objects.create(site=porto, key="power_peak", value=7.0, taken_at=NOW, measured_at=NOW, **day)
    Approver.objects.create(
        site=porto, domain="compute", user=make_user("ops", username="local-lead"), added_at=NOW
    )
    SavedView.objects.create(owner=make_user("viewer"), table="sites", name="Porto", query="q=porto")
    AccessScope.objects.create(user=make_user("ops", username="elsewhere"), kind="site", slug="porto")
    rotation = Rotation.objects.create(name="From a file", slug="file", domain="energy", home_site=porto)
    RotationCalendar.objects.create(rotation=rotation, content=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    Approval.objects.create(
        table="inventory.site", object_id=porto.pk, site_id=porto.pk, step="approve", first=make_user("planner"),
        second=make_user("manager"), at=NOW, flags=["young"],
    )  # fmt: skip
    SecurityStream.objects.create(receiver="tls://logs.example.org:6514")
    batch = SecurityBatch.objects.create(number=1, chained_at=NOW, events=1, digest=bytes(32), head=bytes(32))
    actor, event = (
        make_user("ops"),
        {"at": NOW, "last_at": NOW, "address": "192.0.2.1", "place": "/sites/porto/"},
    )
    SecurityEvent.objects.create(action="refused", actor=actor, batch=batch, digest=bytes(32), **event)
    LeaveHandover.objects.create(
        assignment=Assignment.objects.first(),
        leave=Leave.objects.first(),
        deputy=Person.objects.first(),
        accepted=True,
        answered_by=make_user("ops"),
        answered_at=NOW,
    )
    reason = {
        "domain": "energy",
        "object_kind": "device",
        "object_id": 7,
        "object": "porto-ups",
        "since": NOW,
    }
    reason |= {
        "metric": "upsBatteryStatus",
        "measure": "value",
        "direction": "one_of",
        "title": "Battery",
        "value": 3,
    }
    HealthReason.objects.create(
        site=porto, health="critical", standing="live", rank=1, counts_from=NOW, taken_at=NOW, **reason
    )
    ReasonEnd.objects.create(
        site=porto,
        health="critical",
        note="It was replaced.",
        ended_by=make_user("ops", username="lead"),
        ended_at=NOW,
        **reason,
    )
    told_of_porto(porto)
    come_by_provider(make_user("ops", username="by-provider"))
    DecisionOutcome.objects.create(forecast=DecisionForecast.objects.first(), unknown="Not metered")


def told_of_porto(porto):
    """A system that tells of Porto alone with a rule of its own, and how somebody wants to be told."""
    author = {"by": None, "now": NOW}
    sender, _ = create_sender(name="porto-alertmanager", kind="alertmanager", site=porto, **author)
    InboundRule.objects.create(name="porto", sender=sender, site=porto, conditions="alertname=Pump*")
    create_source_token(name="spare", **author)
    AlertPreferences.objects.create(user=make_user("ops"))
