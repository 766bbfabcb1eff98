"""Findings of Porto, the one that waits for an answer first; an action of one, and a joint review about them."""

from datetime import date, timedelta

from inventory.models import Site
from readiness.loop.findings import operations
from readiness.loop.findings.joint import operations as joint

CHECK = "p2-backup-power"
SEEN = {
    "title": "UPS runtime",
    "address": "/sites/porto/?tab=energy",
    "value": 4.5,
    "unit": "min",
    "at": "2026-11-24T11:30:00+00:00",
}


def build(make_user, at):
    porto, ops, planner = Site.objects.get(slug="porto"), make_user("ops"), make_user("planner")
    about = {"site": porto, "closing": "evidence", "by": ops, "now": at - timedelta(days=3)}
    chart = {"subject_kind": "chart", "subject_key": "energy", "seen": SEEN}
    waiting = operations.raise_finding(
        title="The UPS holds five minutes", text="The plan says ten.", route="to-planners", **chart, **about
    )
    accepted = operations.raise_finding(
        title="Two racks share a feed", text="The drawing shows two.", route="to-planners",
        subject_kind="page", **about,
    )  # fmt: skip
    operations.accept(accepted, reason="Drawn anew with the next hall.", by=planner, now=at)
    operations.add_finding_action(
        accepted,
        title="Draw the feeds anew",
        due_on=date(2026, 12, 20),
        effect="evidence",
        by=planner,
        now=at,
    )
    joint.open_joint_review(
        name="Fourth quarter", planned_on=date(2026, 12, 15), site=porto, by=planner, now=at
    )
    return waiting
