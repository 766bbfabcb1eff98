"""Facts about a whole site are judged by the floors of what its nodes are."""

import pytest

from inventory.models import Device
from readiness.assessment.evidence.operations import record_fact, set_floor
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from tests.inventory import made

pytestmark = pytest.mark.django_db
GIB = 1024**3
BUSBW = ("p1-intra-node", "busbw")


@pytest.fixture
def nodes_of(porto):
    def add(platform):
        made.device(
            site=porto, name=f"{platform}-1", device_type=made.device_type(slug=platform, kind="node")
        )

    return add


@pytest.fixture
def floor(frozen_now):
    def one(platform, value, size=16 * GIB, operation="all_reduce", tool="nccl-tests", unit="GB/s"):
        given = {"platform": platform, "tool": tool, "measure": "busbw", "operation": operation}
        set_floor(**given, size_bytes=size, value=value, unit=unit, by=None, now=frozen_now.at)

    return one


@pytest.fixture
def floor_of(porto, frozen_now):
    """The floor that a fact of this sub-measure is judged by."""

    def of(check, part):
        given = {
            "check": check,
            "part": part,
            "value": 470.0,
            "taken_on": frozen_now.at.date(),
            "source": "report",
        }
        record_fact(site=porto, **given, by=None, now=frozen_now.at)
        _, framework = framework_queries.current()
        [proof] = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk][check, part]
        return proof.floor

    return of


def test_the_floor_of_the_only_platform(nodes_of, floor, floor_of):
    nodes_of("dgx-h100")
    floor("dgx-h100", 460.0)
    assert floor_of(*BUSBW) == 460.0


def test_the_size_that_the_check_names_goes_before_larger_and_unsized_ones(nodes_of, floor, floor_of):
    nodes_of("dgx-h100")
    for size, value in ((16 * GIB, 460.0), (32 * GIB, 500.0), (None, 10.0)):
        floor("dgx-h100", value, size=size)
    assert floor_of(*BUSBW) == 460.0


def test_of_two_platforms_the_stricter_floor(nodes_of, floor, floor_of):
    for platform, value in (("dgx-h100", 460.0), ("dgx-a100", 228.0)):
        nodes_of(platform)
        floor(platform, value)
    assert floor_of(*BUSBW) == 460.0


def test_none_where_one_platform_has_none(nodes_of, floor, floor_of):
    nodes_of("dgx-h100")
    nodes_of("dgx-a100")
    floor("dgx-h100", 460.0)
    assert floor_of(*BUSBW) is None


def test_none_of_another_operation_or_size(nodes_of, floor, floor_of):
    nodes_of("dgx-h100")
    floor("dgx-h100", 460.0, operation="reduce_scatter")
    floor("dgx-h100", 60.0, operation="all_gather", size=16 * GIB)
    assert floor_of("p1-fabric-collective", "pair-busbw") is None


def test_a_node_out_of_service_counts_for_nothing(porto, nodes_of, floor, floor_of):
    nodes_of("dgx-h100")
    nodes_of("dgx-a100")
    floor("dgx-h100", 460.0)
    Device.objects.filter(name="dgx-a100-1").update(status=Device.Status.RETIRED)
    assert floor_of(*BUSBW) == 460.0
