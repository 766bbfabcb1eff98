"""Outputs as those hand them on who collect them: with tags and times before lines, remarks around them, several runs
in one file."""

import json

import pytest

from readiness.assessment.evidence.core.parsers import ParseError, parse
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core import test_parse_network as network
from tests.readiness.assessment.evidence.core import trap_outputs
from tests.readiness.assessment.evidence.core.test_parse_properties import GOOD

FILES = [
    *GOOD,
    ("nccl-tests", outputs.collective(gpus=2).decode()),
    ("sockperf", trap_outputs.sockperf().decode()),
]
NAMED = {f"{tool} {place}": (tool, text) for place, (tool, text) in enumerate(FILES)}
TAGS = {
    "mpirun": "[1,0]<stdout>:",
    "prterun": "[prterun-node-1-4242@1,0]<stdout>: ",
    "kubectl --prefix": "[pod/nccl-launcher-x7x9z/launcher] ",
    "kubectl --timestamps": "2026-11-20T10:00:00.123456789Z ",
    "a container's log": "2026-11-20T10:00:00.123456789+01:00 stdout F ",
    "srun --label": " 0: ",
    "Ray": "(head, rank=0, pid=3808) ",
    "one in another": "(worker, pid=3808) [1,0]<stdout>:",
}


@pytest.mark.parametrize("file", NAMED)
@pytest.mark.parametrize("tag", TAGS)
def test_what_stands_before_each_line_is_left_out(file, tag):
    tool, text = NAMED[file]
    tagged = "".join(f"{TAGS[tag]}{line}\n" for line in text.splitlines())
    assert parse(tool, tagged.encode()).figures == parse(tool, text.encode()).figures


@pytest.mark.parametrize("file", NAMED)
def test_a_mark_and_line_ends_of_another_system_change_nothing(file):
    tool, text = NAMED[file]
    marked = "\N{BOM}" + text.replace("\n", "\r\n")
    assert parse(tool, marked.encode()).figures == parse(tool, text.encode()).figures


DOCUMENTS = {
    "iperf3": network.iperf3(),
    "fio": trap_outputs.fio().decode(),
    "dcgm-diag": trap_outputs.DIAG.decode(),
}


@pytest.mark.parametrize("tool", DOCUMENTS)
@pytest.mark.parametrize("indent", [None, 1], ids=["one line", "many lines"])
def test_remarks_around_a_document_are_not_in_the_way(tool, indent):
    text = json.dumps(json.loads(DOCUMENTS[tool]), indent=indent)
    around = f"If you don't see a command prompt, try pressing enter.\n{text}\ncommand terminated with exit code 226\n"
    assert parse(tool, around.encode()).figures == parse(tool, text.encode()).figures


@pytest.mark.parametrize("tool", ["vllm-bench", *DOCUMENTS])
@pytest.mark.parametrize("cut", [0, 30], ids=["whole", "cut off"])
def test_a_second_document_is_refused_with_its_line(tool, cut):
    text = DOCUMENTS.get(tool, outputs.served().decode()).strip()
    other = text.replace("0", "1")[: len(text) - cut]
    with pytest.raises(ParseError, match="each run in a file of its own") as refused:
        parse(tool, f"{text}\n{other}".encode())
    assert refused.value.line == text.count("\n") + 2


def test_a_document_written_twice_is_one():
    """https://github.com/esnet/iperf/issues/1688"""
    text = network.iperf3()
    assert parse("iperf3", f"{text}\n{text}\n".encode()).figures == parse("iperf3", text.encode()).figures


def test_a_member_with_two_values_is_refused():
    """https://github.com/esnet/iperf/issues/1196"""
    text = json.dumps(json.loads(network.iperf3()), indent=1)
    both = text.replace('"end": {', '"end": {\n"sum_received": {"bits_per_second": 1.0},')
    with pytest.raises(ParseError, match="'sum_received' twice") as refused:
        parse("iperf3", both.encode())
    assert "sum_received" in both.splitlines()[refused.value.line - 1]
    same = text.replace('"protocol": "TCP",', '"protocol": "TCP", "protocol": "TCP",')
    assert parse("iperf3", same.encode()).figures == parse("iperf3", text.encode()).figures


@pytest.mark.parametrize(
    ("tool", "first", "second"),
    [
        pytest.param("sockperf", trap_outputs.sockperf(), trap_outputs.sockperf(p99=60), id="sockperf"),
        pytest.param("mlperf", trap_outputs.served(), trap_outputs.served(tail=4.5), id="the load generator"),
    ],
)
def test_of_two_runs_in_a_text_none_hides_the_other(tool, first, second):
    with pytest.raises(ParseError, match="another run begin") as refused:
        parse(tool, first + second)
    assert refused.value.line > first.count(b"\n")
