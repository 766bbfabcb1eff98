"""Liveness, readiness, and Muster's own figures."""

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from web import workers
from web.health import Parts

# The floors that this is about; what is above has pages of its own.
pytestmark = pytest.mark.urls("tests.web.rest.urls")


def test_live_needs_no_database(client):
    # No `db` fixture: a query would fail this test.
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "up"})
    assert answer["X-Request-ID"]


def test_probes_call_a_process_by_its_address(client, settings):
    settings.ALLOWED_HOSTS = ["muster.example.com"]
    assert client.get("/health/live", headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/login/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.django_db
def test_ready_names_its_parts_and_counts_workers(client, frozen_now):
    workers.note("w1", now=frozen_now.at)
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "up",
        "database": "up",
        "redis": "up",
        "disk": "up",
        "migrations": "up",
        "workers": 1,
    }
    frozen_now.move(seconds=61)
    later = client.get("/health/ready")
    assert (later.status_code, later.json()["workers"], later.json()["status"]) == (200, 0, "degraded")


@pytest.mark.django_db
def test_without_redis_muster_is_degraded_and_serves(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["redis"], answer.json()["status"]) == (200, "down", "degraded")


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({}, "up"),
        ({"redis": "down", "workers": 0}, "degraded"),
        ({"workers": 0}, "degraded"),
        ({"disk": "full"}, "degraded"),
        ({"database": "busy"}, "busy"),
        ({"database": "down", "migrations": "unknown"}, "down"),
        ({"migrations": "behind"}, "down"),
    ],
)
def test_the_worst_part_says_how_muster_is(parts, status):
    well = {"database": "up", "migrations": "up", "redis": "up", "disk": "up", "workers": 2}
    assert Parts(**well | parts).status == status


def test_migrations_stay_as_they_were_seen_while_nobody_can_ask():
    seen = Parts("up", "up", "up", "up", 1)
    away = Parts("down", "unknown", "up", "up", 1)
    assert away.keep_migrations(seen).migrations == "up"
    assert away.keep_migrations(None).migrations == "unknown"
    assert Parts("up", "behind", "up", "up", 1).keep_migrations(seen).migrations == "behind"
    assert away.keep_migrations(seen).replace_database("up").status == "up"


@pytest.mark.django_db
def test_ready_says_when_migrations_are_behind(client):
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied(*max(key for key in recorder.applied_migrations() if key[0] == "web"))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "behind")


@pytest.mark.django_db
def test_ready_says_when_the_database_is_away(client, monkeypatch):
    def refuse(*args):
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["database"], answer.json()["migrations"]) == (
        503,
        "down",
        "unknown",
    )


def test_metrics_are_for_a_scraper_with_a_token(api_of):
    api = api_of("viewer", scope="read")
    api.get("/health/live")
    answer = api.get("/metrics", headers={"accept": "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    text = answer.content.decode()
    assert 'muster_http_requests_total{method="GET",route="health/live",status="200"}' in text
    assert "muster_workers " in text
    assert api_of(None).get("/metrics").status_code == 401


def test_an_invented_method_makes_no_series(client, db):
    client.generic("BREW", "/health/live")
    from prometheus_client import REGISTRY, generate_latest

    assert "BREW" not in generate_latest(REGISTRY).decode()
