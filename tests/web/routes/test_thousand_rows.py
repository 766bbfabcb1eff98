"""Every list takes as many statements over 1,000 rows as over a few, and shows that there are 1,000.

Lists are found by what they answer: a page with a table, an endpoint with results. A new kind or report is in here the
day its address is. Lists inside the page of one object are counted in `test_statements` and in their rooms.
"""

import re

import pytest
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

from tests.pages import forget_answers
from tests.visibility import thousand
from tests.visibility.conftest import rows_of_all_kinds
from tests.web.routes.test_every_route import asked_of, paths_of, walked
from tests.web.routes.test_statements import most_of
from web.tables import TablePage

__all__ = ["rows_of_all_kinds"]
# All of it takes a minute, with the making of the fleet.
pytestmark = [pytest.mark.django_db, pytest.mark.full, pytest.mark.timeout(300)]
ROWS = 1000
# An endpoint of its own names what there is below it.
NO_LISTS = {"/api/readiness/"}
# Forms and files, which cost as much as a list to make and are none.
NEVER_LISTS = re.compile(r".*(/(add|import)/|\.csv|\.json)$")
# Lists that have no more rows for more objects.
FEW = {
    "/api/history/": "has no count",
    "/api/views/": "is the reader's own",
    "/api/telemetry/codes/": "is vocabulary",
    "/telemetry/unmatched/": "is empty where all is matched",
    "/api/tradeoffs/flexibility/": "has a row for each declared fallback",
    "/tradeoffs/flexibility/": "has a row for each declared fallback",
    "/api/tradeoffs/rules/": "is of the pack in force",
    "/tradeoffs/rules/": "is of the pack in force",
    "/api/tradeoffs/data-origins/": "has a row for each country",
    "/tradeoffs/rules/origins/": "has a row for each country",
    "/api/readiness/user-regions/": "is what pairs with sites are made of",
    "/readiness/interop/": "has a row for each declared standard",
    "/readiness/explain/": "is of one site",
    "/readiness/calibration/": "has a row for each estimate of a team",
    "/api/people/traces/": "is of one person",
    "/people/duty-rules/": "has a rule for each team",
    "/api/people/duty-rules/": "has a rule for each team",
    "/escalations/": "has a route for each home and domain",
    "/api/loop/escalations/": "has a route for each home and domain",
    "/inbound/senders/": "has a sender for each system",
    "/api/loop/inbound-senders/": "has a sender for each system",
    "/backups/": "has a row for each file in the folder of backups",
    "/approvals/": "has what an administrator should look at",
    "/api/approvals/": "has what an administrator should look at",
    "/people/cover/": "has a row for each site with a rotation",
    "/people/coverage/": "has a row for each domain",
    "/people/oncall/hours/": "has a row for each person",
    "/api/people/oncall/": "has no count",
    "/problems/objects/": "has the objects of one problem",
    "/waivers/ageing/": "has a row for each group",
    "/api/loop/timeline/": "has no count",
    "/standards/flexible/": "has a row for each layer",
    "/standards/duties/energy-report/": "has a row for each site with the duty",
    "/inbox/": "has as many entries of a kind as are shown",
}
# What grows by a statement for each chunk of rows that is printed, and for each kind of which something waits; and the
# first of those that read the coverage of all sites, or their capacity, which are kept for the others.
GROWS = {"/readiness/report/": 8, "/inbox/": 9, "/api/people/oncall/": 14, "/fleet/": 1}
# Since when an owner cannot answer is read once there is one.
GROWS |= dict.fromkeys(("/api/ownership/gaps/", "/ownership/", "/ownership/owners/", "/ownership/queues/"), 1)


def addresses():
    every = [path for route, view in walked() if "<" not in route for path in paths_of(route, view)]
    every = [path for path in every if not NEVER_LISTS.match(path)]
    return [f"{path}?{query}" if (query := asked_of(path)) else path for path in every]


def listed(client, path):
    """Return how many rows the list says there are (None: it does not say) and how many statements it took; or None."""
    forget_answers()
    reset_queries()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    if answer.streaming or answer.status_code != 200:
        return None
    if path.startswith("/api/"):
        body = answer.json() if answer["Content-Type"].startswith("application/json") else {}
        has_rows = isinstance(body, dict) and "results" in body
        return (body.get("count"), len(captured)) if has_rows else None
    table = (answer.context or {}).get("table")
    return (table.page.total, len(captured)) if isinstance(table, TablePage) else None


def test_every_list_takes_as_many_statements_for_a_thousand_rows(rows_of_all_kinds, client_of):
    client = client_of("admin")
    client.raise_request_exception = False
    few = {path: found for path in addresses() if path not in NO_LISTS and (found := listed(client, path))}
    assert len(few) > 100
    thousand.multiply(ROWS)
    many = {path: listed(client, path) or (None, 0) for path in few}
    assert {path.partition("?")[0] for path, (rows, _) in many.items() if (rows or 0) < ROWS} <= FEW.keys()
    grown = {path: (few[path][1], count) for path, (_rows, count) in many.items() if count > few[path][1]}
    assert {path: counts for path, counts in grown.items() if path not in GROWS} == {}
    over = {
        path: count for path, (_rows, count) in many.items() if count > most_of(path) + GROWS.get(path, 0)
    }
    assert over == {}
