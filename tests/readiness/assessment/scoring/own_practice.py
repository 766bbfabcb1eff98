"""Scenes of practice for the checks that Muster computes from its own records."""

from datetime import timedelta

from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import practised as practice

STATED = {
    "p3-drill-participation": {"people-drilled": 100, "cross-domain-drills": 100},
    "p3-shared-understanding": {"agreement": 100, "weakest-team": 100},
    "p4-runbook-coverage": {"critical-rules": 100, "all-rules": 100},
    "p4-documentation-currency": {"documents-missing": 0, "documents-overdue": 0},
}


def begins(site, now):
    """By check, what gives the site records by which it does not pass."""

    def drilled():
        idle = people.person()
        practice.shift(people.rotation(site), idle, now)
        practice.drill(site, [(people.person(), "compute")], held_at=now - timedelta(days=1))

    def answered():
        team, question = people.team(), practice.question(site)
        for _ in range(3):
            practice.answer(question, people.person(team), team, "30", answered_at=now)

    return {
        "p3-drill-participation": drilled,
        "p3-shared-understanding": answered,
        "p4-runbook-coverage": lambda: practice.rule(site=site, is_critical=True),
        "p4-documentation-currency": lambda: practice.procedure(kind="capacity-plan", site=site),
    }
