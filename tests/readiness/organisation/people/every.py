"""A row of each kind about people at a site, for tests that look at everything."""

from datetime import timedelta

from readiness.organisation.people.models import Leave, Override, Staffing, Swap
from tests.conftest import NOW
from tests.readiness.organisation.people import made
from tests.readiness.organisation.people import practised as practice

DAY = timedelta(days=1)


def of_each_kind(site, team, person, other, user):
    """`other` assesses, takes shifts and stands in for `person`; `user` enters what somebody must have entered."""
    first, second = made.skill(), made.skill()
    made.prerequisite(second, first)
    made.qualification(
        person, first, assessed_by=other, evidence="Certificate 7", entered_by=user, confirmed_by=other.user
    )
    made.exemption(person, second, granted_by=user, approved_by=other.user)
    made.rule(first)
    made.training(person, made.course(skill=first), now=NOW, assigned_by=user)
    Staffing.objects.get_or_create(team=team, site=site, ends_at=None, defaults={"begins_at": NOW - 90 * DAY})
    _on_call(site, team, person, other, user)
    runbook = practice.procedure(site=site, owner=team)
    practice.rule(site=site, runbook=runbook)
    drill = practice.drill(site, [(person, "energy")], [runbook])
    drill.actions.create(text="Label the breakers", team=team, due_at=NOW + DAY)
    asked = practice.survey()
    for given in ({}, {"kind": "estimate", "truth": "", "truth_source": ""}):
        question = practice.question(site, asked, **given)
        practice.answer(question, person, team, "ready" if given else "20")
    return asked


def _on_call(site, team, person, other, user):
    rotation = made.rotation(site, team=team, slug=site.slug)
    layer = rotation.layers.create(starts_at=NOW - 9 * DAY, rule="FREQ=DAILY", duration_min=720)
    for position, each in enumerate((person, other)):
        layer.members.create(person=each, position=position)
    hours = {"starts_at": NOW + 2 * DAY, "ends_at": NOW + 3 * DAY}
    Override.objects.create(rotation=rotation, person=other, **hours)
    Leave.objects.create(person=person, **hours)
    asked = {"rotation": rotation, "level": 1, "person": person, "requested_by": user, "requested_at": NOW}
    Swap.objects.create(**asked, **hours)
    Swap.objects.create(**asked, taker=other, state="taken", starts_at=NOW + 5 * DAY, ends_at=NOW + 6 * DAY)
    practice.shift(rotation, person, NOW - timedelta(hours=6))
    practice.shift(rotation, other, NOW + DAY)


def of_each_kind_by_strangers(site, user):
    """The same, of people whom no test names."""
    team = made.team(name="Night crew", slug="night-crew")
    people = [made.person(team, name=name) for name in ("Ivo Santos", "Rita Alves")]
    return of_each_kind(site, team, *people, user)
