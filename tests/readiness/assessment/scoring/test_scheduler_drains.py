"""Nodes that their scheduler keeps out of work, in the check of accelerators."""

import pytest

from inventory.models import Device
from telemetry.models import SchedulerState
from tests.readiness.assessment.scoring.test_seven_checks import ACCELERATORS, COVERAGE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("minutes", "state"), [(10, "warn"), (20, "fail")])
def test_a_node_that_its_scheduler_drained_takes_no_work(well, minutes, state):
    well.change(DCGM_FI_DEV_XID_ERRORS={"1": 79})
    well.run(minutes)
    well.clock.move(seconds=0)
    node = Device.objects.get(site=well.site, name="plant-node")
    drain = {"source": well.source, "scheduler": "slurm", "standing": "drained", "since": well.clock.at}
    drained_state = SchedulerState.objects.create(site=well.site, device=node, **drain)
    assert well.evaluate().state(ACCELERATORS) == state
    # It is still to be heard from: a drain is no leave.
    assert well.state(COVERAGE) == "pass"
    drained_state.silent_since = well.clock.at
    drained_state.save()
    well.clock.move(seconds=1)
    assert well.evaluate().state(ACCELERATORS) == "fail", "a silent scheduler excuses nothing"
