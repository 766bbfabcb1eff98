"""Teams and people: pages, endpoints, who may see names and who may write, and what it costs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts import operations as accounts
from readiness.organisation.people import operations
from readiness.organisation.people.models import Membership, Person, Staffing
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import text_of
from tests.readiness.organisation.people import every, made, practised
from web.permissions import MissingPermission

pytestmark = pytest.mark.django_db
MAY_SEE_NAMES = {"viewer": False, "ops": True, "planner": True, "manager": True, "admin": True}


@pytest.fixture
def fabric():
    return made.team(name="Fabric", slug="fabric", contact="#fabric")


@pytest.fixture
def ana(fabric, frozen_now):
    return made.person(fabric, name="Ana Reis", email="ana@example.org", time_zone="Europe/Lisbon")


@pytest.mark.parametrize("role", sorted(MAY_SEE_NAMES))
class TestNames:
    def test_pages_show_them_to_those_permitted_and_counts_to_others(self, ana, fabric, client_of, role):
        client = client_of(role)
        for path in (
            "/people/",
            "/people/teams/",
            f"/people/teams/{fabric.pk}/",
            "/search/?q=ana",
            "/history/",
        ):
            page = text_of(client.get(path))
            assert "Ana Reis" not in page or MAY_SEE_NAMES[role], path
        assert ("Ana Reis" in text_of(client.get("/people/"))) is MAY_SEE_NAMES[role]
        assert "1 person" in text_of(client.get(f"/people/teams/{fabric.pk}/")) or MAY_SEE_NAMES[role]
        one = client.get(f"/people/{ana.pk}/")
        if MAY_SEE_NAMES[role]:
            assert "ana@example.org" in text_of(one)
        else:
            assert "people.view_person" in text_of(one, 403)


class TestWriting:
    def test_the_forms_make_a_team_and_a_person_in_it(self, client_of, frozen_now):
        client = client_of("manager")
        made_team = client.post("/people/teams/add/", {"name": "Power", "slug": "power", "contact": "#power"})
        assert made_team.status_code == 302
        given = {
            "name": "Rui Sá",
            "teams": ["power"],
            "time_zone": "Asia/Tokyo",
            "last_day": "2026-11-24",
        }
        assert client.post("/people/add/", given).status_code == 302
        rui = Person.objects.get(name="Rui Sá")
        assert [each.team.slug for each in rui.memberships.all()] == ["power"]
        # The end of that day in Tokyo.
        assert rui.left_at == datetime(2026, 11, 24, 15, tzinfo=UTC)
        page = text_of(client.get(f"/people/{rui.pk}/edit/"))
        assert 'value="2026-11-24"' in page
        assert (
            client.post(f"/people/{rui.pk}/edit/", given | {"teams": [], "last_day": ""}).status_code == 302
        )
        rui.refresh_from_db()
        assert (rui.left_at, rui.memberships.count()) == (None, 0)

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"name": " "}, "name"),
            ({"time_zone": "Mars/Olympus"}, "time_zone"),
            ({"email": "nobody"}, "email"),
            ({"email": "ana@example.org"}, "email"),
            ({"user": 999999}, "user"),
            ({"left_at": "soon"}, "left_at"),
        ],
    )
    def test_bad_values_are_refused_by_field(self, ana, api_of, given, field):
        answer = api_of("manager").post("/api/people/people/", {"name": "Rui"} | given)
        assert answer.status_code == 400
        assert field in str(answer.json()), answer.content

    def test_a_bad_form_says_where(self, ana, client_of, frozen_now):
        page = text_of(client_of("manager").post("/people/add/", {"name": "Rui", "time_zone": "Mars"}), 422)
        assert "Mars is not an IANA time zone name." in page
        twice = {"name": "Ana", "email": "ana@example.org", "time_zone": "UTC"}
        assert "Somebody else has this e-mail." in text_of(
            client_of("manager").post("/people/add/", twice), 422
        )

    def test_the_operations_ask_themselves(self, ana, ops, frozen_now):
        with pytest.raises(MissingPermission, match=r"people\.change_person"):
            operations.save_person(ana, name="X", by=ops, now=frozen_now.at)

    @pytest.mark.parametrize("rule", ["person_has_name", "team_has_name", "membership_once"])
    def test_the_database_holds_the_rules(self, ana, fabric, rule):
        wrongs = {
            "person_has_name": lambda: Person.objects.create(name=" "),
            "team_has_name": lambda: made.team(name=" "),
            "membership_once": lambda: Membership.objects.create(person=ana, team=fabric),
        }
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            wrongs[rule]()


class TestLeaving:
    def test_somebody_has_left_after_the_last_day_or_without_a_user_that_signs_in(self, ana, ops, frozen_now):
        now = frozen_now.at
        assert set(Person.objects.present(now)) == {ana}
        ana.left_at = now + timedelta(minutes=1)
        ana.save()
        assert not ana.left_by(now)
        assert set(Person.objects.left(now + timedelta(minutes=1))) == {ana}
        rui = made.person(name="Rui", user=ops)
        accounts.change_user(ops, is_active=False, by=None, now=now)
        assert set(Person.objects.left(now)) == {rui}
        assert set(Person.objects.present(now)) == {ana}
        assert Person.objects.get(pk=rui.pk).left_by(now)


def test_a_team_staffs_a_site_once(client_of, fabric, frozen_now):
    site = inventory.site(name="Porto")
    given = {"team": fabric.pk, "site": site.pk, "begins_at": "2026-11-20T08:00"}
    client = client_of("manager")
    assert client.post("/people/staffings/add/", given).status_code == 302
    assert [str(each) for each in Staffing.objects.all()] == ["Fabric at Porto"]
    assert "staffs this site already" in text_of(client.post("/people/staffings/add/", given), 422)
    assert "Porto" in text_of(client_of("viewer").get("/people/staffings/"))


def test_a_persons_page_lists_qualifications_training_and_shifts_to_come(frozen_now, viewer, client_of):
    person = made.person()
    every.of_each_kind(inventory.site(), made.team(), person, made.person(), viewer)
    [coming] = person.shifts.all()
    practised.shift(coming.rotation, person, NOW - timedelta(days=9))
    page = text_of(client_of("manager").get(f"/people/{person.pk}/"))
    rows = re.findall(r'id="row-(qualifications|trainings|shifts)-\d-(\d+)"', page)
    [qualification], [training] = person.qualifications.all(), person.trainings.all()
    expected = {("qualifications", qualification.pk), ("trainings", training.pk), ("shifts", coming.pk)}
    assert {(kind, int(pk)) for kind, pk in rows} == expected
