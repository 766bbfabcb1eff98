"""Two sites with problems: one whose ports lose their links, and one that is silent."""

from datetime import timedelta

from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW
from tests.readiness.assessment.scoring.test_page_queries import source

LOSSES = "node_network_carrier_down_changes_total"


def losing(port, *, minutes, value=15.0, health="critical"):
    return {
        "health": health,
        "object_kind": "port",
        "object_id": port.pk,
        "object": str(port),
        "metric": LOSSES,
        "title": "Link losses in 24 h",
        "value": value,
        "unit": "",
        "threshold": 4.0,
        "direction": "above",
        "measure": "increase",
        "since": (NOW - timedelta(minutes=minutes)).isoformat(),
        "taken_at": NOW.isoformat(),
    }


def flapping_site():
    """Two ports lose their links, and the check that counts flaps fails with them."""
    there = stored.site(name="Des Moines", slug="dsm", owner="Fabric", kw=253.0)
    device = made.device(site=there, name="leaf03")
    ports = [made.port(device=device, name=name) for name in ("swp1", "swp2")]
    reasons = [losing(ports[0], minutes=7), losing(ports[1], minutes=9, value=14.0)]
    stored.health(there, "network", "critical", reasons=reasons)
    stored.result(
        there, "p5-fabric-health", "fail", gate="BLOCK", evidence={"part": "flaps"}, reason="43 flaps."
    )
    stored.result(there, "p2-power-headroom", "fail", value=940.0, unit="kW", threshold_text="≤ 850 kW")
    return there


def silent_site():
    """A site without capacity: its source is silent, and so are its domains."""
    there = stored.site(name="Queretaro", slug="qro", owner="", kw=0)
    source(there, "silent")
    unheard = {
        "health": "unknown",
        "object_kind": "device",
        "object_id": 1,
        "object": "n1",
        "title": "Not heard from",
    }
    stored.health(
        there, "compute", "unknown", clock="silent", last_health="ok", heard_at=NOW - DAY, reasons=[unheard]
    )
    stored.result(there, "p5-telemetry-coverage", "fail", value=0.0, unit="%", threshold_text="≥ 99 %")
    return there
