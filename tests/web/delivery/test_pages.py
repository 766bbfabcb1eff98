"""Deliveries as their readers see them."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW, make_user
from tests.web.delivery import made
from tests.web.delivery.test_courier import AGAIN
from web import metrics
from web.delivery import queries
from web.delivery.models import GONE

pytestmark = pytest.mark.django_db


@pytest.fixture
def tried(deliver, receiver):
    """A message to a shared channel whose first attempt failed."""
    message = made.message(
        made.channel(name="War room", is_shared=True), text="Supply air is 41 °C.\nGo there."
    )
    receiver.answers[message.channel_id] = AGAIN
    deliver()
    return message


def subjects(client, path="/api/loop/deliveries/"):
    return [row["subject"] for row in client.get(path).json()["results"]]


def test_the_list_shows_state_attempts_and_the_last_answer(tried, client_of):
    (row,) = json.loads(client_of("ops").get("/deliveries/?export=json").getvalue())
    assert (row["subject"], row["state"], row["attempts"]) == (tried.subject, "waiting", 1)
    assert (row["channel"], row["last_answer"]) == ("War room", "busy")


@pytest.mark.parametrize("path", ["/deliveries/", "/deliveries/mailbox/", "/api/loop/deliveries/"])
def test_a_list_takes_as_many_statements_for_one_row_as_for_many(tried, client_of, path):
    def number():
        client.get(path)
        with CaptureQueriesContext(connection) as statements:
            assert client.get(path).status_code == 200
        return len(statements)

    client = client_of("ops")
    of_one = number()
    for _ in range(20):
        made.message(made.channel(is_shared=True))
    assert number() == of_one <= 14


@pytest.mark.parametrize("path", ["/deliveries/", "/deliveries/mailbox/"])
def test_the_newest_message_comes_first(client_of, path):
    channel = made.channel(kind="mailbox", is_shared=True)
    for minutes in (1, 3, 2):
        made.message(channel, subject=f"Message {minutes}", now=NOW + timedelta(minutes=minutes))
    rows = json.loads(client_of("ops").get(f"{path}?export=json").getvalue())
    assert [row["subject"] for row in rows] == ["Message 3", "Message 2", "Message 1"]


def test_the_page_of_one_shows_each_attempt(tried, client_of):
    page = client_of("ops").get(f"/deliveries/{tried.pk}/")
    assert 'id="attempt-1"' in page.text
    assert "Supply air is 41 °C.<br>Go there." in page.text
    # Only managers send it again.
    assert f"/deliveries/{tried.pk}/replay/" not in page.text
    assert f"/deliveries/{tried.pk}/replay/" in client_of("manager").get(f"/deliveries/{tried.pk}/").text


def test_the_page_of_one_leads_to_the_pages_that_it_names(client_of):
    text = "<b>Acknowledge</b> it here: /alerts/2/\nProblem: /problems/?problem=57&x=1"
    text += "\nNo page: 1/alerts/2/, //evil.example/a/"
    message = made.message(made.channel(is_shared=True), text=text)
    page = client_of("ops").get(f"/deliveries/{message.pk}/").text
    assert '&lt;b&gt;Acknowledge&lt;/b&gt; it here: <a href="/alerts/2/">/alerts/2/</a><br>' in page
    assert '<a href="/problems/?problem=57&amp;x=1">' in page
    assert "No page: 1/alerts/2/, //evil.example/a/" in page


def test_the_endpoint_has_each_attempt(tried, api_of):
    answer = api_of("ops", "read").get(f"/api/loop/deliveries/{tried.pk}/").json()
    assert [(each["number"], each["outcome"]["value"], each["status"]) for each in answer["tries"]] == [
        (1, "again", 503)
    ]
    assert answer["key"] == tried.key


def test_channels_of_others_are_not_seen(tried, api_of, client_of):
    own = made.message(made.channel(make_user("ops"), name="Mine"), subject="Mine")
    others = made.message(made.channel(make_user("manager"), name="Theirs"), subject="Theirs")
    assert sorted(subjects(api_of("ops", "read"))) == sorted([tried.subject, own.subject])
    ops = client_of("ops")
    assert ops.get(f"/deliveries/{others.pk}/").status_code == 404
    assert "Theirs" not in ops.get("/deliveries/").text


def test_the_mailbox_shows_messages_that_stay_here(tried, client_of):
    made.message(made.channel(make_user("ops"), kind="mail", address="a@example.org"), subject="By mail")
    page = client_of("ops").get("/deliveries/mailbox/").text
    assert tried.subject in page
    assert "By mail" not in page


def test_a_channel_that_is_gone_waits_for_its_owner(api_of):
    made.channel(make_user("ops"), name="Pager", disabled_at=NOW, disabled_for=GONE)
    made.channel(make_user("ops"), disabled_at=NOW, disabled_for="It was left.")
    made.channel(make_user("manager"), disabled_at=NOW, disabled_for=GONE)
    entries = api_of("ops", "read").get("/api/inbox/").json()["entries"]
    assert [entry["subject"] for entry in entries] == ["Pager: its receiver is gone"]


def test_gauges_tell_what_waits_and_what_is_late(tried, frozen_now):
    made.message(made.channel(make_user("manager")))
    now = frozen_now.move(seconds=60)
    values = queries.gauges(now)
    assert values["muster_deliveries_waiting"][("mailbox",)] == 2
    # The other one waits for a receiver that fails.
    assert values["muster_deliveries_late_seconds"] == {(): 60}
    assert values["muster_channels_failing"] == {("mailbox",): 1}
    assert set(values) <= {family.name for family in metrics.gauge_families()}
    assert queries.late_s(NOW - timedelta(seconds=1)) == 0


def test_a_channel_is_late_again_once_its_receiver_holds_it_no_more():
    made.message(made.channel(held_until=NOW + timedelta(seconds=60)))
    at = [queries.late_s(NOW + timedelta(seconds=seconds)) for seconds in (59, 60, 90)]
    assert at == [0, 0, 30]
