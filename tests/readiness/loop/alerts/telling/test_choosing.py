"""Pages and endpoints on which users choose what they are told of, and managers whom alerts go to."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from readiness.loop.alerts.core.kinds import NoticeReason
from readiness.loop.alerts.models import (
    AlertingState,
    AlertPreferences,
    EscalationLevel,
    EscalationRoute,
    Notice,
    Subscription,
)
from readiness.loop.alerts.telling import operations
from readiness.loop.alerts.telling.reach import reach_alerts
from tests.conftest import NOW, make_user
from tests.inventory import made
from tests.readiness.loop.alerts.telling.conftest import told
from tests.readiness.organisation.people import made as people
from tests.web.delivery import made as delivery

pytestmark = pytest.mark.django_db
OWN = "/settings/alerts/"


class TestOwn:
    def test_quiet_hours_and_subscriptions_on_a_page(self, client_of, frozen_now, porto, viewer):
        client = client_of("viewer")
        answer = client.post(OWN, {"quiet_from": "22:00", "quiet_until": "07:00", "daily_digest": "no"})
        assert answer.status_code == 302
        preferences = AlertPreferences.objects.get(user=viewer)
        assert (str(preferences.quiet_from), preferences.daily_digest) == ("22:00:00", False)
        assert client.post(OWN, {"quiet_from": "22:00"}).status_code == 422
        client.post(reverse("subscription-add"), {"severity": "error", "site": porto.pk})
        page = client.get(OWN).content.decode()
        assert "Porto" in page
        assert "You have no channel" in page
        client.post(reverse("subscription-delete", args=[Subscription.objects.get().pk]))
        assert not Subscription.objects.exists()

    def test_what_waits_waits_by_the_new_hours(self, on_call, porto, ana, alert_at, frozen_now):
        [waiting] = told(alert_at(porto, severity="error", rank=1))
        operations.set_preferences(awake_until=NOW + timedelta(hours=2), by=ana.user, now=NOW)
        waiting.refresh_from_db()
        assert waiting.held_until == NOW + timedelta(hours=2)
        operations.set_preferences(awake_until=None, by=ana.user, now=NOW)
        assert Notice.objects.get().held_until is None
        with pytest.raises(ValidationError):
            operations.set_preferences(awake_until=NOW + timedelta(days=2), by=ana.user, now=NOW)

    def test_the_endpoint_shows_and_changes_only_ones_own(self, api_of, frozen_now, porto, ops):
        other = Subscription.objects.create(user=make_user("planner"), severity="info")
        api = api_of("ops")
        answer = api.post("/api/loop/subscriptions/", {"site": {"slug": "porto"}, "severity": "warning"})
        assert answer.status_code == 201, answer.content
        assert Subscription.objects.get(pk=answer.json()["id"]).user == ops
        assert api.get("/api/loop/subscriptions/").json()["count"] == 1
        assert api.delete(f"/api/loop/subscriptions/{other.pk}/").status_code == 404
        wrong = api.post("/api/loop/subscriptions/", {"severity": "info", "check_id": "no-such-check"})
        assert wrong.status_code == 400

    def test_nobody_subscribes_with_the_channel_of_another(self, ops, planner, frozen_now):
        channel = delivery.channel(planner)
        with pytest.raises(ValidationError):
            operations.subscribe(channel=channel, by=ops, now=NOW)


class TestRoutes:
    def test_a_manager_enters_a_route_with_levels(self, client_of, frozen_now, manager, porto):
        room = delivery.channel(manager, name="NOC", is_shared=True)
        own = delivery.channel(manager, name="phone")
        client = client_of("manager")
        client.post(reverse("escalation-route-add"), {"name": "Porto", "home_site": porto.pk, "domain": ""})
        route = EscalationRoute.objects.get()
        level = {"route": route.pk, "after_min": 0, "target": "channel"}
        assert client.post(reverse("escalation-level-add"), level | {"channel": own.pk}).status_code != 302
        client.post(reverse("escalation-level-add"), level | {"channel": room.pk})
        assert EscalationLevel.objects.get().channel == room
        assert "NOC" in client.get(reverse("escalation-route-detail", args=[route.pk])).content.decode()

    def test_the_last_resort_is_a_shared_channel(self, client_of, frozen_now, manager):
        room = delivery.channel(manager, name="NOC", is_shared=True)
        client = client_of("manager")
        assert client.post(reverse("last-resort"), {"channel": room.pk}).status_code == 302
        assert AlertingState.objects.get().last_resort == room
        assert client_of("ops").get(reverse("last-resort")).status_code == 403


class TestReach:
    def test_who_comes_on_shift_without_a_channel_is_an_alert_a_day_before(self, porto, member):
        lisboa = made.site(slug="lisboa")
        rotation = people.rotation(porto, lisboa, domain="compute", name="Compute west")
        reached, unreached = member("ana"), member("rui", kind="")
        people.shift(rotation, reached, now=NOW)
        shift = people.shift(
            rotation,
            unreached,
            now=NOW,
            starts_at=NOW + timedelta(hours=7),
            ends_at=NOW + timedelta(hours=15),
        )
        [alert] = reach_alerts(NOW)
        assert alert.title == "Compute west: the primary on call has no channel"
        assert (alert.severity, alert.due_at, alert.domain) == ("warning", shift.starts_at, "compute")
        assert "It serves 2 sites." in alert.detail
        assert "Rui" not in f"{alert.title}{alert.detail}"
        [alert] = reach_alerts(NOW + timedelta(hours=6))
        assert alert.severity == "error"
        assert reach_alerts(NOW - timedelta(hours=18)) == []
        delivery.channel(unreached.user)
        assert reach_alerts(NOW) == []

    def test_a_person_without_an_account_cannot_be_told(self, porto):
        people.shift(people.rotation(porto, domain="compute"), people.person(), now=NOW, level=2)
        assert [alert.severity for alert in reach_alerts(NOW)] == ["error"]


def test_assigned_and_acknowledged_tell_those_concerned(on_call, porto, eva, alert_at):
    alert = alert_at(porto, assigned_to=eva.user)
    told(alert)
    [notice] = told(alert, NoticeReason.ASSIGNED, turn=2)
    assert (notice.user, notice.role) == (eva.user, "assigned")
    # People need no message when somebody takes it on.
    assert told(alert, NoticeReason.ACKNOWLEDGED, turn=3) == []
