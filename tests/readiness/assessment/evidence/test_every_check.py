"""Every check in every state that its definition allows, from evidence as users supply it, through the product's own
evaluation.

The table is the definition's: a check that no evidence brings into one of its states fails here. Checks that a tool's
output proves pass by that output alone, which tests/readiness/assessment/scoring/test_proved_checks.py shows. One site
for each state (several for waivers, of which a site has ten at most), all of them evaluated at once.
"""

from datetime import timedelta

import pytest
from django.db.models import F

from accounts.models import User
from inventory.models import Accelerator, Device, Port
from readiness.assessment.evidence.core.bearing import PARSED
from readiness.assessment.evidence.core.limits import CLASS_LATENCY, OF_PLATFORM
from readiness.assessment.evidence.models import Attestation
from readiness.assessment.evidence.operations import (
    FactRow,
    attest,
    declare_limit,
    import_run,
    record_facts,
    set_floor,
)
from readiness.assessment.framework.core.vocabulary import CheckState, EvidenceKind, Gate
from readiness.assessment.grants import operations as grants
from readiness.assessment.grants.core.rules import MOST_WAIVERS
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.checks import COMPUTED
from readiness.assessment.scoring.models import CheckResult
from readiness.boards.waivers.requests import ask_for_grant
from telemetry import store
from tests.entries import redated
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.test_every_part import FRAMEWORK, LIMIT, value_for
from tests.readiness.plant import Plant, deliver

pytestmark = pytest.mark.django_db
GIB, MIB = 1024**3, 1024**2
TABLE = [(check, state) for check in FRAMEWORK.checks for state in sorted(check.states)]
OWN_COLUMN = {
    *("contracted-kw", "step-1s-kw", "step-10s-kw", "cooling-class", "supply-temperature"),
    *("generator-transfer", CLASS_LATENCY),
}
"""Limits that the plant has in columns."""
SILENCE = "p5-telemetry-coverage"
"""Silence is what it measures: it fails at once and has nothing that could go stale (design, scoring rule 4)."""
NO_RUNS = PARSED | {"p2-energy-kpis", "p5-goodput"}
"""Checks that a table brings to warn at most: a tool proves them, or telemetry that is not worked out yet."""
SITE_OF = ("pass", "warn", "fail", "unknown", "stale", "n-a")


WINDOWS = 50
FAMILIES = ("vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds")


class Whole(Plant):
    """A plant that every check applies to: two nodes, two vendors, RoCE, all three profiles, an engine that serves."""

    served = within = 0

    def _equip(self):
        super()._equip()
        prefix = self.name.lower()
        self.second = made.device(site=self.site, name=f"{prefix}-node2")
        made.accelerator(device=self.second, index=0)
        other = made.device_type(domain="network")
        self.spine = made.device(
            site=self.site, name=f"{prefix}-spine", role=Device.Role.SWITCH, device_type=other
        )
        made.port(device=self.switch, name="eth2", kind=Port.Kind.ROCE, back_end=True)

    def _usual(self):
        return super()._usual() | {
            ("node_network_carrier_down_changes_total", "eth2"): 3.0,
            ("node_network_receive_errs_total", "eth2"): 0.0,
            ("node_load1", "node2"): 1.0,
            ("node_load1", "spine"): 1.0,
            ("DCGM_FI_DEV_GPU_UTIL", "node2"): 60.0,
        }

    def labels(self, metric, of):
        if metric.startswith("DCGM") and of == "node2":
            return metric, {"gpu": "0", "Hostname": self.second.name}
        if of in ("node2", "spine"):
            return metric, {"instance": f"{self.name.lower()}-{of}:9100"}
        return super().labels(metric, of)

    def serve(self, *, slow):
        """Fifty windows of a hundred requests; in so many of them all took longer than 50 ms."""
        start, readings = self.clock.at, []
        for minute in range(1, 5 * WINDOWS + 1):
            self.served += 20
            self.within += 20 * (minute > 5 * slow)
            readings += self._histograms(start + timedelta(minutes=minute))
        self.clock.move(minutes=5 * WINDOWS)
        deliver(self.source, readings, now=self.clock.at)

    def readings(self, at):
        return super().readings(at) + (self._histograms(at) if self.served else [])

    def _histograms(self, at):
        engine = {"instance": f"{self.node.name}:8000", "model_name": "m", "engine": "0"}
        buckets = {"0.05": self.within, "5.0": self.served, "+Inf": self.served}
        return [
            reading
            for family in FAMILIES
            for reading in (
                *((f"{family}_bucket", {**engine, "le": le}, count, at) for le, count in buckets.items()),
                (f"{family}_count", engine, self.served, at),
            )
        ]


@pytest.fixture
def plants(frozen_now):
    """Those that send, one of which will fall silent, and those that never sent anything, by state."""
    store.keep_partitions(now=frozen_now.at)
    everywhere = {"profiles": ["training", "inference", "edge"]}
    waived = [f"waived-{place}" for place in range(-(-len(FRAMEWORK.checks) // MOST_WAIVERS))]
    found = {name: Whole(frozen_now, name=name.capitalize(), **everywhere) for name in (*SITE_OF, *waived)}
    start = frozen_now.at
    for name, change, slow in (("stale", well, 0), ("pass", well, 0), ("warn", warn, 1), ("fail", fail, 9)):
        frozen_now.at = start
        found[name].serve(slow=slow)
        change(found[name])
        found[name].run(8)
    drain(found["warn"])
    return found


def well(plant):
    plant.run(12)


def warn(plant):
    spare = [f"port{number}" for number in range(40)]
    for name in spare:
        made.port(device=plant.switch, name=name)
        plant.values["node_network_carrier_down_changes_total", name] = 0.0
    del plant.values["node_network_carrier_down_changes_total", spare[0]]
    plant.change(site_power_watts=90_000, inlet=30, upsTestResultsSummary=2, rtt=0.054)
    plant.run(12)
    plant.change(DCGM_FI_DEV_XID_ERRORS={"1": 79}, node_network_carrier_down_changes_total={"eth1": 5})


def fail(plant):
    plant.change(site_power_watts=97_000, inlet=45, upsBatteryStatus=3, rtt=0.08)
    plant.run(12)
    plant.change(DCGM_FI_DEV_XID_ERRORS={"1": 79}, node_network_receive_errs_total={"eth0": 9})
    plant.stop("rPDU2DeviceStatusPower")


def drain(plant):
    """Its second accelerator is taken out now, by the history's clock, which is the database's."""
    Accelerator.objects.filter(device=plant.node, index=1).update(status=Accelerator.Status.DRAINED)
    redated(Accelerator, plant.clock.at, action="changed", after__status="drained")


def values_of(check, state):
    """A value of each sub-measure that takes one of a day: one that decides is in the state, the others pass."""
    dated = [part for part in check.parts if not part.validity.is_live]
    deciding = [part for part in dated if part.gate is not Gate.INFO or check.gate is Gate.INFO]
    chosen = next((part for part in deciding if value_for(part, state) is not None), None)
    found = {part: value_for(part, state if part is chosen else CheckState.PASS) for part in dated}
    return {part: 1.0 if value is None else value for part, value in found.items()}


def is_warned_by_declarations_alone(check):
    return all(part.warn_at is None for part in check.parts)


RECORDED = ("p2-envelope-declared", "p2-placement-jurisdiction")
"""Computed only where envelopes are declared, which these sites' classes have none of."""


def supply(site, state, now, *, old=False):
    """What is measured is imported as a run, what a document says is attested, all else is recorded."""
    rows, facts = [], []
    entered = {"by": None, "now": now}
    attester, _ = User.objects.get_or_create(username="attester")
    for check in FRAMEWORK.checks:
        if check.id in COMPUTED and check.id not in RECORDED:
            continue
        for part, value in values_of(check, state).items():
            days = timedelta(seconds=part.validity.limit_s(None)).days + 1 if old else 0
            day = {"site": site, "check": check.id, "part": part.id, "value": value}
            day["taken_on"] = (now - timedelta(days=days)).date()
            is_run = part.is_measured and not (state == "warn" and is_warned_by_declarations_alone(check))
            if is_run or EvidenceKind.VALIDATION_RUN in part.evidence:
                rows.append(f"{check.id}/{part.id},{value},{part.unit}")
            elif EvidenceKind.ATTESTATION in part.evidence:
                attest(statement="So it is", attester=attester, **day, **entered)
            else:
                facts.append(FactRow(source="report", **day))
    record_facts(facts, **entered)
    # Each was confirmed by the person named as it was taken, without which a BLOCK check would warn.
    Attestation.objects.filter(site=site).update(confirmed_by=F("attester"), confirmed_at=F("taken_at"))
    taken_at = now - timedelta(days=385 if old else 0)
    content = outputs.run_table(*rows, taken_at=taken_at)
    import_run(site=site, tool="csv", content=content, file_name="x.csv", **entered)


def declare(plant, now):
    """Limits of the site and floors of its platforms, all at the value that the figures were chosen by."""
    for kind in FRAMEWORK.limits:
        if kind.declared_on != OF_PLATFORM and kind.id not in OWN_COLUMN:
            day = now.date() - timedelta(days=3)
            limit = {"limit": kind.id, "value": LIMIT, "declared_on": day, "source": "contract"}
            declare_limit(site=plant.site, by=None, now=now, **limit)
    nodes = Device.objects.filter(site=plant.site, role=Device.Role.NODE)
    for platform in nodes.values_list("device_type__slug", flat=True).distinct():
        for tool, measure, operation, size, unit in (
            ("nccl-tests", "busbw", "all_reduce", 16 * GIB, "GB/s"),
            ("nccl-tests", "busbw", "all_gather", 8 * GIB, "GB/s"),
            ("perftest", "bandwidth", "write", 8 * MIB, "Gb/s"),
        ):
            of = {"platform": platform, "tool": tool, "measure": measure, "operation": operation}
            set_floor(**of, size_bytes=size, value=LIMIT, unit=unit, by=None, now=now)


@pytest.fixture
def grant(user_of, frozen_now):
    def one(site, kind, check_id, part=""):
        asked = ask_for_grant(
            site=site,
            kind=kind,
            check_id=check_id,
            part=part,
            reason="The exporter comes in spring",
            ends_at=frozen_now.at + timedelta(days=30),
            by=user_of("ops"),
            now=frozen_now.at,
        )
        grants.approve(asked, by=user_of("manager"), now=frozen_now.at)

    return one


@pytest.fixture
def supplied(plants, grant, frozen_now):
    """All sites with what their state takes; by check and state the site that is to show it."""
    now = frozen_now.at
    for state in ("pass", "warn", "fail", "stale"):
        declare(plants[state], now)
        supply(
            plants[state].site, CheckState("pass" if state == "stale" else state), now, old=state == "stale"
        )
    for state in ("pass", "warn"):
        for part in ("step-1s", "step-10s"):
            grant(plants[state].site, "n-a", "p2-power-headroom", part)
    shows = {(check.id, state): plants[state].site for check in FRAMEWORK.checks for state in SITE_OF}
    waivable = [check.id for check in FRAMEWORK.checks if CheckState.WAIVED in check.states]
    for place, check_id in enumerate(waivable):
        site = plants[f"waived-{place // MOST_WAIVERS}"].site
        grant(site, "waiver", check_id)
        shows[check_id, "waived"] = site
    for check in FRAMEWORK.checks:
        if CheckState.NOT_APPLICABLE in check.states:
            grant(plants["n-a"].site, "n-a", check.id)
    frozen_now.move(seconds=1)
    site_ids = [plant.site.pk for plant in plants.values()]
    assert scoring.evaluate(site_ids=site_ids, now=frozen_now.at) == len(site_ids)
    frozen_now.move(days=2)
    scoring.evaluate(site_ids=[plants["stale"].site.pk], now=frozen_now.at)
    return shows


def missing_from(shows):
    results = {(one.site_id, one.check_id): one for one in CheckResult.objects.all()}
    found = {}
    for check, state in TABLE:
        result = results[shows[check.id, state].pk, check.id]
        if result.state != state:
            found[check.id, state.value] = f"{result.state}: {result.reason}"
        assert result.reason, f"{check.id} is {state} and does not say why"
    return found


def test_every_check_comes_into_every_state_that_its_definition_allows(supplied, plants, frozen_now):
    missing = missing_from(supplied)
    assert missing.pop((SILENCE, "stale")).startswith("fail: ")
    by_tables = {key: why for key, why in missing.items() if key[1] == "pass" and key[0] in NO_RUNS}
    assert len(by_tables) == len(NO_RUNS)
    assert all("Declared only (the table of run " in why for why in by_tables.values())
    missing = {key: why for key, why in missing.items() if key not in by_tables}
    assert not missing, "\n".join(f"{check} {state}: {why}" for (check, state), why in missing.items())

    # And nothing that passed passes for ever: without anything new, all of it decays by itself.
    frozen_now.move(days=6 * 366)
    scoring.evaluate(site_ids=[plants["pass"].site.pk], now=frozen_now.at)
    left = CheckResult.objects.filter(site=plants["pass"].site).values_list("check_id", "state")
    assert {check_id: state for check_id, state in left if state in ("pass", "warn")} == {}


def test_the_table_is_the_whole_definition():
    assert {check.id for check, _ in TABLE} == {check.id for check in FRAMEWORK.checks}
    assert {state.value for _, state in TABLE} == {
        "pass",
        "warn",
        "fail",
        "unknown",
        "stale",
        "waived",
        "n-a",
    }
