"""Makes teams, people and what they can do for tests: what a call does not say gets a sensible value."""

from datetime import UTC, datetime, timedelta

from accounts.models import User
from inventory.models import DeviceType
from readiness.demo.building import write
from readiness.organisation.people.models import (
    CapabilityRule,
    Course,
    DutyRule,
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
from tests.inventory.made import maker, manufacturer, site

CONFIRMED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
MONTH, HOUR = timedelta(days=30), timedelta(hours=1)

team = maker(Team, name="Team {n}", slug="team-{n}")
_person = maker(Person, name="Person {n}")
staffing = maker(Staffing, "site", "team", site=site, team=team, begins_at=LONG_AGO)
skill = maker(
    Skill, name="Skill {n}", slug="skill-{n}", domain="network", levels=["Knows it", "Does it alone"]
)
prerequisite = maker(SkillPrerequisite, "skill", "needed", skill=skill, needed=skill)
# For all of a test's time, by somebody.
exemption = maker(
    SkillExemption,
    "person",
    "skill",
    person=_person,
    skill=skill,
    reason="other-duty",
    begins_at=LONG_AGO,
    ends_at=LONG_AGO + timedelta(days=366),
    granted_by=maker(User, username="grantor-{n}"),
    approved_at=LONG_AGO,
)
_qualification = maker(Qualification, "person", "skill", person=_person, skill=skill, basis="assessed")
# Each vendor of switches and routers asks for two people of the skill.
rule = maker(CapabilityRule, "skill", skill=skill, name="Rule {n}", slug="rule-{n}", subject="fabric-vendor")
duty_rule = maker(DutyRule, "team", name="Duty {n}", team=team)
course = maker(Course, name="Course {n}", slug="course-{n}", domain="network")
_training = maker(Training, "person", "course", person=_person, course=course)
_rotation = maker(Rotation, name="Rotation {n}", slug="rotation-{n}", domain="network")
_shift = maker(Shift, "rotation", "person", level=1, origin="layer")
hardware = maker(
    DeviceType,
    "manufacturer",
    manufacturer=manufacturer,
    model="Model {n}",
    slug="model-{n}",
    domain="network",
)
# A week each, from the Monday before the tests' clock.
_layer = maker(
    Layer,
    "rotation",
    rotation=_rotation,
    level=1,
    starts_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
    rule="FREQ=WEEKLY",
    duration_min=7 * 24 * 60,
)
override = maker(
    Override,
    "rotation",
    rotation=_rotation,
    level=1,
    starts_at=DECEMBER,
    ends_at=DECEMBER + timedelta(days=1),
)
leave = maker(Leave, "person", person=_person, starts_at=DECEMBER, ends_at=DECEMBER + timedelta(days=7))


def person(*teams, **columns):
    """In these teams. The link to `user`, if there is one, is in force."""
    member = _person.row(**{"user_confirmed_at": CONFIRMED_AT if columns.get("user") else None} | columns)
    write([member], [Membership(person=member, team=each) for each in teams])
    return member


def qualification(*person_and_skill, **columns):
    """Assessed hands-on long ago, without end; it counts from when it was shown."""
    shown_at = columns.get("shown_at", LONG_AGO)
    return _qualification(*person_and_skill, **{"shown_at": shown_at, "confirmed_at": shown_at} | columns)


def training(*person_and_course, now, **columns):
    """Assigned a month ago, to be completed within a month."""
    return _training(*person_and_course, **{"assigned_at": now - MONTH, "due_at": now + MONTH} | columns)


def rotation(*sites, **columns):
    served = _rotation.row(**columns)
    write([served], [RotationSite(rotation=served, site=each) for each in sites])
    return served


def shift(rotation, person, *, now, **columns):
    """Under way for an hour, for seven more."""
    return _shift(rotation, person, **{"starts_at": now - HOUR, "ends_at": now + 7 * HOUR} | columns)


def layer(rotation=None, *people, **columns):
    """These people take turns."""
    turns = _layer.row(rotation or _rotation.row(), **columns)
    members = [LayerMember(layer=turns, person=each, position=place) for place, each in enumerate(people)]
    write([turns], members)
    return turns
