"""Which home the upgrade finds for what serves several sites."""

import random
from importlib import import_module

import pytest
from django.db import connection

from inventory.core import regions_outwards, smallest_region
from inventory.models import Region
from inventory.queries.homes import home_of
from readiness.organisation.people.models import Person, Rotation, Team
from tests.cases import cases
from tests.inventory.made import site as make_site
from tests.readiness.organisation.people import made

PARENTS = {1: None, 2: 1, 3: 1, 4: 2, 5: None}


@cases(
    ("regions", "smallest"),
    {
        "one region is its own": ([4], 4),
        "a region contains what is below it": ([2, 4], 2),
        "two branches meet above": ([3, 4], 1),
        "two trees meet nowhere": ([4, 5], None),
        "nothing is nowhere": ([], None),
    },
)
def test_the_smallest_region_contains_all(regions, smallest):
    assert smallest_region(regions, PARENTS) == smallest


def test_regions_outwards_end_at_the_top_and_where_they_turn_in_a_circle():
    assert regions_outwards(1, {1: 2, 2: 3, 3: None}) == (1, 2, 3)
    assert regions_outwards(1, {1: 2, 2: 3, 3: 1}) == (1, 2, 3)
    assert regions_outwards(9, {}) == (9,)


def upgrade():
    """Run the statements of the upgrade again."""
    [fill] = import_module("readiness.organisation.people.migrations.0005_fill_homes").Migration.operations
    with connection.cursor() as cursor:
        cursor.execute(fill.sql)


@pytest.mark.django_db
def test_an_upgrade_finds_the_smallest_home_of_all_sites():
    drawn, regions = random.Random(7), {}
    for key, parent in PARENTS.items():
        regions[key] = Region.objects.create(name=str(key), slug=f"r{key}", parent=regions.get(parent))
    sites = [make_site(region=regions[drawn.choice(list(PARENTS))]) for _number in range(8)]
    expected = {}
    for size in (0, 1, 2, 2, 2, 3, 4):
        served = drawn.sample(sites, size)
        team = made.team()
        for each in served:
            made.staffing(each, team)
        for row in (team, made.person(team), made.rotation(*served)):
            expected[row] = home_of(served)
    upgrade()
    for row, home in expected.items():
        row.refresh_from_db()
        assert (row.home_site, row.home_region_id) == (home["home_site"], home["home_region_id"])
        assert row.is_home_chosen == (row.home is not None)
    found = {bool(row.home_site) for row in expected if row.home} | {type(row) for row in expected}
    assert found == {True, False, Team, Person, Rotation}
