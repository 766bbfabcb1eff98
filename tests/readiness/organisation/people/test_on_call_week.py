"""The week of every rotation: who has it hour by hour, and the hours that nobody has."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.inventory import made as inventory
from tests.pages import rows_of, statements, text_of, words_of
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
ADDRESS = "/people/oncall/week/"


@pytest.fixture
def porto():
    return inventory.site(name="Porto", slug="porto")


@pytest.fixture
def network(porto):
    """Ona has the first four days as primary; nobody has the rest, nor any day as secondary."""
    rotation = made.rotation(porto, name="Network")
    ona = made.person(name="Ona Prime")
    made.shift(rotation, ona, now=MONDAY, starts_at=MONDAY, ends_at=MONDAY + 4 * DAY)
    return rotation


def test_hours_that_nobody_has_are_counted_by_level(client_of, network):
    [row] = rows_of(client_of("manager").get(f"{ADDRESS}?export=csv"))
    assert row["Rotation"] == "Network"
    assert (row["No primary (h)"], row["No secondary (h)"]) == ("72.0", "168.0")


def test_names_stand_in_the_drawing_for_whoever_may_see_them(client_of, network):
    page = text_of(client_of("manager").get(ADDRESS))
    assert "Ona Prime, 23 Nov 2026 00:00 UTC – 27 Nov 2026 00:00 UTC" in page
    assert ">OP</text>" in page
    assert "nobody, 27 Nov 2026 00:00 UTC – 30 Nov 2026 00:00 UTC" in page


def test_others_see_that_it_is_covered(client_of, network):
    page = text_of(client_of("viewer").get(ADDRESS))
    assert "Ona" not in page
    assert "covered, 23 Nov 2026 00:00 UTC" in page


def test_another_week_is_chosen_by_any_of_its_days(client_of, network):
    client = client_of("manager")
    assert "from 30 Nov 2026 to 6 Dec 2026" in words_of(client.get(f"{ADDRESS}?start=2026-12-03"))
    assert client.get(f"{ADDRESS}?start=soon").status_code == 400
    [row] = rows_of(client.get(f"{ADDRESS}?start=2026-12-03&export=csv"))
    assert row["No primary (h)"] == "168.0"


def test_more_rotations_take_no_more_statements(client_of, porto, network):
    client = client_of("manager")
    first = statements(client, ADDRESS)
    for number in range(12):
        rotation = made.rotation(porto, name=f"Other {number}")
        made.shift(rotation, made.person(), now=MONDAY, starts_at=MONDAY, ends_at=MONDAY + DAY)
    assert statements(client, ADDRESS) == first


def test_without_a_rotation_it_says_what_stands_here(client_of):
    assert "No rotation yet" in words_of(client_of("manager").get(ADDRESS))
