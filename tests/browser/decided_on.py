"""Decisions of the class that runs at Porto, what is on record of its data, and a portfolio, to be looked at."""

from datetime import timedelta

from inventory.models import Site
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs.decisions import operations as decisions
from readiness.tradeoffs.placing.params import question_of
from readiness.tradeoffs.portfolios import operations as portfolios
from readiness.tradeoffs.portfolios import solving
from tests.readiness.tradeoffs.decisions.conftest import FORBIDDEN, answer_of, option


def build(user_of, now):
    """One that waits for approval, and one that was approved ten days ago."""
    chat = WorkloadClass.objects.get(slug="porto")
    DataOrigin.objects.create(workload_class=chat, country="PT", note="Citizens' requests.")
    held = {"held_from": (now - timedelta(days=90)).date(), "reference": "Contract 12, annex B"}
    HeldBasis.objects.create(workload_class=chat, basis="scc", destination="US", **held)
    porto, other = Site.objects.get(slug="porto"), Site.objects.get(slug="site-1")
    answer = answer_of(option(porto), option(other, feasible=False, reasons=[FORBIDDEN]))
    asked = {
        "workload": chat,
        "site": porto,
        "rationale": "Nearer to its users.",
        "placing": lambda *_asked: answer,
        "by": user_of("planner"),
    }
    decisions.record(**asked, question=question_of({}), now=now)
    earlier = now - timedelta(days=10)
    stands = decisions.record(**asked, question=question_of({"what_if": {"pue": 1.2}}), now=earlier)
    decisions.approve(stands, note="Agreed.", by=user_of("manager"), now=earlier)


def plan(user_of, now):
    """A portfolio of what there is, worked out."""
    asked = portfolios.ask({"points": 2}, by=user_of("planner"), now=now)
    solving.run(asked.pk, now=now)
