"""Records of Muster's own about people, by which each check does not pass; by check, for a site at an instant."""

from datetime import timedelta

from tests.inventory import made as inventory
from tests.readiness.people import made


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


def uncovered_domains(site, now):
    """Somebody on call for one domain, today alone."""
    made.shift(made.rotation(site), made.person(), now=now)


BEGIN = {
    "p3-oncall-staffing": uncovered_domains,
    "p3-role-coverage": uncovered,
    "p3-competency-verified": uncovered,
    "p3-training-currency": overdue,
    "p3-cross-domain-literacy": overdue,
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
}
"""What somebody would say to make the check pass."""
