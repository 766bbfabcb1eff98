"""Every report does this alike: charts as figure and file, refusals, permissions, and it writes nothing."""

import csv
import io

import pytest

from tests.inventory import made

pytestmark = pytest.mark.django_db

PAGES = {
    "/": "start=yesterday",
    "/sites/": None,
    "/sites/dallas/": "start=yesterday",
    "/sites/dallas/checks/p2-backup-power/": None,
    "/sites/dallas/determinism/": None,
    "/sites/dallas/interop/": None,
    "/readiness/": None,
    "/readiness/report/": None,
    "/readiness/checks/": None,
    "/readiness/checks/p2-backup-power/": None,
    "/readiness/gap/": "measure=volts",
    "/readiness/trends/": "pillar=p9",
    "/readiness/explain/": "end=never",
    "/readiness/determinism/": None,
    "/readiness/interop/": None,
}
"""Pages, each with a parameter that it cannot read, where it has one."""
CHARTS = [
    "/charts/gap",
    "/charts/gap-by-site",
    "/readiness/gap/charts/over-time",
    "/readiness/gap/charts/by-group",
    "/readiness/gap/charts/closing",
    "/readiness/trends/chart",
    "/readiness/explain/chart",
    "/readiness/determinism/charts/tails",
    "/sites/dallas/charts/series",
    "/sites/dallas/charts/pillars",
    "/sites/dallas/determinism/charts/percentiles",
    "/sites/dallas/determinism/charts/history",
]
ENDPOINTS = {
    "/api/readiness/gap/": "measure=volts",
    "/api/readiness/gap/closing/": "checks=many",
    "/api/readiness/explain/": "end=never",
}


@pytest.fixture
def dallas(db):
    site = made.site(name="Dallas", slug="dallas")
    made.capacity_event(site=site, it_kw=300.0)
    return site


@pytest.fixture
def pages(client_of, dallas):
    return client_of("viewer")


def refused(answer, query):
    """The answer is a refusal that names the parameter."""
    return answer.status_code == 400 and query.partition("=")[0] in answer.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_read_and_not_written(page, pages):
    assert pages.get(page).status_code == 200
    assert pages.post(page).status_code == 405


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_did_not_change_is_not_sent_again(page, pages, frozen_now):
    first = pages.get(page, headers={"HX-Request": "true", "HX-Target": "div#live"})
    again = pages.get(
        page, headers={"HX-Request": "true", "HX-Target": "div#live", "If-None-Match": first["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("page", "query"), [(page, query) for page, query in PAGES.items() if query])
def test_what_a_page_cannot_read_is_refused_by_name(page, query, pages):
    assert refused(pages.get(f"{page}?{query}"), query)


@pytest.mark.parametrize("page", [*PAGES, *(f"{chart}.json" for chart in CHARTS)])
def test_whoever_lacks_the_permission_is_told_which(page, dallas, client_of, user_of):
    user_of("viewer").groups.clear()
    answer = client_of("viewer").get(page)
    assert answer.status_code == 403
    assert "view" in answer.content.decode()


@pytest.mark.parametrize("chart", CHARTS)
def test_the_file_of_a_chart_is_its_table(chart, pages):
    figure = pages.get(f"{chart}.json").json()
    answer = pages.get(f"{chart}.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    head, *rows = csv.reader(io.StringIO(answer.content.decode()))
    if table := figure["meta"].get("table"):
        assert head == table["columns"]
        assert len(rows) == len(table["rows"])
    assert pages.get(f"{chart}.pdf").status_code == 404


@pytest.mark.parametrize(("endpoint", "query"), ENDPOINTS.items())
def test_an_endpoint_refuses_what_it_does_not_know_and_what_it_cannot_read(endpoint, query, pages):
    assert refused(pages.get(f"{endpoint}?{query}"), query)
    assert refused(pages.get(f"{endpoint}?mesure=kw"), "mesure=kw")
    assert pages.post(endpoint).status_code in (403, 405)
