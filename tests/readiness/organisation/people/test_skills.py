"""Skills, rules, qualifications and training: the doors by which they are written, and what each refuses."""

from datetime import timedelta

import pytest

from readiness.organisation.people.models import CapabilityRule, Course, Qualification, Skill, Training
from tests.readiness.organisation.people import made

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ana(db):
    return made.person(name="Ana Reis")


@pytest.fixture
def infiniband(db):
    """A skill that needs another first."""
    basic, skill = made.skill(name="Fabric operation"), made.skill(name="InfiniBand")
    made.prerequisite(skill, basic, level=2)
    return skill


REFUSED = "This skill needs another first, which the person did not hold then: Fabric operation, level 2."


@pytest.mark.parametrize("door", ["form", "api", "bulk"])
def test_whoever_lacks_a_prerequisite_is_not_qualified_by_any_door(
    door, ana, infiniband, client_of, api_of, frozen_now
):
    given = {"person": ana.pk, "skill": infiniband.pk, "basis": "assessed", "level": 1}
    given |= {"shown_at": frozen_now.at.isoformat()}

    def enter():
        if door == "form":
            form = given | {"shown_at": "2026-11-24 09:00"}
            answer = client_of("manager").post("/people/qualifications/add/", form)
            return answer.status_code, answer.context and answer.context["form"].errors.get("skill")
        body = given if door == "api" else [given]
        answer = api_of("manager").post("/api/people/qualifications/", body)
        errors = answer.json() if answer.status_code == 400 else {}
        return answer.status_code, errors.get("0", errors).get("skill")

    status, reasons = enter()
    assert (status, reasons) == (422 if door == "form" else 400, [REFUSED])
    assert not Qualification.objects.exists()
    made.qualification(ana, infiniband.prerequisites.get(), level=2)
    assert enter()[0] == (302 if door == "form" else 201)
    assert Qualification.objects.filter(person=ana, skill=infiniband).exists()


def test_a_qualification_lasts_as_long_as_its_skill_says(ana, frozen_now, api_of):
    skill = made.skill(valid_days=10)
    given = {"person": ana.pk, "skill": skill.pk, "basis": "licensed", "shown_at": frozen_now.at.isoformat()}
    assert api_of("manager").post("/api/people/qualifications/", given).status_code == 201
    assert Qualification.objects.get().valid_until == frozen_now.at + 10 * DAY


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_qualification_is_revoked_once_with_a_reason(door, ana, client_of, api_of):
    held = made.qualification(ana, made.skill())

    def revoke(role, reason="no-practice"):
        if door == "page":
            return client_of(role).post(f"/people/qualifications/{held.pk}/revoke/", {"reason": reason})
        return api_of(role).post(f"/api/people/qualifications/{held.pk}/revoke/", {"reason": reason})

    assert revoke("ops").status_code == 403
    assert revoke("manager", reason="dislike").status_code in (400, 422)
    assert revoke("manager").status_code in (200, 302)
    held.refresh_from_db()
    assert (held.revoked_at is not None, held.revoked_for) == (True, "no-practice")
    assert revoke("manager").status_code in (400, 422)


@pytest.mark.parametrize("door", ["form", "patch", "bulk patch", "bulk edit"])
def test_each_change_of_a_rule_raises_its_version(door, client_of, api_of):
    rule = made.rule(made.skill(), people=2)
    api, one, many = (
        api_of("manager"),
        f"/api/people/capability-rules/{rule.pk}/",
        "/api/people/capability-rules/",
    )
    whole = {"name": rule.name, "slug": rule.slug, "subject": rule.subject, "skill": rule.skill_id}
    whole |= {"level": 1, "people": 3, "per_shift": 1, "is_in_force": "on"}

    def by_bulk_edit():
        url, client = f"/people/capability-rules/bulk/?id={rule.pk}", client_of("manager")
        preview = client.post(url, {"people": "3"}).context["preview"]
        return client.post(url, {"people": "3", "confirmed": preview.digest})

    answer = {
        "form": lambda: client_of("manager").post(f"/people/capability-rules/{rule.pk}/edit/", whole),
        "patch": lambda: api.patch(one, {"people": 3}),
        "bulk patch": lambda: api.patch(many, [{"id": rule.pk, "people": 3}]),
        "bulk edit": by_bulk_edit,
    }[door]()
    assert answer.status_code in (200, 302)
    rule.refresh_from_db()
    assert (rule.people, rule.version) == (3, 2)
    assert api.patch(one, {"version": 9, "people": 3}).json()["version"] == 2


@pytest.mark.parametrize("door", ["form", "api"])
def test_a_rule_names_a_value_that_its_subject_can_have(door, client_of, api_of):
    given = {"name": "R", "slug": "r", "subject": "power", "value": "windmill", "skill": made.skill().pk}
    given |= {"level": 1, "people": 2, "per_shift": 1}
    if door == "form":
        answer = client_of("manager").post("/people/capability-rules/add/", given)
        errors = answer.context["form"].errors["value"]
    else:
        errors = api_of("manager").post("/api/people/capability-rules/", given).json()["value"]
    assert errors == ["One of these is expected: ups, generator, dual-feed."]


@pytest.mark.parametrize("door", ["form", "api", "bulk patch"])
@pytest.mark.parametrize("kind", ["qualifications", "capability-rules", "skill-prerequisites"])
def test_no_level_beyond_those_that_the_skill_describes(kind, door, ana, client_of, api_of):
    skill = made.skill(name="Optics")
    stored = {
        "qualifications": lambda: made.qualification(ana, skill),
        "capability-rules": lambda: made.rule(skill),
        "skill-prerequisites": lambda: made.prerequisite(made.skill(), skill),
    }[kind]()
    shown = api_of("manager").get(f"/api/people/{kind}/{stored.pk}/").json()
    if door == "form":
        form = client_of("manager").get(f"/people/{kind}/{stored.pk}/edit/").context["form"]
        given = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        answer = client_of("manager").post(f"/people/{kind}/{stored.pk}/edit/", given | {"level": 3})
        errors = answer.context["form"].errors
    elif door == "api":
        errors = api_of("manager").put(f"/api/people/{kind}/{stored.pk}/", shown | {"level": 3}).json()
    else:
        errors = api_of("manager").patch(f"/api/people/{kind}/", [{"id": stored.pk, "level": 3}]).json()["0"]
    assert errors["level"] == ["Optics has 2 levels."]


def test_training_is_completed_once_and_lasts_as_its_course_says(ana, client_of, frozen_now):
    given = made.training(ana, made.course(valid_days=30), now=frozen_now.at)
    address = f"/people/trainings/{given.pk}/complete/"
    assert client_of("ops").post(address, {"completed_at": ""}).status_code == 403
    ahead = client_of("manager").post(address, {"completed_at": "2027-11-24 09:00"})
    assert ahead.context["form"].errors["completed_at"] == ["This time lies ahead."]
    assert client_of("manager").post(address, {"completed_at": "2026-11-01 09:00"}).status_code == 302
    given.refresh_from_db()
    assert given.valid_until == given.completed_at + 30 * DAY
    assert client_of("manager").post(address, {"completed_at": ""}).status_code == 422


def test_whoever_has_a_course_open_keeps_their_due_date(ana, client_of, frozen_now):
    course = made.course()
    open_already = made.training(ana, course, now=frozen_now.at)
    rui = made.person(name="Rui Sá")
    given = {"course": course.pk, "people": [ana.pk, rui.pk], "due_at": "2027-06-30 12:00"}
    assert client_of("ops").post("/people/trainings/assign/", given).status_code == 403
    past = client_of("manager").post("/people/trainings/assign/", given | {"due_at": "2026-01-01 12:00"})
    assert past.context["form"].errors["due_at"] == ["This time is over."]
    assert client_of("manager").post("/people/trainings/assign/", given).status_code == 302
    due = dict(Training.objects.values_list("person__name", "due_at"))
    assert due["Ana Reis"] == open_already.due_at
    assert due["Rui Sá"].date().isoformat() == "2027-06-30"


def test_a_course_has_its_dates_and_places(ana, client_of, api_of):
    rui = made.person(name="Rui Sá")
    course = made.course(dates=["2027-01-11", "2027-03-08"], places=1)
    given = {"course": course.pk, "people": [ana.pk, rui.pk], "due_at": "2027-06-30 12:00"}
    assign = "/people/trainings/assign/"
    for starts_on, reason in (
        ("2027-01-12", "This course does not begin on 2027-01-12."),
        ("2027-01-11", "The course that begins on 2027-01-11 has no place left."),
    ):
        answer = client_of("manager").post(assign, given | {"starts_on": starts_on})
        assert answer.context["form"].errors["starts_on"] == [reason]
    assert not Training.objects.exists()
    given |= {"people": [ana.pk], "starts_on": "2027-01-11"}
    assert client_of("manager").post(assign, given).status_code == 302
    body = {"course": course.pk, "assigned_at": "2026-11-28T00:00:00Z", "due_at": "2027-06-30T12:00:00Z"}
    late = api_of("manager").post(
        "/api/people/trainings/", body | {"person": rui.pk, "starts_on": "2027-01-11"}
    )
    assert (late.status_code, list(late.json())) == (400, ["starts_on"])
    free = api_of("manager").post(
        "/api/people/trainings/", body | {"person": rui.pk, "starts_on": "2027-03-08"}
    )
    assert free.status_code == 201


def test_who_exempts_is_written_down(ana, client_of, api_of, user_of):
    given = {"person": ana.pk, "skill": made.skill().pk, "reason": "new"}
    days = {"begins_at": "2026-11-01 00:00", "ends_at": "2027-02-01 00:00"}
    assert client_of("manager").post("/people/skill-exemptions/add/", given | days).status_code == 302
    instants = {"begins_at": "2026-11-01T00:00:00Z", "ends_at": "2027-02-01T00:00:00Z"}
    assert api_of("manager").post("/api/people/skill-exemptions/", given | instants).status_code == 201
    assert list(ana.exemptions.values_list("granted_by__username", flat=True)) == ["manager", "manager"]


def test_the_starting_set_is_loaded_by_a_button_and_leaves_what_is_there(client_of):
    made.skill(name="Our own", slug="fabric-operation")
    address = "/people/skills/starting-set/"
    assert f'href="{address}"' in client_of("manager").get("/people/skills/").text
    assert client_of("ops").post(address, {"confirmed": "on"}).status_code == 403
    for _ in range(2):
        assert client_of("manager").post(address, {"confirmed": "on"}).status_code == 302
        assert (Skill.objects.count(), CapabilityRule.objects.count()) == (7, 7)
        assert Course.objects.filter(kind="shadow-shift").count() == 3
    assert Skill.objects.get(slug="fabric-operation").name == "Our own"
    assert CapabilityRule.objects.get(slug="switches-of-each-vendor").skill.name == "Our own"
