"""`GET /api/readiness/explain/`: the same as the page, as figures."""

import pytest

from tests.readiness.boards.explain.scene import BACKUP

pytestmark = pytest.mark.django_db
EXPLAIN = "/api/readiness/explain/"


@pytest.fixture
def api(api_of):
    return api_of("viewer")


def test_a_site_with_its_pillars_checks_and_verdict(api, dallas):
    found = api.get(f"{EXPLAIN}?site=dallas&start=now-30d").json()
    assert found["site"]["slug"] == "dallas"
    assert (found["start"]["on_date"], found["start"]["score"], found["start"]["verdict"]) == (
        "2026-10-25",
        1.0,
        "ready",
    )
    assert sum(found["causes"].values()) == pytest.approx(found["change"], abs=1e-9)
    assert found["verdict_moved_by"] == [["data"]]
    [check] = found["checks"]
    assert (check["check"], check["from_state"], check["to_state"]) == (BACKUP, "pass", "fail")
    assert check["causes"]["data"] == pytest.approx(found["change"])
    assert "→" in check["sentence"]
    moved = {pillar["pillar"]: pillar["change"] for pillar in found["pillars"] if pillar["change"]}
    assert list(moved) == ["p2"]


def test_a_waiver_that_began_is_told_by_its_id(api, gent):
    found = api.get(f"{EXPLAIN}?site=gent&start=now-30d").json()
    [grant] = gent.grants.all()
    assert found["grants"] == [{"kind": "waivers", "covers": BACKUP, "id": str(grant.pk), "began": True}]
    assert found["checks"][0]["moved_by"] == [["waiver"]]


def test_the_fleet_names_each_site(api, fleet):
    found = api.get(f"{EXPLAIN}?start=now-30d").json()
    assert {row["site"]["slug"] for row in found["sites"]} == {"dallas", "gent", "hull", "oslo"}
    lines = sum(found["causes"].values()) + found["capacity"] + found["sites_came_or_went"]
    assert lines == pytest.approx(found["change"])
    assert found["change"] == pytest.approx(found["end"]["score"] - found["start"]["score"])
    assert found["start"]["plain_mean"] != pytest.approx(found["start"]["score"])
    assert {row["site"]["slug"]: row["end_kw"] for row in found["sites"]} == {
        "dallas": 900, "gent": 400, "hull": 100, "oslo": 300,
    }  # fmt: skip
    [oslo] = [row for row in found["sites"] if row["site"]["slug"] == "oslo"]
    assert (oslo["start"], oslo["verdict_start"]) == (None, None)


def test_a_region_is_named(api, fleet):
    slug = fleet[0].region.slug
    assert api.get(f"{EXPLAIN}?region={slug}&start=now-30d").json()["region"]["slug"] == slug


def test_days_of_which_nothing_is_kept_are_not_found(api, dallas):
    answer = api.get(f"{EXPLAIN}?site=dallas&start=2026-09-01")
    assert answer.status_code == 404
    assert "There is no data for 1 Sep 2026" in answer.json()["detail"]


def test_too_many_sites_ask_for_a_region(api, fleet, monkeypatch):
    monkeypatch.setattr("readiness.boards.explain.queries.MOST_SITES", 2)
    answer = api.get(EXPLAIN)
    assert (answer.status_code, list(answer.json())) == (400, ["region"])
