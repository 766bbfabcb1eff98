"""How much evidence is enough: what a framework states, and what applies if it states nothing."""

import copy
from pathlib import Path

import pytest

from readiness.assessment.framework.core import minimums
from readiness.assessment.framework.core.document import dump, load, load_files
from readiness.assessment.framework.core.vocabulary import Amount
from readiness.assessment.framework.core.wording import changes
from web.versioned.core.documents import DocumentError, written
from web.versioned.core.files import texts_of

FIRST_VERSION = "3225e661eb05db04abe3bb999380dd2b1f623b471cdb6516e26e4f6907fcb7ac"
"""Digest of muster-1 as it was stored before a framework could state minimums."""
CHECK = "p4-golive-review"


def first_version():
    """Return muster-1 from the file that an installation with it exports."""
    file = Path(__file__).with_name("muster-1.zip")
    return load_files(texts_of(file.name, file.read_bytes()))


def stating(framework, *stated, check_id=CHECK, **head):
    mapping = copy.deepcopy(written(framework)) | head
    [check] = [check for check in mapping["checks"] if check["id"] == check_id]
    check["minimums"] = [{"source": "OD", **each} for each in stated]
    return load(mapping)


def iterations(tool, at_least):
    return {"tool": tool, "of": "iterations", "at_least": at_least}


@pytest.fixture
def default(shipped, monkeypatch):
    """Muster's own definition asks for 1,000 iterations of perftest and 10 of any other tool."""
    definition = stating(shipped, iterations("perftest", 1000), iterations("*", 10))
    monkeypatch.setattr(minimums, "shipped", lambda: definition)


@pytest.mark.parametrize(
    ("own", "tool", "least"),
    [
        pytest.param([], "perftest", 1000, id="a version from before minimums existed"),
        pytest.param([], "sockperf", 10, id="any tool of the default"),
        pytest.param([iterations("perftest", 50)], "perftest", 50, id="its own"),
        pytest.param([iterations("perftest", 50)], "sockperf", 10, id="its own of another tool"),
        pytest.param([iterations("*", 7)], "perftest", 7, id="its own of any tool before the default of one"),
        pytest.param([iterations("*", 7), iterations("perftest", 8)], "perftest", 8, id="a tool before any"),
        pytest.param([iterations("perftest", 0)], "perftest", None, id="nothing is asked of it"),
        pytest.param([iterations("*", 0)], "perftest", None, id="nothing is asked of any"),
        pytest.param([iterations("*", 9), iterations("perftest", 0)], "perftest", None, id="nothing of one"),
    ],
)
@pytest.mark.usefixtures("default")
def test_least_iterations(shipped, own, tool, least):
    result = minimums.minimum(stating(shipped, *own), CHECK, tool, Amount.ITERATIONS)
    assert (result.value if result else None) == least


@pytest.mark.usefixtures("default")
def test_nothing_is_asked_where_neither_states_it(shipped):
    first = stating(shipped)
    assert minimums.minimum(first, CHECK, "perftest", Amount.DURATION) is None
    assert minimums.minimum(first, "p4-no-such-check", "perftest", Amount.ITERATIONS) is None


@pytest.mark.usefixtures("default")
def test_a_page_shows_own_minimums_and_the_defaults_beside_them(shipped):
    framework = stating(shipped, iterations("perftest", 0))
    rows = [(each.tool, each.value, is_own) for each, is_own in minimums.effective_minimums(framework, CHECK)]
    assert rows == [("perftest", 0, True), ("*", 10, False)]
    framework = stating(shipped, iterations("*", 3))
    assert [(each.tool, is_own) for each, is_own in minimums.effective_minimums(framework, CHECK)] == [
        ("*", True)
    ]


def test_minimums_and_the_switch_survive_being_written_out(shipped):
    decided = {"source": "own", "note": "Ours.", "decided_by": "Mira Kovač", "decided_on": "2026-11-25"}
    framework = stating(
        shipped, iterations("perftest", 1000) | decided, iterations("*", 0), sender_named="warn"
    )
    assert load(written(framework)) == framework
    assert load_files({"framework.yaml": dump(framework)}) == framework


def test_a_file_is_refused_with_the_line_of_the_minimum(shipped):
    text = dump(stating(shipped, iterations("perftest", 1234)))
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "at_least: 1234" in row)
    with pytest.raises(DocumentError) as refusal:
        load_files({"framework.yaml": text.replace("at_least: 1234", "at_least: -3")})
    assert refusal.value.path == f"checks[{CHECK}].minimums[0].at_least"
    assert (refusal.value.file, refusal.value.line) == ("framework.yaml", line)


def test_a_stored_first_version_keeps_its_digest():
    first = first_version()
    assert first.content_digest == FIRST_VERSION
    assert stating(first, sender_named="full").content_digest == FIRST_VERSION


def test_the_shipped_version_adds_to_the_first_and_changes_nothing_else(shipped):
    assert {change.field for change in changes(first_version(), shipped)} <= {"minimums", "added"}
    assert shipped.sender_named == "full"


@pytest.mark.parametrize(
    ("check_id", "tool", "measure", "least"),
    [
        ("p1-intra-node", "nccl-tests", "iterations", 20),
        ("p1-fabric-collective", "rccl-tests", "iterations", 20),
        ("p1-rdma-port", "perftest", "iterations", 1000),
        ("p1-latency-under-load", "perftest", "iterations", 1000),
        ("p1-latency-under-load", "sockperf", "repeats", 20),
        ("p1-latency-under-load", "perftest", "load-share", 0.5),
        ("p1-serving-latency", "vllm-bench", "duration", 600),
        ("p1-serving-latency", "mlperf", "requests", 1000),
        ("p1-serving-latency", "vllm-bench", "peak-share", 0.9),
        ("p1-soak-24h", "csv", "rows", 1440),
        ("p5-baseline-regression", "iperf3", "duration", 10),
        ("p5-baseline-regression", "fio", "duration", 60),
    ],
)
def test_a_version_without_minimums_takes_those_shipped(shipped, check_id, tool, measure, least):
    for framework in (first_version(), shipped):
        assert minimums.minimum(framework, check_id, tool, measure).value == least
