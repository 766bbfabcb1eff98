"""The pages of determinism: what they show of paths, why one passes and another does not, what they cost."""

import json

import pytest

from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.scoring.operations import evaluate
from tests.inventory import made
from tests.pages import rows_of, text_of
from tests.readiness.assessment.evidence.repeated import measure, pair

pytestmark = pytest.mark.django_db
FLEET, SITE = "/readiness/determinism/", "/sites/porto/determinism/"


def figures(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_a_new_installation_leads_to_the_import(client_of, porto):
    page = text_of(client_of("ops").get(FLEET))
    assert "no latency run" in page
    assert 'href="/evidence/runs/add/"' in page
    page = text_of(client_of("ops").get(SITE))
    assert "No latency run yet" in page
    assert "/evidence/runs/add/?site=porto" in page
    assert "/evidence/runs/add/" not in text_of(client_of("viewer").get(SITE))


@pytest.mark.usefixtures("calm", "wild")
class TestTwoPathsOfOneMedian:
    def test_the_fleet_tells_them_apart(self, client_of):
        page = text_of(client_of("viewer").get(FLEET))
        for told in ("node-1 to node-2", "node-3 to node-4", "The median (p50) decides nothing here"):
            assert told in page

    def test_the_file_holds_every_figure(self, client_of):
        answer = client_of("viewer").get(f"{FLEET}?export=csv")
        rows = rows_of(answer)
        by_factor = {float(row["Load factor"]): row for row in rows}
        assert set(by_factor) == {1.5, 15.0}
        calm, wild = by_factor[1.5], by_factor[15.0]
        assert calm["Loaded p50 (µs)"] == wild["Loaded p50 (µs)"] == "2.0"
        assert (calm["Loaded p99 (µs)"], wild["Loaded p99 (µs)"]) == ("3.0", "30.0")
        assert (calm["Idle p99 (µs)"], calm["Jitter"], calm["Repeats"]) == ("2.0", "2.5", "20.0")
        assert "load-factor=pass" in calm["Sub-measures"]
        assert "load-factor=fail" in wild["Sub-measures"]

    def test_one_site_shows_its_worst_path_first(self, client_of):
        page = text_of(client_of("viewer").get(SITE))
        assert page.index("node-3 to node-4") < page.index("node-1 to node-2")
        assert "Loaded p99 over idle p99, worst path: 15" in page
        assert "Not declared" in page or "not declared" in page

    def test_a_path_that_is_asked_for_is_looked_at(self, client_of):
        api = client_of("viewer").get("/api/readiness/determinism/?site=porto").json()
        paths = {path["name"]: path["key"] for path in api["results"][0]["paths"]}
        page = text_of(client_of("viewer").get(f"{SITE}?path={paths['node-1 to node-2']}"))
        assert "20 loaded, 20 idle" in page
        assert text_of(client_of("viewer").get(f"{SITE}?path=nowhere"))

    def test_charts_have_tables(self, client_of):
        client = client_of("viewer")
        tails = figures(client, f"{FLEET}charts/tails.json")
        assert len(tails["meta"]["table"]["rows"]) == 2
        curve = figures(client, f"{SITE}charts/percentiles.json")
        assert [row[:3] for row in curve["meta"]["table"]["rows"]] == [
            ["p50", 1.8, 2.0],
            ["p99", 2.0, 30.0],
            ["p99.9", 3.0, 50.0],
        ]
        history = figures(client, f"{SITE}charts/history.json")
        assert len(history["meta"]["table"]["rows"]) == 80
        assert client.get(f"{SITE}charts/history.csv").content.count(b"\n") == 81


def test_a_percentile_with_too_few_observations_is_not_supported(client_of, porto, frozen_now):
    measure(porto, pair(porto, "a", "b"), now=frozen_now.at, iterations=5000)
    client = client_of("viewer")
    assert "not supported" in text_of(client.get(FLEET))
    rows = figures(client, f"{SITE}charts/percentiles.json")["meta"]["table"]["rows"]
    assert rows[1][3] == ""
    assert "10000" in rows[2][3]


def test_runs_that_were_left_out_say_why(client_of, porto, calm, frozen_now):
    ValidationRun.objects.filter(pk=calm[0].pk).update(
        void_changes=["nos"], voided_at=frozen_now.at, void_reason="leaf-1: NOS 4.1 → 4.2."
    )
    frozen_now.move(days=2)
    page = text_of(client_of("viewer").get(SITE))
    assert "leaf-1: NOS 4.1 → 4.2." in page
    assert "20 loaded, 19 idle" in page
    frozen_now.move(days=40)
    assert "old and counted for 30 d." in text_of(client_of("viewer").get(SITE))


def test_the_first_repeats_are_the_baseline(client_of, porto, frozen_now):
    devices = pair(porto, "a", "b")
    measure(porto, devices, now=frozen_now.at, ago=90.0, p99=3.0)
    measure(porto, devices, now=frozen_now.at, ago=1.0, p99=3.6)
    [site] = client_of("viewer").get("/api/readiness/determinism/?site=porto").json()["results"]
    [path] = site["paths"]
    assert (path["baseline_p99"], path["loaded"][1]["value"]) == (3.0, 3.6)
    assert path["change"] == pytest.approx(0.2)
    assert "+20" in text_of(client_of("viewer").get(FLEET))


def test_what_is_shown_is_what_scoring_stored(client_of, porto, calm, wild, frozen_now):
    evaluate(site_ids=[porto.pk], now=frozen_now.at)
    stored = client_of("viewer").get("/api/readiness/results/?site=porto&check=p1-latency-under-load").json()
    parts = {part["part"]: part for part in stored["results"][0]["parts"]}
    [site] = client_of("viewer").get("/api/readiness/determinism/?site=porto").json()["results"]
    worst = {part["part"]: part for part in site["paths"][0]["parts"]}
    assert site["state"] == stored["results"][0]["state"]["value"] == "fail"
    for part_id in ("load-factor", "tail-ratio"):
        for field in ("state", "value", "reason", "provenance"):
            assert worst[part_id][field] == parts[part_id][field]


def test_the_endpoint_is_read_only_and_filters(client_of, api_of, porto, calm):
    made.site(name="Faro", slug="faro")
    client = client_of("viewer")
    assert [each["site"] for each in client.get("/api/readiness/determinism/").json()["results"]] == [
        "porto",
        "faro",
    ]
    one = client.get(f"/api/readiness/determinism/{porto.pk}/").json()
    assert (one["site"], one["state"], len(one["paths"][0]["runs"])) == ("porto", None, 40)
    assert one["paths"][0]["taken_at"]
    assert client.get("/api/readiness/determinism/?state=fail").json()["count"] == 0
    assert client.get("/api/readiness/determinism/?stat=fail").status_code == 400
    assert api_of("admin").post("/api/readiness/determinism/", {}).status_code == 405
