"""Every report does this alike: charts as figure and file, and it refuses by name what it cannot read."""

import csv
import io

import pytest

from tests.inventory import made

pytestmark = pytest.mark.django_db

PAGES = {
    "/fleet/": "start=yesterday",
    "/sites/dallas/": "start=yesterday",
    "/readiness/gap/": "measure=volts",
    "/readiness/trends/": "pillar=p9",
    "/people/gap/": "trainings=many",
    "/readiness/explain/": "end=never",
}
CHARTS = [
    "/fleet/charts/gap",
    "/fleet/charts/gap-by-site",
    "/readiness/gap/charts/over-time",
    "/readiness/gap/charts/by-group",
    "/readiness/gap/charts/closing",
    "/readiness/trends/chart",
    "/people/gap/chart",
    "/readiness/explain/chart",
    "/readiness/determinism/charts/tails",
    "/sites/dallas/charts/series",
    "/sites/dallas/determinism/charts/percentiles",
    "/sites/dallas/determinism/charts/history",
]
ENDPOINTS = {
    "/api/readiness/gap/": "measure=volts",
    "/api/readiness/gap/closing/": "checks=many",
    "/api/readiness/explain/": "end=never",
    "/api/people/gap/": "by=moon",
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


@pytest.mark.parametrize(("page", "query"), PAGES.items())
def test_what_a_page_cannot_read_is_refused_by_name(page, query, pages):
    assert refused(pages.get(f"{page}?{query}"), query)


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
