"""A heartbeat goes out while all advances that an alert passes through, and at no other time."""

from datetime import timedelta

import orjson
import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError

from readiness.loop.alerts.heartbeat import operations
from readiness.loop.alerts.heartbeat.advance import NEEDED_EVERY_S, NEEDED_QUEUES, obstacles
from readiness.loop.alerts.models import HeartbeatTarget
from tests.web.delivery.receivers import Receiver
from web import jobs, watch, workers

pytestmark = pytest.mark.django_db
NEEDED = {
    name: job
    for name, job in django_settings.JOBS.items()
    if job.queue in NEEDED_QUEUES and job.every_s <= NEEDED_EVERY_S
}


def note_all(at, *, but=""):
    for name, job in NEEDED.items():
        if name != but:
            jobs._client.hset(jobs.KEY, f"{job.task} done", str(at.timestamp()))


@pytest.fixture
def advancing(frozen_now):
    """All jobs have just run, and a web process takes samples."""
    keys = (jobs.KEY, watch.KEY, workers.DOOR_KEY, workers.BACK_KEY)
    jobs._client.delete(*keys)
    workers.note_door(now=frozen_now.at)
    note_all(frozen_now.at)
    yield frozen_now
    jobs._client.delete(*keys)


@pytest.fixture
def outside(settings):
    """A server outside that takes heartbeats."""
    with Receiver() as receiver:
        settings.DELIVERY_HOSTS = [receiver.netloc]
        yield receiver


@pytest.fixture
def target_of(outside):
    def make(kind="post", path="/ping/secret-uuid", **given):
        return operations.create_heartbeat(
            name=kind, kind=kind, address=f"http://{outside.netloc}{path}", by=None, now=None, **given
        )

    return make


def beat(at):
    return operations.beat(now=at, start=lambda work: work())


def test_what_an_alert_passes_through_is_needed():
    assert {
        "drain-inbox",
        "rescore-changed",
        "rescore-due",
        "write-problems",
        "run-alerts",
        "deliver",
    } <= NEEDED.keys()


def test_an_address_is_called_while_all_advances(advancing, target_of, outside):
    target = target_of()
    assert beat(advancing.at) == 1
    [request] = outside.requests
    assert request.path == "/ping/secret-uuid"
    target.refresh_from_db()
    assert (target.taken_at, target.state, target.answer) == (advancing.at, "taken", "200 taken")


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_nothing_is_sent_while_a_needed_job_stands_still(advancing, target_of, outside, name):
    target_of()
    advancing.move(seconds=61)
    workers.note_door(now=advancing.at)
    note_all(advancing.at, but=name)
    assert beat(advancing.at) == 0
    assert [NEEDED[name].title in reason for reason in obstacles(now=advancing.at)] == [True]
    assert outside.requests == []


def test_nothing_is_sent_while_no_web_process_takes_samples(advancing, target_of, outside):
    target_of()
    advancing.move(seconds=40)
    note_all(advancing.at)
    assert beat(advancing.at) == 0
    assert obstacles(now=advancing.at) == ["No web process takes samples."]


def test_nothing_is_sent_while_it_is_behind(advancing, target_of, outside):
    target_of()
    watch.note(watch.WorkStage.PROBLEMS, advancing.at - timedelta(minutes=5))
    assert beat(advancing.at) == 0
    assert outside.requests == []


def test_nothing_is_sent_of_which_nothing_is_known(advancing, target_of, outside):
    target_of()
    jobs._client.delete(jobs.KEY, workers.DOOR_KEY)
    assert beat(advancing.at) == 0


def test_a_watchdog_ends_by_itself(advancing, target_of, outside):
    target_of("alertmanager", "")
    beat(advancing.at)
    [request] = outside.requests
    [alert] = orjson.loads(request.body)
    assert (request.path, alert["labels"]["alertname"]) == ("/api/v2/alerts", "MusterWatchdog")
    assert alert["endsAt"] == (advancing.at + operations.WATCHDOG_LASTS).isoformat()


def test_a_refusal_is_seen(advancing, target_of, outside):
    target = target_of("get")
    outside.status = 404
    beat(advancing.at)
    target.refresh_from_db()
    assert (target.state, target.taken_at) == ("refused", None)


def test_what_the_other_side_repeats_of_the_address_is_not_shown(advancing, target_of, outside):
    target = target_of()
    outside.status, outside.body = 404, b"no check at /ping/secret-uuid,\n nor  secret-uuid"
    beat(advancing.at)
    target.refresh_from_db()
    assert target.answer == "404 no check at /…, nor …"


def test_an_address_inside_is_not_called(advancing, target_of, outside, settings):
    target = target_of()
    settings.DELIVERY_HOSTS = []
    beat(advancing.at)
    target.refresh_from_db()
    assert target.state == "refused"
    assert "MUSTER_DELIVERY_HOSTS" in target.answer
    assert outside.requests == []


def test_one_that_is_off_is_not_called(advancing, target_of, outside):
    target = target_of(is_enabled=False)
    assert (beat(advancing.at), target.state) == (0, "off")


def test_the_address_is_kept_encrypted_and_not_shown(target_of, api_of, client_of):
    target = target_of()
    assert b"secret-uuid" not in bytes(target.address)
    assert target.origin.endswith("/…")
    for answer in (
        api_of("ops").get(f"/api/loop/heartbeats/{target.pk}/"),
        client_of("ops").get(f"/inbound/heartbeats/{target.pk}/"),
        client_of("ops").get(f"/inbound/heartbeats/{target.pk}/edit/"),
        client_of("ops").get("/inbound/heartbeats/"),
        client_of("admin").get("/history/"),
    ):
        assert answer.status_code == 200
        assert b"secret-uuid" not in answer.content


def test_an_address_that_is_none_is_refused(db):
    with pytest.raises(ValidationError):
        operations.create_heartbeat(name="a", kind="post", address="ftp://x/", by=None, now=None)
    assert not HeartbeatTarget.objects.exists()


def test_one_without_an_address_is_refused(api_of):
    answer = api_of("ops").post("/api/loop/heartbeats/", {"name": "a", "kind": "post"})
    assert (answer.status_code, [*answer.json()]) == (400, ["address"])


def test_it_is_made_by_page_and_by_endpoint(client_of, api_of):
    values = {"name": "hc", "kind": "post", "address": "https://hc.example/ping/abc", "is_enabled": True}
    assert client_of("ops").post("/inbound/heartbeats/add/", values).status_code == 302
    answer = api_of("ops").post("/api/loop/heartbeats/", values | {"name": "hc 2"})
    assert (answer.status_code, answer.json()["origin"]) == (201, "https://hc.example/…")
    assert "address" not in answer.json()
    changed = api_of("ops").patch(answer.json()["url"], {"kind": "get"})
    assert (changed.status_code, changed.json()["kind"]["value"]) == (200, "get")
    assert api_of("planner").post("/api/loop/heartbeats/", values | {"name": "hc 3"}).status_code == 403
    assert HeartbeatTarget.objects.count() == 2
