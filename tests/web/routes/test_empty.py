"""Where nothing is there yet, each list says so and what to do, instead of showing a head without rows."""

import re

import pytest

from tests.web.test_access import address, routes
from web.tables import TablePage

pytestmark = pytest.mark.django_db
# The pages of the fleet and of the gap begin with what to do first.
SAY_IT_ABOVE = {"fleet/", "readiness/gap/"}
EMPTY = re.compile(r'<div class="empty">.*?<b>[^<]+</b>', re.DOTALL)


def tables_of(context):
    """A page of one template has a context alone, others a list of them."""
    named = [context] if hasattr(context, "flatten") else context or []
    return [value for each in named for value in each.flatten().values() if isinstance(value, TablePage)]


def test_an_empty_list_says_what_it_would_hold(client_of):
    client = client_of("planner")
    empty, silent = set(), set()
    for route in routes():
        if re.search(r"[<(]", route) or route.startswith(("api/", "logout/", "metrics", "health/")):
            continue
        answer = client.get(address(route))
        if any(not table.rows for table in tables_of(answer.context)):
            empty.add(route)
            if not EMPTY.search(answer.text):
                silent.add(route)
    assert silent <= SAY_IT_ABOVE
    assert {"waivers/", "evidence/limits/", "readiness/worklist/", "decisions/", "telemetry/"} <= empty
    assert len(empty) > 25
