"""Cover by shift, people and skills and a team's calendar: by keyboard, on a phone, without scripts, and under axe."""

import re

import pytest
from playwright.sync_api import expect

from inventory.models import Site
from readiness.organisation.people.models import Leave
from readiness.organisation.people.operations import rotations
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
FOCUSED = "() => document.activeElement.value ?? document.activeElement.id"
COVER = "/people/cover/"
NIGHT = "porto.network.2026-11-25-night"


@pytest.fixture
def covered(small_fleet):
    """Ona and Bo are on at Porto until 30 November, then Cai and Ona. Bo lacks the skill that is asked for."""
    porto, team = Site.objects.get(slug="porto"), made.team(name="Fabric", slug="fabric")
    made.staffing(porto, team)
    optics = made.skill(name="Optics", slug="optics")
    made.rule(optics, subject="site", people=3)
    ona, bo, cai = (made.person(team, name=name) for name in ("Ona Reis", "Bo Lind", "Cai Moss"))
    for able in (ona, cai):
        made.qualification(able, optics, level=2)
    rotation = made.rotation(porto, name="Fabric rotation", team=team)
    made.layer(rotation, ona, cai)
    made.layer(rotation, bo, ona, level=2)
    calm = made.rotation(porto, name="Power rotation", domain="energy")
    made.layer(calm, ona)
    made.layer(calm, cai, level=2)
    Leave.objects.create(person=cai, starts_at=NOW, ends_at=NOW.replace(day=26))
    rotations.write_claimed_shifts(now=NOW)
    return ona


def test_arrows_move_n_finds_the_next_short_shift_and_enter_opens_it(as_role, covered):
    one = as_role("manager")
    page = one.open(COVER)
    cells = page.locator("[data-matrix]:visible td > button")
    assert cells.evaluate_all("cells => cells.filter(cell => cell.tabIndex === 0).length") == 1
    page.keyboard.press("n")
    first = page.evaluate(FOCUSED)
    assert first.startswith("porto.network.2026-11-24-")
    page.keyboard.press("n")
    assert page.evaluate(FOCUSED) != first
    page.locator(f"button[value='{NIGHT}']:visible").focus()
    steps = {
        "ArrowRight": "porto.network.2026-11-26-day",
        "ArrowDown": "porto.energy.2026-11-26-day",
        "ArrowLeft": "porto.energy.2026-11-25-night",
        "ArrowUp": NIGHT,
    }
    for key, cell in steps.items():
        page.keyboard.press(key)
        assert page.evaluate(FOCUSED) == cell, key

    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    panel.get_by_role("heading", name="Porto network, Wed 25 Nov night").wait_for()
    expect(page).to_have_url(re.compile(f"cell={NIGHT}"))
    assert page.evaluate(FOCUSED) == "h-evidence"
    expect(panel.get_by_text("Bo Lind has a turn without what is required.")).to_be_visible()
    panel.get_by_text(re.compile("Why not")).click()
    expect(panel.get_by_text(re.compile("is on leave until"))).to_be_visible()
    page.keyboard.press("n")
    assert page.evaluate(FOCUSED) == "porto.network.2026-11-26-day"
    page.locator("#h-evidence").focus()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(rf"{COVER}$"))
    assert page.evaluate(FOCUSED) == NIGHT
    expect(panel).to_be_hidden()
    assert one.refusals == []


def test_a_phone_shows_what_is_short_next_and_one_site_by_day(as_role, covered):
    one = as_role("manager", width=390, theme="dark")
    page = one.open(COVER)
    expect(page.get_by_role("heading", name="Short next")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("^Wed 25"))
    expect(row.get_by_role("button")).to_have_count(4)
    row.get_by_role("button", name=re.compile("network, Wed 25 Nov night")).click()
    panel = page.get_by_role("dialog")
    panel.get_by_role("heading", name="Porto network, Wed 25 Nov night").wait_for()
    assert panel.evaluate("panel => panel.matches(':modal')")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert one.refusals == []


def test_people_and_skills_and_the_calendar_go_by_keyboard(as_role, covered):
    one = as_role("manager")
    page = one.open("/people/matrix/")
    page.keyboard.press("n")
    assert page.evaluate(FOCUSED).endswith(".optics")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("heading", level=2).wait_for()
    assert page.evaluate(FOCUSED) == "h-evidence"

    page = one.open("/people/calendar/?team=fabric")
    page.locator(f"button[value='p{covered.pk}.2026-11-25']").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED) == f"p{covered.pk}.2026-11-26"
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading", name="Ona Reis, 26 Nov 2026")).to_be_visible()
    assert one.refusals == []


PATHS = (
    COVER,
    f"{COVER}?cell={NIGHT}",
    "/people/oncall/ahead/",
    f"{COVER}?days=60",
    f"{COVER}?q=nothing-is-called-this",
    "/people/matrix/",
    "/people/matrix/?cell={person}.optics",
    "/people/calendar/?team=fabric",
    "/people/calendar/?team=fabric&cell=p{person}.2026-11-25",
    "/people/coverage/porto/",
)


@pytest.mark.parametrize("role", ["manager", "viewer"])
def test_nothing_is_wrong_with_the_pages_on_any_screen(as_role, axe_source, covered, role):
    one = as_role(role)
    paths = [path.format(person=covered.pk) for path in PATHS if role == "manager" or "{person}" not in path]
    assert {path: found for path in paths if (found := faults(one, axe_source, path))} == {}
    assert one.refusals == []
