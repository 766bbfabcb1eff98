"""Makes teams, people and what they can do for tests: what a function is not told gets a sensible value."""

from datetime import UTC, datetime, timedelta

from accounts.models import User
from inventory.models import DeviceType
from readiness.organisation.people.models import (
    CapabilityRule,
    Course,
    Layer,
    LayerMember,
    Leave,
    Membership,
    Override,
    Person,
    Qualification,
    Rotation,
    RotationSite,
    Shift,
    Skill,
    SkillExemption,
    SkillPrerequisite,
    Staffing,
    Team,
    Training,
)
from tests.inventory.made import next_number

CONFIRMED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def team(**given):
    number = next_number()
    return Team.objects.create(**{"name": f"Team {number}", "slug": f"team-{number}"} | given)


def person(*teams, **given):
    """In these teams. The link to `user`, if there is one, is in force."""
    given = {"user_confirmed_at": CONFIRMED_AT if given.get("user") else None} | given
    made = Person.objects.create(**{"name": f"Person {next_number()}"} | given)
    Membership.objects.bulk_create([Membership(person=made, team=each) for each in teams])
    return made


def staffing(site, team, **given):
    return Staffing.objects.create(site=site, team=team, **{"begins_at": LONG_AGO} | given)


def skill(**given):
    number = next_number()
    defaults = {"name": f"Skill {number}", "slug": f"skill-{number}", "domain": "network"}
    return Skill.objects.create(**defaults | {"levels": ["Knows it", "Does it alone"]} | given)


def prerequisite(skill, needed, **given):
    return SkillPrerequisite.objects.create(skill=skill, needed=needed, **given)


def exemption(person, skill, **given):
    """For all of this test's time, by somebody."""
    defaults = {"reason": "other-duty", "begins_at": LONG_AGO, "ends_at": LONG_AGO + timedelta(days=3650)}
    granted_by = User.objects.create(username=f"grantor-{next_number()}")
    return SkillExemption.objects.create(
        person=person, skill=skill, **defaults | {"granted_by": granted_by} | given
    )


def qualification(person, skill, **given):
    """Assessed hands-on long ago, without end."""
    defaults = {"basis": "assessed", "shown_at": LONG_AGO}
    return Qualification.objects.create(person=person, skill=skill, **defaults | given)


def rule(skill, **given):
    """Each vendor of switches and routers asks for two people of the skill."""
    number = next_number()
    defaults = {"name": f"Rule {number}", "slug": f"rule-{number}", "subject": "fabric-vendor"}
    return CapabilityRule.objects.create(skill=skill, **defaults | given)


def course(**given):
    number = next_number()
    defaults = {"name": f"Course {number}", "slug": f"course-{number}", "domain": "network"}
    return Course.objects.create(**defaults | given)


def training(person, course, *, now, **given):
    """Assigned a month ago, to be completed within a month."""
    month = timedelta(days=30)
    defaults = {"assigned_at": now - month, "due_at": now + month}
    return Training.objects.create(person=person, course=course, **defaults | given)


def rotation(*sites, **given):
    number = next_number()
    defaults = {"name": f"Rotation {number}", "slug": f"rotation-{number}", "domain": "network"}
    made = Rotation.objects.create(**defaults | given)
    RotationSite.objects.bulk_create([RotationSite(rotation=made, site=site) for site in sites])
    return made


def shift(rotation, person, *, now, **given):
    """Under way for an hour, for seven more."""
    hour = timedelta(hours=1)
    defaults = {"level": 1, "starts_at": now - hour, "ends_at": now + 7 * hour, "origin": "layer"}
    return Shift.objects.create(rotation=rotation, person=person, **defaults | given)


def hardware(maker, **given) -> DeviceType:
    """A device type of this manufacturer."""
    number = next_number()
    defaults = {"model": f"Model {number}", "slug": f"model-{number}", "domain": "network"}
    return DeviceType.objects.create(manufacturer=maker, **defaults | given)


def layer(rotation, *people, **given):
    """A week each, from the Monday before the tests' clock; for each level that is asked for."""
    defaults = {
        "level": 1,
        "starts_at": datetime(2026, 11, 23, 8, tzinfo=UTC),
        "rule": "FREQ=WEEKLY",
        "duration_min": 7 * 24 * 60,
    }
    made = Layer.objects.create(rotation=rotation, **defaults | given)
    turns = [LayerMember(layer=made, person=each, position=place) for place, each in enumerate(people)]
    LayerMember.objects.bulk_create(turns)
    return made


def override(rotation, **given):
    defaults = {
        "level": 1,
        "starts_at": datetime(2026, 12, 1, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 2, tzinfo=UTC),
    }
    return Override.objects.create(rotation=rotation, **defaults | given)


def leave(person, **given):
    defaults = {
        "starts_at": datetime(2026, 12, 1, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 8, tzinfo=UTC),
    }
    return Leave.objects.create(person=person, **defaults | given)
