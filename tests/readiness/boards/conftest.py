"""A small fleet with stored verdicts, looked at the moment it was judged."""

from datetime import timedelta

import pytest

from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW


@pytest.fixture
def judged_now(frozen_now):
    frozen_now.at = NOW


@pytest.fixture
def planner_pages(client_of):
    return client_of("planner")


@pytest.fixture
def viewer_pages(client_of):
    return client_of("viewer")


def overloaded(**given):
    """Not ready: its power is above the headroom, and says so to the kW."""
    there = stored.site(
        **{"first_blocker": "p2-power-headroom", "latitude": "32.78", "longitude": "-96.8"} | given
    )
    part = {
        "part": "site-load",
        "gate": "BLOCK",
        "state": "fail",
        "value": 940.0,
        "unit": "kW",
        "threshold": 850.0,
        "threshold_text": "≤ 850 kW",
        "margin": -90.0,
        "reason": "Peak site load: 940 kW is above the limit of 850 kW.",
        "taken_at": (NOW - timedelta(minutes=2)).isoformat(),
        "provenance": "simulated",
    }
    stored.result(
        there,
        "p2-power-headroom",
        "fail",
        value=940.0,
        unit="kW",
        threshold=850.0,
        threshold_text="≤ 850 kW",
        margin=-90.0,
        reason=part["reason"],
        taken_at=NOW - timedelta(minutes=2),
        first_bad_at=NOW - 2 * DAY,
        evidence={"kind": "TQ", "provenance": "simulated", "object": "feed A"},
        parts=[part],
    )
    stored.result(there, "p3-role-coverage", "unknown", reason="No roster yet.")
    stored.result(there, "p5-telemetry-coverage", "pass", value=100.0, unit="%", threshold_text="≥ 99 %")
    stored.flip(there, "check", "p2-power-headroom", "fail", from_state="pass", value=940.0, unit="kW")
    stored.flip(there, "health", "energy", "critical", from_state="ok")
    hot = {
        "health": "critical",
        "object_kind": "device",
        "object_id": 1,
        "object": "UPS-1",
        "metric": "upsOutputPercentLoad",
        "title": "UPS load",
        "value": 93.0,
        "unit": "%",
        "threshold": 90.0,
        "source": "OD",
    }
    stored.health(there, "compute", objects_by_health={"ok": 3})
    stored.health(there, "network", "unknown", clock="silent")
    stored.health(there, "energy", "critical", reasons=[hot], objects_by_health={"critical": 1, "ok": 2})
    stored.point(there, (NOW - DAY).date(), 0.5)
    return there


@pytest.fixture
def dallas(db):
    return overloaded(
        name="Dallas", slug="dallas", city="Dallas", country="US", owner="Platform AMER", kw=1000.0
    )


@pytest.fixture
def porto(db):
    """Conditional, and nobody owns it."""
    there = stored.site("conditional", name="Porto", slug="porto", city="Porto", kw=400.0)
    stored.result(there, "p5-fabric-health", "fail", gate="COND", reason="7 flaps in 24 h.")
    return there


@pytest.fixture
def yard(db):
    """Under construction: no capacity, and no verdict."""
    return stored.site("", name="Yard", slug="yard", stage="building", kw=0)
