"""Facts about a site's people are kept between minutes, and equal those that are read anew."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.queries import site_facts
from readiness.organisation.people.core.facts import SitePeople
from readiness.organisation.people.facts import kept_coverage_of, people_facts
from readiness.organisation.people.models import Layer, LayerMember, Person, Shift, Skill, SurveyAnswer
from readiness.organisation.people.operations.rotations import write_claimed_shifts
from readiness.organisation.people.queries.standing import growth_of, practice_of, standing_of
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.readiness.organisation.people import made, practised, scenes

pytestmark = pytest.mark.django_db
TABLES = {model._meta.db_table for model in apps.get_app_config("people").get_models()}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def porto():
    """Three take turns, one of them until tomorrow; three answered a survey, and a drill was held."""
    site = inventory.site(name="Porto", slug="porto")
    team = made.team()
    people = [made.person(team, name=name) for name in ("ana", "bo", "cai")]
    made.staffing(site, team)
    scenes.outgrown(site, NOW)
    rotation = made.rotation(site, time_zone="UTC")
    made.layer(rotation, *people[:2])
    made.layer(rotation, people[2], level=2, ends_at=NOW + DAY)
    write_claimed_shifts(now=NOW)
    runbook = practised.procedure(site=site)
    practised.rule(site=site, runbook=runbook)
    practised.drill(site, [(people[0], "energy")], [runbook])
    question = practised.question(site)
    for person in people:
        practised.answer(question, person, team, "20")
    return site


def read(site, now):
    """All of it, without anything kept beyond coverage."""
    sites = {each.id: each for each in site_facts([site.pk])}
    covered = kept_coverage_of(sites, now=now)
    parts = (standing_of(covered, now=now), practice_of(covered, now=now), growth_of(covered, now=now))
    on_call, practice, growth = (part.get(site.pk) for part in parts)
    return SitePeople(coverage=covered[site.pk], on_call=on_call, practice=practice, growth=growth)


def kept(site, now):
    return people_facts({each.id: each for each in site_facts([site.pk])}, now=now)[site.pk]


def judged(people):
    """The answers that checks ask for; `called` may hold who was on call before, who count no more."""
    practice = people.practice
    return (
        *(people.coverage, people.on_call, people.growth, practice.people_drilled(), practice.agreement()),
        *(practice.weakest_team(), practice.exercised(), practice.runbook_tally()),
    )


CHANGES = {
    "a turn": lambda: LayerMember.objects.filter(person__name="bo").delete(),
    "the end of a layer": lambda: Layer.objects.filter(level=2).update(ends_at=NOW + 9 * DAY),
    "a shift": lambda: Shift.objects.filter(level=1).order_by("pk").last().delete(),
    "the end of a shift": lambda: Shift.objects.filter(level=1, starts_at__lte=NOW).update(ends_at=NOW + MINUTE),
    "who left": lambda: Person.objects.filter(name="ana").update(left_at=NOW),
    "who leaves": lambda: Person.objects.filter(name="ana").update(left_at=NOW + 2 * MINUTE),
    "an answer": lambda: SurveyAnswer.objects.filter(person__name="bo").update(value="7", answered_at=NOW),
    "an answer taken back": lambda: SurveyAnswer.objects.filter(person__name="bo").delete(),
    "a drill": lambda: practised.Drill.objects.update(held_at=NOW - 200 * DAY),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_kept_follows_every_change(change, porto):
    before = judged(kept(porto, NOW))
    assert before == judged(read(porto, NOW))
    CHANGES[change]()
    for later in (MINUTE, 3 * MINUTE, DAY + MINUTE, 8 * DAY):
        assert judged(kept(porto, NOW + later)) == judged(read(porto, NOW + later))
    assert judged(kept(porto, NOW + MINUTE)) != before


def test_an_earlier_instant_is_read_anew(porto):
    kept(porto, NOW)
    assert judged(kept(porto, NOW - 3 * DAY)) == judged(read(porto, NOW - 3 * DAY))


def test_what_a_second_person_does_later_counts_from_then_on(porto):
    """Instants that are read one after the other lie before it and after it: a reader's of the past, the demo's."""
    bo, skill, switch = Person.objects.get(name="bo"), Skill.objects.get(), made.DeviceType.objects.get()
    made.qualification(bo, skill, device_type=switch, confirmed_at=NOW + DAY)
    span = {"begins_at": NOW - DAY, "ends_at": NOW + 3 * DAY}
    made.exemption(bo, skill, approved_at=NOW + 2 * DAY, **span)
    qualified = []
    for at in (NOW, NOW + DAY - MINUTE, NOW + DAY, NOW + 2 * DAY - MINUTE, NOW + 2 * DAY, NOW + 3 * DAY):
        [requirement] = kept(porto, at).coverage.requirements
        qualified.append(bo.pk in requirement.qualified)
    assert qualified == [False, False, True, True, False, True]


def test_within_the_hour_nothing_is_read_again(porto):
    kept(porto, NOW)
    with CaptureQueriesContext(connection) as captured:
        kept(porto, NOW + MINUTE)
    read_from = {table for each in captured for table in TABLES if f'FROM "{table}"' in each["sql"]}
    assert read_from == set()  # stamps, and who is on call, are asked without quotation marks
