"""`/charts/events.json` says what happened at a site, or in the fleet, in a time."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission

from readiness.assessment.evidence.models import ValidationRun
from readiness.loop.alerts.models import MaintenanceWindow, Silence
from telemetry.models import Series, Source
from tests.inventory import made
from tests.pages import statements
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.assessment.scoring.test_page_queries import source
from web.audit import AuditEntry, retention

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]
HOUR = timedelta(hours=1)
DAY_AGO = {"start": "now-24h", "end": "now"}


def ms(at):
    return round(at.timestamp() * 1000)


@pytest.fixture
def porto():
    return stored.site(name="Porto", slug="porto")


@pytest.fixture
def other():
    return stored.site(name="Other", slug="other")


@pytest.fixture
def events_of(client_of):
    def read(role="viewer", **query):
        answer = client_of(role).get("/charts/events.json", DAY_AGO | query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return read


def run_at(site, at, digest="a"):
    sent = {"scope": "node", "received_at": NOW, "file_bytes": 1, "file_sha256": digest}
    return ValidationRun.objects.create(site=site, tool="fio", taken_at=at, **sent)


def window_at(site, at):
    return MaintenanceWindow.objects.create(
        site=site, name="Filters", starts_at=at, duration_min=60, last_ends_at=at + HOUR, created_at=NOW
    )


def silence_at(site, at):
    return Silence.objects.create(site=site, reason="Cords", starts_at=at, ends_at=at + HOUR, created_at=NOW)


def test_everything_that_happened_is_numbered_in_the_order_of_time(events_of, porto):
    stored.flip(porto, "verdict", "", "not-ready", from_state="ready", at=NOW - 9 * HOUR)
    stored.flip(porto, "health", "energy", "critical", from_state="ok", at=NOW - 7 * HOUR)
    run_at(porto, NOW - 5 * HOUR)
    silence_at(porto, NOW - 4 * HOUR)
    window_at(porto, NOW - 3 * HOUR)
    events = events_of(site="porto")["events"]
    assert [(event["number"], event["kind"]) for event in events] == [
        *((1, "verdict"), (2, "health"), (3, "run"), (4, "silence"), (5, "window")),
    ]
    assert [event["text"] for event in events] == [
        "Verdict: Ready → Not ready",
        "Energy health: OK → Critical",
        "fio run, one node",
        "Silence: Cords (Porto)",
        "Maintenance: Filters (Porto)",
    ]
    assert (events[0]["start"], events[0]["end"]) == (ms(NOW - 9 * HOUR), None)
    assert (events[4]["start"], events[4]["end"]) == (ms(NOW - 3 * HOUR), ms(NOW - 2 * HOUR))
    assert events[0]["url"] == "/sites/porto/"


def test_a_change_of_the_inventory_says_what_changed(events_of, porto):
    retention.make_ready(now=NOW)
    node = made.device(site=porto, name="n01")
    row = {"id": node.pk, "site_id": porto.pk, "name": "n01", "serial": "A1"}
    rows = {"before": row, "after": row | {"serial": "B2"}}
    entry = {"lasts": False, "action": "changed", "username": "jonah", "table": "inventory_device"}
    AuditEntry.objects.create(at=NOW - HOUR, object_id=node.pk, **entry | rows)
    [event] = [event for event in events_of("ops", site="porto")["events"] if event["kind"] == "change"]
    assert event["text"].startswith("Device n01: serial")
    assert event["text"].endswith("A1 → B2")


def test_a_unit_rule_marks_the_charts_of_the_sites_of_its_source(events_of, porto, other):
    retention.make_ready(now=NOW)
    of_porto = source(porto, "on-time", name="meters of Porto")
    of_many = Source.objects.create(name="exchange", site_label="site")
    Series.objects.create(
        source=of_many, site=other, metric="site_power_watts", labels={}, digest=b"1", object_kind="site",
        first_seen_at=NOW,
    )  # fmt: skip
    entry = {"lasts": False, "username": "jonah", "table": "telemetry_unitrule", "object_id": 7}
    row = {"id": 7, "metric": "site_power_watts", "factor": 1.0, "offset": 0.0}
    for hours, its_source, action, before, after in (
        (1, of_porto, "deleted", {"unit": "kW"}, None),
        (2, of_porto, "changed", {"unit": "MW"}, {"unit": "kW"}),
        (3, of_porto, "created", None, {"unit": "MW"}),
        (4, of_many, "created", None, {"unit": "kW"}),
    ):
        rows = [side and row | side | {"source_id": its_source.pk} for side in (before, after)]
        AuditEntry.objects.create(
            at=NOW - hours * HOUR, action=action, before=rows[0], after=rows[1], **entry
        )
    texts = [event["text"] for event in events_of(site="porto")["events"] if event["kind"] == "change"]
    assert texts == [
        "Unit rule site_power_watts created",
        "Unit rule site_power_watts: sent in MW → kW",
        "Unit rule site_power_watts deleted",
    ]
    texts = [event["text"] for event in events_of(site="other")["events"] if event["kind"] == "change"]
    assert texts == ["Unit rule site_power_watts created"]


def test_other_sites_and_other_times_have_no_mark(events_of, porto, other):
    run_at(other, NOW - HOUR)
    run_at(porto, NOW - 30 * HOUR, "b")
    stored.flip(other, "verdict", "", "ready", from_state="not-ready", at=NOW - HOUR)
    assert [event["kind"] for event in events_of(site="porto")["events"] if event["kind"] != "change"] == []


def test_the_fleet_has_verdicts_with_their_site_and_no_runs(events_of, porto, other):
    stored.flip(other, "verdict", "", "ready", from_state="not-ready", at=NOW - HOUR)
    run_at(porto, NOW - 2 * HOUR)
    assert [event["text"] for event in events_of()["events"]] == ["Other: Verdict: Not ready → Ready"]


def test_for_a_check_its_own_changes_are_marked_and_not_those_of_others(events_of, porto):
    stored.flip(porto, "check", "p2-power-headroom", "fail", from_state="pass", at=NOW - HOUR)
    stored.flip(porto, "check", "p2-backup-power", "fail", from_state="pass", at=NOW - 3 * HOUR)
    run_at(porto, NOW - 5 * HOUR)
    events = events_of(site="porto", check="p2-power-headroom")["events"]
    assert [event["kind"] for event in events] == ["run", "check"]


def test_several_sites_have_the_events_of_the_fleet(events_of, porto, other):
    run_at(porto, NOW - HOUR)
    stored.flip(other, "verdict", "", "ready", from_state="not-ready", at=NOW - HOUR)
    assert [event["kind"] for event in events_of(site="porto,other")["events"]] == ["verdict"]


def test_events_without_a_mark_are_counted(events_of, porto):
    for hours in range(1, 20):
        stored.flip(porto, "check", "p2-power-headroom", "fail", from_state="pass", at=NOW - hours * HOUR)
    answer = events_of(site="porto")
    assert len(answer["events"]) == 6
    assert answer["note"] == "13 other events have no mark."


def test_a_reader_without_a_permission_sees_the_rest(user_of, client_of, porto):
    run_at(porto, NOW - 2 * HOUR)
    stored.flip(porto, "verdict", "", "ready", from_state="not-ready", at=NOW - HOUR)
    reader = user_of("viewer")
    reader.groups.clear()
    reader.user_permissions.set(Permission.objects.filter(codename__in=["view_site", "view_flip"]))
    client = client_of("viewer")
    events = client.get("/charts/events.json", DAY_AGO | {"site": "porto"}).json()["events"]
    assert [event["kind"] for event in events] == ["verdict"]


def test_an_unknown_site_is_refused(client_of):
    assert client_of("viewer").get("/charts/events.json?site=nowhere").status_code == 400


def test_it_takes_a_fixed_number_of_statements(client_of, porto):
    client, path = client_of("viewer"), "/charts/events.json?site=porto&start=now-24h&end=now"
    run_at(porto, NOW - HOUR)
    silence_at(porto, NOW - HOUR)
    first = statements(client, path)
    for hours in range(1, 20):
        stored.flip(porto, "check", "p2-power-headroom", "fail", from_state="pass", at=NOW - hours * HOUR)
        run_at(porto, NOW - hours * HOUR, str(hours))
        silence_at(porto, NOW - hours * HOUR)
    assert statements(client, path) == first
