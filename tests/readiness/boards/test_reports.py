"""Every report does this alike: charts as figure and file, and it refuses by name what it cannot read."""

import csv
import io

import pytest

from tests.inventory import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]

# Queries that cannot be read, each asked alone.
PAGES = {
    "/fleet/": "start=yesterday",
    "/sites/dallas/": "start=yesterday",
    "/readiness/gap/": "measure=volts by=moon region=atlantis checks=x start=tomorrow",
    "/readiness/trends/": "pillar=p9",
    "/people/gap/": "trainings=many",
    "/findings/help/": "by=moon",
    "/readiness/explain/": "end=never",
    "/sites/dallas/checks/p2-power-headroom/": "trend=ever",
}
CHARTS = [
    "/fleet/charts/gap", "/fleet/charts/gap-by-site", "/readiness/gap/charts/over-time",
    "/readiness/gap/charts/by-group", "/readiness/gap/charts/closing", "/readiness/trends/chart",
    "/people/gap/chart", "/readiness/explain/chart", "/findings/help/backlog", "/readiness/determinism/charts/tails",
    "/sites/dallas/charts/series", "/sites/dallas/charts/heat",
    "/sites/dallas/determinism/charts/percentiles",
    "/sites/dallas/determinism/charts/history",
    "/sites/dallas/checks/p2-power-headroom/charts/trend",
    "/readiness/checks/p2-power-headroom/charts/trend",
]  # fmt: skip
ENDPOINTS = {
    "/api/readiness/gap/": "measure=volts by=moon regoin=asia region=atlantis start=tomorrow points=x",
    "/api/readiness/gap/closing/": "checks=many",
    "/api/readiness/explain/": "end=never start=soon end=now-60d site=nowhere sites=dallas",
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


def taken(client, path, queries):
    """Return the queries that are not refused by the name of their parameter."""
    answers = {query: client.get(f"{path}?{query}") for query in queries.split()}
    return [
        query
        for query, answer in answers.items()
        if answer.status_code != 400 or query.partition("=")[0] not in answer.content.decode()
    ]


@pytest.mark.parametrize(("page", "queries"), PAGES.items())
def test_what_a_page_cannot_read_is_refused_by_name(page, queries, pages):
    assert taken(pages, page, queries) == []


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


@pytest.mark.parametrize(("endpoint", "queries"), ENDPOINTS.items())
def test_an_endpoint_refuses_what_it_does_not_know_and_what_it_cannot_read(endpoint, queries, pages):
    assert taken(pages, endpoint, f"{queries} mesure=kw") == []
    assert pages.post(endpoint).status_code in (403, 405)
