"""Every parser's clean files, imported at a site of which a part is replaced then: none passes any more."""

import pytest
from django.utils import timezone

from inventory.models import Accelerator, Device
from readiness.assessment.evidence.models import ReportRule
from readiness.assessment.evidence.operations import RunContext, import_run, set_floor, void_changed
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.vocabulary import Change, CheckState
from tests.inventory import made
from tests.readiness.assessment.evidence import benchmark_outputs as benchmarks
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core import trap_outputs, traps
from tests.readiness.assessment.evidence.core.test_traps import passes, results_of

pytestmark = pytest.mark.django_db
NODES = ("node-1", "node-2")


def repeated(make, times=3):
    """Files of each node, all different: a copy is no other run."""
    return [(make(place), [NODES[place % 2]], "") for place in range(2 * times)]


FILES = {
    "nccl-tests": [(trap_outputs.between(gpus=2), None, "")],
    "rccl-tests": [(outputs.collective(hosts=[node], gpus=2), None, "") for node in NODES],
    "perftest": [(outputs.write_bandwidth(both=True), NODES, "")],
    "iperf3": repeated(lambda place: trap_outputs.iperf3(received=9.4e10 + place * 1e6)),
    "sockperf": [
        (
            trap_outputs.sockperf(p99=6.0 + (20 * is_loaded + place) / 1000),
            NODES,
            "loaded" if is_loaded else "idle",
        )
        for is_loaded in (False, True)
        for place in range(20)
    ],
    "fio": repeated(lambda place: trap_outputs.fio().replace(b"18155.92", b"18155.9%d" % place)),
    "dcgm-diag": repeated(lambda place: outputs.diagnostic({0: 0, 1: 0}, mark=f"{place}"), times=1),
    "mlperf": [(trap_outputs.served(), None, "")],
    "vllm-bench": [(outputs.served(), None, "")],
    "stream": repeated(lambda place: benchmarks.stream(iterations=10 + place)),
    "hpl": repeated(lambda place: benchmarks.hpl(gflops=41_000.0 + 5 * place)),
    "hpl-mxp": repeated(lambda place: benchmarks.hpl_mxp(gflops=434_680.0 + 50 * place)),
    "osu": repeated(lambda place: benchmarks.osu_collective(us=800.0 + place / 10)),
    "superbench": [
        (benchmarks.superbench(nodes=(NODES[place % 2],), busbw=470.0 + place, ranks=2), None, "")
        for place in range(6)
    ],
    "junit": [(benchmarks.junit(suites=traps.CONGESTION), ["leaf-1"], "")],
    "csv": [
        (
            outputs.run_table(
                *(f"p1-congestion/{part},0," for part in ("lossless-drops", "pfc-storms", "marking-order")),
                taken_at=traps.NOW,
            ),
            ["leaf-1"],
            "",
        )
    ],
}
"""By tool: content, devices, and load of the files that make its check pass."""


@pytest.fixture
def site(frozen_now):
    site = made.site(name="Porto", slug="porto")
    kind = made.device_type(slug="dgx", kind="node")
    for node in NODES:
        device = made.device(site=site, name=node, device_type=kind, serial=f"CH {node}")
        for index in (0, 1):
            made.accelerator(device=device, index=index, serial=f"{node} {index}")
        made.port(device=device, name="mlx5_0", kind="infiniband", speed_gbps=4000)
    made.device(site=site, name="leaf-1", role=Device.Role.SWITCH, serial="CH leaf-1")
    for rule in traps.RULES:
        measure = f"{rule.check_id}/{rule.part}"
        ReportRule.objects.create(pattern=rule.pattern, measure=measure, value=rule.value)
    for floor in traps.FLOORS:
        set_floor(
            platform="dgx", tool=floor.tool, measure=floor.measure, operation=floor.operation,
            size_bytes=floor.size_bytes, value=floor.value, unit=floor.unit, by=None, now=frozen_now.at,
        )  # fmt: skip
    return site


@pytest.fixture
def take(site, frozen_now):
    frozen_now.at = timezone.now()

    def send_all(tool):
        for content, names, load in FILES[tool]:
            devices = None if names is None else list(Device.objects.filter(site=site, name__in=names))
            gbps = 3200 if load == "loaded" else None
            context = RunContext(devices=devices, load=load, load_gbps=gbps)
            given = {"file_name": "out", "by": None, "now": frozen_now.at, "context": context}
            import_run(site=site, tool=tool, content=content, **given)

    return send_all


@pytest.fixture
def results(site, frozen_now):
    def look(tool):
        void_changed(site_ids=[site.pk], now=frozen_now.at)
        _, framework = framework_queries.current()
        return results_of(tool, proofs([site.pk], framework, now=frozen_now.at)[site.pk], frozen_now.at)

    return look


def replace_parts(change):
    parts = Accelerator if change is Change.ACCELERATOR else Device
    parts.objects.update(serial="")
    for part in parts.objects.all():
        part.serial = f"new {part.pk}"
        part.save()


@pytest.mark.parametrize("tool", traps.REPLACED)
def test_nothing_passes_once_its_part_was_replaced(take, results, frozen_now, tool):
    take(tool)
    before = results(tool)
    assert passes(before), [(result.part_id, result.state, result.reason) for result in before]
    change, reason = traps.REPLACED[tool]
    replace_parts(change)
    frozen_now.at = timezone.now()
    after = results(tool)
    assert not passes(after)
    assert {CheckState.STALE} == {each.state for each in after if reason in each.reason}
