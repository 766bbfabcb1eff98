"""Primary and secondary are two people: what somebody enters is refused where it would make them one, with both shifts;
what is worked out is left uncovered, and says so."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.organisation.people.models import Leave, Override, RotationCalendar, Shift, Swap
from readiness.organisation.people.operations import feeds, rotations
from readiness.organisation.people.queries.on_call import duties_at
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import rows_of, text_of
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
WEEK, DAY = timedelta(days=7), timedelta(days=1)
NEXT = {"starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-02T00:00:00Z"}
TWICE = (
    "Ada is primary of Lisbon network from 30 Nov 2026 08:00 UTC to 7 Dec 2026 08:00 UTC, and cannot be secondary of"
    " {} from {} too. Choose somebody else for one of them."
)
OVERRIDDEN = "1 Dec 2026 00:00 UTC to 2 Dec 2026 00:00 UTC"


@pytest.fixture
def site():
    return inventory.site(name="Lisbon", slug="lisbon")


@pytest.fixture
def people(user_of):
    return {
        name: made.person(name=name, email=f"{name}@example.org", user=user_of("ops", username=name))
        for name in ("Bo", "Ada", "Cai", "Dee")
    }


@pytest.fixture
def rotation(site, people):
    """From week to week Bo and Ada are primary, and Cai and Dee secondary."""
    rotation = made.rotation(site, name="Lisbon network", slug="lisbon-network")
    made.layer(rotation, people["Bo"], people["Ada"])
    made.layer(rotation, people["Cai"], people["Dee"], level=2)
    rotations.write_claimed_shifts(now=NOW)
    return rotation


@pytest.fixture
def beside(site, people):
    """Another rotation of the same domain and site, in which Cai alone is secondary."""
    rotation = made.rotation(site, name="Lisbon nights", slug="lisbon-nights")
    made.layer(rotation, people["Cai"], level=2)
    return rotation


def given(rotation, person, level=2, **more):
    return {"rotation": rotation.pk, "level": level, "person": person.pk} | NEXT | more


def holders(rotation, level, at):
    rows = Shift.objects.current(at).filter(rotation=rotation, level=level)
    return [(row.person.name if row.person else None, row.is_double) for row in rows]


def test_an_override_is_refused_with_both_shifts(rotation, people, api_of):
    api = api_of("manager")
    for body in (given(rotation, people["Ada"]), [given(rotation, people["Ada"])]):
        answer = api.post("/api/people/overrides/", body)
        assert answer.status_code == 400
        assert TWICE.format("Lisbon network", OVERRIDDEN) in answer.content.decode()
    assert not Override.objects.exists()
    assert api.post("/api/people/overrides/", given(rotation, people["Bo"])).status_code == 201
    assert api.post("/api/people/overrides/", given(rotation, people["Ada"], level=1)).status_code == 201


def test_an_override_beside_it_is_refused_too(rotation, beside, people, api_of):
    answer = api_of("manager").post("/api/people/overrides/", given(beside, people["Ada"]))
    assert TWICE.format("Lisbon nights", OVERRIDDEN) in answer.content.decode()
    elsewhere = made.rotation(inventory.site(), name="Faro network")
    assert (
        api_of("manager").post("/api/people/overrides/", given(elsewhere, people["Ada"])).status_code == 201
    )
    other_domain = made.rotation(rotation.sites.get(), name="Lisbon energy", domain="energy")
    assert (
        api_of("manager").post("/api/people/overrides/", given(other_domain, people["Ada"])).status_code
        == 201
    )


def test_the_form_says_it(rotation, people, client_of):
    form = given(rotation, people["Ada"]) | {"starts_at": "2026-12-01 00:00", "ends_at": "2026-12-02 00:00"}
    answer = client_of("manager").post("/people/overrides/add/", form)
    assert answer.status_code == 422
    assert answer.context["form"].errors["__all__"] == [TWICE.format("Lisbon network", OVERRIDDEN)]
    assert not Override.objects.exists()


def test_a_swap_is_neither_taken_nor_moved(rotation, people, client, client_of, user_of):
    shift = Shift.objects.get(rotation=rotation, level=2, person=people["Dee"], starts_at=MONDAY + WEEK)
    client.force_login(user_of("ops", username="Dee"))
    client.post(f"/people/shifts/{shift.pk}/swap/")
    client.force_login(user_of("ops", username="Ada"))
    answer = client.post(f"/people/swaps/{Swap.objects.get().pk}/take/")
    words = TWICE.format("Lisbon network", "30 Nov 2026 08:00 UTC to 7 Dec 2026 08:00 UTC")
    assert (answer.status_code, answer.context["refusals"]) == (422, [words])
    answer = client_of("manager").post(f"/people/shifts/{shift.pk}/move/", {"taker": people["Ada"].pk})
    assert (answer.status_code, answer.context["form"].errors["taker"]) == (422, [words])
    assert Swap.objects.get().state == "open"
    assert holders(rotation, 2, MONDAY + WEEK) == [("Dee", False)]
    client.force_login(user_of("ops", username="Bo"))
    assert client.post(f"/people/swaps/{Swap.objects.get().pk}/take/").status_code == 302


def test_leave_that_is_shortened_may_not_make_them_one(rotation, people, api_of):
    """While Ada was away, somebody gave her the secondary of the same time."""
    leave = made.leave(people["Ada"], starts_at=MONDAY + WEEK, ends_at=MONDAY + 2 * WEEK)
    rotations.write_claimed_shifts(now=NOW)
    api = api_of("manager")
    assert api.post("/api/people/overrides/", given(rotation, people["Ada"])).status_code == 201
    answer = api.patch(f"/api/people/leave/{leave.pk}/", {"ends_at": "2026-12-01T00:00:00Z"})
    assert answer.status_code == 400
    assert "cannot be secondary of Lisbon network" in answer.content.decode()
    assert Leave.objects.get().ends_at == MONDAY + 2 * WEEK
    assert api.delete(f"/api/people/leave/{leave.pk}/").status_code == 204
    assert holders(rotation, 2, datetime(2026, 12, 1, 12, tzinfo=UTC)) == [(None, True)]


def calendar(*events):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for number, (name, starts_on) in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}", f"SUMMARY:{name}", f"DTSTART:{starts_on}T080000Z",
                  "DURATION:P7D", "END:VEVENT"]  # fmt: skip
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


TWO_LEVELS = (("[L1] Ada@example.org", "20261130"), ("[L0] Ada@example.org", "20261130"))


def test_a_calendar_that_names_one_person_twice(rotation, people, client_of):
    """Uploaded, it is refused whole; read from an address, the later level is nobody's."""
    path = f"/people/rotations/{rotation.pk}/calendar/"
    client = client_of("manager")
    answer = client.post(path, {"file": SimpleUploadedFile("a.ics", calendar(*TWO_LEVELS))})
    assert answer.status_code == 422
    [message] = answer.context["form"].errors["file"]
    assert message.startswith("Ada is primary of Lisbon network from 30 Nov 2026 08:00 UTC")
    assert not RotationCalendar.objects.exists()
    feeds.store_calendar(rotation, calendar(*TWO_LEVELS), now=NOW)
    assert holders(rotation, 1, MONDAY + WEEK) == [("Ada", False)]
    assert holders(rotation, 2, MONDAY + WEEK) == [(None, True)]


@pytest.mark.parametrize("door", ["form", "call"])
def test_a_turn_of_which_nothing_would_be_theirs_is_refused(door, site, people, api_of, client_of):
    rotation = made.rotation(site, name="Lisbon energy", domain="energy")
    made.layer(rotation, people["Ada"])
    second = made.layer(rotation, level=2)
    rotations.write_claimed_shifts(now=NOW)
    turn = {"layer": second.pk, "person": people["Ada"].pk, "position": 0}
    if door == "form":
        answer = client_of("manager").post("/people/layer-members/add/", turn)
        assert answer.status_code == 422
    else:
        answer = api_of("manager").post("/api/people/layer-members/", turn)
        assert answer.status_code == 400
    assert "Ada is primary of Lisbon energy" in answer.content.decode()
    assert not second.members.exists()


def test_turns_that_coincide_now_and_then_are_left_uncovered_and_say_so(site, people, api_of, client_of):
    rotation = made.rotation(site, name="Lisbon energy", domain="energy")
    made.layer(rotation, people["Bo"], people["Ada"])
    second = made.layer(rotation, people["Dee"], level=2)
    rotations.write_claimed_shifts(now=NOW)
    for position, name in enumerate(("Cai", "Ada"), start=1):
        turn = {"layer": second.pk, "person": people[name].pk, "position": position}
        assert api_of("manager").post("/api/people/layer-members/", turn).status_code == 201
    # Ada is primary in each other week, and third in turn to be secondary.
    at = MONDAY + 5 * WEEK
    assert (holders(rotation, 1, at), holders(rotation, 2, at)) == ([("Ada", False)], [(None, True)])
    row = duties_at([site], at=at)[0]
    assert (row.standing, [str(person) for person in row.doubles]) == ("uncovered", ["Ada"])
    [line] = rows_of(client_of("ops").get(f"/people/oncall/?export=csv&at={at:%Y-%m-%dT%H:%M}Z"))
    assert (line["Primary"], line["Secondary"]) == ("Ada", "nobody: Ada is primary already")
    page = text_of(client_of("ops").get(f"/people/rotations/{rotation.pk}/"))
    assert "One person would be two" in page
    assert "Ada is on call already: secondary, 28 Dec 2026 08:00 UTC – 4 Jan 2027 08:00 UTC" in page
    assert "Ada" not in text_of(client_of("viewer").get(f"/people/rotations/{rotation.pk}/"))


def test_one_person_in_two_rotations_of_a_site_counts_once(rotation, beside, people, client_of, api_of):
    """Nobody entered it: the site was served by both later. At another site the shift counts as it is."""
    faro = inventory.site(name="Faro", slug="faro")
    nights = made.rotation(faro, name="Faro nights", slug="faro-nights")
    made.layer(nights, people["Bo"], level=2)
    rotations.write_claimed_shifts(now=NOW)
    made.RotationSite.objects.create(rotation=nights, site=rotation.sites.get())
    Shift.objects.filter(rotation=rotation, level=2).delete()
    Shift.objects.filter(rotation=beside).delete()
    rows = {row.site.slug: row for row in duties_at([faro, rotation.sites.get()], at=NOW)}
    lisbon = rows["lisbon"]
    assert (lisbon.standing, [shift.is_double for shift in lisbon.secondary]) == ("uncovered", [True])
    assert [shift.person.name for shift in rows["faro"].secondary] == ["Bo"]
    duty = {row["site"]: row for row in api_of("ops").get("/api/people/oncall/").json()["results"]}
    assert [(each["is_covered"], each["is_double"]) for each in duty["lisbon"]["secondary"]] == [
        (False, True)
    ]
    card = text_of(client_of("ops").get("/sites/lisbon/?tab=people"))
    assert "Bo" in card


def test_a_primary_of_two_sites_at_once_is_said_and_not_refused(rotation, people, api_of, client_of):
    faro = made.rotation(inventory.site(name="Faro"), name="Faro network")
    for person in (people["Bo"], people["Ada"]):
        made.override(faro, person=person, starts_at=NOW - DAY, ends_at=NOW + DAY, level=1)
    rotations.write_claimed_shifts(now=NOW)
    answer = api_of("manager").post(
        "/api/people/overrides/", given(faro, people["Bo"], level=1, starts_at=NOW.isoformat())
    )
    assert answer.status_code == 201
    rows = {row["Site"]: row for row in rows_of(client_of("ops").get("/people/oncall/?export=csv"))}
    assert rows["lisbon"]["Primary"] == "Bo (also primary of Faro network)"


def test_what_was_double_before_hinders_nothing_else(rotation, beside, people, api_of):
    """Cai is secondary of one rotation, and was made primary of the other one past every door."""
    Shift.objects.filter(rotation=beside).delete()
    rotations.write_claimed_shifts(now=NOW)
    Shift.objects.filter(rotation=rotation, level=1).update(person=people["Cai"])
    leave = {
        "person": people["Dee"].pk,
        "starts_at": "2026-12-03T00:00:00Z",
        "ends_at": "2026-12-04T00:00:00Z",
    }
    assert api_of("manager").post("/api/people/leave/", leave).status_code == 201
