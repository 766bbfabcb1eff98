"""Three sites that wait and one that is ready, with a step at one of them."""

from datetime import date

import pytest

from readiness.golive.worklist import operations as worklist
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW

DUE = date(2026, 12, 12)


@pytest.fixture(autouse=True)
def _judged_now(frozen_now):
    frozen_now.at = NOW


@pytest.fixture
def faro(db):
    """Ready, and the only one."""
    return stored.site("ready", name="Faro", slug="faro", kw=200.0, owner="Platform EMEA")


@pytest.fixture
def porto(db):
    """Not ready by one check, which has a date."""
    there = stored.site(
        name="Porto",
        slug="porto",
        city="Porto",
        kw=400.0,
        owner="Platform EMEA",
        first_blocker="p2-backup-power",
    )
    stored.result(there, "p2-backup-power", "fail", reason="UPS battery is low.")
    return there


@pytest.fixture
def dallas(db):
    """Not ready by two checks, neither of which has a date."""
    there = stored.site(
        name="Dallas", slug="dallas", kw=1000.0, owner="Platform AMER", first_blocker="p2-backup-power"
    )
    there.score.deciding = ["p2-backup-power", "p1-soak-24h"]
    there.score.save()
    stored.result(there, "p1-soak-24h", "unknown", gate="BLOCK")
    stored.result(there, "p2-backup-power", "fail")
    return there


@pytest.fixture
def lagos(db):
    """Conditional by one check, and nobody owns it."""
    there = stored.site("conditional", name="Lagos", slug="lagos", kw=300.0, owner="")
    there.score.deciding = ["p5-fabric-health"]
    there.score.save()
    stored.result(there, "p5-fabric-health", "fail", gate="COND")
    return there


@pytest.fixture
def road_sites(faro, porto, dallas, lagos, planner):
    worklist.add(
        site=porto, check_id="p2-backup-power", owner_name="Facilities", due_on=DUE, by=planner, now=NOW
    )
    return {site.slug: site for site in (faro, porto, dallas, lagos)}


@pytest.fixture
def planner_pages(client_of):
    return client_of("planner")


@pytest.fixture
def viewer_pages(client_of):
    return client_of("viewer")
