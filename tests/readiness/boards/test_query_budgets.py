"""Pages cost the same number of statements over two dozen sites and over ten times as many."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.assessment.framework import queries as framework_queries
from tests.browser import fleet
from tests.pages import forget_answers
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]

# Two of each are the session and the reader.
BUDGETS = {
    "/fleet/": 50,
    "/sites/": 26,
    "/fleet/charts/gap.json": 12,
    "/fleet/charts/gap-by-site.json": 8,
    "/readiness/": 16,
    "/readiness/?state=fail&pillar=p2&group=region&sort=p2-power-headroom&cell=site-0.p2-power-headroom": 28,
    "/readiness/road/": 32,
    "/readiness/checks/": 10,
    "/readiness/checks/p2-power-headroom/": 12,
    "/findings/help/": 16,
    "/sites/site-0/": 26,
    "/sites/site-0/?tab=evidence": 24,
    "/sites/site-0/?tab=changes": 30,
    "/sites/site-0/checks/p2-power-headroom/": 24,
}


def statements(client, path):
    """Count them with nothing kept, which costs the most."""
    forget_answers()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_pages_cost_the_same_at_24_and_at_240_sites(viewer_pages):
    framework_queries.current()
    fleet.build(NOW, sites=24)
    few = {path: statements(viewer_pages, path) for path in BUDGETS}
    fleet.build(NOW, sites=216, first=24)
    many = {path: statements(viewer_pages, path) for path in BUDGETS}
    assert few == many
    assert {path: count for path, count in few.items() if count > BUDGETS[path]} == {}
