"""The night before the loading: an alert that escalated, a silence, a window, a failed delivery, and nothing that
leaves Muster.
"""

from datetime import UTC, datetime, timedelta

import pytest

from readiness.demo import operations
from readiness.loop.alerts.models import Alert, AlertEvent, MaintenanceWindow, Notice, Silence
from readiness.loop.incidents.models import Incident
from readiness.loop.lessons.models import Lesson
from tests import database
from web.delivery.models import Channel, Message

pytestmark = pytest.mark.full
NOW = datetime(2026, 11, 24, 16, 7, tzinfo=UTC)
SITES = ["SAT-1", "LON-1", "GVX-1"]


@pytest.fixture
def night(transactional_db):
    operations.load_present(site_names=SITES, by=None, now=NOW)
    yield
    operations.remove(by=None, now=NOW)
    database.put_back()


def test_the_night_before_the_loading_is_told_in_mailboxes_and_goes_with_the_demo(night):
    alerts = {alert.site.name: alert for alert in Alert.objects.open().select_related("site")}
    assert {name: alert.standing for name, alert in alerts.items()} == {
        "SAT-1": "acknowledged",
        "LON-1": "silenced",
    }
    events = AlertEvent.objects.filter(alert=alerts["SAT-1"]).order_by("at", "pk")
    assert list(events.values_list("kind", flat=True)) == [
        *("raised", "escalated", "acknowledged", "linked", "commented"),
    ]
    assert alerts["SAT-1"].acknowledged_until > NOW
    told = Notice.objects.sent().filter(alert=alerts["SAT-1"])
    assert {"primary on call", "secondary on call", "subscriber"} <= set(told.values_list("role", flat=True))
    [silence] = Silence.objects.unfinished(NOW)
    assert silence.site.name == "LON-1"
    assert MaintenanceWindow.objects.unfinished().get().occurrence_ends_at > NOW
    failed = Message.objects.get(state="failed")
    assert (failed.channel.name, failed.attempts) == ("Incident bridge", 1)

    # The alert opened an incident, which repeats one of two months ago; two lessons came from that.
    present, past = Incident.objects.order_by("-began_at")
    assert (present.state, present.repeats, present.joined_alerts.get().alert) == (
        "open",
        past,
        alerts["SAT-1"],
    )
    assert (past.state, past.review_state, past.escapes.count()) == ("over", "done", 3)
    assert [link.action.observed_at is None for link in past.action_links.order_by("pk")] == [False, True]
    assert list(Lesson.objects.order_by("pk").values_list("kind", "draft__status")) == [
        *(("present", None), ("check", "draft")),
    ]

    # Nothing waits, and nothing will be sent elsewhere.
    assert not Message.objects.filter(state="waiting").exists()
    assert set(Channel.objects.filter(disabled_at=None).values_list("kind", flat=True)) == {"mailbox"}
    assert set(Message.objects.filter(state="sent").values_list("channel__kind", flat=True)) == {"mailbox"}
    assert max(Message.objects.values_list("created_at", flat=True)) < NOW - timedelta(hours=1)

    operations.remove(by=None, now=NOW)
    assert not any(
        model.objects.exists() for model in (Alert, Channel, Message, Silence, MaintenanceWindow, Lesson)
    )
