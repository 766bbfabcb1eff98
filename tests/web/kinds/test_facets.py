"""Beside each choice of a filter stands how many rows it would leave."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cases import every_eighth
from tests.inventory import made
from tests.web.kinds.samples import MAKERS
from tests.web.kinds.test_kinds import KINDS
from web.tables import filtering

pytestmark = pytest.mark.django_db


def filters(client, url):
    return {each.name: each for each in client.get(url).context["table"].filters}


def counts(client, url, name):
    return {option.value: option.count for option in filters(client, url)[name].choices if option.count}


@pytest.fixture
def devices(db):
    porto, lisbon = made.site(slug="porto"), made.site(slug="lisbon")
    made.device(site=porto, status="failed")
    made.device(site=porto)
    made.device(site=lisbon)


def test_a_choice_counts_the_rows_that_the_other_filters_leave(devices, client_of):
    client = client_of("viewer")
    assert counts(client, "/inventory/devices/", "site") == {"porto": 2, "lisbon": 1}
    assert counts(client, "/inventory/devices/", "status") == {"failed": 1, "active": 2}
    assert counts(client, "/inventory/devices/?site=lisbon", "status") == {"active": 1}
    assert counts(client, "/inventory/devices/?site=lisbon", "site") == {"porto": 2, "lisbon": 1}
    assert counts(client, "/inventory/devices/?q=nothing", "site") == {}


def test_sets_and_flags_are_counted_too(client_of):
    made.site(profiles=["training", "edge"])
    made.site(profiles=["edge"])
    assert counts(client_of("viewer"), "/inventory/sites/", "profiles") == {"training": 1, "edge": 2}
    MAKERS["port"]().__class__.objects.update(back_end=True)
    assert filters(client_of("viewer"), "/inventory/ports/")["back_end"].count == 1


@pytest.mark.parametrize(
    "kind", every_eighth([kind for kind in KINDS if kind.noun in MAKERS]), ids=lambda kind: kind.noun
)
def test_every_count_is_that_of_the_list_it_leads_to(kind, client_of):
    client = client_of("admin")
    for _ in range(3):
        MAKERS[kind.noun]()
    for each in filters(client, kind.url("list")).values():
        offered = [(option.value, option.count) for option in each.choices[:3]]
        for value, count in [*offered, *([("true", each.count)] if each.kind == "flag" else [])]:
            if count is not None:
                listed = client.get(kind.url("list"), {each.name: value}).context["table"]
                assert listed.page.total == count, (each.name, value)


def test_all_counts_are_one_statement_and_none_on_long_lists(devices, client_of, monkeypatch):
    client = client_of("viewer")
    client.get("/inventory/devices/")
    with CaptureQueriesContext(connection) as with_counts:
        client.get("/inventory/devices/")
    monkeypatch.setattr(filtering, "MOST_COUNTED", 2)
    with CaptureQueriesContext(connection) as without:
        assert counts(client, "/inventory/devices/", "site") == {}
    assert len(with_counts) == len(without) + 1
