"""Alerts for programs: the list, one with what happened to it, and what people do about it."""

import pytest

from readiness.loop.alerts.models import Alert
from tests.readiness.loop.alerts.made import MINUTE, NOW, alert_of, end, loaded_site, look, problem

pytestmark = pytest.mark.django_db
ALERTS = "/api/loop/alerts/"


@pytest.fixture
def alert(frozen_now):
    frozen_now.at = NOW + 5 * MINUTE
    look()
    row = problem(loaded_site(name="Porto", slug="porto"), object="node-7")
    look(NOW + MINUTE)
    return alert_of(row)


def test_the_list_has_the_alerts_that_a_reader_sees(api_of, alert, user_of):
    [listed] = api_of("viewer").get(ALERTS, {"severity": "critical"}).json()["results"]
    assert (listed["key"], listed["site"]["display"]) == (alert.key, "Porto")
    assert api_of("viewer").get(ALERTS, {"is_open": "false"}).json()["count"] == 0


def test_an_alert_is_acknowledged_and_says_so(api_of, alert):
    address = f"{ALERTS}{alert.pk}/"
    answer = api_of("ops").post(f"{address}acknowledge/", {"note": "I look."})
    assert answer.status_code == 200
    assert answer.json()["standing"]["value"] == "acknowledged"
    events = api_of("viewer").get(address).json()["events"]
    assert [(event["kind"]["value"], event["text"]) for event in events] == [
        ("raised", ""),
        ("acknowledged", "I look."),
    ]


def test_reading_an_address_acknowledges_nothing(api_of, alert):
    """Scanners of mail follow links."""
    assert api_of("ops").get(f"{ALERTS}{alert.pk}/acknowledge/").status_code == 405
    alert.refresh_from_db()
    assert alert.standing == "escalating"


def test_an_alert_that_is_over_refuses_and_stays_as_it_is(api_of, alert):
    end(alert.problem, at=NOW + 2 * MINUTE)
    look(NOW + 2 * MINUTE)
    answer = api_of("ops").post(f"{ALERTS}{alert.pk}/acknowledge/", {})
    assert answer.status_code == 409
    assert "over" in answer.json()["detail"]
    assert Alert.objects.get().acknowledged_at is None


def test_whoever_only_looks_handles_none(api_of, alert):
    assert api_of("viewer").post(f"{ALERTS}{alert.pk}/comment/", {"text": "Hm."}).status_code == 403


def test_an_alert_is_assigned_and_linked(api_of, alert, planner):
    ops = api_of("ops")
    answer = ops.post(f"{ALERTS}{alert.pk}/assign/", {"to": planner.pk})
    assert answer.json()["assigned_to"]["id"] == planner.pk
    answer = ops.post(f"{ALERTS}{alert.pk}/link_incident/", {"url": "https://tracker.example/7"})
    assert answer.json()["incident_url"] == "https://tracker.example/7"
    assert ops.post(f"{ALERTS}{alert.pk}/link_incident/", {"url": "javascript:1"}).status_code == 400


def test_nobody_makes_an_alert_by_hand(api_of, alert):
    assert api_of("ops").post(ALERTS, {}).status_code == 405


def test_the_page_lists_what_still_fires(client_of, alert):
    page = client_of("viewer").get("/alerts/").content.decode()
    assert "compute-device-1 is critical" in page
    end(alert.problem, at=NOW + 2 * MINUTE)
    look(NOW + 2 * MINUTE)
    client = client_of("viewer")
    assert "compute-device-1 is critical" not in client.get("/alerts/").content.decode()
    assert "compute-device-1 is critical" in client.get("/alerts/?standing=over").content.decode()


def test_statements_of_the_list_do_not_grow(api_of, alert, django_assert_max_num_queries):
    for number in range(2, 30):
        problem(alert.site, f"compute-device-{number}")
    look(NOW + 2 * MINUTE)
    client = api_of("viewer")
    with django_assert_max_num_queries(12):
        assert client.get(ALERTS, {"limit": 50}).json()["count"] == 29
