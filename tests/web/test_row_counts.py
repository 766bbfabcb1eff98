"""A table that was emptied is counted again once many rows were written into it."""

import json

import pytest
from django.db import connection

from inventory.models import Rack
from tests.inventory import made
from web.row_counts import MANY, count_rows

RACKS = "/api/inventory/racks/"


@pytest.fixture
def racks_count_as_empty(porto):
    """PostgreSQL counted the table when all its rows were deleted."""
    Rack.objects.bulk_create(Rack(site=porto, name=f"old {number}") for number in range(MANY))
    Rack.objects.all().delete()
    count_rows([Rack])


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="opo-1")


def expected_rows():
    """Rows of the table that PostgreSQL expects when it plans."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT json) SELECT id FROM inventory_rack")
        (plan,) = cursor.fetchone()
    return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"]


def write_racks(api, number, porto, execute_callbacks):
    items = [{"name": f"R{place}", "site": porto.pk} for place in range(number)]
    with execute_callbacks(execute=True):
        assert api.post(RACKS, items).status_code == 201


def test_many_new_rows_are_counted(racks_count_as_empty, porto, api_of, django_capture_on_commit_callbacks):
    write_racks(api_of("planner"), MANY, porto, django_capture_on_commit_callbacks)
    assert expected_rows() == MANY


def test_few_new_rows_are_left_to_postgresql(
    racks_count_as_empty, porto, api_of, django_capture_on_commit_callbacks
):
    write_racks(api_of("planner"), MANY - 1, porto, django_capture_on_commit_callbacks)
    assert expected_rows() == 1


def test_a_writer_with_scopes_has_the_rows_counted(
    racks_count_as_empty, porto, api_of, django_capture_on_commit_callbacks
):
    api = api_of("planner", scopes=[("site", porto.slug)])
    write_racks(api, MANY, porto, django_capture_on_commit_callbacks)
    assert expected_rows() == MANY
