"""What messages say, to people and to programs."""

from datetime import timedelta

import pytest

from readiness.loop.alerts.core.kinds import NoticeReason
from readiness.loop.alerts.models import Alert, EscalationLevel, EscalationRoute, Notice, Subscription
from readiness.organisation.people.models import Procedure
from tests.conftest import NOW, make_user
from tests.inventory import made
from tests.readiness.loop.alerts.made import problem
from tests.readiness.loop.alerts.telling.conftest import MINUTE, sent, told
from tests.web.delivery import made as delivery
from web.delivery.models import Channel, Message

pytestmark = pytest.mark.django_db
CHECK = "p1-soak-24h"
SECRET = {"address": "https://example.com", "target": b"sealed", "secret": b"sealed"}


@pytest.fixture
def address(settings):
    settings.BASE_URL = "https://muster.example.com"


def system(kind, **columns):
    """A shared channel of another system, to which everything goes."""
    room = delivery.channel(make_user("manager"), name=kind, kind=kind, is_shared=True, **(SECRET | columns))
    route = EscalationRoute.objects.create(name="All")
    EscalationLevel.objects.create(route=route, after_min=0, target="channel", channel=room)
    return room


def end(alert, now=NOW, turn=9):
    Alert.objects.filter(pk=alert.pk).update(standing="over", ended_at=now, ended_by="evidence")
    alert.refresh_from_db()
    told(alert, NoticeReason.ENDED, turn=turn, now=now)


class TestWords:
    def test_cause_effect_procedure_and_who_else_was_told(self, on_call, porto, viewer, alert_at, address):
        row = problem(porto, CHECK, kind="check", check_id=CHECK, title="GPU temperature", state="failing")
        Procedure.objects.create(
            title="Cool a rack", slug="cool", kind="runbook", site=porto, check_points="Open the door\nCall"
        )
        Procedure.objects.update(checks=[CHECK])
        delivery.channel(viewer, kind="mail", address="v@example.com")
        Subscription.objects.create(user=viewer)
        alert = alert_at(
            porto, problem=row, value="91 °C", limit="limit 90 °C", workloads=3, url="/sites/porto/"
        )
        told(alert)
        messages = {message.channel.owner.username: message for message in sent()}
        for text in (messages["ana"].text, messages["ana"].html):
            for words in (
                "Porto: GPU temperature is critical",
                "It began",
                "91 °C, limit 90 °C",
                "400 kW deployed and 3 workload classes",
                "Cool a rack",
                "Open the door",
                "Primary on call",
                "viewer (subscriber, E-mail)",
                "https://muster.example.com/sites/porto/",
                "https://muster.example.com/settings/alerts/",
            ):
                assert words in text
        assert messages["ana"].subject == "Critical: Porto: GPU temperature is critical"
        assert messages["ana"].is_urgent
        assert not messages["viewer"].is_urgent
        # A viewer sees no names.
        assert "somebody (primary on call, E-mail)" in messages["viewer"].text
        assert "ana" not in messages["viewer"].text.lower()

    def test_the_true_numbers_of_many(self, on_call, porto, alert_at):
        lisboa = made.site(name="Lisboa", slug="lisboa")
        on_call.served.create(site=lisboa)
        alerts = [alert_at(porto, group="one", kw=100) for _ in range(40)]
        alerts += [alert_at(lisboa, severity="error", rank=1) for _ in range(25)]
        told(alerts)
        [message] = sent()
        assert message.subject == "Critical: Porto: GPU temperature is critical and 64 more at 2 sites"
        assert "65 alerts at 2 sites: 40 critical, 25 error." in message.text
        assert "39 more alerts of the same cause are in this message." in message.text
        assert "and 3 more causes" in message.text

    def test_what_ended_says_so(self, on_call, porto, alert_at):
        alert = alert_at(porto)
        told(alert)
        sent()
        end(alert, NOW + MINUTE)
        [message] = sent(NOW + MINUTE)
        assert message.event == "alert.ended"
        assert message.subject == "Ended: Porto: GPU temperature is critical"
        assert "Evidence shows that it is well." in message.text

    def test_who_takes_urgent_messages_only_learns_of_the_end_of_a_page(self, on_call, porto, alert_at):
        Channel.objects.update(only_urgent=True)
        page, lesser = alert_at(porto), alert_at(porto, severity="error", rank=1)
        told([page, lesser])
        sent()
        end(lesser, NOW + MINUTE)
        assert sent(NOW + MINUTE) == []
        end(page, NOW + 2 * MINUTE)
        [message] = sent(NOW + 2 * MINUTE)
        assert (message.event, message.state) == ("alert.ended", "waiting")

    def test_what_follows_is_counted_not_told(self, on_call, porto, alert_at):
        cause = alert_at(porto)
        for _ in range(3):
            alert_at(porto, cause=cause, standing="muted")
        told(cause)
        [message] = sent()
        assert "3 alerts that follow from it are not told separately." in message.text

    def test_the_first_start_is_one_digest(self, on_call, porto, alert_at):
        told([alert_at(porto) for _ in range(12)], NoticeReason.FIRST_START)
        [message] = sent()
        assert (message.event, message.is_urgent) == ("alert.digest", False)
        assert message.text.startswith("Alerting has begun.")


class TestWebhook:
    def test_reads_alerts_and_learns_of_an_acknowledgement(self, porto, alert_at, address):
        system("webhook")
        alert = alert_at(porto, group="source:7")
        told(alert)
        [message] = sent()
        assert message.payload["event"] == message.event == "alert.raised"
        assert (message.payload["action"], message.payload["dedup_key"]) == ("trigger", "source:7")
        [entry] = message.payload["alerts"]
        assert (entry["key"], entry["site"], entry["effect"]) == (
            alert.key,
            "porto",
            {"kw": 400.0, "workloads": 0},
        )
        alert.standing = "acknowledged"
        alert.save()
        told(alert, NoticeReason.ACKNOWLEDGED, turn=2, now=NOW + MINUTE)
        [message] = sent(NOW + MINUTE)
        assert (message.event, message.payload["action"]) == ("alert.acknowledged", "acknowledge")

    def test_no_alert_is_left_out_and_the_end_of_none_comes_first(self, porto, alert_at):
        room = system("webhook")
        alerts = [alert_at(porto, group=f"group {number % 2}") for number in range(70)]
        told(alerts)
        messages = sent()
        assert [each.payload["counts"]["total"] for each in messages] == [50, 20]
        told_keys = {entry["key"] for each in messages for entry in each.payload["alerts"]}
        assert told_keys == {alert.key for alert in alerts}
        assert {each.subject.partition(":")[0] for each in messages} == {"Critical"}
        end(alerts[0])
        [ended] = sent(NOW + MINUTE)
        assert {each.order_key for each in (*messages, ended)} == {f"alerts-{room.pk}"}


class TestPagerDuty:
    def test_one_incident_for_each_cause_until_all_of_it_ended(self, porto, alert_at):
        system("pagerduty")
        cause, child, other = (
            alert_at(porto, group="a"),
            alert_at(porto, group="a"),
            alert_at(porto, group="b"),
        )
        told([cause, child, other])
        first = sent()
        assert [(each.payload["action"], each.payload["dedup_key"]) for each in first] == [
            ("trigger", "a"),
            ("trigger", "b"),
        ]
        end(cause)
        assert sent() == []
        assert not Notice.objects.waiting().exists()
        end(child)
        [message] = sent()
        assert (message.payload["action"], message.payload["dedup_key"]) == ("resolve", "a")
        assert message.order_key == first[0].order_key

    def test_a_channel_of_urgent_messages_learns_of_the_end(self, porto, alert_at):
        system("pagerduty", only_urgent=True)
        alert = alert_at(porto)
        told(alert)
        sent()
        end(alert, NOW + MINUTE)
        [message] = sent(NOW + MINUTE)
        assert (message.payload["action"], message.state) == ("resolve", "waiting")

    def test_more_of_a_cause_waits_for_the_minute(self, porto, alert_at):
        system("pagerduty")
        told(alert_at(porto, group="a"))
        assert len(sent()) == 1
        told(alert_at(porto, group="a"))
        assert sent(NOW + MINUTE / 2) == []
        assert len(sent(NOW + MINUTE)) == 1


class TestAlertmanager:
    def test_all_alerts_in_batches_and_again_while_they_fire(self, porto, alert_at):
        system("alertmanager")
        alerts = [alert_at(porto) for _ in range(250)]
        told(alerts)
        messages = [each for each in sent() if each.event == "alert.raised"]
        assert [len(each.payload["alerts"]) for each in messages] == [200, 50]
        assert messages[0].payload["ends_at"] == (NOW + timedelta(minutes=20)).isoformat()
        end(alerts[0])
        again = sent(NOW + timedelta(minutes=5))
        assert [
            (each.event, len(each.payload["alerts"])) for each in again if each.event == "alert.repeated"
        ] == [
            ("alert.repeated", 200),
            ("alert.repeated", 49),
        ]
        [ended] = [each.payload["alerts"] for each in again if each.event == "alert.raised"]
        assert [entry["ended_at"] for entry in ended] == [NOW.isoformat()]
        assert sent(NOW + timedelta(minutes=6)) == []

    def test_what_the_channel_may_no_longer_read_is_not_sent_again(self, porto, alert_at):
        room = system("alertmanager")
        told([alert_at(porto), alert_at(made.site(slug="elsewhere"))])
        sent()
        Channel.objects.filter(pk=room.pk).update(scope_kind="site", scope_slug="porto")
        [again] = sent(NOW + timedelta(minutes=5))
        assert [entry["site"] for entry in again.payload["alerts"]] == ["porto"]


def test_mail_and_chat_have_no_payload_and_only_mail_has_html(on_call, porto, ana, alert_at):
    delivery.channel(ana.user, kind="chat", **SECRET)
    told(alert_at(porto))
    assert {(each.channel.kind, bool(each.html), bool(each.payload)) for each in sent()} == {
        ("mail", True, False),
        ("chat", False, False),
    }
    assert Message.objects.filter(about__startswith="alert:").count() == 2
