"""Cover by shift: which sites and shifts it shows, what each cell says, one shift beside it, and who sees what."""

import re
from html import unescape

import pytest

from readiness.organisation.people.models import Shift
from readiness.organisation.people.operations import rotations
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import rows_of, words_of
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]
ADDRESS = "/people/cover/"


def cells_of(response):
    """Standing and spoken label by the cell's key; each is drawn twice, for desks and for phones."""
    assert response.status_code == 200
    found = re.findall(
        r'<td[^>]* data-shift="([\w-]+)"[^>]*><button name="cell" value="([^"]+)"[^>]* aria-label="([^"]+)"',
        response.content.decode(),
    )
    return {key: (standing, unescape(label)) for standing, key, label in found}


@pytest.fixture
def porto(db):
    return inventory.site(name="Porto", slug="porto", stage="production", time_zone="Europe/Lisbon")


@pytest.fixture
def rota(porto, user_of):
    """Ona and Bo take turns; Bo lacks the skill that every site needs, Cai has it and is free."""
    team = made.team(name="Fabric")
    made.staffing(porto, team)
    optics = made.skill(name="Optics")
    made.rule(optics, subject="site")
    ona, bo, cai = (made.person(team, name=name) for name in ("Ona Reis", "Bo Lind", "Cai Moss"))
    for able in (ona, cai):
        made.qualification(able, optics)
    rotation = made.rotation(porto, name="Fabric rotation")
    made.layer(rotation, ona, cai)
    made.layer(rotation, bo, ona, level=2)
    rotations.write_claimed_shifts(now=NOW)
    return rotation


def test_a_cell_says_site_domain_shift_number_and_standing(client_of, rota):
    cells = cells_of(client_of("manager").get(ADDRESS))
    print(sorted(cells.items())[:40])
    print(NOW)
