"""People who act on one incident at the same moment: one does it, the other is told."""

from datetime import timedelta

import pytest

from readiness.loop.incidents import operations
from readiness.loop.incidents.models import Incident, IncidentEntry
from tests.readiness.assessment.grants.test_races import at_once
from tests.readiness.loop.incidents.made import NOW
from tests.readiness.loop.incidents.made import incident as make_incident
from web.workflows import NotInState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "step", [operations.end_incident, operations.close_incident], ids=lambda step: step.name
)
def test_of_two_who_end_or_close_one_incident_one_does(step, ops, manager, api_of, client_of):
    incident = make_incident(severity="4")
    if step is operations.close_incident:
        operations.end_incident(incident, by=ops, now=NOW)
    done = at_once(
        *(lambda by=by: step(incident, by=by, now=NOW + timedelta(hours=1)) for by in (ops, manager))
    )
    assert sorted(type(each).__name__ for each in done) == ["Incident", "NotInState"]
    incident.refresh_from_db()
    word = str(incident.get_state_display()).lower()
    [refused] = [each for each in done if isinstance(each, NotInState)]
    assert str(refused) == f"The incident is {word}, so this is no longer possible."
    kind = IncidentEntry.Kind.CLOSED if incident.state == Incident.State.CLOSED else IncidentEntry.Kind.ENDED
    assert IncidentEntry.objects.filter(incident=incident, kind=kind).count() == 1
    name = {"end_incident": "end", "close_incident": "close"}[step.name]
    call = api_of("ops").post(f"/api/loop/incidents/{incident.pk}/{name}/", {})
    assert (call.status_code, word in call.text) == (409, True)
    page = client_of("ops").post(f"/incidents/{incident.pk}/{name}/", {})
    assert (page.status_code, word in page.text) == (409, True)
