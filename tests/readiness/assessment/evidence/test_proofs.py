"""What a site's evidence proves, from the database, judged as scoring judges it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Device
from readiness.assessment.evidence.operations import (
    attest,
    record_fact,
    set_floor,
    void_changed,
)
from readiness.assessment.evidence.proofs import WORKED_OUT, proofs
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.checks.choosing import reading_of
from readiness.assessment.scoring.core.judge import judge
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.samples import RUNS, sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def node(porto):
    node = made.device(
        site=porto,
        name="node-1",
        device_type=made.device_type(slug="dgx-h100", kind="node"),
        firmware_version="1.2",
    )
    made.accelerator(device=node, index=0)
    made.port(device=node, name="mlx5_0", kind="infiniband", back_end=True)
    return node


@pytest.fixture
def given(frozen_now):
    """`given(site)` is what the site's evidence proves now, by check and sub-measure."""

    def look(site):
        _, framework = framework_queries.current()
        return proofs([site.pk], framework, now=frozen_now.at)[site.pk]

    return look


@pytest.fixture
def states(given, frozen_now):
    """`states(site, check)` judges each proof of the check's sub-measures."""

    def look(site, check_id):
        _, framework = framework_queries.current()
        check = framework.check(check_id)
        return {
            part.id: sorted(judge(part, reading_of(proof), frozen_now.at).state for proof in found)
            for part in check.parts
            if (found := given(site).get((check_id, part.id)))
        }

    return look


def floor_of(value, frozen_now):
    set_floor(
        platform="dgx-h100",
        tool="nccl-tests",
        measure="busbw",
        operation="all_reduce",
        size_bytes=16 * outputs.GIB,
        value=value,
        unit="GB/s",
        by=None,
        now=frozen_now.at,
    )


@pytest.mark.parametrize(("floor", "state"), [(460, "pass"), (490, "warn"), (500, "fail")])
def test_a_run_is_judged_by_its_platforms_floor(take, node, porto, states, frozen_now, floor, state):
    take("nccl-tests", outputs.collective(busbw=470))
    floor_of(floor, frozen_now)
    assert states(porto, "p1-intra-node") == {
        "busbw": [state],
        "wrong-values": ["pass"],
        "nodes-covered": ["pass"],
    }


def test_without_a_floor_it_is_unknown_and_says_so(take, node, porto, states, given):
    take("nccl-tests", outputs.collective())
    assert states(porto, "p1-intra-node")["busbw"] == ["unknown"]
    assert "No floor" in given(porto)["p1-intra-node", "busbw"][0].cannot_judge


def test_wrong_values_fail_at_any_speed(take, node, porto, states, frozen_now):
    floor_of(460, frozen_now)
    take("nccl-tests", outputs.collective(busbw=999, wrong=3))
    assert states(porto, "p1-intra-node")["wrong-values"] == ["fail"]


def test_new_firmware_makes_it_stale_and_a_new_run_heals_it(take, node, porto, states, given, frozen_now):
    floor_of(460, frozen_now)
    take("nccl-tests", outputs.collective())
    Device.objects.filter(pk=node.pk).update(firmware_version="1.3")
    void_changed(site_ids=[porto.pk], now=frozen_now.at)
    assert states(porto, "p1-intra-node")["busbw"] == ["stale"]
    assert "firmware 1.2 → 1.3" in given(porto)["p1-intra-node", "busbw"][0].voided
    # The history goes by the database's clock, so the next run is taken by that.
    frozen_now.at = timezone.now()
    take("nccl-tests", outputs.collective(mark="again"))
    assert states(porto, "p1-intra-node")["busbw"] == ["pass"]


def test_evidence_that_ages_is_stale(take, node, porto, states, frozen_now):
    floor_of(460, frozen_now)
    take("nccl-tests", outputs.collective())
    frozen_now.move(days=29)
    assert states(porto, "p1-intra-node")["busbw"] == ["pass"]
    frozen_now.move(days=2)
    assert states(porto, "p1-intra-node") == {
        "busbw": ["stale"],
        "wrong-values": ["stale"],
        "nodes-covered": ["stale"],
    }


def test_evidence_of_later_is_not_read(take, node, porto, given, frozen_now):
    take("nccl-tests", outputs.collective())
    frozen_now.move(days=-1)
    assert given(porto) == {}


@pytest.mark.parametrize(
    ("severity", "state"),
    [(0, "pass"), (1, "warn"), (2, "fail"), (3, "fail"), (4, "fail"), (5, "warn"), (6, "fail")],
)
def test_a_diagnostic_is_judged_by_its_severity(take, node, porto, states, severity, state):
    take("dcgm-diag", outputs.diagnostic({0: severity}), devices=[node])
    assert states(porto, "p1-accelerator-diag") == {
        "coverage": ["pass"],
        "worst-severity": [state],
        "quick-coverage": ["pass"],
    }


def test_daily_quick_diagnostics_do_not_hide_the_long_one(take, node, porto, states, given, frozen_now):
    long = take("dcgm-diag", outputs.diagnostic({0: 5}), devices=[node])
    for day in range(5):
        frozen_now.move(days=1)
        take("dcgm-diag", outputs.diagnostic({0: 0}, long=False, mark=str(day)), devices=[node])
    assert states(porto, "p1-accelerator-diag") == {
        "coverage": ["pass"],
        "worst-severity": ["warn"],
        "quick-coverage": ["pass"],
    }
    assert given(porto)["p1-accelerator-diag", "worst-severity"][0].ref == f"run:{long.pk}"


def test_a_run_of_small_sizes_or_without_checks_does_not_hide_a_full_one(
    take, node, porto, states, frozen_now
):
    floor_of(460, frozen_now)
    take("nccl-tests", outputs.collective(busbw=470))
    frozen_now.move(days=1)
    take("nccl-tests", outputs.collective(busbw=99, size=outputs.MIB))
    unchecked = outputs.collective(busbw=480, checked=False)
    take("nccl-tests", unchecked)
    assert states(porto, "p1-intra-node") == {
        "busbw": ["pass"],
        "wrong-values": ["pass"],
        "nodes-covered": ["pass"],
    }


def test_a_port_is_judged_by_its_floor(take, node, porto, states, frozen_now):
    take("perftest", outputs.write_bandwidth(gbps=391.0), devices=[node])
    set_floor(
        platform="DGX-H100",
        tool="perftest",
        measure="bandwidth",
        value=380,
        unit="Gb/s",
        by=None,
        now=frozen_now.at,
    )
    assert states(porto, "p1-rdma-port") == {"bandwidth": ["pass"], "ports-covered": ["pass"]}


REAL = {
    "nccl_allreduce.log": (
        "p1-intra-node",
        "busbw",
        "counts 8 accelerators on localhost; the inventory has 1",
    ),
    "ib_loopback_8M_size.log": ("p1-rdma-port", "bandwidth", "one port, and the run crossed no network"),
    "sockperf_sample.txt": (
        "p1-latency-under-load",
        "loaded-p99",
        "this machine: the run crossed no network",
    ),
    "iperf3_tcp_loopback.json": ("p5-baseline-regression", "nodes-beyond", "the run crossed no network"),
    "iperf3_udp_sample.json": ("p5-baseline-regression", "nodes-beyond", "the run crossed no network"),
    "fio_randread.json": ("p5-baseline-regression", "nodes-beyond", "The run has 4.001 s; 60 s are needed"),
}
"""The check and sub-measure of each real file, and why it is unknown."""


@pytest.mark.parametrize("name", sorted(REAL))
def test_the_real_files_are_unknown_with_the_reason(take, node, porto, states, given, frozen_now, name):
    floor_of(228, frozen_now)
    frozen_now.move(days=1)
    take(RUNS[name], sample(name), devices=[node], taken_at=frozen_now.at)
    check, part, reason = REAL[name]
    assert states(porto, check)[part] == ["unknown"]
    assert reason in given(porto)[check, part][0].cannot_judge


class TestWhatPeopleEnter:
    def fact(
        self, site, frozen_now, *, part="pue", value=1.2, taken_on=date(2026, 11, 20), check="p2-energy-kpis"
    ):
        return record_fact(
            site=site,
            check=check,
            part=part,
            value=value,
            taken_on=taken_on,
            source="meter report",
            by=None,
            now=frozen_now.at,
        )

    def test_a_fact_proves_its_sub_measure(self, porto, given, frozen_now):
        fact = self.fact(porto, frozen_now)
        [proof] = given(porto)["p2-energy-kpis", "pue"]
        assert (proof.value, proof.ref, proof.provenance, proof.detail) == (
            1.2,
            f"fact:{fact.pk}",
            "declared",
            "meter report",
        )

    def test_the_newest_fact_counts(self, porto, given, frozen_now):
        self.fact(porto, frozen_now, value=1.2, taken_on=date(2026, 11, 20))
        self.fact(porto, frozen_now, value=1.3, taken_on=date(2026, 11, 21))
        self.fact(porto, frozen_now, value=1.1, taken_on=date(2026, 11, 19))
        assert given(porto)["p2-energy-kpis", "pue"][0].value == 1.3

    def test_an_attestation_holds_until_its_last_day(self, porto, states, given, frozen_now):
        attest(
            site=porto,
            check="p4-golive-review",
            part="signatures-missing",
            value=0,
            statement="All five signed",
            attested_by="R. Costa",
            taken_on=date(2026, 11, 20),
            valid_until=date(2026, 11, 24),
            by=None,
            now=frozen_now.at,
        )
        # Where the check blocks, it waits for a second person.
        assert states(porto, "p4-golive-review") == {"signatures-missing": ["warn"]}
        frozen_now.move(hours=8)
        assert states(porto, "p4-golive-review") == {"signatures-missing": ["stale"]}
        assert "held until 24 Nov 2026" in given(porto)["p4-golive-review", "signatures-missing"][0].voided

    def test_what_was_measured_goes_before_what_is_said(self, take, node, porto, given, states, frozen_now):
        floor_of(460, frozen_now)
        take("nccl-tests", outputs.collective(busbw=300))
        self.fact(porto, frozen_now, check="p1-intra-node", part="busbw", value=999)
        assert states(porto, "p1-intra-node")["busbw"] == ["fail"]
        frozen_now.move(days=31)
        self.fact(
            porto, frozen_now, check="p1-intra-node", part="busbw", value=998, taken_on=date(2026, 12, 20)
        )
        assert given(porto)["p1-intra-node", "busbw"][0].value == 998

    def test_an_attestation_without_a_value_proves_nothing(self, porto, given, frozen_now):
        attest(
            site=porto,
            check="p4-golive-review",
            statement="Held",
            attested_by="R. Costa",
            taken_on=date(2026, 11, 20),
            by=None,
            now=frozen_now.at,
        )
        assert given(porto) == {}


@pytest.mark.parametrize(("check_id", "part_ids"), WORKED_OUT.items())
def test_a_framework_that_drops_checks_or_sub_measures_is_none_that_breaks(
    take, node, porto, frozen_now, check_id, part_ids
):
    take("nccl-tests", outputs.collective())
    take("dcgm-diag", outputs.diagnostic({0: 0}), devices=[node])
    take("perftest", outputs.write_bandwidth(), devices=[node])
    take("perftest", outputs.latency(), devices=[node], load="loaded")
    _, whole = framework_queries.current()
    others = tuple(check for check in whole.checks if check.id != check_id)
    assert all(key[0] != check_id for key in given_by(porto, replace(whole, checks=others), frozen_now.at))
    check = whole.check(check_id)
    for part_id in part_ids:
        rest = tuple(part for part in check.parts if part.id != part_id)
        if rest:
            fewer = replace(whole, checks=(*others, replace(check, parts=rest)))
            found = given_by(porto, fewer, frozen_now.at)
            expected = given_by(porto, whole, frozen_now.at)
            assert found == {key: each for key, each in expected.items() if key != (check_id, part_id)}


def given_by(site, framework, now):
    return proofs([site.pk], framework, now=now)[site.pk]


def test_proofs_kept_from_minute_to_minute_are_those_of_the_minute(take, node, porto, frozen_now):
    floor_of(460, frozen_now)
    framework = framework_queries.current()[1]
    spans = {part.validity.limit_s(None) for check in framework.checks for part in check.parts}
    edges = set()
    for mark in "abc":
        take("nccl-tests", outputs.collective(mark=mark))
        take("dcgm-diag", outputs.diagnostic({0: 0}, mark=mark), devices=[node])
        take("perftest", outputs.latency(mark=mark), devices=[node], load="loaded")
        edges |= {frozen_now.at + timedelta(seconds=span_s + step) for span_s in spans for step in (0, 1)}
        frozen_now.move(days=11)
    between = {frozen_now.at + timedelta(hours=12 * step) for step in range(120)}
    instants = sorted(at for at in edges | between if at >= frozen_now.at)
    # Nothing is kept for an instant before the one that it was worked out at.
    anew = [given_by(porto, framework, at) for at in reversed(instants)]
    assert [given_by(porto, framework, at) for at in instants] == list(reversed(anew))


def test_statements_do_not_depend_on_sites_or_evidence(take, node, porto, frozen_now):
    _, framework = framework_queries.current()

    def statements(sites):
        with CaptureQueriesContext(connection) as captured:
            proofs([site.pk for site in sites], framework, now=frozen_now.at)
        return len(captured)

    take("nccl-tests", outputs.collective())
    few = statements([porto])
    for place in range(5):
        take("nccl-tests", outputs.collective(mark=str(place)), load="idle")
        take("dcgm-diag", outputs.diagnostic({0: 0}, mark=str(place)), devices=[node])
    assert statements([porto, *(made.site() for _ in range(5))]) == few
    assert few == 7
