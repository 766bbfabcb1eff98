"""The matrix taken along: as a file with all rows, as a report to print, and row by row from the API."""

import pytest

from readiness.assessment.framework import queries as framework_queries
from tests.pages import rows_of, words_of
from tests.readiness.assessment.scoring import stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


def rows_of_file(response):
    assert response["Content-Disposition"] == 'attachment; filename="readiness-matrix.csv"'
    return rows_of(response)


@pytest.fixture
def thirty(db):
    for number in range(30):
        there = stored.site(
            "ready" if number < 10 else "not-ready", name=f"Site {number:02}", slug=f"site-{number:02}"
        )
        stored.result(there, "p2-power-headroom", "pass" if number < 10 else "fail")
        stored.result(there, "p3-role-coverage", "unknown")


def test_the_file_has_every_row_and_not_only_the_page(viewer_pages, thirty):
    rows = rows_of_file(viewer_pages.get("/readiness/?per=25&page=2&sort=site&export=csv"))
    assert [row["Slug"] for row in rows] == [f"site-{number:02}" for number in range(30)]
    first = rows[0]
    assert (first["Verdict"], first["Gap (kW)"], first["Score (%)"], first["Framework"]) == (
        "ready",
        "0.0",
        "50",
        "muster-2",
    )
    assert (first["p2-power-headroom"], first["p3-role-coverage"], first["p1-soak-24h"]) == (
        "pass",
        "unknown",
        "",
    )
    assert rows[-1]["Gap (kW)"] == "1000.0"


def test_the_file_has_the_checks_that_are_shown(viewer_pages, thirty):
    rows = rows_of_file(viewer_pages.get("/readiness/?state=fail&export=csv"))
    assert len(rows) == 20
    assert [name for name in rows[0] if name.startswith("p") and name[1].isdigit()] == ["p2-power-headroom"]


def test_the_report_tells_figures_verdicts_deciding_checks_version_and_time(viewer_pages, dallas, porto):
    dallas.score.deciding = ["p2-power-headroom"]
    dallas.score.save()
    words = words_of(viewer_pages.get("/readiness/report/"))
    _, framework = framework_queries.current()
    for said in (
        "Framework muster-2, generated 24 Nov 2026 12:00 UTC",
        f"2 sites × {len(framework.checks)} checks",
        "0 of 2 sites are ready. Deployed 1.4 MW: ready 0 kW, conditional 400 kW, not ready 1.0 MW.",
        "Power headroom",
        "The checks in full",
    ):
        assert said in words


def test_the_report_holds_all_rows_of_what_is_shown(viewer_pages, thirty):
    body = viewer_pages.get("/readiness/report/?per=25&verdict=not-ready&sort=-site").content.decode()
    assert body.count('<tr><th scope="row">Site') == 20
    assert body.index("Site 29") < body.index("Site 10")
    assert "Readiness: Not ready" in body
    assert 'href="/readiness/?verdict=not-ready&amp;sort=-site"' in body


def test_an_empty_report_says_so(viewer_pages):
    assert "Nothing to report" in words_of(viewer_pages.get("/readiness/report/"))


def test_the_api_tells_a_row_a_site(api_of, dallas, porto):
    [row] = api_of("viewer").get("/api/readiness/matrix/?verdict=not-ready").json()["results"]
    assert (row["slug"], row["verdict"]["value"], row["gap_kw"], row["deployed_kw"]) == (
        "dallas",
        "not-ready",
        1000.0,
        1000.0,
    )
    assert (row["score"], row["coverage"], row["framework_version"]) == (0.5, 0.4, "muster-2")
    assert row["states"] == {
        "p2-power-headroom": "fail",
        "p3-role-coverage": "unknown",
        "p5-telemetry-coverage": "pass",
    }


def test_the_api_leaves_out_what_no_filter_asks_for(api_of, dallas, porto):
    api = api_of("viewer")
    [row] = api.get("/api/readiness/matrix/?state=fail&pillar=p2").json()["results"]
    assert row["states"] == {"p2-power-headroom": "fail"}
    assert [row["slug"] for row in api.get("/api/readiness/matrix/?site=porto").json()["results"]] == [
        "porto"
    ]


def test_a_site_that_was_never_evaluated_has_no_states(api_of, db):
    from tests.inventory import made

    made.site(name="New", slug="new")
    [row] = api_of("viewer").get("/api/readiness/matrix/").json()["results"]
    assert (row["verdict"], row["score"], row["states"]) == (None, None, {})


@pytest.mark.parametrize("query", ["state=odd", "pillar=p9", "expiring=perhaps", "nothing=1", "after=x"])
def test_the_api_names_a_bad_parameter(api_of, query):
    response = api_of("viewer").get(f"/api/readiness/matrix/?{query}")
    assert response.status_code == 400
    assert query.partition("=")[0] in response.content.decode()
