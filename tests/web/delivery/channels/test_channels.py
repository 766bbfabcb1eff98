"""Channels: adding, confirming and changing them; whose they are."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from standardwebhooks.webhooks import Webhook

from tests.conftest import NOW
from tests.inventory import made
from tests.web.delivery.channels.entered import KEY, PATH, SECRET_ADDRESS, add, code_in, step
from tests.web.delivery.receivers import Receiver
from web.delivery.models import Attempt, Channel, ChannelKind, Message
from web.delivery.secrets import decrypt
from web.delivery.senders import SENDERS, Answer

pytestmark = pytest.mark.django_db


def test_a_mail_address_is_confirmed_by_the_code_that_went_there(api):
    channel = add(api)
    assert channel["verified_at"] is None
    probed = step(api, channel, "probe").json()
    assert (probed["outcome"], probed["verified_at"]) == ("taken", None)
    [sent] = mail.outbox
    assert sent.to == ["ana@example.org"]
    code = code_in(sent)
    confirmed = step(api, channel, "confirm", {"code": f"{code[:3]} {code[3:]}"}).json()
    assert confirmed["verified_at"] is not None
    assert Channel.objects.usable().count() == 1
    assert step(api, channel, "confirm", {"code": code}).status_code == 409
    assert step(api, channel, "probe").status_code == 409


def test_a_code_has_five_tries(api):
    channel = add(api)
    step(api, channel, "probe")
    code = code_in(mail.outbox[0])
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    answers = [step(api, channel, "confirm", {"code": wrong}).status_code for _try in range(5)]
    assert answers == [400] * 5
    assert step(api, channel, "confirm", {"code": code}).status_code == 409
    assert Channel.objects.get().verified_at is None


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (15, 409)])
def test_a_code_lasts_a_quarter_of_an_hour(api, frozen_now, minutes, status):
    channel = add(api)
    step(api, channel, "probe")
    frozen_now.move(minutes=minutes)
    assert step(api, channel, "confirm", {"code": code_in(mail.outbox[0])}).status_code == status


def test_a_code_is_of_its_channel_and_its_address(api):
    channel, other = add(api), add(api, name="other", address="bo@example.org")
    step(api, channel, "probe")
    step(api, other, "probe")
    codes = [code_in(sent) for sent in mail.outbox]
    if codes[0] != codes[1]:
        assert step(api, other, "confirm", {"code": codes[0]}).status_code == 400
    api.patch(f"{PATH}{channel['id']}/", {"address": "eve@example.org"})
    assert step(api, channel, "confirm", {"code": codes[0]}).status_code == 409


def test_nobody_is_flooded_with_codes(api, api_of):
    channel = add(api)
    answers = [step(api, channel, "probe").status_code for _try in range(7)]
    assert answers == [200] * 6 + [409]
    other = add(api_of("planner"))
    assert step(api_of("planner"), other, "probe").status_code == 409
    assert len(mail.outbox) == 6


def test_a_webhook_is_confirmed_by_taking_a_test(api, settings, monkeypatch):
    with Receiver() as receiver:
        settings.DELIVERY_HOSTS = [receiver.netloc]
        channel = add(api, kind="webhook", address=receiver.url)
        assert channel["address"] == f"http://{receiver.netloc}/…"
        assert step(api, channel, "probe").json()["verified_at"] is not None
    [request] = receiver.requests
    monkeypatch.setattr("standardwebhooks.webhooks.timedelta", lambda minutes: timedelta(days=36500))
    assert Webhook(channel["signing_secret"]).verify(request.body, request.headers)["type"] == "channel.test"


@pytest.mark.parametrize(
    ("kind", "values"), [("webhook", {}), ("pagerduty", {"secret": KEY}), ("alertmanager", {})]
)
def test_a_system_that_takes_no_test_is_not_confirmed(api, settings, kind, values):
    with Receiver(400, f"no {KEY}".encode()) as receiver:
        settings.DELIVERY_HOSTS = [receiver.netloc]
        channel = add(api, kind=kind, address=receiver.url, **values)
        probed = step(api, channel, "probe").json()
    assert (probed["outcome"], probed["status"], probed["verified_at"]) == ("refused", 400, None)
    assert KEY[:8] not in probed["answer"] or kind != "pagerduty"


def test_a_test_opens_no_incident(api, settings):
    with Receiver(202) as receiver:
        settings.DELIVERY_HOSTS = [receiver.netloc]
        for kind, secret in (("pagerduty", {"secret": KEY}), ("alertmanager", {})):
            channel = add(api, kind=kind, name=kind, address=receiver.url, **secret)
            assert step(api, channel, "probe").json()["outcome"] == "taken"
    event, alerts = (json.loads(request.body) for request in receiver.requests)
    assert event["event_action"] == "resolve"
    assert [alert["startsAt"] == alert["endsAt"] for alert in alerts] == [True]


def test_an_address_inside_is_blocked_with_the_reason(api):
    channel = add(api, kind="webhook", address="https://169.254.169.254/latest/meta-data")
    probed = step(api, channel, "probe").json()
    assert (probed["outcome"], probed["status"]) == ("blocked", None)
    assert "not on the internet" in probed["answer"]
    assert "meta-data" not in probed["answer"]


def test_a_test_goes_the_way_of_all_messages(api):
    channel = add(api)
    assert step(api, channel, "test").status_code == 409
    Channel.objects.update(verified_at=NOW)
    answer = step(api, channel, "test")
    assert answer.status_code == 202
    message = Message.objects.get(pk=answer.json()["message"])
    assert (message.state, message.event) == ("waiting", "channel.test")


@pytest.mark.parametrize("name", ["probe", "test", "rotate-secret", "finish-rotation", "enable"])
@pytest.mark.parametrize("body", [{"code": "123456"}, 5, [1], '"text"'])
def test_a_step_refuses_a_body_that_it_would_not_read(api, name, body):
    refused = step(api, add(api), name, body)
    assert refused.status_code == 400
    assert "This address takes no body" in refused.json()["detail"]


def test_an_address_that_changes_during_a_test_is_not_confirmed(api, monkeypatch):
    def send(message, channel, now):
        Channel.objects.update(address="https://example.org/other")
        return Answer(Attempt.Outcome.TAKEN, 200, "taken")

    monkeypatch.setitem(SENDERS, ChannelKind.WEBHOOK, send)
    probed = step(api, add(api, kind="webhook", address=SECRET_ADDRESS), "probe")
    assert (probed.status_code, probed.json()["detail"]) == (
        409,
        "Its address changed meanwhile. Confirm the new one.",
    )
    assert Channel.objects.get().verified_at is None


def test_a_new_address_must_be_confirmed(api):
    channel = add(api)
    Channel.objects.update(verified_at=NOW)
    same = api.put(
        f"{PATH}{channel['id']}/", {"kind": "mail", "name": "my phone", "address": "ana@example.org"}
    )
    assert (same.json()["name"], same.json()["verified_at"] is not None) == ("my phone", True)
    other = api.patch(f"{PATH}{channel['id']}/", {"address": "bo@example.org"})
    assert other.json()["verified_at"] is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"address": "not an address"}, "address"),
        ({"address": ""}, "address"),
        ({"secret": "x"}, "secret"),
        ({"kind": "webhook", "address": "http://example.org/"}, "address"),
        ({"kind": "webhook", "address": "https://me:pass@example.org/"}, "address"),
        ({"kind": "webhook", "address": "https://example.org/", "secret": "x"}, "secret"),
        ({"kind": "chat", "address": "https://example.org/"}, "address"),
        ({"kind": "chat", "address": "json://example.org/"}, "address"),
        ({"kind": "pagerduty", "address": ""}, "secret"),
        ({"kind": "pagerduty", "address": "", "secret": "short"}, "secret"),
        ({"kind": "fax"}, "kind"),
        ({"name": ""}, "name"),
        ({"is_shared": True, "scope_kind": "site", "scope_slug": "nowhere"}, "scope_slug"),
    ],
)
def test_what_is_entered_wrong_is_said_at_its_field(api, values, field):
    answer = api.post(PATH, {"kind": "mail", "name": "phone", "address": "ana@example.org"} | values)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert "me:pass" not in answer.content.decode()


def test_names_of_channels_differ(api):
    add(api)
    assert api.post(PATH, {"kind": "mail", "name": "phone", "address": "b@example.org"}).status_code == 400


def test_the_mailbox_is_for_the_demo(api, settings):
    settings.DEMO = False
    assert api.post(PATH, {"kind": "mailbox", "name": "box"}).status_code == 400
    settings.DEMO = True
    assert add(api, kind="mailbox", name="box", address="")["verified_at"] is not None


def test_a_secret_is_replaced_without_a_gap(api, settings, monkeypatch):
    monkeypatch.setattr("standardwebhooks.webhooks.timedelta", lambda minutes: timedelta(days=36500))
    first = add(api, kind="webhook", address="https://example.org/hook")
    second = step(api, first, "rotate-secret").json()["signing_secret"]
    assert step(api, first, "rotate-secret").status_code == 409
    stored = Channel.objects.get()
    assert (decrypt(stored.secret), decrypt(stored.next_secret)) == (first["signing_secret"], second)
    assert step(api, first, "finish-rotation").status_code == 200
    stored.refresh_from_db()
    assert (decrypt(stored.secret), stored.next_secret) == (second, None)
    assert step(api, first, "finish-rotation").status_code == 409
    assert step(api, add(api, name="mail"), "rotate-secret").status_code == 409


def test_a_disabled_channel_takes_nothing_until_it_is_enabled(api):
    channel = add(api)
    Channel.objects.update(verified_at=NOW)
    assert step(api, channel, "disable", {"reason": " "}).status_code == 400
    assert step(api, channel, "disable", {"reason": "On leave"}).json()["disabled_for"] == "On leave"
    assert step(api, channel, "disable", {"reason": "On leave"}).status_code == 409
    assert not Channel.objects.usable().exists()
    assert step(api, channel, "enable").json()["disabled_at"] is None
    assert step(api, channel, "enable").status_code == 409


@pytest.mark.parametrize(("is_shared", "count"), [(False, 0), (True, 1)])
def test_whoever_may_not_sign_in_is_told_nothing(api, ops, is_shared, count):
    add(api, is_shared=is_shared)
    Channel.objects.update(verified_at=NOW)
    assert Channel.objects.usable().count() == 1
    type(ops).objects.filter(pk=ops.pk).update(is_active=False)
    assert Channel.objects.usable().count() == count


def test_a_channel_of_somebody_else_is_not_there(api, api_of, client_of):
    channel = add(api)
    for role in ("viewer", "manager", "admin"):
        other = api_of(role)
        assert other.get(PATH).json()["count"] == 0
        assert other.get(f"{PATH}{channel['id']}/").status_code == 404
        for name in ("probe", "test", "enable", "rotate-secret"):
            assert step(other, channel, name).status_code == 404
        assert client_of(role).get(f"/settings/channels/{channel['id']}/").status_code == 404
        assert client_of(role).post(f"/settings/channels/{channel['id']}/delete/").status_code == 404


def test_a_shared_channel_is_seen_by_all_and_changed_by_its_owner_or_an_administrator(api, api_of):
    channel = add(api, is_shared=True)
    path = f"{PATH}{channel['id']}/"
    assert api_of("viewer").get(path).json()["address"] is None
    assert api_of("manager").get(path).json()["address"] == "ana@example.org"
    assert step(api_of("manager"), channel, "disable", {"reason": "x"}).status_code == 403
    assert api_of("manager").delete(path).status_code == 403
    assert step(api_of("admin"), channel, "disable", {"reason": "x"}).status_code == 200
    assert api_of("admin").delete(path).status_code == 204


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("planner", 403), ("ops", 201), ("manager", 201)]
)
def test_who_may_share(api_of, role, status):
    values = {"kind": "mail", "name": "noc", "address": "noc@example.org", "is_shared": True}
    assert api_of(role).post(PATH, values).status_code == status


def test_a_channel_that_is_shared_no_longer_has_no_scope(api):
    made.site(slug="porto")
    channel = add(api, is_shared=True, scope_kind="site", scope_slug="porto")
    changed = api.patch(f"{PATH}{channel['id']}/", {"is_shared": False}).json()
    assert (changed["is_shared"], changed["scope_kind"], changed["scope_slug"]) == (False, "", "")


def test_whoever_sees_some_sites_sees_shared_channels_of_these(api, api_of):
    region = made.region(slug="iberia")
    made.site(slug="porto", region=region)
    made.site(slug="madrid", region=region)
    for place in ("porto", "madrid", ""):
        scope = {"scope_kind": "site", "scope_slug": place} if place else {}
        add(api, name=f"noc {place}", is_shared=True, **scope)
    add(api, name="noc iberia", is_shared=True, scope_kind="region", scope_slug="iberia")
    limited = api_of("manager", username="limited", scopes=[("site", "porto")])
    add(limited, name="mine")
    names = [channel["name"] for channel in limited.get(PATH).json()["results"]]
    assert names == ["mine", "noc porto"]
    of_region = api_of("manager", username="regional", scopes=[("region", "iberia")])
    names = [channel["name"] for channel in of_region.get(PATH).json()["results"]]
    assert names == ["noc iberia", "noc madrid", "noc porto"]
