"""One calendar for a team: shifts, leave, drills and changes of capacity by day, and who sees what of them."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.organisation.people.models import Drill, Leave
from readiness.organisation.people.operations import rotations
from tests.inventory import made as inventory
from tests.pages import forget_answers, rows_of, words_of
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made

pytestmark = pytest.mark.django_db
ADDRESS = "/people/calendar/?team=fabric"
BUDGET = 24


@pytest.fixture(autouse=True)
def at_noon(frozen_now):
    frozen_now.at = NOW


def cells_of(response):
    """Kind, mark and spoken label of the cells that hold something, by key."""
    assert response.status_code == 200
    found = re.findall(
        r'data-entry="([\w-]+)"[^>]*><button name="cell" value="([^"]+)"[^>]* aria-label="([^"]+)">([^<]*)<',
        response.content.decode(),
    )
    return {key: (kind, unescape(mark), unescape(label)) for kind, key, label, mark in found}


@pytest.fixture
def porto(db):
    return inventory.site(name="Porto", slug="porto", stage="production")


@pytest.fixture
def ona(porto):
    """Ona is on call this week, away from 2 December, and a drill and a delivery lie ahead at her site."""
    team = made.team(name="Fabric", slug="fabric")
    made.staffing(porto, team)
    ona, bo = (made.person(team, name=name) for name in ("Ona Reis", "Bo Lind"))
    rotation = made.rotation(porto, name="Fabric rotation", team=team)
    made.layer(rotation, ona, bo)
    Leave.objects.create(
        person=bo,
        starts_at=datetime(2026, 12, 2, 8, tzinfo=UTC),
        ends_at=datetime(2026, 12, 4, 8, tzinfo=UTC),
    )
    Drill.objects.create(site=porto, name="Fibre cut", held_at=datetime(2026, 12, 3, 9, tzinfo=UTC))
    inventory.capacity_event(site=porto, happened_on=date(2026, 12, 4), it_kw=400.0)
    rotations.write_claimed_shifts(now=NOW)
    return ona


def test_each_day_shows_who_is_on_call_who_is_away_and_what_happens_at_the_sites(client_of, ona):
    cells = cells_of(client_of("manager").get(ADDRESS))
    bo = ona.memberships.get().team.people.get(name="Bo Lind")
    assert cells[f"p{ona.pk}.2026-11-25"] == (
        "on-call",
        "P",
        "Ona Reis, 25 Nov 2026, P: Fabric rotation, primary",
    )
    assert cells[f"p{bo.pk}.2026-12-03"] == ("away", "A", "Bo Lind, 3 Dec 2026, A: Away")
    assert cells["nobody.2026-12-03"][0] == "nobody"
    assert cells["drills.2026-12-03"] == ("drill", "D", "Drills, 3 Dec 2026, D: Fibre cut at Porto, planned")
    assert (
        cells["capacity.2026-12-04"][2] == "Changes of capacity, 4 Dec 2026, +: Commissioned 400 kW at Porto"
    )


def test_the_panel_lists_a_day_and_offers_leave(client_of, ona):
    path = f"{ADDRESS}&cell=p{ona.pk}.2026-11-25"
    response = client_of("manager").get(path)
    assert "Ona Reis, 25 Nov 2026" in words_of(response)
    assert f'href="/people/leave/add/?person={ona.pk}"' in response.content.decode()
    assert "leave/add" not in client_of("ops").get(path).content.decode()
    assert client_of("manager").get(f"{ADDRESS}&cell=p0.2026-11-25").status_code == 404


def test_weeks_and_their_start_are_chosen_and_the_days_stay_whole_weeks(client_of, ona):
    response = client_of("manager").get(f"{ADDRESS}&weeks=2&start=2026-12-03")
    days = response.context["days"]
    assert [days[0]["day"], days[-1]["day"]] == [date(2026, 11, 30), date(2026, 12, 13)]
    for query in ("weeks=3", "start=soon", "start=1020-01-01"):
        assert client_of("manager").get(f"{ADDRESS}&{query}").status_code == 400
    assert client_of("manager").get("/people/calendar/?team=nobodys").status_code == 400


def test_whoever_may_not_see_names_sees_counts_and_no_leave(client_of, ona):
    response = client_of("viewer").get(ADDRESS)
    cells = cells_of(response)
    assert cells["on-call.2026-11-25"] == ("on-call", "1", "On call, 25 Nov 2026, 1: 1 person on call")
    assert {kind for kind, _, _ in cells.values()} == {"on-call", "nobody", "drill", "capacity"}
    assert "Ona Reis" not in words_of(response)
    assert "/people/shifts/" not in response.content.decode()


def test_the_file_has_every_entry(client_of, ona):
    rows = rows_of(client_of("manager").get(f"{ADDRESS}&export=csv"))
    assert {row["Kind"] for row in rows} == {"on-call", "away", "nobody", "drill", "capacity"}


def test_without_a_team_it_says_what_would_be_here(client_of, db):
    assert "No team yet" in words_of(client_of("manager").get("/people/calendar/"))


def statements(client, path):
    forget_answers()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_the_page_costs_the_same_for_two_people_and_for_forty(client_of, ona, porto):
    manager = client_of("manager")
    few = statements(manager, ADDRESS)
    team = ona.memberships.get().team
    rotation = team.rotations.get()
    for number in range(40):
        person = made.person(team, name=f"Person {number}")
        made.shift(rotation, person, now=NOW + timedelta(days=number % 20), level=2)
        Leave.objects.create(person=person, starts_at=NOW, ends_at=NOW + timedelta(days=1))
        Drill.objects.create(site=porto, name=f"Drill {number}", held_at=NOW + timedelta(days=1))
    assert statements(manager, ADDRESS) == few <= BUDGET
