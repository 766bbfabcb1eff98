"""Each format is recognised by its own sign, and another one's is refused by name."""

import pytest

from readiness.assessment.evidence.core.parsers import PARSERS, ParseError
from readiness.assessment.evidence.core.parsers.recognised import ELSEWHERE, NAMES, TWINS, recognised, tool_of
from tests.readiness.assessment.evidence.core.samples import FOLDER, RUNS, sample
from tests.readiness.assessment.evidence.core.test_parse_properties import GOOD

ALIEN = {
    "a node-health configuration": b"# comment\n * || check_nccl_allreduce 460.0 1 16G\n",
    "a NodeVerdict of NVIDIA Health Validation": b'{"overall_severity": "PASS", "check_verdicts": []}',
    "a report of NVIDIA's Cluster Readiness Engine": b'{"schemaVersion": "v1", "reportID": "a", "report": {}}',
    "a message of NVIDIA's DSX Exchange": b'{"topic": "BMS/v1/PUB/Value/Rack/r05/leak", "payload": {"value": 1}}',
    "a notification of Alertmanager": b'{"receiver": "a", "alerts": [], "groupLabels": {}}',
    "a notification of Grafana": b'{"receiver": "a", "orgId": 1, "alerts": [], "groupLabels": {}}',
    "an event of PagerDuty": b'{"event": {"event_type": "incident.acknowledged"}}',
    "metrics in Prometheus' text format": b'# HELP up Is it up.\n# TYPE up gauge\nup{job="a"} 1\n',
    "metrics in OTLP's JSON": b'{"resourceMetrics": []}',
    "a Kubernetes AI conformance checklist": b"# Kubernetes AI Conformance Checklist\nmetadata:\n",
    "a table of facts, limits or runs that a list of Muster exports": b"site,check,part,value\nporto,p2-pue,pue,1\n",
}
ALIEN_SAMPLES = {
    "verdicts/nodeverdict_critical.json": "a NodeVerdict of NVIDIA Health Validation",
    "verdicts/nvcre_report_webhook_failed_SYNTHETIC.json": "a report of NVIDIA's Cluster Readiness Engine",
    "verdicts/dsx/bms_rack_leak_value.json": "a message of NVIDIA's DSX Exchange",
    "verdicts/alertmanager_v4_current.json": "a notification of Alertmanager",
    "verdicts/grafana_webhook_v1_SYNTHETIC.json": "a notification of Grafana",
    "verdicts/pagerduty_events_v2.json": "an event of PagerDuty",
    "verdicts/pagerduty_v3_webhook_SYNTHETIC.json": "an event of PagerDuty",
    "verdicts/cvs/rccl_v2283_text_degraded.txt": "nccl-ras",
    "verdicts/cvs/rccl_v2289_json_degraded.json": "nccl-ras",
    "verdicts/cvs/vllm_results_widened.json": "vllm-bench",
    "validation/nd96isr_h100_v5.conf": "a node-health configuration",
    "readiness/AIConformance-1.36.yaml": "a Kubernetes AI conformance checklist",
    "telemetry/ipmi_exporter_docs_samples.prom": "metrics in Prometheus' text format",
}


def is_twin(name, tool):
    return name == tool or {name, tool} <= TWINS


def test_every_tool_and_other_format_has_its_words():
    assert NAMES.keys() == PARSERS.keys()
    assert ALIEN.keys() == ELSEWHERE.keys()


def test_the_tools_own_files_are_recognised():
    wrong = [(tool, recognised(text.encode())) for tool, text in GOOD]
    assert [pair for pair in wrong if not is_twin(*pair)] == []
    assert {name: recognised(sample(name)) for name in RUNS} == RUNS


@pytest.mark.parametrize("name", ALIEN)
def test_what_is_no_run_is_refused_by_name_whatever_was_chosen(name):
    for tool in ("auto", "fio", "csv"):
        with pytest.raises(ParseError, match=f"looks like {name}"):
            tool_of(ALIEN[name], tool)


@pytest.mark.parametrize("name", ALIEN_SAMPLES)
def test_real_files_are_recognised(name):
    path = FOLDER.parent / name
    if not path.exists():
        pytest.skip(f"{name} is not here: the samples are a folder beside the repository")
    assert recognised(path.read_bytes()) == ALIEN_SAMPLES[name]


def test_a_file_of_another_tool_is_refused_by_name():
    for tool, text in GOOD:
        other = "hpl" if tool != "hpl" else "stream"
        with pytest.raises(ParseError, match=r"The file looks like .+; choose [a-z0-9-]+\."):
            tool_of(text.encode(), other)


def test_the_chosen_tool_stands_where_nothing_is_recognised():
    assert tool_of(b"Completion with error at client\n", "perftest") == "perftest"
    assert tool_of(b'[{"name": "AllReduce", "busBw": 1}]', "nccl-tests") == "nccl-tests"
    with pytest.raises(ParseError, match="Choose the tool that wrote it: nccl-tests, "):
        tool_of(b"hello\n", "auto")
