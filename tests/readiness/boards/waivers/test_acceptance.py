"""A waiver from end to end on samples: on page, endpoint and export, given by another, gone the minute it ends."""

from datetime import timedelta

import pytest

from readiness.assessment.grants import operations
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring import operations as scoring
from readiness.demo.models import DemoFleet
from readiness.demo.operations.removal import remove
from tests.pages import rows_of
from tests.readiness.assessment.grants.conftest import WAIVABLE

pytestmark = pytest.mark.django_db


def states(plant, client, api):
    """The check's state as the three ways tell it: the page of the site's checks, the endpoint, the export."""
    page = (
        client.get(f"/sites/plant/checks/{WAIVABLE}/").content.decode().split("</h1>")[0].rsplit("<h1", 1)[1]
    )
    [result] = api.get(f"/api/readiness/results/?site=plant&check={WAIVABLE}").json()["results"]
    exported = client.get("/sites/plant/?tab=evidence&export=json&cols=state")
    rows = {row["id"]: row["state"] for row in rows_of(exported)}
    return ("Waived" in page, result["state"]["value"], rows[WAIVABLE])


def test_from_the_request_to_the_end(well, client_of, api_of):
    plant = well
    plant.change(upsBatteryStatus=3)
    plant.run(5)
    plant.evaluate()
    client, api = client_of("viewer"), api_of("viewer")
    assert states(plant, client, api) == (False, "fail", "fail")

    ends_at = plant.clock.at + timedelta(minutes=10)
    sent = {"site": {"slug": "plant"}, "kind": "waiver", "check": WAIVABLE, "reason": "New UPS on Monday"}
    asking = api_of("admin")
    asked = asking.post("/api/readiness/waivers/", sent | {"ends_at": ends_at.isoformat()}).json()
    assert asking.post(f"/api/readiness/waivers/{asked['id']}/approve/", {}).status_code == 403
    given = api_of("manager").post(f"/api/readiness/waivers/{asked['id']}/approve/", {})
    assert given.status_code == 200

    scoring.rescore_changed(now=plant.clock.at)
    assert states(plant, client, api) == (True, "waived", "waived")
    # Samples go on; the BLOCK check is looked away from, and the site is as little ready as before.
    plant.run(9)
    scoring.rescore_changed(now=plant.clock.at)
    assert states(plant, client, api) == (True, "waived", "waived")
    assert plant.score.verdict == "not-ready"
    assert WAIVABLE in plant.score.deciding

    plant.clock.at = ends_at
    assert scoring.rescore_aged(now=ends_at) == 1
    assert states(plant, client, api) == (False, "fail", "fail")
    [listed] = api.get("/api/readiness/waivers/?state=expired").json()["results"]
    assert listed["id"] == asked["id"]


def test_removing_the_demo_keeps_who_decided_what_stays(porto, ask, manager, frozen_now, user_of):
    """A person of the demo who approved a waiver at a real site stays named there, and signs in no more."""
    given = operations.approve(ask(porto), by=manager, now=frozen_now.at)
    DemoFleet.objects.create(
        loaded_at=frozen_now.at, scale=1, made={"accounts.User": [manager.pk, user_of("viewer").pk]}
    )
    assert remove(by=None, now=frozen_now.at)
    manager.refresh_from_db()
    assert not manager.is_active
    assert Grant.objects.get(pk=given.pk).approver == manager
    assert not type(manager).objects.filter(username="viewer").exists()
