"""Addresses take as many statements over two fleets as over one: twice the rows of every kind cost nothing more.

What grows on the page of one object (its placements, its runs) is tested in its room.
"""

import pytest
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

from tests.cases import in_steps
from tests.pages import forget_answers
from tests.visibility import mirror
from tests.visibility.conftest import rows_of_all_kinds
from tests.web.routes.test_every_route import paths

__all__ = ["paths", "rows_of_all_kinds"]
pytestmark = pytest.mark.django_db
MOST = 16
# Reports that put together what several rooms know.
MOST_OF = {
    "/evidence/": 24,
    "/evidence/runs/": 24,
    "/api/readiness/validation-runs/": 17,
    # With the strip of the road.
    "/": 60,
    "/fleet/": 43,
    "/metrics": 33,
    "/decisions/": 29,
    # With the samples that cannot be read.
    "/telemetry/": 17,
    # A statement for each source of what happened.
    "/charts/events.json": 30,
    "/timeline/": 60,
    "/api/loop/timeline/": 60,
    "/history/": 42,
    "/api/history/": 42,
    "/inventory/": 32,
    "/readiness/": 20,
    "/readiness/reviews/": 21,
    "/sites/porto/": 24,
    "/sites/porto/checks/": 36,
    "/api/readiness/gap/": 30,
    "/people/coverage/": 25,
    "/people/gap/": 21,
    "/api/people/gap/": 20,
    "/people/oncall/": 32,
    "/api/people/oncall/": 26,
    "/people/cover/": 46,
    "/api/people/cover/": 26,
    "/people/matrix/": 36,
    "/people/calendar/": 26,
    # A name is looked for in every model.
    "/people/8900001/": 170,
    "/settings/person/": 170,
    "/api/people/traces/": 170,
    # The preview matches its values with the inventory.
    "/telemetry/sources/8900007/import/": 24,
    # One for each kind of rows that a leaver leaves behind.
    "/settings/users/": 30,
    "/api/accounts/users/": 22,
    "/readiness/gap/": 27,
    "/people/rotations/": 36,
    "/digests/": 20,
    # It decides every class first, to open on the one with the most options.
    "/tradeoffs/": 43,
    "/api/tradeoffs/": 33,
}
# The second fleet has what the first one lacks (factors, another link), which takes a statement of its own, once; the
# history shows the newest entries, which are of fewer kinds afterwards. Tests of their rooms count these.
DIFFER = (
    "/history/",
    "/timeline/",
    "/api/loop/timeline/",
    "/inventory/",
    "/tradeoffs/",
    "/api/history/",
    "/api/readiness/validation-runs/",
    "/api/tradeoffs/decisions/",
    "/api/tradeoffs/flexibility/",
    "/api/tradeoffs/windows/",
    # Since when an owner cannot answer, once there is one.
    "/api/ownership/gaps/",
    "/ownership/",
    "/ownership/owners/",
    "/ownership/queues/",
)


def statements(client, path):
    """Count them with nothing kept, which costs the most."""
    forget_answers()
    # The log holds 9,000 statements, fewer than all addresses take together.
    reset_queries()
    with CaptureQueriesContext(connection) as captured:
        client.get(path).getvalue()
    return len(captured)


def most_of(path):
    of_path = [
        most for start, most in MOST_OF.items() if path == start or (path.startswith(start) and start != "/")
    ]
    return max(of_path, default=MOST)


def may_differ(path):
    return path.partition("?")[0] in DIFFER or path.startswith(DIFFER[4:6])


@pytest.mark.timeout(900)
@in_steps
def test_no_address_takes_more_statements_for_more_rows(rows_of_all_kinds, paths, client_of, step):
    paths = [path for number, path in enumerate(paths) if not number % step or path in MOST_OF]
    client = client_of("admin")
    client.raise_request_exception = False
    few = {path: statements(client, path) for path in paths}
    mirror.add()
    many = {path: statements(client, path) for path in paths}
    grown = {path: (few[path], many[path]) for path in paths if many[path] > few[path]}
    assert {path: counts for path, counts in grown.items() if not may_differ(path)} == {}
    assert {path: count for path, count in many.items() if count > most_of(path)} == {}
