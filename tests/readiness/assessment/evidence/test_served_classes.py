"""A serving run is held against the class that is placed at the site, a loaded one against the ports of its nodes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Port
from readiness.assessment.evidence import parts as in_service
from readiness.assessment.evidence.core.proving.values import ServedClass
from readiness.assessment.evidence.operations import RunContext, import_run
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from readiness.demand.workloads import operations as workloads
from readiness.demand.workloads.models import UserRegion
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
LLAMA = "meta-llama/Llama-3.1-70B-Instruct"


@pytest.fixture
def porto(frozen_now):
    return made.site(name="Porto", slug="porto", profiles=["inference"])


@pytest.fixture
def node(porto):
    node = made.device(site=porto, name="node-1")
    for index in range(4):
        made.accelerator(device=node, index=index)
    return node


@pytest.fixture
def assistant(porto, frozen_now):
    """Serves one model at 12 requests a second, on 8 accelerators at Porto."""
    regions = [UserRegion.objects.create(name=slug, slug=slug) for slug in ("iberia", "france")]
    by = {"by": None, "now": frozen_now.at}
    workload = workloads.declare(
        name="Assistant",
        slug="assistant",
        served_models=[LLAMA, LLAMA, "Llama-3.1-405B"],
        accelerators=[(None, 8)],
        users=[(region, 6.0) for region in regions],
        **by,
    )
    workloads.place(workload, site=porto, on=frozen_now.at.date() - timedelta(days=9), **by)
    return workload


@pytest.fixture
def serve(porto, node, frozen_now):
    def send(**given):
        content = outputs.served(**{"model": LLAMA, "seconds": 1000.0, "rate": 12.0, **given})
        context = RunContext(devices=[node], taken_at=frozen_now.at)
        import_run(
            site=porto,
            tool="vllm-bench",
            content=content,
            file_name="a",
            by=None,
            now=frozen_now.at,
            context=context,
        )
        _, framework = framework_queries.current()
        [proof] = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk]["p1-serving-latency", "ttft-p99"]
        return proof

    return send


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"rate": 6.0, "asked": 6000}, "", id="half of the class at half of its peak"),
        pytest.param(
            {"rate": 1.0, "asked": 1000},
            f"at 1 requests/s; class assistant serves {LLAMA} at 6/s at peak on the accelerators of the run.",
            id="a quiet afternoon",
        ),
        pytest.param(
            {"model": "facebook/opt-125m"},
            "The run served facebook/opt-125m at 12 requests/s",
            id="a tiny model",
        ),
    ],
)
def test_a_run_is_held_against_the_class_placed_here(assistant, serve, given, reason):
    proof = serve(**given)
    assert reason in proof.cannot_judge
    assert bool(proof.cannot_judge) == bool(reason)


def test_a_changed_class_changes_what_a_run_proves(porto, assistant, serve, frozen_now):
    assert serve(rate=6.0, asked=6000).cannot_judge == ""
    workloads.change(assistant, served_models=["whisper"], by=None, now=frozen_now.at)
    _, framework = framework_queries.current()
    [proof] = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk]["p1-serving-latency", "ttft-p99"]
    assert "class assistant serves whisper" in proof.cannot_judge


def test_without_a_class_a_run_proves_and_says_that_nothing_was_compared(serve):
    proof = serve(rate=1.0, asked=1000)
    assert proof.cannot_judge == ""
    assert proof.detail == f"{LLAMA}; no class here declares a model or a peak to compare with"


def test_parts_hold_classes_of_the_day_and_rates_of_ports_in_few_statements(
    porto, node, assistant, frozen_now
):
    made.port(device=node, name="MLX5_0", kind=Port.Kind.ROCE, speed_gbps=400)
    made.port(device=node, name="eth0", speed_gbps=25)
    made.port(device=node, name="bmc")
    with CaptureQueriesContext(connection) as captured:
        parts = in_service.site_parts([porto.pk], frozen_now.at)[porto.pk]
    assert len(captured) <= 2
    assert parts.port_gbps == {(node.pk, "mlx5_0"): 400, (node.pk, "eth0"): 25}
    assert parts.served == (ServedClass("assistant", (LLAMA, "Llama-3.1-405B"), 12.0, 8),)
    before = in_service.site_parts([porto.pk], frozen_now.at - timedelta(days=10))[porto.pk]
    assert before.served == ()


@pytest.mark.parametrize(
    ("gbps", "reason"),
    [
        pytest.param(320.0, "20 are needed", id="at load"),
        pytest.param(0.5, "was 0.5 Gb/s; a path of 400 Gb/s needs 200 Gb/s at least", id="next to no load"),
        pytest.param(None, "The background load is not stated", id="not stated"),
    ],
)
def test_a_load_is_held_against_the_ports_of_the_nodes(porto, node, frozen_now, gbps, reason):
    other = made.device(site=porto, name="node-2")
    for device in (node, other):
        made.port(device=device, name="mlx5_0", kind=Port.Kind.ROCE, speed_gbps=400)
    context = RunContext(devices=[node, other], taken_at=frozen_now.at, load="loaded", load_gbps=gbps)
    given = {"file_name": "a", "by": None, "now": frozen_now.at, "context": context}
    import_run(site=porto, tool="perftest", content=outputs.latency(), **given)
    _, framework = framework_queries.current()
    [proof] = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk][
        "p1-latency-under-load", "loaded-p99"
    ]
    assert reason in proof.cannot_judge
