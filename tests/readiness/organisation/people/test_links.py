"""Links of people to users: requested by another, confirmed by the user, made by no write, ended at once."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction

from readiness.organisation.people import operations as people_operations
from readiness.organisation.people.models import Person
from tests.readiness.organisation.people import made as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(user_of):
    return user_of("viewer", username="ana", name="Ana Reis")


@pytest.fixture
def ana_in_person(ana):
    return people.person(name="Ana Reis", user=ana)


@pytest.fixture
def rui_unlinked():
    return people.person(name="Rui Sá")


def link(person, user, *, asked_by, now):
    people_operations.request_link(person, user=user, by=asked_by, now=now)
    return people_operations.confirm_link(person, by=user, now=now)


@pytest.mark.parametrize("way", ["patch", "put", "bulk patch", "bulk put", "post"])
@pytest.mark.parametrize("role", ["manager", "admin"])
def test_no_write_of_an_endpoint_makes_one(rui_unlinked, api_of, user_of, role, way):
    api, user = api_of(role), user_of(role)
    given = {"name": "Rui Sá", "user": user.pk}
    one, many = f"/api/people/people/{rui_unlinked.pk}/", "/api/people/people/"
    answer = {
        "patch": lambda: api.patch(one, {"user": user.pk}),
        "put": lambda: api.put(one, given),
        "bulk patch": lambda: api.patch(many, [{"id": rui_unlinked.pk, "user": user.pk}]),
        "bulk put": lambda: api.put(many, [given | {"id": rui_unlinked.pk}]),
        "post": lambda: api.post(many, given),
    }[way]()
    assert answer.status_code == 400
    assert "request-link" in json.dumps(answer.json())
    assert not Person.objects.exclude(user=None, requested_user=None).exists()


def test_what_was_read_can_be_written_back(ana_in_person, ana, api_of):
    api, address = api_of("manager"), f"/api/people/people/{ana_in_person.pk}/"
    person = api.get(address).json()
    answer = api.put(address, person | {"phone": "+351 1"})
    assert answer.status_code == 200
    assert (answer.json()["phone"], answer.json()["user"]["id"]) == ("+351 1", ana.pk)
    assert api.patch(address, {"user": None}).status_code == 400


@pytest.mark.parametrize("path", ["/people/add/", "/people/{}/edit/"])
def test_no_form_makes_one(rui_unlinked, client_of, path):
    given = {"name": "Rui Sá", "user": "manager", "time_zone": "UTC"}
    assert client_of("manager").post(path.format(rui_unlinked.pk), given).status_code == 302
    assert not Person.objects.exclude(user=None, requested_user=None).exists()


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_nobody_requests_a_link_to_themselves(rui_unlinked, api_of, client_of, user_of, role):
    answer = api_of(role).post(
        f"/api/people/people/{rui_unlinked.pk}/request-link/", {"user": user_of(role).pk}
    )
    assert (answer.status_code, list(answer.json())) == (400, ["user"])
    page = client_of(role).post(f"/people/{rui_unlinked.pk}/link/", {"user": role})
    assert page.status_code == 422
    assert not Person.objects.exclude(requested_user=None).exists()


def test_only_the_user_asked_confirms_it(rui_unlinked, ana, api_of, client_of, frozen_now):
    asked = api_of("manager").post(f"/api/people/people/{rui_unlinked.pk}/request-link/", {"user": ana.pk})
    assert (asked.status_code, asked.json()["user"]) == (200, None)
    confirm = f"/api/people/people/{rui_unlinked.pk}/confirm-link/"
    assert api_of("manager").post(confirm, {"user": ana.pk, "by": ana.pk}).status_code == 403
    assert api_of("ops").post(confirm).status_code == 404
    page = f"/settings/person/{rui_unlinked.pk}/confirm/"
    assert client_of("manager").post(page).status_code == 404
    rui_unlinked.refresh_from_db()
    assert rui_unlinked.user is None
    own = api_of("viewer", username="ana")
    assert own.get("/api/people/own/").json() == [
        {"id": rui_unlinked.pk, "name": "Rui Sá", "in_force": False}
    ]
    assert own.post(confirm).status_code == 204
    rui_unlinked.refresh_from_db()
    assert (rui_unlinked.user, rui_unlinked.user_confirmed_at) == (ana, frozen_now.at)
    assert rui_unlinked.requested_user is None


def test_it_is_requested_and_confirmed_on_pages(rui_unlinked, ana, client_of, client, frozen_now):
    asked = client_of("manager").post(f"/people/{rui_unlinked.pk}/link/", {"user": "ana"})
    assert asked.status_code == 302
    client.force_login(ana)
    page = client.get("/settings/person/")
    assert [each.pk for each in page.context["requested"]] == [rui_unlinked.pk]
    assert client.post(f"/settings/person/{rui_unlinked.pk}/confirm/").status_code == 302
    assert client.get("/settings/person/").context["linked"] == [rui_unlinked]
    rui_unlinked.refresh_from_db()
    assert rui_unlinked.user == ana


@pytest.mark.parametrize("role", ["viewer", "ops", "planner"])
def test_changing_people_is_not_enough(rui_unlinked, ana, api_of, user_of, role):
    user = user_of(role)
    for codename in ("change_person", "add_person", "view_person"):
        user.user_permissions.add(Permission.objects.get(content_type__app_label="people", codename=codename))
    api = api_of(role)
    assert api.patch(f"/api/people/people/{rui_unlinked.pk}/", {"phone": "1"}).status_code == 200
    answer = api.post(f"/api/people/people/{rui_unlinked.pk}/request-link/", {"user": ana.pk})
    assert answer.status_code == 403
    assert "people.link_person" in answer.json()["detail"]


@pytest.mark.parametrize("who", ["manager", "ana"])
def test_it_ends_at_once_and_history_shows_both(rui_unlinked, ana, manager, api_of, frozen_now, who):
    link(rui_unlinked, ana, asked_by=manager, now=frozen_now.at)
    api = api_of("viewer", username="ana") if who == "ana" else api_of("manager")
    assert api.post(f"/api/people/people/{rui_unlinked.pk}/unlink/").status_code == 204
    rui_unlinked.refresh_from_db()
    assert (rui_unlinked.user, rui_unlinked.user_confirmed_at) == (None, None)
    rows = api_of("manager").get(f"/api/history/?model=people.person&id={rui_unlinked.pk}").json()
    ended, confirmed = rows["results"][:2]
    assert ended["actor"] == who
    assert {each["field"] for each in ended["changes"]} == {"user", "user_confirmed_at"}
    assert {"user", "requested_by"} <= {each["field"] for each in confirmed["changes"]}


def test_the_database_refuses_what_skips_the_confirmation(rui_unlinked, ana, manager, frozen_now):
    person = Person.objects.filter(pk=rui_unlinked.pk)
    forged = {
        "person_link_is_confirmed": {"user": None, "user_confirmed_at": frozen_now.at},
        "person_link_was_requested|only after it was requested": {
            "user": ana,
            "user_confirmed_at": frozen_now.at,
        },
        "person_link_requested_by_another": {
            "requested_user": manager,
            "requested_by": manager,
            "requested_at": frozen_now.at,
        },
        "person_link_request_is_whole": {"requested_user": ana},
    }
    for rule, values in forged.items():
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            person.update(**values)
    with pytest.raises(IntegrityError, match="person_link_is_confirmed"), transaction.atomic():
        Person.objects.create(name="Eva", user=ana)
