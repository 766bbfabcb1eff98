"""Cover by shift: which sites and shifts it shows, what each cell says, one shift beside it, and who sees what."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.boards.cover import params, queries
from readiness.boards.cover.core import Half
from readiness.organisation.people.core.cover import half_days
from readiness.organisation.people.models import DutyRule, Leave, Shift, Skill
from readiness.organisation.people.operations import rotations
from readiness.organisation.people.queries.cover import cover_ahead
from tests.inventory import made as inventory
from tests.pages import forget_answers, rows_of, words_of
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]
ADDRESS = "/people/cover/"
SHORT_CELL = "porto.network.2026-11-25-night"
BUDGET = 46


def cells_of(response):
    """Standing and spoken label by the cell's key; each is drawn twice, for desks and for phones."""
    assert response.status_code == 200
    found = re.findall(
        r'<td[^>]* data-shift="([\w-]+)"[^>]*><button name="cell" value="([^"]+)"[^>]* aria-label="([^"]+)"',
        response.content.decode(),
    )
    return {key: (standing, unescape(label)) for standing, key, label in found}


def sites_of(response):
    return re.findall(r'class="of-site site"><a href="/people/coverage/([\w-]+)/"', response.content.decode())


@pytest.fixture
def porto(db):
    return inventory.site(name="Porto", slug="porto", stage="production", time_zone="Europe/Lisbon")


@pytest.fixture
def people(porto):
    team = made.team(name="Fabric")
    made.staffing(porto, team)
    return {name: made.person(team, name=name) for name in ("Ona Reis", "Bo Lind", "Cai Moss")}


@pytest.fixture
def rota(porto, people):
    """Ona and Bo are on until 30 November, then Cai and Ona. Bo lacks the skill that every site asks for. Shifts last a
    week, so no rule of duty holds."""
    DutyRule.objects.all().delete()
    optics = made.skill(name="Optics")
    made.rule(optics, subject="site")
    ona, bo, cai = people.values()
    for able in (ona, cai):
        made.qualification(able, optics, valid_until=datetime(2027, 3, 14, tzinfo=UTC))
    rotation = made.rotation(porto, name="Fabric rotation")
    made.layer(rotation, ona, cai)
    made.layer(rotation, bo, ona, level=2)
    rotations.write_claimed_shifts(now=NOW)
    return rotation


def test_a_cell_says_site_domain_shift_number_and_standing(client_of, rota):
    response = client_of("manager").get(ADDRESS)
    cells = cells_of(response)
    assert cells[SHORT_CELL] == ("short", "Porto network, Wed 25 Nov night: 1 of 2 qualified, short")
    assert cells["porto.network.2026-12-01-day"] == (
        "as-needed",
        "Porto network, Tue 1 Dec day: 2 of 2 qualified, as needed",
    )
    assert len(cells) == 28
    words = words_of(response)
    assert "15 of 28 shifts in the next 14 days are short of qualified people · all at Porto network" in words
    assert "15 short" in words
    assert "Short shifts, 15 in all" in words


def test_what_is_nobodys_plan_is_not_planned_and_counts_as_no_shift(client_of, rota):
    rota.layers.update(ends_at=datetime(2026, 12, 1, 18, tzinfo=UTC))
    rotations.write_claimed_shifts(now=NOW)
    response = client_of("manager").get(ADDRESS)
    assert cells_of(response)["porto.network.2026-12-02-day"] == (
        "not-planned",
        "Porto network, Wed 2 Dec day: not planned",
    )
    assert "13 of 15 shifts" in words_of(response)


def test_half_days_as_bytes_are_those_of_the_spans(porto, rota, people):
    Leave.objects.create(
        person=people["Ona Reis"],
        starts_at=datetime(2026, 12, 3, 3, 20, tzinfo=UTC),
        ends_at=datetime(2026, 12, 5, 12, tzinfo=UTC),
    )
    rotations.write_claimed_shifts(now=NOW)
    [(_, shifts)] = queries.sites_ahead(now=NOW).values()
    [line] = shifts.domains
    halves = half_days(cover_ahead([porto.pk], now=NOW)[porto.pk].domain_spans("network"), "Europe/Lisbon")
    ahead = [half for half in halves if half.ends_at > NOW]
    assert len(ahead) > 100
    for half in ahead:
        standing, number = line.entry(Half(half.day, half.is_night).place)
        assert (standing, number) == (half.standing, half.qualified), half
        assert Half(half.day, half.is_night).times("Europe/Lisbon") == (half.starts_at, half.ends_at)


def test_the_panel_says_who_is_on_who_could_take_it_and_why_not_the_others(client_of, rota, people):
    Leave.objects.create(person=people["Cai Moss"], starts_at=NOW, ends_at=NOW + timedelta(days=2))
    dora = made.person(name="Dora Ruiz")
    made.qualification(dora, Skill.objects.get())
    response = client_of("manager").get(f"{ADDRESS}?cell={SHORT_CELL}")
    words = words_of(response)
    assert "Porto network, Wed 25 Nov night" in words
    assert "25 Nov 2026 18:00 WET to 26 Nov 2026 06:00 WET" in words
    assert "1 of 2 qualified people" in words
    assert "Ona Reis is on and qualified. Bo Lind has a turn without what is required." in words
    evidence = response.context["evidence"]
    assert [each.candidate.person.name for each in response.context["takers"]] == ["Dora Ruiz"]
    [other] = evidence.others
    assert (other.person.name, other.hindrances) == ("Cai Moss", ("is on leave until 26 Nov 2026 12:00 UTC",))
    assert "Why not 1 other" in words
    shift = Shift.objects.get(person=people["Bo Lind"], starts_at__lte=NOW, ends_at__gt=NOW)
    assert f'href="/people/shifts/{shift.pk}/move/?taker={dora.pk}"' in response.content.decode()
    form = client_of("manager").get(f"/people/shifts/{shift.pk}/move/?taker={dora.pk}").context["form"]
    assert form["taker"].value() == str(dora.pk)
    assert [label for label, _ in response.context["again"]][:2] == ["Tue 24 Nov day", "Tue 24 Nov night"]


def test_a_shift_that_is_nobodys_is_given_by_an_override(client_of, rota, people):
    Shift.objects.all().delete()
    rota.layers.filter(level=2).delete()
    rotations.write_claimed_shifts(now=NOW)
    manager = client_of("manager")
    response = manager.get(f"{ADDRESS}?cell={SHORT_CELL}")
    [taker] = response.context["takers"]
    assert (taker.candidate.person.name, taker.label) == ("Cai Moss", "Put on call")
    form = manager.get(taker.url).context["form"]
    assert form["person"].value() == str(people["Cai Moss"].pk)
    assert form["starts_at"].value() == "2026-11-24 12:00"
    assert client_of("ops").get(f"{ADDRESS}?cell={SHORT_CELL}").context["takers"][0].url == ""


def test_whoever_may_not_see_names_sees_counts(client_of, rota):
    response = client_of("viewer").get(f"{ADDRESS}?cell={SHORT_CELL}")
    words = words_of(response)
    assert "2 people are on call, and 1 of them is qualified." in words
    assert "1 person could take it" in words
    for name in ("Ona Reis", "Bo Lind", "Cai Moss"):
        assert name not in words


@pytest.mark.parametrize(
    "cell",
    ["porto", "porto.network", "porto.network.2026-11-25", "porto.network.2026-13-01-day", "x.network.2026-11-25-day",
     "porto.energy.2026-11-25-day", "porto.network.2027-11-25-day", "porto.network.2026-11-25-noon"],
)  # fmt: skip
def test_a_cell_that_names_no_shift_is_not_found(client_of, rota, cell):
    assert client_of("manager").get(f"{ADDRESS}?cell={cell}").status_code == 404


@pytest.mark.parametrize("query", ["days=0", "days=61", "days=two", "days=1.5"])
def test_a_wrong_parameter_is_refused(client_of, rota, query):
    assert client_of("manager").get(f"{ADDRESS}?{query}").status_code == 400


def test_names_of_shifts_are_read_as_they_are_written():
    half = Half(datetime(2026, 12, 2, tzinfo=UTC).date(), is_night=True)
    assert params.shift_named(params.shift_key("porto", "network", half)) == ("porto", "network", half)


def test_sites_with_most_short_shifts_come_first_and_filters_select_sites_and_domains(
    client_of, rota, people
):
    faro = inventory.site(name="Faro", slug="faro", stage="production", region=rota.sites.get().region)
    yard = inventory.site(name="Yard", slug="yard", stage="retired")
    calm = made.rotation(faro, yard, name="Calm", domain="energy")
    made.layer(calm, people["Ona Reis"])
    made.layer(calm, people["Cai Moss"], level=2)
    rotations.write_claimed_shifts(now=NOW)
    manager = client_of("manager")
    assert sites_of(manager.get(ADDRESS)) == ["porto", "faro"]
    assert sites_of(manager.get(f"{ADDRESS}?site=faro")) == ["faro"]
    assert sites_of(manager.get(f"{ADDRESS}?q=por")) == ["porto"]
    assert sites_of(manager.get(f"{ADDRESS}?standing=short")) == ["porto"]
    assert {key.split(".")[1] for key in cells_of(manager.get(f"{ADDRESS}?domain=energy"))} == {"energy"}


def test_files_have_every_shift(client_of, rota):
    manager = client_of("manager")
    rows = rows_of(manager.get(f"{ADDRESS}?export=csv"))
    assert len(rows) == 28
    assert rows[1] == {
        "id": "porto.network.2026-11-24-night",
        "Shift": "2026-11-24-night", "Site": "porto", "Domain": "network", "Standing": "short",
        "Qualified people": "1", "Needed": "2", "From": "2026-11-24T18:00:00Z",
        "Until": "2026-11-25T06:00:00Z",
    }  # fmt: skip


def test_short_shifts_are_listed_among_the_shifts_ahead(client_of, rota):
    manager = client_of("manager")
    moved = manager.get(f"{ADDRESS}?view=short&site=porto,faro&domain=network&days=28")
    assert moved.url == "/people/oncall/ahead/?site=porto&site=faro&domain=network&days=60&standing=short"
    assert moved.url == manager.get(f"{ADDRESS}?site=porto,faro&domain=network&days=28").context["short_url"]
    assert manager.get(moved.url).context["table"].page.total == 5
    assert "days" not in manager.get(f"{ADDRESS}?view=short").url


def test_up_to_sixty_days_are_shown(client_of, rota):
    cells = cells_of(client_of("manager").get(f"{ADDRESS}?days=60"))
    assert len(cells) > 110
    assert cells["porto.network.2027-01-21-day"][0] == "short"


def test_without_a_rotation_it_says_what_would_be_here(client_of, db):
    assert "No shift is planned" in words_of(client_of("manager").get(ADDRESS))


def statements(client, path):
    forget_answers()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_the_page_costs_the_same_for_one_site_and_for_thirty(client_of, rota, people):
    manager = client_of("manager")
    paths = (ADDRESS, f"{ADDRESS}?cell={SHORT_CELL}")
    few = [statements(manager, path) for path in paths]
    sites = [inventory.site(stage="production") for _ in range(30)]
    made.layer(made.rotation(*sites, name="Wide"), people["Ona Reis"])
    rotations.write_claimed_shifts(now=NOW)
    assert [statements(manager, path) for path in paths] == few
    assert max(few) <= BUDGET
