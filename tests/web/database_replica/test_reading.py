"""Who reads the replica, and what the primary answers in its place. The replica is the same database, read-only; a real
one is in `tests/peers/test_database_replica.py`.
"""

import time
from copy import deepcopy

import pytest
from django.db import connections

from web.database_replica import reading
from web.database_replica.measuring import NOT_MEASURED

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.web.database_replica.urls")]
REPLICA, PRIMARY = "on,", "off,"


@pytest.fixture
def measured(settings, monkeypatch):
    """A replica that was measured just now."""
    settings.DATABASE_REPLICA_LAG_S = 60
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "web.database_replica.reading.ReplicaMiddleware"]
    primary = connections["default"]
    # Users of other tests have the same numbers.
    if keys := reading._client.keys("muster:wrote:*"):
        reading._client.delete(*keys)
    parameters = deepcopy(primary.settings_dict)
    parameters["OPTIONS"]["options"] = "-c default_transaction_read_only=on"
    connections["replica"] = type(primary)(parameters, "replica")
    monkeypatch.setattr(reading.watch, "trouble", "")
    monkeypatch.setattr(reading.watch, "_as_of_s", time.monotonic())
    yield reading.watch
    connections["replica"].close()
    del connections["replica"]


def text(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return answer.content.decode().strip('"')


def test_only_requests_that_ask_read_the_replica(measured, client_of, api_of):
    browser, program = client_of("manager"), api_of("manager")
    assert text(browser, "/reads/").startswith(REPLICA)
    assert text(program, "/api/reads/").startswith(REPLICA)
    assert text(client_of(None), "/reads/").startswith(PRIMARY)
    assert text(browser, "/settings/reads/").startswith(PRIMARY)
    assert connections["default"].alias == "default"


def test_whoever_wrote_reads_the_primary_until_the_replica_has_it(measured, api_of, client_of):
    program, other = api_of("admin"), client_of("ops")
    assert program.post("/api/inventory/regions/", {"name": "Alps", "slug": "alps"}).status_code == 201
    assert text(program, "/api/reads/").startswith(PRIMARY)
    assert text(other, "/reads/").startswith(REPLICA)


def test_a_scope_holds_on_the_replica_and_ends_with_the_request(measured, user_of, client_of, api_of):
    for client, path in ((client_of("ops"), "/reads/"), (api_of("viewer"), "/api/reads/")):
        user_of("ops" if path == "/reads/" else "viewer").access_scopes.create(kind="region", slug="iberia")
        assert text(client, path) == "on,muster_scoped"
    assert text(client_of("manager"), "/reads/") not in ("on,muster_scoped", "off,muster_scoped")
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() != ("muster_scoped",)


@pytest.mark.parametrize("path", ["/writes/", "/fails/", "/api/writes/"])
def test_what_fails_because_of_the_replica_is_answered_by_the_primary(measured, client_of, api_of, path):
    client = api_of("manager") if path.startswith("/api/") else client_of("manager")
    assert text(client, path).startswith(PRIMARY)
    # A lost connection is no reason to try the next request on it.
    assert measured.may_be_read == (path != "/fails/")


def test_nobody_reads_one_that_was_not_measured_or_is_old(measured, client_of, monkeypatch):
    client = client_of("manager")
    monkeypatch.setattr(measured, "_as_of_s", time.monotonic() - 61)
    assert text(client, "/reads/").startswith(PRIMARY)
    monkeypatch.setattr(measured, "_as_of_s", time.monotonic())
    monkeypatch.setattr(measured, "trouble", NOT_MEASURED)
    assert text(client, "/reads/").startswith(PRIMARY)


def test_nobody_reads_it_while_nobody_can_tell_who_wrote(measured, client_of, monkeypatch):
    from web import valkey

    with monkeypatch.context() as patched:
        patched.setattr("django.conf.settings.REDIS_URL", "redis://127.0.0.1:1/0")
        patched.setattr(reading, "_client", valkey.client(timeout_s=0.1))
        assert text(client_of("manager"), "/reads/").startswith(PRIMARY)
