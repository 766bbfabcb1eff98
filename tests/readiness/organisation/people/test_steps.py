"""Pages with a form about one object: which it is, what the button does, and what is chosen beforehand."""

import re

import pytest

from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import text_of, words_of
from tests.readiness.organisation.people import made, practised

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


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("leave", ["person", "starts_at", "ends_at"]),
        ("skill-exemptions", ["person", "skill", "reason", "begins_at", "ends_at"]),
    ],
)
def test_nobody_is_asked_in_words_why_somebody_is_away_or_exempt(path, fields, client_of):
    page = client_of("manager").get(f"/people/{path}/add/")
    assert list(page.context["form"].fields) == fields


def offered(client, address):
    """Labels of what the page of an object offers to do."""
    return {entry.label for entry in client.get(address).context["entries"]}


def test_what_is_done_is_not_offered_again(client_of):
    ana, manager = made.person(), client_of("manager")
    training = made.training(ana, made.course(), now=NOW)
    held = made.qualification(ana, made.skill())
    over = practised.shift(made.rotation(), ana, NOW - 9 * practised.DAY)
    page, of_held = f"/people/trainings/{training.pk}/", f"/people/qualifications/{held.pk}/"
    assert (offered(manager, page), offered(manager, of_held)) == ({"Complete"}, {"Revoke"})
    assert manager.post(f"{page}complete/", {"completed_at": ""}).status_code == 302
    assert manager.post(f"{of_held}revoke/", {"reason": "mistake"}).status_code == 302
    for address in (page, of_held, f"/people/shifts/{over.pk}/"):
        assert offered(manager, address) == set()


def test_a_calendar_is_given_up_on_the_page_of_its_rotation(client_of):
    rotation, manager = made.rotation(), client_of("manager")
    address = f"/people/rotations/{rotation.pk}/"
    assert "Go back to layers" not in offered(manager, address)
    type(rotation).objects.update(calendar_url="https://calendar.example.org/night.ics")
    assert "Go back to layers" in offered(manager, address)
    assert "layers make the shifts" in words_of(manager.get(f"{address}drop-calendar/"))
    assert manager.post(f"{address}drop-calendar/").status_code == 302
    assert "Go back to layers" not in offered(manager, address)


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
