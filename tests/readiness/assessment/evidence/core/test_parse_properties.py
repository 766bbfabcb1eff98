"""Whatever is sent, a parser gives figures that a store takes, or raises ParseError: nothing else, ever."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.evidence.core.documents import Json, line_in
from readiness.assessment.evidence.core.parsers import PARSERS, ParseError, parse, platform_floors
from readiness.assessment.evidence.models import RunMeasure
from tests.readiness.assessment.evidence import benchmark_outputs as benchmarks
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core import test_parse_collectives as collectives
from tests.readiness.assessment.evidence.core import test_parse_network as network
from tests.readiness.assessment.evidence.core import test_parse_others as others
from tests.readiness.assessment.evidence.core import test_parse_perftest as perftest
from tests.readiness.assessment.evidence.core.samples import RUNS, sample
from web.versioned.core.documents import LARGEST

ROW = " 65536      5000             51.05              51.04              0.097356\n"
DIAG = (
    '{"DCGM Diagnostic": {"test_categories": [{"category": "d", "tests": [{"name": "memory", "results": ['
    '{"entity_group": "GPU", "entity_id": 0, "status": "Fail", "warnings": [{"error_severity": 2}]}]}]}]}}'
)
TABLE = "measure,value,unit,percentile,samples,taken_at\nlatency,11.5,ms,99,20000,2026-11-21T10:00:00Z\n"
GOOD = [
    ("nccl-tests", collectives.HEADER + collectives.ROW + collectives.FOOTER),
    ("nccl-tests", collectives.document()),
    (
        "rccl-tests",
        '[{"name": "AllReduce", "ranks": 8, "size": 8, "inPlace": 0, "busBw": 1.75, "algBw": 1, "wrong": "0"}]',
    ),
    ("perftest", perftest.heading("RDMA_Write BW Test") + perftest.GBITS + ROW),
    ("perftest", perftest.document(MsgSize=2, n_iterations=20000, t_typical=0.98, percentile_99=1.21)),
    ("iperf3", network.iperf3()),
    ("sockperf", network.SOCKPERF),
    ("fio", others.fio()),
    ("dcgm-diag", DIAG),
    ("mlperf", others.logged("run_start", 1) + others.logged("run_stop", 99_999, None, "success")),
    ("vllm-bench", outputs.served().decode()),
    ("stream", benchmarks.stream().decode()),
    ("hpl", benchmarks.hpl().decode()),
    ("hpl-mxp", benchmarks.hpl_mxp().decode()),
    ("osu", benchmarks.osu_collective().decode()),
    ("osu", benchmarks.osu_pairs().decode()),
    ("superbench", benchmarks.superbench(nodes=("node-1", "node-2")).decode()),
    ("nccl-ras", benchmarks.ras(missing=1).decode()),
    ("nccl-ras", benchmarks.ras_json(missing=[(True, False)]).decode()),
    ("junit", benchmarks.junit(failed=1).decode()),
    ("csv", TABLE),
]


def reads_or_refuses(tool, content):
    try:
        run = parse(tool, content)
    except ParseError as error:
        refused = error
    else:
        holds_up(run)
        return
    assert refused.line >= 1
    assert refused.reason
    assert refused.reason.encode()


def holds_up(run):
    assert run.figures
    for figure in run.figures:
        assert figure.value is None or abs(figure.value) <= LARGEST
        assert figure.value is None or figure.value >= 0 or run.tool == "csv"
        assert figure.value is not None or figure.caution
        for name in ("name", "unit", "operation", "variant", "subject"):
            text = getattr(figure, name)
            text.encode()
            assert "\x00" not in text
            assert len(text) <= RunMeasure._meta.get_field(name).max_length
        for count in (figure.size_bytes, figure.samples, figure.streams):
            assert count is None or 0 <= count < 2**63
    assert b"\x00" not in run.content


@pytest.mark.parametrize("tool", sorted(PARSERS))
@settings(max_examples=60)
@given(
    content=st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace"))
)
def test_anything_at_all(tool, content):
    reads_or_refuses(tool, content)


def mutated(draw, content):
    """A few edits of a good file: bytes replaced, cut, doubled, or put in."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["replace", "cut", "double", "insert", "end"])):
            case "replace":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del data[at : at + draw(st.integers(1, 40))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case "insert":
                pieces = [
                    b"nan",
                    b"-1",
                    b"1e999",
                    b"1e300",
                    b"1e-320",
                    b"9" * 30,
                    b"x" * 500,
                    b"null",
                    b"[]",
                    b"{}",
                    b"\xff",
                    b'"',
                    b"\n",
                    b"\\ud800",
                ]
                data[at:at] = draw(st.sampled_from(pieces))
            case "end":
                del data[at:]
    return bytes(data)


@pytest.mark.parametrize(
    ("tool", "text"), GOOD, ids=[f"{tool} {place}" for place, (tool, _) in enumerate(GOOD)]
)
@settings(max_examples=150)
@given(data=st.data())
def test_good_files_with_a_few_edits(tool, text, data):
    reads_or_refuses(tool, mutated(data.draw, text.encode()))


@pytest.mark.parametrize(
    ("tool", "text"), GOOD, ids=[f"{tool} {place}" for place, (tool, _) in enumerate(GOOD)]
)
def test_the_good_files_are_good(tool, text):
    assert parse(tool, text.encode()).figures


def udp(**measured):
    end = {"bits_per_second": 1e10, "jitter_ms": 0.1, "lost_percent": 1.0, "packets": 9, **measured}
    start = {"version": "iperf 3.16", "test_start": {"protocol": "UDP"}}
    return json.dumps({"start": start, "end": {"sum": end}})


def fio_with(percentiles=None, **options):
    document = json.loads(others.fio())
    [job] = document["jobs"]
    job["job options"] |= options
    job["read"]["clat_ns"]["percentile"] |= percentiles or {}
    return json.dumps(document)


HALF = {"time": 5.0, "alg_bw": 1.0, "bus_bw": 2.0, "nwrong": 0.0}
SAID_BY_RANK = {"gpu_ids": "x" * 200, "status": "pass"}
NO_FIGURES = {
    "a rate that overflows its unit": (
        "perftest",
        outputs.write_bandwidth(gbps=1e308).replace(b"Gb/sec", b"MB/sec"),
    ),
    "a rate beyond anything": ("perftest", outputs.write_bandwidth(gbps=1e16)),
    "a latency of nothing": ("perftest", outputs.latency(p99=0.0)),
    "a jitter below zero": ("iperf3", udp(jitter_ms=-5)),
    "more lost than sent": ("iperf3", udp(lost_percent=101)),
    "a time below zero": (
        "nccl-tests",
        collectives.document(results=[{"size": 8, "out_of_place": HALF | {"time": -1}}]),
    ),
    "a size below zero": ("nccl-tests", collectives.document(results=[{"size": -8, "out_of_place": HALF}])),
    "a word without end": (
        "nccl-tests",
        collectives.HEADER + collectives.ROW.replace("float", "f" * 500) + collectives.FOOTER,
    ),
    "a time to the first token of nothing": ("vllm-bench", outputs.served(p99=0.0, median_ttft_ms=0.0)),
    "a time to the first token below zero": ("vllm-bench", outputs.served(p99=-1.0)),
    "streams below zero": ("fio", fio_with(numjobs="-5")),
    "a time beyond anything": (
        "mlperf",
        others.logged("run_start", -1e300) + others.logged("run_stop", 1, None, "success"),
    ),
}


@pytest.mark.parametrize(("tool", "content"), NO_FIGURES.values(), ids=NO_FIGURES)
def test_what_no_tool_measures_is_refused(tool, content):
    with pytest.raises(ParseError):
        parse(tool, content if isinstance(content, bytes) else content.encode())


EXTREME = {
    "a percentile next to none": ("csv", "measure,value,percentile,samples\nlatency,5,1e-320,9\n"),
    "a percentile next to none, by fio": ("fio", fio_with({"1e-320": 5})),
    "jobs that no number holds": ("fio", fio_with(numjobs="1e30")),
    "a name as long as a text may be": (
        "dcgm-diag",
        json.dumps(
            {"DCGM Diagnostic": {"test_categories": [{"tests": [{"name": "x", "results": [SAID_BY_RANK]}]}]}}
        ),
    ),
}


@pytest.mark.parametrize(("tool", "text"), EXTREME.values(), ids=EXTREME)
def test_what_is_extreme_is_kept_within_bounds(tool, text):
    holds_up(parse(tool, text.encode()))


@pytest.mark.parametrize("name", sorted(RUNS))
@settings(max_examples=40)
@given(data=st.data())
def test_real_files_with_a_few_edits(name, data):
    reads_or_refuses(RUNS[name], mutated(data.draw, sample(name)))


@pytest.mark.parametrize("tool", sorted(PARSERS))
@pytest.mark.parametrize("opening", ["[", '{"env":', '{"DCGM Diagnostic":', '{"jobs":['])
@pytest.mark.parametrize("depth", [70, 900, 3000, 60_000])
def test_nesting_without_end(tool, opening, depth):
    closing = {"[": "]", '{"env":': "}", '{"DCGM Diagnostic":': "}", '{"jobs":[': "]}"}[opening]
    reads_or_refuses(tool, (opening * depth + "1" + closing * depth).encode())


@settings(max_examples=100)
@given(
    content=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: f" * || check_ib_bw_gdr {text}".encode())
)
def test_floors_of_anything(content):
    try:
        floors = platform_floors.parse(content)
    except ParseError:
        return
    assert all(0 < floor.value <= LARGEST for floor in floors)


leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.text('ab"\\\n', max_size=3)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"', max_size=2), inner, max_size=3)
    ),
)


@given(tree=trees, indent=st.sampled_from([None, 1]))
def test_the_line_of_every_member_is_found(tree, indent):
    text = json.dumps(tree, indent=indent)

    def walk(value, path):
        line = line_in(text, path)
        assert 1 <= line <= text.count("\n") + 1
        if not isinstance(value, dict | list):
            assert json.dumps(value).splitlines()[0] in text.split("\n")[line - 1]
        members = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, member in members:
            walk(member, (*path, key))

    walk(Json.parse(text).value, ())
