"""p1-fabric-collective at a site of two nodes, from the files to the check's state."""

import pytest

from readiness.assessment.evidence.operations import RunContext, import_run, set_floor
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
HOSTS = ("node-1", "node-2")


@pytest.fixture
def porto(frozen_now):
    porto = made.site(name="Porto", slug="porto", stage="production")
    kind = made.device_type(slug="dgx-h100", kind="node")
    for name in HOSTS:
        node = made.device(site=porto, name=name, device_type=kind)
        for index in range(8):
            made.accelerator(device=node, index=index)
    floor = {"operation": "all_gather", "size_bytes": 8 * outputs.GIB, "value": 250, "unit": "GB/s"}
    given = {"platform": "dgx-h100", "tool": "nccl-tests", "measure": "busbw", "by": None}
    set_floor(**given, **floor, now=frozen_now.at)
    return porto


@pytest.fixture
def judged(porto, frozen_now):
    """The check's state and reason after these runs."""

    def look(*contents):
        for content in contents:
            frozen_now.move(minutes=1)
            given = {"site": porto, "tool": "nccl-tests", "file_name": "out", "by": None}
            import_run(content=content, now=frozen_now.at, context=RunContext(), **given)
        evaluate(site_ids=[porto.pk], now=frozen_now.at)
        result = CheckResult.objects.get(site=porto, check_id="p1-fabric-collective")
        return result.state, result.reason

    return look


def pair(**given):
    asked = {"operation": "all_gather", "size": 8 * outputs.GIB, "hosts": HOSTS, "busbw": 260.0, "gpus": 8}
    return outputs.collective(**{**asked, **given})


def test_it_passes_without_a_third_node(judged):
    assert judged(pair())[0] == "pass"


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        pytest.param({"wrong": 32}, "fail", "64 values were wrong", id="wrong values"),
        pytest.param({"gpus": 1}, "pass", "", id="a part of the accelerators hides no run of all"),
        pytest.param({"checked": False}, "pass", "", id="an unchecked run hides no checked one"),
        pytest.param({"busbw": 200.0}, "fail", "200 GB/s", id="slow"),
    ],
)
def test_what_a_newer_run_does_to_an_older_clean_one(judged, given, state, reason):
    found, said = judged(pair(), pair(mark="newer", **given))
    assert found == state
    assert reason in said


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"gpus": 1}, "1 of 8 of node-1", id="a part of the accelerators"),
        pytest.param({"checked": False}, "did not check its results", id="unchecked"),
        pytest.param({"size": outputs.GIB}, "no row of 2 GiB or more", id="stops at 1 GiB"),
    ],
)
def test_what_proves_nothing_says_why(judged, given, reason):
    state, said = judged(pair(**given))
    assert state in ("unknown", "fail")
    assert reason in said
