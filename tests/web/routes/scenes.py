"""The fleet that pages are looked at on, with a row of everything else that an address names."""

from accounts.models import GroupRule
from readiness.demand.workloads.models import UserRegion
from readiness.loop.alerts.core.inbound import alertmanager
from readiness.loop.alerts.heartbeat.operations import create_heartbeat
from readiness.loop.alerts.inbound.senders import create_sender
from readiness.loop.alerts.inbound.taking import take
from readiness.loop.alerts.models import InboundRule, InboundWebhook
from readiness.tradeoffs.models import LatencyFactor
from telemetry.models import BatchDecision, InboxBatch, Rejection, Replica, Source, SourceFlip
from tests.browser.whole import drafted, whole
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.loop.alerts.inbound import bodies
from tests.scenes import scene


@scene(on=whole)
def everything(clock):
    """A fleet with a row of everything that an address names."""
    drafted(clock)
    for make in made.MAKERS.values():
        make()
    source = Source.objects.get(name="porto prometheus")
    refused = {"source": source, "samples": 3, "failure": "It is no batch.", "received_at": NOW}
    InboxBatch.objects.create(columns=b"x", failed_at=NOW, **refused)
    BatchDecision.objects.create(decision="discarded", decided_at=NOW, **refused)
    Replica.objects.create(source=source, number=1, name="a", first_sample_at=NOW)
    day = {"on_date": NOW.date(), "last_at": NOW, "count": 2}
    for reason in ("malformed_body", "no_reading"):
        Rejection.objects.create(source=source, reason=reason, **day)
    SourceFlip.objects.create(source=source, from_state="on-time", to_state="late", at=NOW)
    iberia = UserRegion.objects.create(name="Iberia", slug="iberia", latitude=40.4, longitude=-3.7)
    trip = {"value_ms": 12.0, "source": "iperf3", "as_of_on": NOW.date(), "provenance": "measured"}
    LatencyFactor.objects.create(site=source.site, user_region=iberia, **trip)
    GroupRule.objects.create(group="staff", role="viewer")
    told_from_outside()


def told_from_outside():
    """A sender, its webhook, a rule, an alert that is raised and one that is not mapped, and a heartbeat."""
    author = {"by": None, "now": NOW}
    sender, _ = create_sender(name="alertmanager", kind="alertmanager", **author)
    InboundRule.objects.create(name="racks", conditions="alertname=Rack*", site_label="pod")
    alerts = bodies.alert(starts=NOW), bodies.alert(starts=NOW, fingerprint="b2", labels={"site": "oslo"})
    InboundWebhook.objects.create(sender=sender, webhook_id="01", taken_at=NOW)
    take(sender, alertmanager.read(bodies.alertmanager(*alerts)), now=NOW)
    create_heartbeat(name="healthchecks", kind="post", address="https://hc.example/ping/1", **author)
