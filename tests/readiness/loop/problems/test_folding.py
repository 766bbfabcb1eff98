"""Folding: feed, rack, device; switch, port, link; a source and what it sends; and checks."""

from datetime import UTC, datetime, timedelta

import pytest

from readiness.loop.problems.core.folding import DOWN, SUPPLY, Dependencies, Need, NeedKind
from readiness.loop.problems.core.health import Crowd, DomainFacts
from readiness.loop.problems.core.problem import NO_DATA, Identity, PresentProblem
from readiness.loop.problems.core.site import ProblemFacts, problems_of
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from telemetry.core.registry import registry

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def reason(kind, number, metric="", health="critical", *, since=NOW):
    return {
        "health": health if metric else "unknown", "object_kind": kind, "object_id": number,
        "object": f"{kind}{number}", "metric": metric, "title": metric or "Not seen", "value": 1.0, "unit": "",
        "threshold": None, "direction": "", "since": since.isoformat(), "taken_at": since.isoformat(),
    }  # fmt: skip


def need(kind, *nodes):
    return Need(NeedKind(kind), frozenset(nodes))


def nodes(kind, *numbers):
    return [(kind, number) for number in numbers]


FEEDS = nodes("feed", 1, 2)
RACK = {
    **{node: [need("power", *FEEDS)] for node in nodes("device", 10, 11, 12)},
    ("feed", 1): [need("power", ("device", 1))],
    **{("accelerator", 100 + number): [need("whole", ("device", number))] for number in (10, 11)},
}
FABRIC = {
    ("port", 31): [need("whole", ("device", 30))],
    ("port", 41): [need("whole", ("device", 40)), need("path", ("device", 30))],
    ("link", 5): [need("path", ("port", 31)), need("path", ("port", 41))],
}
SUPPLIERS = frozenset([*FEEDS, ("device", 1)])


def causes(*domains, sources=(), needs=None, checks=(), roles=None):
    """The key of each problem's cause, by its own key."""
    facts = ProblemFacts(
        site_id=1,
        domains=domains,
        sources=sources,
        checks=checks,
        dependencies=Dependencies(needs or {**RACK, **FABRIC}, SUPPLIERS, roles or {}),
    )
    problems = problems_of(facts, open_keys=())
    return {each.identity.key: each.root.key for each in problems}


def domain(*reasons, name="compute", **given):
    return DomainFacts(
        **{"domain": name, "health": "critical", "since": NOW, "heard_at": NOW, "reasons": reasons} | given
    )


def energy(*reasons, **given):
    return domain(*reasons, name="energy", **given)


DEAD_A, DEAD_B = reason("feed", 1, "outletState"), reason("feed", 2, "outletState")
QUIET = reason("device", 10)


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        pytest.param(
            [domain(QUIET, reason("device", 11)), energy(DEAD_A, DEAD_B)],
            {"compute-device-10": "energy-outletState", "compute-device-11": "energy-outletState"},
            id="both feeds of a rack take its devices",
        ),
        pytest.param(
            [domain(QUIET), energy(DEAD_A)], {"compute-device-10": "compute-device-10"}, id="one of two feeds does not"
        ),
        pytest.param(
            [domain(reason("device", 10, "ipmi_power_state")), energy(DEAD_A)],
            {"compute-device-10": "energy-feed-1"},
            id="one feed takes a power supply",
        ),
        pytest.param(
            [domain(QUIET), energy(reason("device", 1, "rPDU2DeviceStatusLoadState"), DEAD_B)],
            {"compute-device-10": "energy-device-1"},
            id="a feed is lost with its power distribution",
        ),
        pytest.param(
            [domain(reason("device", 10, "ipmi_temperature_celsius")), energy(DEAD_A, DEAD_B)],
            {"compute-device-10": "compute-device-10"},
            id="a fault of its own stays a cause",
        ),
        pytest.param(
            [domain(reason("device", 10), reason("device", 10, "node_hwmon_chip")), energy(DEAD_A, DEAD_B)],
            {"compute-device-10": "compute-device-10"},
            id="so does one that is silent and was wrong before",
        ),
        pytest.param(
            [domain(reason("device", 10, since=NOW - 20 * MINUTE)), energy(DEAD_A, DEAD_B)],
            {"compute-device-10": "compute-device-10"},
            id="what began well before does not follow",
        ),
        pytest.param(
            [domain(reason("device", 10, since=NOW - 5 * MINUTE)), energy(DEAD_A, DEAD_B)],
            {"compute-device-10": "energy-outletState"},
            id="what was only seen before does",
        ),
        pytest.param(
            [domain(QUIET, reason("accelerator", 110))],
            {"compute-accelerator-110": "compute-device-10"},
            id="an accelerator follows its device",
        ),
        pytest.param(
            [domain(QUIET, reason("accelerator", 110)), energy(DEAD_A, DEAD_B)],
            {"compute-device-10": "energy-outletState", "compute-accelerator-110": "energy-outletState"},
            id="a chain folds under its beginning",
        ),
        pytest.param(
            [domain(QUIET), energy(reason("feed", 1, "load", "warn"), reason("feed", 2, "load", "warn"))],
            {"compute-device-10": "compute-device-10"},
            id="a warning of a feed cuts no power",
        ),
        pytest.param(
            [domain(reason("device", 30), reason("port", 31, "ifOperStatus"), reason("link", 5, "probe_success"))],
            {"compute-port-31": "compute-device-30", "compute-link-5": "compute-device-30"},
            id="switch, port, link",
        ),
        pytest.param(
            [domain(reason("device", 30), reason("port", 41, "node_network_up"))],
            {"compute-port-41": "compute-device-30"},
            id="the port at the other end of a dead switch",
        ),
        pytest.param(
            [domain(reason("device", 30), reason("link", 5, "probe_success"))],
            {"compute-link-5": "compute-device-30"},
            id="a link whose ports nobody looks at",
        ),
        pytest.param(
            [domain(reason("port", 31, "ifOperStatus"), reason("link", 5, "probe_success"))],
            {"compute-link-5": "compute-port-31"},
            id="a link follows its port",
        ),
        pytest.param(
            [domain(reason("port", 31, "ifOperStatus"), reason("link", 5, "probe_duration_seconds"))],
            {"compute-link-5": "compute-link-5"},
            id="a slow link follows from no port",
        ),
    ],
)  # fmt: skip
def test_what_is_lost_follows_what_it_needs(domains, expected):
    roots = causes(*domains)
    assert {key: roots[key] for key in expected} == expected


def test_a_group_keeps_those_that_nothing_explains():
    roots = causes(domain(QUIET, reason("device", 50), reason("device", 51)), energy(DEAD_A, DEAD_B))
    assert roots["compute-device-10"] == "energy-outletState"
    assert roots["compute-device-50"] == roots["compute-device-51"] == f"compute-{NO_DATA}"


def crowd(*of_nodes):
    return Crowd(
        metric="", objects=len(of_nodes), since=NOW, last_sample_at=NOW, reasons=(QUIET,),
        nodes=frozenset(of_nodes),
    )  # fmt: skip


def test_a_crowd_follows_only_as_a_whole():
    members = nodes("device", *range(10, 40))
    needs = {node: [need("power", *FEEDS)] for node in members}
    dead = energy(DEAD_A, DEAD_B)
    assert (
        causes(domain(crowds=(crowd(*members),)), dead, needs=needs)[f"compute-{NO_DATA}"]
        == "energy-outletState"
    )
    needs.pop(("device", 39))
    assert (
        causes(domain(crowds=(crowd(*members),)), dead, needs=needs)[f"compute-{NO_DATA}"]
        == f"compute-{NO_DATA}"
    )


def source(number, *, mute=True):
    return PresentProblem(
        identity=Identity(ProblemKind.SOURCE, str(number)),
        state=ProblemState.SILENT if mute else ProblemState.LATE,
        subject=str(number),
        since=NOW,
        metrics=frozenset({NO_DATA} if mute else ()),
    )


def test_what_only_a_silent_source_sends_follows_from_it():
    sent = {
        ("device", 10): [need("data", ("source", 7))],
        ("device", 11): [need("data", *nodes("source", 7, 8))],
    }
    quiet = domain(QUIET, reason("device", 11))
    roots = causes(quiet, sources=[source(7), source(8, mute=False)], needs=sent)
    assert roots["compute-device-10"] == "7"
    assert roots["compute-device-11"] == "compute-device-11"
    assert causes(quiet, sources=[source(7), source(8)], needs=sent)["compute-device-11"] == "7"


def check(check_id, *metrics, state=ProblemState.FAILING, of_object=()):
    return PresentProblem(
        identity=Identity(ProblemKind.CHECK, check_id), state=state, subject=check_id, check_id=check_id,
        metrics=frozenset(metrics), metrics_of_object=frozenset(of_object),
    )  # fmt: skip


def root_of_check(of_check, *domains, roles=None):
    return causes(*domains, checks=[of_check], roles=roles)[of_check.identity.key]


ON_BATTERY = energy(reason("device", 1, "upsSecondsOnBattery"))
NO_FLOW = energy(reason("cooling-unit", 3, "cdu_flow_alarm"))


@pytest.mark.parametrize(
    ("of_check", "domains", "expected"),
    [
        pytest.param(
            check("p5", "gpu"), [domain(reason("accelerator", 9, "gpu"))], "compute-accelerator-9", id="its metric"
        ),
        pytest.param(
            check("p5", "flaps", of_object={"ecc"}), [domain(reason("accelerator", 9, "ecc"))], "compute-accelerator-9",
            id="its object, for another metric",
        ),
        pytest.param(
            check("p5", "flaps", of_object={"ecc"}), [domain(reason("accelerator", 9, "ecc", "warn"))], "p5",
            id="not under something less bad",
        ),
        pytest.param(
            check("p2-backup-power", "upsEstimatedMinutesRemaining"), [ON_BATTERY], "energy-device-1",
            id="ride-through under a UPS on battery",
        ),
        pytest.param(
            check("p2-cooling-headroom", "ipmi_temperature_celsius"), [NO_FLOW], "energy-cooling-unit-3",
            id="cooling headroom under a loop without flow",
        ),
        pytest.param(check("p2-cooling-headroom", "inlet"), [ON_BATTERY], "p2-cooling-headroom", id="not under a UPS"),
        pytest.param(check("p1-fabric", "busbw"), [NO_FLOW], "p1-fabric", id="a check of runs"),
    ],
)  # fmt: skip
def test_a_check_folds_under_what_it_depends_on(of_check, domains, expected):
    assert root_of_check(of_check, *domains, roles={("device", 1): "ups"}) == expected


def test_the_metrics_of_losses_are_those_of_the_registry():
    assert {metric for metric in DOWN | SUPPLY if registry().get(metric, None) is None} == set()
