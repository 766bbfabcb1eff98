"""A rotation on one page by the keyboard alone: move a turn, preview eight weeks, save; axe finds nothing there."""

import pytest
from playwright.sync_api import expect

from inventory.models import Site
from readiness.organisation.people.models import LayerMember
from readiness.organisation.people.operations import rotations
from tests.browser import looking
from tests.browser.test_ten_tasks import by_keyboard
from tests.conftest import NOW
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rotation(small_fleet):
    """Three people in turn as primary, and one other as secondary."""
    fabric = made.rotation(Site.objects.get(slug="porto"), name="Fabric rotation")
    people = [made.person(name=name) for name in ("Ona Reis", "Bo Lind", "Cai Costa")]
    made.layer(fabric, *people)
    made.layer(fabric, made.person(name="Dag Dahl"), level=2)
    rotations.write_claimed_shifts(now=NOW)
    return fabric


def test_turns_are_moved_previewed_and_saved_by_the_keyboard(as_role, rotation):
    visit = as_role("manager")
    page = visit.open(f"/people/rotations/{rotation.pk}/")
    by_keyboard(page, "link", "Edit with preview")
    page.wait_for_load_state("networkidle")

    by_keyboard(page, "button", "Move down: Ona Reis")
    page.wait_for_load_state("networkidle")
    # What was moved has the focus, so that it can be moved on.
    expect(page.locator("#down-0-1")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#up-0-2")).to_be_focused()
    names = page.locator(".turns").first.locator(".who").all_inner_texts()
    assert names == ["Bo Lind", "Cai Costa", "Ona Reis"]

    by_keyboard(page, "button", "Preview eight weeks")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", name="Preview of the next eight weeks")).to_be_visible()
    expect(page.locator("#preview")).to_be_focused()
    expect(page.get_by_text("nothing is saved yet")).to_be_visible()
    assert list(LayerMember.objects.filter(layer__level=1).values_list("person__name", flat=True)) == [
        *("Ona Reis", "Bo Lind", "Cai Costa")
    ]

    page.keyboard.press("Shift+Tab")
    press_by_keyboard(page, "Save")
    expect(page.get_by_text("The rotation is saved")).to_be_visible()
    assert list(LayerMember.objects.filter(layer__level=1).values_list("person__name", flat=True)) == names
    assert visit.refusals == []


def press_by_keyboard(page, name):
    """Go back from the preview to a button above it, and press Enter."""
    target = page.get_by_role("button", name=name, exact=True)
    for _ in range(10):
        if target.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
        page.keyboard.press("Shift+Tab")
    pytest.fail(f"Shift+Tab does not lead to {name}")


def test_axe_finds_nothing_on_the_page_and_it_fits(as_role, rotation, axe_source):
    visit = as_role("manager")
    for path in (f"/people/rotations/{rotation.pk}/plan/", "/people/rotations/new/"):
        assert looking.faults(visit, axe_source, path) == [], path
