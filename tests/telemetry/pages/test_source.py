"""A source's page: added with a token shown once, looked at, paused, changed, deleted."""

import re

import pytest

from accounts.operations import authenticate_token
from telemetry import readings, sentences, sources
from telemetry.core.labels import IGNORED, RefusalReason
from telemetry.models import Source
from tests.inventory import made
from tests.telemetry.pages.conftest import words
from tests.telemetry.sending import Sender, body_of

pytestmark = pytest.mark.django_db
ADD = "/telemetry/sources/add/"


@pytest.fixture
def ops_client(client_of):
    return client_of("ops")


def form(**given):
    return {"name": "porto prometheus", "site": "", "site_label": "", "cadence_s": 30, "grace_s": 60} | {
        "provenance": "measured",
        **given,
    }


def token_in(response):
    return re.search(rb"muster_[a-z0-9]+_[\w-]+", response.content)[0].decode()


def test_adding_a_source_shows_its_token_once_with_a_snippet(ops_client, porto, frozen_now):
    response = ops_client.post(ADD, form(site=porto.pk))
    source = Source.objects.get()
    token = token_in(response)
    assert authenticate_token(token, now=frozen_now.at) == source.token
    assert "no-store" in response["Cache-Control"]
    page = response.content.decode()
    assert f"credentials: {token}" in page
    assert "url: http://testserver/api/v1/write" in page
    assert "scrape_interval: 30s" in page
    assert token not in ops_client.get(f"/telemetry/sources/{source.pk}/").content.decode()


def test_the_page_after_adding_says_when_the_first_sample_is_stored(ops_client, porto, frozen_now):
    response = ops_client.post(ADD, form(site=porto.pk))
    poll = re.search(r'id="first-sample" hx-get="([^"]+)"', response.text)[1].replace("&amp;", "&")
    waiting = ops_client.get(poll).content.decode()
    assert "hx-get" in waiting
    source = Source.objects.get()
    source.plain_token = token_in(response)
    frozen_now.move(seconds=20)
    Sender(source, frozen_now).deliver(("up", 1.0, 0))
    seen = ops_client.get(poll).content.decode()
    assert "Samples arrive." in seen
    assert "hx-get" not in seen


def test_a_label_ruled_source_is_told_which_label_to_send(ops_client):
    response = ops_client.post(ADD, form(site_label="location"))
    assert "location: my-site" in response.content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Name a site or a label that names it, not both."),
        ({"cadence_s": 0}, "Enter a whole number of 1 or more."),
        ({"name": "", "site_label": "site"}, "Enter the name."),
    ],
)
def test_a_form_that_cannot_be_taken_says_why(ops_client, given, said):
    response = ops_client.post(ADD, form(**given))
    assert response.status_code == 422
    assert said in words(response), words(response)
    assert not Source.objects.exists()


def test_a_name_in_use_is_refused_at_its_field(ops_client, sender, porto):
    response = ops_client.post(ADD, form(site=porto.pk))
    assert response.status_code == 422
    assert "already exists" in words(response)


def test_the_page_shows_facts_refusals_flips_and_series(browse, sender, porto, frozen_now):
    made.device(site=porto, name="gpu-01")
    sender.deliver(({"__name__": "node_load1", "instance": "gpu-01:9100"}, 0.5, 0), ("lonely_metric", 1.0, 0))
    sender.post(body_of(({"job": "nameless"}, 1.0, sender.at(0))))
    sources.update_states(now=frozen_now.at)
    page = browse("viewer", f"/telemetry/sources/{sender.source.pk}/")
    assert "On time" in page
    assert "no_metric_name" in page
    assert "a series without a metric name" in page
    assert "Waiting for the first sample → On time" in page
    assert "gpu-01" in page
    assert "none found" in page
    assert "&lt;the token&gt;" in page


def test_a_paused_source_can_be_resumed(ops_client, sender):
    url = f"/telemetry/sources/{sender.source.pk}/"
    page = words(ops_client.post(f"{url}pause/", follow=True))
    assert "is paused" in page
    assert "Paused" in page
    assert "may send again" in words(ops_client.post(f"{url}resume/", follow=True))
    sender.source.refresh_from_db()
    assert not sender.source.paused


def test_a_new_token_is_shown_and_the_one_before_stops_working(ops_client, sender, frozen_now):
    response = ops_client.post(f"/telemetry/sources/{sender.source.pk}/rotate-token/")
    assert authenticate_token(token_in(response), now=frozen_now.at)
    assert authenticate_token(sender.source.plain_token, now=frozen_now.at) is None


def test_changing_the_site_moves_the_series(ops_client, sender, frozen_now):
    sender.deliver(("up", 1.0, 0))
    lisbon = made.site(slug="lisbon", name="Lisbon")
    url = f"/telemetry/sources/{sender.source.pk}/"
    ops_client.post(f"{url}edit/", form(site=lisbon.pk, grace_s=10))
    sender.source.refresh_from_db()
    assert (sender.source.site, sender.source.grace_s) == (lisbon, 10)
    assert sender.source.series.get().site == lisbon


def test_the_activity_is_a_chart_and_a_file(client_of, sender):
    sender.deliver(("up", 1.0, 0), ("up", 1.0, -60))
    client = client_of("viewer")
    figure = client.get(f"/telemetry/sources/{sender.source.pk}/charts/activity.json").json()
    assert figure["data"][0]["y"] == [2]
    assert figure["meta"]["finding"] == "2 samples stored"
    lines = (
        client.get(f"/telemetry/sources/{sender.source.pk}/charts/activity.csv")
        .getvalue()
        .decode()
        .splitlines()
    )
    assert lines[1].startswith("2026-11-24T16:00:00+00:00,1,2,0,")


def test_a_source_that_never_sent_has_an_empty_chart(client_of, sender):
    figure = client_of("viewer").get(f"/telemetry/sources/{sender.source.pk}/charts/activity.json").json()
    assert figure["meta"]["empty"]


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_takes_the_same_statements_for_any_number_of_series(
    client_of, sender, porto, count, django_assert_max_num_queries
):
    made.device(site=porto, name="gpu-01")
    readings = [
        ({"__name__": "node_load1", "instance": "gpu-01:9100", "cpu": str(place)}, 1.0, 0)
        for place in range(count)
    ]
    sender.deliver(*readings)
    client = client_of("viewer")
    with django_assert_max_num_queries(21):
        client.get(f"/telemetry/sources/{sender.source.pk}/")


def test_every_reason_for_a_refusal_has_words():
    at_the_door = {"malformed_body", "body_too_large", "body_too_slow", "unsupported_encoding"}
    assert {*RefusalReason, *at_the_door, *IGNORED, readings.TOO_OLD, "wrong_content_type"} == set(
        sentences.REASONS
    )


def replica_rows(response):
    rows = re.findall(r'<tr id="replica-\d+">(.*?)</tr>', response.text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_the_page_names_the_replicas_and_removes_one_that_is_gone(
    ops_client, client_of, source_of, porto, frozen_now
):
    source = source_of(porto, replica_label="prometheus_replica")
    url = f"/telemetry/sources/{source.pk}/"
    assert "No replica has sent yet" in ops_client.get(url).text
    sender = Sender(source, frozen_now)
    for name in "ab":
        sender.deliver(({"__name__": "load", "prometheus_replica": name}, 1.0, 0))
    source.replicas.filter(name="b").update(silent_since=frozen_now.at)
    rows = replica_rows(ops_client.get(url))
    assert rows[0].startswith("a Sends ")
    assert rows[1].startswith("b Silent since ")
    removal = f"/telemetry/replicas/{source.replicas.get(name='b').pk}/remove/"
    assert client_of("viewer").post(removal).status_code == 403
    assert ops_client.post(removal).url == f"{url}#replicas"
    assert [row[:2] for row in replica_rows(ops_client.get(url))] == ["a "]
    gone = source.replicas.get(name="b")
    assert (gone.removed_by.username, gone.removed_at) == ("ops", frozen_now.at)
