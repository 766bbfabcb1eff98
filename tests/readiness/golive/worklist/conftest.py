import pytest

from readiness.golive.worklist import operations
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW

CHECK = "p2-backup-power"


@pytest.fixture(autouse=True)
def _judged_now(frozen_now):
    frozen_now.at = NOW


@pytest.fixture
def porto(db):
    """Not ready: backup power fails."""
    there = stored.site(name="Porto", slug="porto", kw=400.0, first_blocker=CHECK, time_zone="Asia/Tokyo")
    stored.result(there, CHECK, "fail", reason="UPS battery is low.")
    return there


@pytest.fixture
def put(planner, frozen_now):
    """`put(site, owner_name="Facilities")` puts backup power at the site on the worklist, as the planner."""

    def make(site, *, by=planner, **given):
        return operations.add(site=site, by=by, now=frozen_now.at, **{"check_id": CHECK} | given)

    return make
