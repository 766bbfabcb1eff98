"""What messages make of alerts: once each, in any order, with what is missing, late or not mapped."""

import json

import pytest

from readiness.loop.alerts.inbound import taking
from readiness.loop.alerts.inbound.incidents import LATE_AFTER
from readiness.loop.alerts.models import Alert, InboundAlert, InboundRule, InboundWebhook
from tests.inventory import made
from tests.readiness.loop.alerts.inbound import bodies
from tests.readiness.loop.alerts.inbound.bodies import NOW, after
from web.delivery.senders.pagerduty import dedup_key

pytestmark = pytest.mark.django_db


def ends():
    return list(Alert.objects.order_by("pk").values_list("ended_by", flat=True))


class TestMessages:
    def test_one_alert_opens_and_ends_once(self, am, post, frozen_now):
        firing = bodies.alertmanager(bodies.alert())
        for minute in range(3):
            frozen_now.at = after(minute)
            assert post(am, firing).status_code == 200
        assert ends() == [""]
        frozen_now.at = after(5)
        for _ in range(2):
            post(am, bodies.alertmanager(bodies.alert(ends=after(4))))
            post(am, firing)
        assert ends() == ["sender"]

    def test_what_comes_again_is_another_alert(self, am, post, frozen_now):
        post(am, bodies.alertmanager(bodies.alert()))
        frozen_now.at = after(5)
        post(am, bodies.alertmanager(bodies.alert(ends=after(4))))
        frozen_now.at = after(9)
        post(am, bodies.alertmanager(bodies.alert(starts=after(8))))
        assert ends() == ["sender", ""]
        assert Alert.objects.open().get().began_at == after(8)

    @pytest.mark.parametrize("truncated", [0, 1])
    def test_what_is_not_listed_has_not_ended(self, am, post, frozen_now, truncated):
        two = bodies.alert(), bodies.alert(fingerprint="b2", labels={"instance": "gpu-2:9100"})
        post(am, bodies.alertmanager(*two))
        frozen_now.at = after(5)
        post(am, bodies.alertmanager(two[0], truncated=truncated))
        assert ends() == ["", ""]
        missing = InboundAlert.objects.get(fingerprint="b2")
        assert missing.missing_since == (None if truncated else after(5))
        post(am, bodies.alertmanager(*two))
        missing.refresh_from_db()
        assert missing.missing_since is None

    def test_a_message_that_knows_of_later_things_opens_again(self, am, post, frozen_now):
        """A partition had Alertmanager end it by itself: its Prometheus goes on with the old beginning."""
        post(am, bodies.alertmanager(bodies.alert()))
        frozen_now.at = after(5)
        post(am, bodies.alertmanager(bodies.alert(ends=after(4))))
        frozen_now.at = after(20)
        post(am, bodies.alertmanager(bodies.alert(), bodies.alert(fingerprint="b2", starts=after(15))))
        assert sorted(ends()) == ["", "", "sender"]

    def test_the_inventory_names_the_object(self, am, post, porto):
        made.device(site=porto, name="gpu-1")
        post(am, bodies.alertmanager(bodies.alert()))
        assert Alert.objects.get().object == "gpu-1"

    def test_alerts_of_one_group_are_told_together(self, am, post):
        post(am, bodies.alertmanager(bodies.alert(), bodies.alert(fingerprint="b2")))
        post(am, bodies.alertmanager(bodies.alert(fingerprint="c3"), group="x" * 900))
        groups = set(Alert.objects.values_list("group", flat=True))
        assert len(groups) == 2
        assert all(len(group) <= 400 for group in groups)

    def test_statements_do_not_grow_with_alerts(self, am, post, django_assert_max_num_queries):
        def message(count, prefix):
            return bodies.alertmanager(
                *(bodies.alert(fingerprint=f"{prefix}{n}") for n in range(count)), group=prefix
            )

        post(am, message(1, "first"))
        with django_assert_max_num_queries(32):
            post(am, message(500, "many"))
        assert Alert.objects.count() == 501


class TestMapping:
    def test_what_has_no_site_waits_for_a_rule(self, am, post, porto, frozen_now):
        post(am, bodies.alertmanager(bodies.alert(labels={"site": "oslo", "pod": "porto"})))
        [row] = InboundAlert.objects.unmapped()
        assert (row.state, row.reason) == ("not mapped", "no site has the slug or name oslo")
        assert not Alert.objects.exists()
        InboundRule.objects.create(
            name="pods", conditions="alertname=Node*", site_label="pod", severity="info"
        )
        frozen_now.at = after(1)
        assert taking.map_again(now=frozen_now.at) == 1
        alert = Alert.objects.get()
        assert (alert.site, alert.severity) == (porto, "info")
        assert taking.map_again(now=frozen_now.at) == 0

    def test_what_is_left_out_raises_nothing(self, am, post):
        InboundRule.objects.create(name="watchdog", conditions="alertname=Watchdog", is_ignored=True)
        post(am, bodies.alertmanager(bodies.alert("Watchdog")))
        assert not Alert.objects.exists()
        assert not InboundAlert.objects.unmapped().exists()

    def test_what_muster_told_does_not_come_back(self, am, post):
        post(am, bodies.alertmanager(bodies.alert(labels={"muster_key": "problem:1"})))
        assert not Alert.objects.exists()

    def test_a_sender_of_one_site_tells_of_no_other(self, sender_of, post, porto):
        made.site(name="Turin", slug="turin")
        sender = sender_of(site=porto)
        post(sender, bodies.alertmanager(bodies.alert(labels={"site": "turin"})))
        assert not Alert.objects.exists()
        post(sender, bodies.alertmanager(bodies.alert(fingerprint="b2", labels={"site": ""})))
        assert Alert.objects.get().site == porto


class TestByHand:
    def test_an_end_by_hand_stays(self, am, post, frozen_now):
        post(am, bodies.alertmanager(bodies.alert()))
        frozen_now.at = after(10)
        taking.end_by_hand(InboundAlert.objects.get(), by=None, now=frozen_now.at)
        post(am, bodies.alertmanager(bodies.alert()))
        assert ends() == ["person"]
        assert InboundAlert.objects.get().state == "late"

    def test_what_is_long_over_is_forgotten(self, am, post, frozen_now):
        post(am, bodies.alertmanager(bodies.alert(), bodies.alert(fingerprint="b2", ends=after(0))))
        assert taking.forget(now=NOW + taking.FORGOTTEN_AFTER) == 0
        assert taking.forget(now=NOW + 2 * taking.FORGOTTEN_AFTER) == 1
        assert InboundAlert.objects.get().fingerprint == "a1"


class TestIncidents:
    @pytest.fixture
    def pager(self, sender_of, post, porto):
        sender = sender_of("pagerduty", secret="s1")

        def send(body, webhook_id=""):
            return post(sender, body, bodies.signed_pagerduty(body, "s1") | {"x-webhook-id": webhook_id})

        send.sender = sender
        return send

    @pytest.fixture
    def raised(self, am, post):
        """An alert that Muster told PagerDuty of, by its key."""
        post(am, bodies.alertmanager(bodies.alert()))
        return Alert.objects.get()

    @pytest.mark.parametrize("kind", ["acknowledged", "resolved"])
    def test_who_takes_an_incident_of_muster_on_acknowledges_here(self, pager, raised, frozen_now, kind):
        frozen_now.at = after(5)
        answer = pager(bodies.incident(kind, key=raised.key, at=after(4)), "w1")
        assert answer.json()["detail"] == "1 acknowledged"
        raised.refresh_from_db()
        assert (raised.acknowledged_at, raised.ended_at) == (after(5), None)
        assert "PagerDuty, incident 2" in raised.events.get(kind="acknowledged").text

    def test_by_the_key_of_its_group(self, pager, raised, frozen_now):
        frozen_now.at = after(5)
        pager(bodies.incident("acknowledged", key=raised.group, at=after(4)))
        raised.refresh_from_db()
        assert raised.acknowledged_at == after(5)

    def test_a_hashed_key_of_muster_is_no_alert_of_others(self, pager, raised, am, post, frozen_now):
        Alert.objects.update(group="g" * 300)
        key = dedup_key({"dedup_key": "g" * 300})
        frozen_now.at = after(5)
        answer = pager(bodies.incident("acknowledged", key=key, at=after(4)), "w1")
        assert answer.json()["detail"] == "1 acknowledged"
        post(am, bodies.alertmanager(bodies.alert(ends=after(5))))
        answer = pager(bodies.incident("acknowledged", key=key, at=after(4)), "w2")
        assert answer.json()["detail"] == "0 acknowledged"
        assert InboundAlert.objects.count() == 1

    def test_once_for_each_webhook(self, pager, raised, frozen_now):
        frozen_now.at = after(5)
        body = bodies.incident("acknowledged", key=raised.key, at=after(4))
        pager(body, "w1")
        Alert.objects.update(acknowledged_at=None, acknowledged_until=None, standing="escalating")
        assert pager(body, "w1").json()["detail"] == "taken before"
        raised.refresh_from_db()
        assert raised.acknowledged_at is None
        assert InboundWebhook.objects.count() == 1

    def test_late_ones_change_nothing(self, pager, raised, am, post, frozen_now):
        frozen_now.at = after(4) + LATE_AFTER + (after(1) - NOW)
        pager(bodies.incident("acknowledged", key=raised.key, at=after(4)), "w1")
        frozen_now.at = after(6)
        pager(bodies.incident("acknowledged", key=raised.key, at=after(-1)), "w2")
        raised.refresh_from_db()
        assert raised.acknowledged_at is None
        post(am, bodies.alertmanager(bodies.alert(ends=after(5))))
        pager(bodies.incident("acknowledged", key=raised.key, at=after(6)), "w3")
        raised.refresh_from_db()
        assert (raised.acknowledged_at, raised.ended_at) == (None, after(6))

    @pytest.mark.parametrize("change", ["worse_at", "standing_since"])
    def test_a_word_from_before_it_got_worse_or_returned_acknowledges_nothing(
        self, pager, raised, frozen_now, change
    ):
        Alert.objects.update(**{change: after(5)})
        frozen_now.at = after(6)
        pager(bodies.incident("acknowledged", key=raised.key, at=after(4)), "w1")
        raised.refresh_from_db()
        assert raised.acknowledged_at is None
        pager(bodies.incident("acknowledged", key=raised.key, at=after(5)), "w2")
        raised.refresh_from_db()
        assert raised.acknowledged_at == after(6)

    def test_an_incident_of_others_is_an_alert(self, pager, porto, frozen_now):
        InboundRule.objects.create(
            name="cooling", conditions="service=cooling*", site=porto, object_labels="service"
        )
        pager(bodies.incident(), "w1")
        frozen_now.at = after(2)
        pager(bodies.incident("acknowledged", at=after(2)), "w2")
        alert = Alert.objects.get()
        assert (alert.title, alert.severity, alert.acknowledged_at) == (
            "Cooling at porto",
            "critical",
            after(2),
        )
        frozen_now.at = after(9)
        pager(bodies.incident("resolved", at=after(9)), "w3")
        pager(bodies.incident("acknowledged", at=after(2)), "w2b")
        assert ends() == ["sender"]
        frozen_now.at = after(12)
        pager(bodies.incident("reopened", at=after(12)), "w4")
        assert ends() == ["sender", ""]

    def test_nobody_is_named(self, pager, porto):
        pager(bodies.incident(), "w1")
        assert "Ana" not in json.dumps(
            list(InboundAlert.objects.values("labels", "title", "detail", "reason"))
        )
