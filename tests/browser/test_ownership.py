"""The ownership board by keyboard and by pointer, and every page of ownership and people under axe."""

import re

import pytest
from playwright.sync_api import expect

from readiness.organisation.ownership.models import Assignment
from tests.browser import fleet, owned
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.readiness.problems import write_problems

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
FOCUSED = "() => document.activeElement.value ?? document.activeElement.id"


@pytest.fixture
def six(frozen_now, user_of):
    frozen_now.at = NOW
    sites = fleet.build(NOW, sites=6)
    owners = owned.build(sites, user_of, NOW)
    write_problems()
    return sites, owners


def test_somebody_is_proposed_by_keyboard_alone(as_role, six):
    sites, (ana, *_) = six
    one = as_role("manager")
    page = one.open("/ownership/?sort=site")
    cells = page.locator("[data-matrix] td > button")
    assert cells.evaluate_all("cells => cells.filter(cell => cell.tabIndex === 0).length") == 1
    cells.first.focus()
    row = page.evaluate(FOCUSED).partition(".")[0]
    for key, item in {"ArrowRight": "compute-network", "End": "energy", "Home": "orchestration"}.items():
        page.keyboard.press(key)
        assert page.evaluate(FOCUSED) == f"{row}.{item}", key
    free = next(site for site in sites[2:] if site.stage == "production")
    page.locator(f"button[value='{free.slug}.compute']").focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    panel.get_by_role("heading", name="Propose somebody").wait_for()
    assert page.evaluate(FOCUSED) == "h-evidence"
    panel.get_by_label("Accountable").select_option(label="Ana Reis (Fabric)")
    panel.get_by_label("Team", exact=True).select_option(label="Fabric")
    panel.get_by_label("Decision rights").fill("May drain nodes.")
    panel.get_by_role("button", name="Propose").press("Enter")
    # Nobody stands in for them yet, which is said before it is done.
    expect(page.get_by_role("alert")).to_contain_text("No deputy is named")
    page.get_by_role("button", name="Propose 1 item").press("Enter")
    page.wait_for_url(re.compile(r"/ownership/assignments/\d+/"))
    asked = Assignment.objects.get(site=free, item="compute")
    assert (asked.accountable, asked.state) == (ana, "proposed")
    assert one.refusals == []


@pytest.mark.parametrize("share", range(2))
def test_every_page_of_ownership_and_people(as_role, six, axe_source, share):
    sites, (ana, *_) = six
    changing = Assignment.objects.get(site=sites[0], item="energy", state="proposed")
    current = Assignment.objects.get(site=sites[0], item="energy", state="accepted")
    mine = Assignment.objects.get(site=sites[1], item="orchestration")
    paths = [
        "/ownership/",
        f"/ownership/?cell={sites[0].slug}.energy",
        f"/ownership/?cell={sites[2].slug}.compute&standing=unowned",
        "/ownership/?q=nothing-is-called-this",
        "/ownership/queues/",
        "/ownership/queues/?queue=due-soon",
        "/ownership/owners/",
        "/ownership/mine/",
        "/ownership/import/",
        f"/ownership/propose/?cell={sites[2].slug}.compute",
        f"/ownership/reassign/?source={ana.pk}",
        f"/ownership/assignments/{current.pk}/",
        f"/ownership/assignments/{changing.pk}/",
        f"/ownership/assignments/{mine.pk}/",
        f"/ownership/assignments/{current.pk}/edit/",
        "/people/",
        "/people/add/",
        f"/people/{ana.pk}/",
        f"/people/{ana.pk}/edit/",
        "/people/teams/",
        "/people/teams/add/",
        f"/people/teams/{ana.teams.get().pk}/",
        f"/people/teams/{ana.teams.get().pk}/edit/",
        "/fleet/",
        "/sites/",
    ]
    one = as_role("admin")
    found = {path: wrong for path in paths[share::2] if (wrong := faults(one, axe_source, path))}
    assert found == {}
    assert one.refusals == []


def test_whoever_may_not_see_names_or_finds_nothing(as_role, axe_source):
    one = as_role("viewer")
    paths = [
        "/ownership/",
        "/ownership/queues/",
        "/ownership/mine/",
        "/ownership/owners/",
        "/people/",
        "/people/teams/",
    ]
    assert {path: wrong for path in paths if (wrong := faults(one, axe_source, path))} == {}
    assert one.refusals == []
