"""Records of Muster's own about people, by which each check does not pass; by check, for a site at an instant."""

from datetime import timedelta

from tests.inventory import made as inventory
from tests.readiness.organisation.people import made

DAY = timedelta(days=1)


def uncovered(site, now):
    """Two switches of a maker, somebody on call, and nobody who knows them."""
    team = made.team()
    person = made.person(team)
    made.staffing(site, team)
    switch = made.hardware(inventory.manufacturer())
    for _ in range(2):
        inventory.device(site=site, device_type=switch, role="switch")
    made.rule(made.skill())
    made.shift(made.rotation(site), person, now=now)


def overdue(site, now):
    """Somebody on call whose only course should have been completed yesterday."""
    team = made.team()
    person = made.person(team)
    made.staffing(site, team)
    made.training(person, made.course(kind="module"), now=now, due_at=now - timedelta(days=1))
    made.shift(made.rotation(site), person, now=now)


def outgrown(site, now):
    """Twice the accelerators of half a year ago, and the same one person who knows the switches."""
    team = made.team()
    person = made.person(team)
    year = timedelta(days=365)
    made.staffing(site, team, begins_at=now - year)
    switch = made.hardware(inventory.manufacturer())
    inventory.device(site=site, device_type=switch, role="switch")
    skill = made.skill()
    made.rule(skill)
    made.qualification(person, skill, device_type=switch, shown_at=now - year, valid_until=now + 300 * DAY)
    for ago in (year, timedelta(days=10)):
        inventory.capacity_event(site=site, happened_on=(now - ago).date(), accelerators=64)


def uncovered_domains(site, now):
    """Somebody on call for one domain, today alone."""
    made.shift(made.rotation(site), made.person(), now=now)


BEGIN = {
    "p3-oncall-staffing": uncovered_domains,
    "p3-role-coverage": uncovered,
    "p3-competency-verified": uncovered,
    "p3-training-currency": overdue,
    "p3-cross-domain-literacy": overdue,
    "p3-capability-gap": outgrown,
}
STATED = {
    "p3-oncall-staffing": {
        "domains-uncovered": 0,
        "unqualified-on-call": 0,
        "limits-exceeded": 0,
        "time-on-call": 20,
        "rotation-size": 8,
    },
    "p3-role-coverage": {"people-per-role": 2},
    "p3-competency-verified": {"assessed": 100},
    "p3-training-currency": {"on-call": 100, "overall": 100},
    "p3-cross-domain-literacy": {"literate": 100},
    "p3-capability-gap": {"growth-gap": 0},
}
"""What somebody would say to make the check pass."""
