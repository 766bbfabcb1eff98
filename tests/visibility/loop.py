"""Three people who take part in standards, findings, their actions, and the joint reviews about them."""

from datetime import timedelta

from readiness.demand.workloads.models import WorkloadClass
from readiness.loop.actions.models import Action
from readiness.loop.findings.models import Finding, FindingAction, FindingEvent, JointReview, JointReviewItem
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.assessment.standards import scenes as standards

DAY = timedelta(days=1)


def take_part(porto, one, two, third):
    """`one` and `two` are users, `third` is a person."""
    finding = Finding.objects.create(
        title="Five minutes", text="Not ten.", site=porto, route="to-planners", subject_kind="chart",
        closing="evidence", state="accepted", raised_by=one, raised_at=NOW - DAY, due_on=NOW.date(),
        first_answered_at=NOW, answered_by=two, answered_at=NOW,
    )  # fmt: skip
    FindingEvent.objects.create(finding=finding, kind="commented", at=NOW, by=one, text="Seen twice.")
    action = Action.objects.create(
        title="Order batteries", site=porto, owner=third, effect="evidence", state="done", added_by=one,
        added_at=NOW - DAY, ended_by=two, ended_at=NOW,
    )  # fmt: skip
    FindingAction.objects.create(finding=finding, action=action)
    review = JointReview.objects.create(
        name="Fourth quarter", site=porto, planned_on=NOW.date(), state="held", record="Nothing else.",
        opened_by=one, opened_at=NOW - DAY, ended_by=two, ended_at=NOW,
    )  # fmt: skip
    JointReviewItem.objects.create(review=review, finding=finding, state="accepted")
    standards.build(porto, WorkloadClass.objects.get(slug="chat"), one, two, NOW)
