"""Three people who take part in an incident, its review, its actions and a lesson from it."""

from datetime import timedelta

from readiness.loop.incidents.models import Incident, IncidentAlert, IncidentEntry, IncidentEscape
from readiness.loop.lessons.models import Lesson
from tests.readiness.assessment.scoring.stored import NOW

DAY = timedelta(days=1)


def take_part(porto, one, two, third):
    """`one` and `two` are users, `third` is a person."""
    incident = Incident.objects.create(
        site=porto, title="The hall went dark", began_at=NOW - DAY, opened_at=NOW - DAY, opened_by=one, lead=third,
        communications=third, scribe=third, affected_kw=40,
    )  # fmt: skip
    IncidentAlert.objects.create(
        incident=incident, alert=porto.alerts.first(), joined_at=NOW - DAY, joined_by=two
    )
    IncidentEntry.objects.create(
        incident=incident, kind="note", at=NOW, by=one, text="The breaker is closed."
    )
    IncidentEscape.objects.create(incident=incident, kind="drill", name="Loss of a feed", why="missing")
    Lesson.objects.create(
        claim="Feeds are swapped each quarter", why="One was not.", kind="present", check_id="p2-failover-drill",
        incident=incident, written_by=two, written_at=NOW,
    )  # fmt: skip
    Incident.objects.filter(pk=incident.pk).update(
        state="over", ended_at=NOW, review_state="done", reviewed_by=two, reviewed_at=NOW, cause="Breaker",
        cause_key="breaker", what_happened="It opened.",
    )  # fmt: skip
