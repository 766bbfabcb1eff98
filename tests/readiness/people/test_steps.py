"""Pages with a form about one object: which it is, what the button does, and what is chosen beforehand."""

import re

import pytest

from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import text_of, words_of
from tests.readiness.people import made, practised

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]


def revoke(ana):
    held = made.qualification(ana, made.skill(name="Optics"), level=2)
    return f"/people/qualifications/{held.pk}/revoke/"


def complete(ana):
    return f"/people/trainings/{made.training(ana, made.course(name='UPS course'), now=NOW).pk}/complete/"


def move(ana):
    rotation = made.rotation(name="Fabric rotation")
    return f"/people/shifts/{practised.shift(rotation, ana, NOW, hours=8).pk}/move/"


def result(ana):
    porto = inventory.site(name="Porto")
    drill = practised.drill(porto, name="UPS drill", result="planned", held_at=NOW)
    return f"/people/drills/{drill.pk}/result/"


PAGES = {
    revoke: ("Revoke Ana Reis: Optics, level 2", "Revoke"),
    complete: ("Complete Ana Reis: UPS course", "Complete"),
    move: ("Move the shift of Ana Reis in Fabric rotation", "Move the shift"),
    result: ("Enter the result of UPS drill at Porto, 24 Nov 2026", "Save the result"),
}


@pytest.mark.parametrize("of", PAGES, ids=lambda of: of.__name__)
def test_it_says_which_object_and_chooses_nothing(of, client_of):
    page = text_of(client_of("manager").get(of(made.person(name="Ana Reis"))))
    title, button = PAGES[of]
    assert f"<h1>{title}</h1>" in page
    assert f'type="submit">{button}</button>' in page
    assert not re.search(r'type="radio"[^>]* checked', page)


def test_a_result_that_stands_is_changed(client_of):
    drill = practised.drill(inventory.site(), result="failed")
    client = client_of("manager")
    assert "Change the result" in words_of(client.get(f"/people/drills/{drill.pk}/"))
    page = client.get(f"/people/drills/{drill.pk}/result/")
    assert page.context["form"]["result"].value() == "failed"
    assert re.search(r'type="radio"[^>]* value="failed"[^>]* checked', text_of(page))


def test_leave_is_given_without_a_reason(client_of):
    page = client_of("manager").get("/people/leave/add/")
    assert list(page.context["form"].fields) == ["person", "starts_at", "ends_at"]


def test_the_tab_of_shifts_leaves_out_those_that_are_over(client_of):
    rotation, ana = made.rotation(), made.person()
    practised.shift(rotation, ana, NOW - 9 * practised.DAY)
    current = practised.shift(rotation, ana, NOW)
    client = client_of("manager")
    [tab] = [each for each in client.get("/people/swaps/").context["tabs"] if each["label"] == "Shifts"]
    page = client.get(tab["url"])
    assert [row.id for row in page.context["table"].rows] == [current.pk]
    [chip] = page.context["table"].chips
    assert len(client.get(chip.remove_url).context["table"].rows) == 2
