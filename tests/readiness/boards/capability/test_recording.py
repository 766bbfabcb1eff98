"""Every line of a training plan is recorded as it stands, on the demo's fleet and on random ones, and then covers what
it says."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from django.db import transaction

from inventory.models import DeviceType
from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.boards.capability.closing import closing
from readiness.boards.capability.params import CapabilityQuestion
from readiness.boards.capability.queries import capability_standing
from readiness.demo.core.plan import fleet_plan
from readiness.demo.operations.fleet import write_inventory
from readiness.demo.operations.runs import Portion
from readiness.organisation.people.models import Qualification, Skill, Training
from tests.inventory import made as inventory
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def outcome_at(now, trainings=50):
    question = CapabilityQuestion(site=None, region=None, measure=CapacityMeasure.POWER, trainings=trainings)
    return closing(question, capability_standing(question, now=now))


def evening(on):
    return datetime.combine(on, time(18), UTC)


def record(line, clock, client, api):
    """Enter a line as the plan proposes it: the course by its form, and on the last day what was learned."""
    if not line.is_assigned:
        answer = client.get(line.assign_url)
        proposed = {
            name: answer.context["form"].initial.get(name, "")
            for name in ("course", "people", "starts_on", "due_at")
        }
        assert client.post("/people/trainings/assign/", proposed).status_code == 302
    trainings = Training.objects.filter(course=line.course_id, person__in=line.person_ids, completed_at=None)
    assert {each.person_id for each in trainings} == set(line.person_ids)
    if line.starts_on is not None:
        assert {each.starts_on for each in trainings} == {line.starts_on}
    clock.at, before = evening(line.due_on), clock.at
    hardware = DeviceType.objects.filter(manufacturer__name=line.vendor).first() if line.vendor else None
    for training in trainings:
        assert api.post(f"/api/people/trainings/{training.pk}/complete/", {}).status_code == 200
        shown = {
            "person": training.person_id,
            "skill": Skill.objects.get(name=line.skill).pk,
            "level": line.level,
            "basis": "assessed",
            "device_type": hardware.pk if hardware else None,
            "shown_at": clock.at.isoformat(),
        }
        answer = api.post("/api/people/qualifications/", shown)
        assert answer.status_code == 201, answer.json()
    clock.at = before


def record_all(outcome, clock, client, api):
    """Return the sites all of whose lines have a date, after everything that has one was recorded."""
    assert outcome.lines
    for line in outcome.lines:
        assert (line.due_on is None) == bool(line.why_undated)
        if line.due_on is not None:
            record(line, clock, client, api)
    Qualification.objects.filter(confirmed_at=None).update(confirmed_at=NOW)
    return {
        site.site
        for site in outcome.plan.covered
        if all(line.due_on is not None for line in outcome.site_lines(site.site))
    }


@pytest.fixture
def hands(client_of, api_of):
    return client_of("manager"), api_of("manager")


def random_fleet(random):
    """Sites of two vendors, three skills of which one needs another that may need the third, and people who hold some
    of them, go on leave, are assigned to courses, or leave."""
    vendors = [inventory.manufacturer(name=name.title(), slug=name) for name in ("acme", "bolt")]
    hardware = [made.hardware(vendor) for vendor in vendors]
    basics, switching, fabrics = (
        made.skill(name=name.title(), slug=name, domain="network", valid_days=random.choice([None, 365]))
        for name in ("basics", "switching", "fabrics")
    )
    made.rule(fabrics, level=random.choice([1, 2]), people=random.choice([1, 2]))
    made.rule(switching, level=1, people=1, subject="site", value="")
    teams = [made.team(name=f"Team {name}", slug=f"team-{name}") for name in "ab"]
    for number in range(3):
        site = stored.site(
            name=f"Site {number}", slug=f"site-{number}", kw=0, first_blocker="p3-role-coverage"
        )
        inventory.capacity_event(
            site=site, happened_on=date(2025, 1, 1), it_kw=random.choice([200, 400]), accelerators=40
        )
        for device_type in random.sample(hardware, random.choice([1, 2])):
            inventory.device(site=site, device_type=device_type, role="switch")
        for team in random.sample(teams, random.choice([1, 2])):
            made.staffing(site, team, begins_at=NOW - 400 * DAY)
    courses = random_courses(random, (basics, switching, fabrics), vendors)
    for number in range(6):
        person = made.person(random.choice(teams), name=f"Person {number}", time_zone="Asia/Tokyo")
        for skill in (basics, switching):
            if random.random() < 0.4:
                until = random.choice([None, NOW + 20 * DAY, NOW + 200 * DAY])
                made.qualification(person, skill, level=2, shown_at=NOW - 300 * DAY, valid_until=until)
        if random.random() < 0.4:
            made.leave(person, starts_at=NOW + 2 * DAY, ends_at=NOW + random.choice([9, 30]) * DAY)
        if random.random() < 0.3:
            made.training(person, random.choice(courses), now=NOW)
        if number == 5:
            person.left_at = NOW + 40 * DAY
            person.save()
    made.prerequisite(fabrics, switching, level=random.choice([1, 2]))
    if random.random() < 0.6:
        made.prerequisite(switching, basics, level=1)


def random_courses(random, skills, vendors):
    courses = [made.course(name="Fire drill", slug="fire-drill")]
    for skill in skills:
        for number in range(random.choice([0, 1, 2, 2])):
            dates = (
                [date(2026, 12, 7), date(2026, 12, 14), date(2027, 1, 11)] if random.random() < 0.6 else []
            )
            courses.append(
                made.course(
                    name=f"{skill} {number}",
                    slug=f"{skill.slug}-{number}",
                    skill=skill,
                    level=random.choice([1, 2, 2]),
                    manufacturer=random.choice([None, None, *vendors]),
                    days=random.choice([0.5, 2, 4]),
                    dates=dates,
                    places=random.choice([None, 1, 2]),
                )
            )
    return courses


@pytest.mark.parametrize("seed", range(6))
def test_every_line_of_a_random_fleet_is_recorded_as_proposed(seed, frozen_now, hands):
    frozen_now.at = NOW
    random_fleet(Random(seed))
    outcome = outcome_at(NOW)
    if not outcome.plan.trainings:
        pytest.skip("nothing to train")
    leaving = made.Person.objects.exclude(left_at=None).values_list("pk", flat=True)
    assert not {each for line in outcome.lines for each in line.person_ids}.intersection(leaving)
    done = record_all(outcome, frozen_now, *hands)
    later = max([NOW, *(evening(line.due_on) for line in outcome.lines if line.due_on)]) + timedelta(hours=1)
    frozen_now.at = later
    assert done.isdisjoint(site.site for site in outcome_at(later).short)


@pytest.fixture
def demo(db):
    """Some sites of the demo's fleet before they have a past, without scores: nothing of it is ready."""
    with transaction.atomic():
        plan = fleet_plan(names={"PHX-1", "GVX-1", "QUE-1", "PNQ-1"})
        write_inventory(plan, scale=1, portion=Portion.NEWEST, now=NOW)
        # What ends in the meantime leaves a site short again.
        ending = Qualification.objects.filter(valid_until__lt=NOW + 90 * DAY)
        ids = list(ending.values_list("pk", flat=True))
        ending.update(valid_until=NOW + 400 * DAY)
        Qualification.objects.filter(pk__in=ids).update(confirmed_at=NOW - DAY)
        yield


def test_every_line_of_the_demo_is_recorded_as_proposed(demo, frozen_now, hands):
    frozen_now.at = NOW
    outcome = outcome_at(NOW)
    done = record_all(outcome, frozen_now, *hands)
    later = max(evening(line.due_on) for line in outcome.lines if line.due_on) + timedelta(hours=1)
    frozen_now.at = later
    assert done
    assert done.isdisjoint(site.site for site in outcome_at(later).short)
