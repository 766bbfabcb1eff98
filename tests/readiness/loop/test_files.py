"""Files of findings and actions: what the list writes comes back, and a file adds what is of a site or of the fleet."""

import pytest

from readiness.loop.actions.kinds import ACTION
from readiness.loop.actions.models import Action
from readiness.loop.findings.kinds import FINDING
from readiness.loop.findings.models import Finding, FindingEvent
from tests.inventory import made
from tests.readiness.loop import made as loop
from tests.readiness.organisation.people import made as people
from tests.web.kinds.test_csv import Importer, exported

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "make"), [(ACTION, loop.action), (FINDING, loop.finding)], ids=["action", "finding"]
)
def test_what_a_list_writes_comes_back_unchanged(kind, make, client_of):
    make()
    make(site=None)
    client = client_of("manager")
    checked = Importer(client, kind.url("csv")).check(exported(client, kind))
    assert (checked.counts, checked.problems) == ({"unchanged": 2}, [])


def test_actions_are_added_and_changed_while_they_are_open(client_of, ops):
    made.site(name="Porto", slug="porto")
    team, done = people.team(), loop.action(state="done", ended_at=loop.NOW)
    importer = Importer(client_of("ops"), "/actions/csv/")
    content = (
        "id,title,site,team,due,effect,check,reason for no effect\n"
        f",Order batteries,porto,{team.slug},2026-12-24,check,p2-backup-power,\n"
        ",Tell the fleet,,,,none,,Nothing shows it\n"
        ",Nothing to see,porto,,,check,,\n"
        f"{done.pk},Again,{done.site.slug},,,evidence,,\n"
    )
    checked = importer.check(content)
    assert checked.counts == {"created": 2, "refused": 2}
    assert [(line, label) for line, label, _reason in checked.problems] == [(4, "Check"), (5, "")]
    assert "The action is done" in checked.problems[1][2]
    importer.post(action="good")
    order, tell = Action.objects.exclude(pk=done.pk).order_by("pk")
    assert (order.site.slug, order.team, order.check_id, order.added_by) == (
        "porto",
        team,
        "p2-backup-power",
        ops,
    )
    assert (tell.site, tell.effect_reason) == (None, "Nothing shows it")


def test_findings_are_raised_and_not_changed(client_of, ops):
    finding = loop.finding()
    importer = Importer(client_of("ops"), "/findings/csv/")
    content = (
        "id,finding,description,site,route,about,closes when,decision\n"
        ",Too hot,By five degrees.,,Operations to planners,page,evidence,\n"
        ",Too cold,By five degrees.,,to-planners,page,decision,99\n"
        f"{finding.pk},Other words,,,,,,\n"
    )
    checked = importer.check(content)
    assert checked.counts == {"created": 1, "refused": 2}
    reasons = {line: reason for line, _label, reason in checked.problems}
    assert reasons[3].startswith("No decision is called 99")
    assert "entered anew" in reasons[4]
    importer.post(action="good")
    raised = Finding.objects.exclude(pk=finding.pk).get()
    assert (raised.title, raised.site, raised.raised_by) == ("Too hot", None, ops)
    assert FindingEvent.objects.get(finding=raised).kind == FindingEvent.Kind.RAISED
