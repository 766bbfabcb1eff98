"""The endpoints under /api/readiness/: what they answer, what they filter by, who may use them."""

from datetime import timedelta

import pytest

from inventory.models import Site
from readiness.assessment.scoring.models import SiteScore
from readiness.demand.workloads.models import Placement, WorkloadClass
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def porto(frozen_now):
    there = stored.site(name="Porto", slug="porto", first_blocker="p2-power-headroom")
    stored.result(
        there,
        "p2-power-headroom",
        "fail",
        value=940.0,
        unit="kW",
        threshold=850.0,
        margin=-90.0,
        reason="Peak site load: 940 kW is above the limit of 850 kW.",
        taken_at=frozen_now.at - timedelta(minutes=2),
        evidence={"part": "site-load", "ref": "measure:site-load/meter", "provenance": "measured"},
        parts=[
            {
                "part": "site-load",
                "state": "fail",
                "taken_at": (frozen_now.at - timedelta(minutes=2)).isoformat(),
            }
        ],
    )
    stored.result(there, "p5-fabric-health", "pass")
    return there


def rows(response):
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_a_figure_that_is_an_integer_too_large_for_json_is_a_number_still(porto, api_of):
    """A sensor may send 1e20, and PostgreSQL writes a stored JSON number out in digits."""
    stored.result(
        porto,
        "p2-backup-power",
        "fail",
        value=1e20,
        parts=[{"part": "output-load", "state": "fail", "value": 1e20, "taken_at": ""}],
    )
    [row] = rows(api_of("viewer").get("/api/readiness/results/?check=p2-backup-power"))
    assert (row["value"], row["parts"][0]["value"]) == (1e20, 1e20)


def test_a_score_has_all_that_a_caller_needs(porto, api_of):
    stored.site(name="Faro", slug="faro")
    [score] = rows(api_of("viewer").get("/api/readiness/scores/?site=porto"))
    assert score["site"]["slug"] == "porto"
    assert score["verdict"] == {"value": "not-ready", "label": "Not ready"}
    assert (score["score"], score["score_upper"], score["coverage"]) == (0.5, 0.9, 0.4)
    assert score["framework_version"]["display"] == "muster-2"
    assert set(score["pillars"]) == {"p1", "p2", "p3", "p4", "p5"}
    assert score["evaluated_at"]


def test_a_result_tells_value_threshold_margin_reason_and_age(porto, api_of):
    [result] = rows(api_of("viewer").get("/api/readiness/results/?site=porto&check=p2-power-headroom"))
    assert (result["check"], result["pillar"], result["state"]["value"]) == (
        "p2-power-headroom",
        "p2",
        "fail",
    )
    assert (result["value"], result["unit"], result["threshold"], result["margin"]) == (940, "kW", 850, -90)
    assert result["data_age_s"] == result["parts"][0]["data_age_s"] == 120
    assert result["evidence"]["ref"] == "measure:site-load/meter"
    assert result["evaluated_at"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=fail", ["p2-power-headroom"]),
        ("state=fail&state=pass", ["p2-power-headroom", "p5-fabric-health"]),
        ("pillar=p5", ["p5-fabric-health"]),
        ("check=p5-fabric-health,p2-power-headroom", ["p2-power-headroom", "p5-fabric-health"]),
        ("margin__lt=0", ["p2-power-headroom"]),
        ("q=above", ["p2-power-headroom"]),
        ("state=warn", []),
    ],
)
def test_results_are_filtered(porto, api_of, query, found):
    assert [row["check"] for row in rows(api_of("viewer").get(f"/api/readiness/results/?{query}"))] == found


def test_flips_of_a_span_newest_first(porto, api_of):
    stored.flip(porto, "check", "p2-power-headroom", "fail", from_state="pass", at=NOW - timedelta(days=3))
    stored.flip(porto, "check", "p5-fabric-health", "pass", from_state="unknown", at=NOW - timedelta(days=2))
    api = api_of("viewer")
    flips = rows(api.get("/api/readiness/flips/?site=porto&start=now-4d&end=now"))
    assert [flip["key"] for flip in flips] == ["p5-fabric-health", "p2-power-headroom"]
    start = (NOW - timedelta(days=3, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (NOW - timedelta(days=2, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    [flip] = rows(api.get(f"/api/readiness/flips/?site=porto&start={start}&end={end}"))
    assert (flip["from_state"]["value"], flip["to_state"]["value"]) == ("pass", "fail")
    assert flip["cause"] == {"value": "data", "label": "Data"}


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("scores/?nothing=1", "nothing"),
        ("results/?state=broken", "state"),
        ("flips/?start=yesterday", "start"),
        ("scores/?site=nowhere", "site"),
        ("matrix/?site=nope", "site"),
        ("determinism/?site=nope", "site"),
        ("interop/?site=nope", "site"),
        ("results/?pillar=p9", "pillar"),
        ("results/?gate=X", "gate"),
        ("score-points/?start=now-1d&end=now-2d", "start"),
    ],
)
def test_what_cannot_be_filtered_by_is_refused_by_name(porto, api_of, path, parameter):
    response = api_of("viewer").get(f"/api/readiness/{path}")
    assert response.status_code == 400
    assert parameter in response.json()


def test_a_site_is_evaluated_on_demand(frozen_now, api_of):
    there = made.site(slug="faro")
    response = api_of("planner").post("/api/readiness/scores/evaluate/", {"site": "faro"})
    assert response.status_code == 200, response.content
    assert response.json()["verdict"]["value"] == "not-ready"
    assert SiteScore.objects.get(site=there).evaluated_at == frozen_now.at


def test_a_site_that_cannot_be_evaluated_is_told_and_has_no_verdict(porto, frozen_now, api_of):
    made.site(slug="faro")
    SiteScore.objects.update(verdict="ready")
    at = frozen_now.move(minutes=2)
    # A zone that no longer exists, as after an update of the time zone data.
    Site.objects.filter(slug="porto").update(time_zone="Mars/Olympus")
    api = api_of("planner")
    refused = api.post("/api/readiness/scores/evaluate/", {"site": "porto"})
    assert (refused.status_code, list(refused.json())) == (409, ["detail"])
    assert "Porto could not be evaluated: " in refused.json()["detail"]
    assert "Mars/Olympus" in refused.json()["detail"]
    score = SiteScore.objects.get(site__slug="porto")
    assert (score.verdict, score.failed_at) == ("ready", at)
    [told] = rows(api.get("/api/readiness/scores/?failed_at__empty=false"))
    assert (told["verdict"], told["last_verdict"]["value"]) == (None, "ready")
    assert "Mars/Olympus" in told["failure"]
    [short] = rows(api.get("/api/readiness/scores/?brief=true"))
    assert (short["verdict"], bool(short["failed_at"])) == (None, True)
    for asked, found in (("verdict=ready", 0), ("verdict__n=ready", 1), ("verdict__empty=true", 1)):
        assert len(rows(api.get(f"/api/readiness/scores/?{asked}"))) == found, asked


def test_evaluating_needs_its_permission_and_a_site(porto, api_of):
    refused = api_of("viewer").post("/api/readiness/scores/evaluate/", {"site": "porto"})
    assert (refused.status_code, "scoring.change_sitescore" in refused.json()["detail"]) == (403, True)
    unknown = api_of("planner").post("/api/readiness/scores/evaluate/", {"site": "nowhere"})
    assert (unknown.status_code, list(unknown.json())) == (400, ["site"])


def test_frameworks_are_listed_short_and_read_whole(api_of):
    api = api_of("viewer")
    [version] = rows(api.get("/api/readiness/frameworks/?status=published"))
    assert version["version"] == "muster-2"
    assert "definition" not in version
    whole = api.get(f"/api/readiness/frameworks/{version['id']}/").json()
    assert len(whole["definition"]["checks"]) == 48


class TestWorkloads:
    def test_a_class_with_its_regions_is_written_and_read(self, api_of):
        api = api_of("planner")
        region = api.post("/api/readiness/user-regions/", {"name": "Iberia", "slug": "iberia"}).json()
        made_class = api.post(
            "/api/readiness/workload-classes/",
            {"name": "Chat", "slug": "chat", "latency_limit_ms": 80, "user_regions": [{"slug": "iberia"}]},
        )
        assert made_class.status_code == 201, made_class.content
        assert made_class.json()["user_regions"][0]["id"] == region["id"]
        changed = api.patch(
            f"/api/readiness/workload-classes/{made_class.json()['id']}/", {"user_regions": []}
        )
        assert (changed.status_code, changed.json()["user_regions"]) == (200, [])
        assert changed.json()["latency_limit_ms"] == 80

    def test_a_placement_names_site_and_class(self, api_of):
        there = made.site(slug="faro")
        WorkloadClass.objects.create(name="Chat", slug="chat")
        api = api_of("planner")
        body = {"workload_class": {"slug": "chat"}, "site": {"slug": "faro"}, "started_on": "2026-11-01"}
        placed = api.post("/api/readiness/placements/", body)
        assert (placed.status_code, placed.json()["site"]["id"]) == (201, there.pk)
        again = api.post("/api/readiness/placements/", body)
        assert again.status_code == 400
        early = api.patch(f"/api/readiness/placements/{placed.json()['id']}/", {"ended_on": "2026-10-01"})
        assert (early.status_code, list(early.json())) == (400, ["ended_on"])

    def test_placements_are_filtered_by_site(self, api_of):
        chat = WorkloadClass.objects.create(name="Chat", slug="chat")
        for slug in ("faro", "porto"):
            Placement.objects.create(workload_class=chat, site=made.site(slug=slug), started_on="2026-11-01")
        [row] = rows(api_of("viewer").get("/api/readiness/placements/?site=faro"))
        assert row["site"]["slug"] == "faro"


def test_true_is_no_number(porto, api_of):
    fact = {"site": {"slug": "porto"}, "check": "p2-energy-kpis", "part": "pue", "value": True, "source": "x"}
    response = api_of("admin").post("/api/readiness/facts/", fact | {"taken_on": "2026-11-01"}, format="json")
    assert response.status_code == 400
    assert "value" in response.json()


def test_the_matrix_counts_capacity_by_the_sites_own_day(frozen_now, api_of):
    """24 November ends at 10:00 UTC on Kiritimati, and a day later at Honolulu."""
    for slug, zone in (("east", "Pacific/Kiritimati"), ("west", "Pacific/Honolulu")):
        there = stored.site(kw=0, slug=slug, time_zone=zone)
        made.capacity_event(site=there, happened_on=NOW.date(), it_kw=70)
    frozen_now.at = NOW
    found = {row["slug"]: row["deployed_kw"] for row in rows(api_of("viewer").get("/api/readiness/matrix/"))}
    assert found == {"east": 70.0, "west": 0.0}
