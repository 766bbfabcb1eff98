"""Which tool wrote a file, or which other program, by cheap signs near its beginning.

A sign is what only that format has. A file without one is not recognised: it may still be a fragment that a tool's
parser explains better.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from readiness.assessment.evidence.core.parsed import ParseError

AUTO = "auto"
"""Stands for the tool that the file is recognised to be of."""
LOOKED_AT = 256 * 1024
NAMES: Mapping[str, str] = {
    "nccl-tests": "output of nccl-tests",
    "rccl-tests": "output of rccl-tests",
    "perftest": "output of perftest",
    "iperf3": "output of iperf3",
    "sockperf": "output of sockperf",
    "fio": "output of fio",
    "dcgm-diag": "a result of dcgmi diag",
    "mlperf": "an MLPerf-style log",
    "vllm-bench": "a result of vllm bench serve",
    "stream": "output of STREAM",
    "hpl": "output of HPL",
    "hpl-mxp": "output of HPL-MxP",
    "osu": "output of the OSU micro-benchmarks",
    "superbench": "a summary of SuperBench",
    "nccl-ras": "a RAS report of NCCL or RCCL",
    "junit": "a JUnit test report",
    "csv": "a table of figures",
}
"""Words for what each tool writes."""
TWINS = frozenset({"nccl-tests", "rccl-tests"})
"""These two print one format, and many versions do not say which of them ran."""
ELSEWHERE: Mapping[str, str] = {
    "a node-health configuration": "import it as floors",
    "a NodeVerdict of NVIDIA Health Validation": "Muster does not import it",
    "a report of NVIDIA's Cluster Readiness Engine": "Muster does not import it",
    "a message of NVIDIA's DSX Exchange": "Muster does not import it",
    "a notification of Alertmanager": "Muster does not import it",
    "a notification of Grafana": "Muster does not import it",
    "an event of PagerDuty": "Muster does not import it",
    "metrics in Prometheus' text format": "send it as telemetry",
    "metrics in OTLP's JSON": "send it as telemetry",
    "a Kubernetes AI conformance checklist": "Muster does not import it",
    "a table of facts, limits or runs that a list of Muster exports": "import it on the page of that list",
}
"""Formats that are no run, with what to do about them."""
type Sign = tuple[str, Callable[[dict[str, Any]], bool]]


def _has(*names: str) -> Callable[[dict[str, Any]], bool]:
    return lambda document: all(name in document for name in names)


_OBJECTS: tuple[Sign, ...] = (
    ("a NodeVerdict of NVIDIA Health Validation", _has("overall_severity", "check_verdicts")),
    ("a report of NVIDIA's Cluster Readiness Engine", _has("reportID", "report", "schemaVersion")),
    ("a message of NVIDIA's DSX Exchange", lambda each: str(each.get("topic")).startswith("BMS/")),
    ("a notification of Grafana", _has("receiver", "alerts", "orgId")),
    ("a notification of Alertmanager", _has("receiver", "alerts", "groupLabels")),
    ("an event of PagerDuty", _has("event_action", "payload")),
    ("an event of PagerDuty", lambda each: "event_type" in (each.get("event") or {})),
    ("metrics in OTLP's JSON", _has("resourceMetrics")),
    ("nccl-ras", _has("nccl_version", "communicators")),
    ("nccl-tests", _has("out_of_bounds", "results")),
    ("vllm-bench", _has("num_prompts", "completed", "request_throughput")),
    ("fio", lambda each: "fio version" in each),
    ("iperf3", lambda each: "end" in each and "connected" in (each.get("start") or {})),
    ("dcgm-diag", lambda each: any(key.startswith("DCGM ") for key in each) or "test_categories" in each),
    ("perftest", _has("test_info", "results")),
    ("superbench", lambda each: any(re.search(r"/return_code(?::\d+)?$", key) for key in each)),
    ("superbench", lambda each: "node" in each and any(re.search(r".+/.+", key) for key in each)),
)
_TEXTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(sign, re.MULTILINE))
    for name, sign in (
        ("mlperf", r":::MLLOG"),
        ("nccl-ras", r"^Group +Comms +Nodes +Ranks"),
        ("hpl-mxp", r"^ *\*+ HPL MxP Result|HPLMXP_pdgesv|HPL-MxP-NVIDIA|HPLMxP-NVIDIA"),
        ("hpl", r"^HPLinpack \d|^HPL-NVIDIA \d|HPL_pdgesv\(\) (?:start|end) time"),
        ("stream", r"^STREAM version|^Function +(?:Best )?Rate \(?MB/s"),
        ("osu", r"^#? *OSU [A-Z+][\w+-]+ .{1,80} v\d"),
        ("sockperf", r"^sockperf(?:\[[A-Z]+\])?: "),
        ("perftest", r"^ *(?:RDMA_(?:Write|Read)|Send|Atomic|Raw_Ethernet)\b.* Test\s*$|#bytes +#iterations"),
        ("nccl-tests", r"^# +size +count .*busbw|^# *[nr]ccl-tests version|^#\s*Rank +\d+ .*\bPid +\d+ on "),
        ("a node-health configuration", r"^[^#\n|]*\|\|\s*check_\w+"),
        (
            "metrics in Prometheus' text format",
            r"^# (?:TYPE|HELP) \w+ |^[a-zA-Z_:][\w:]*\{\w+=\"[^\n]*\} +[-+\d.NI]",
        ),
        ("a Kubernetes AI conformance checklist", r"^# Kubernetes AI Conformance|^kubernetesVersion:"),
    )
)
_EXPORTED = frozenset({"site", "check", "limit"})


def recognised(content: bytes) -> str:
    """Return the tool, or the name of another format in words; empty if no sign is known."""
    text = content[:LOOKED_AT].decode("utf-8-sig", "replace").lstrip()
    if text.startswith("<"):
        return "junit" if re.search(r"<testsuites?\b", text) else ""
    name = _tool_of_json(content, text) or _tool_of_table(text)
    name = name or next((name for name, sign in _TEXTS if sign.search(text)), "")
    return "rccl-tests" if name == "nccl-tests" and re.search(r"\brccl\b", text, re.IGNORECASE) else name


def tool_of(content: bytes, tool: str) -> str:
    """Return the tool whose parser reads the file: the chosen one, or the recognised one for `auto`.

    Raises ParseError if the file is another format than the chosen one, or if none is chosen and none recognised.
    """
    name = recognised(content)
    if name in ELSEWHERE:
        raise ParseError(1, f"The file looks like {name}: {ELSEWHERE[name]}.")
    if tool not in ("", AUTO):
        if name and name != tool and not {name, tool} <= TWINS:
            raise ParseError(1, f"The file looks like {NAMES[name]}; choose {name}.")
        return tool
    if not name:
        raise ParseError(
            1, f"No tool is recognised by this file. Choose the tool that wrote it: {', '.join(NAMES)}."
        )
    return name


def _tool_of_json(content: bytes, text: str) -> str:
    """Some tools print remarks above their document, and SuperBench prints a document a line."""
    if text.startswith("["):
        return "rccl-tests" if re.match(r'\[\s*\{[^{}]*"(?:busBw|numCycle)"', text) else ""
    begin = re.search(r"^\{", text, re.MULTILINE)
    if begin is None:
        return ""
    return next(
        (name for name, is_sign in _OBJECTS if is_sign(_document(content, text[begin.start() :]))), ""
    )


def _document(content: bytes, text: str) -> dict[str, Any]:
    """The document from this place on, or the names that a broken one has."""
    whole = text if len(content) <= LOOKED_AT else content.decode("utf-8", "replace")
    try:
        document, _ = json.JSONDecoder().raw_decode(whole[whole.index("{") :])
    except (ValueError, RecursionError):
        return dict.fromkeys(re.findall(r'"([^"\\\n]{1,200})"\s*:', text))
    return document if isinstance(document, dict) else {}


def _tool_of_table(text: str) -> str:
    head = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    columns = {cell.strip().strip('"').lower() for cell in head.split(",")}
    if {"measure", "value"} <= columns:
        return "csv"
    return list(ELSEWHERE)[-1] if len(columns) > 2 and _EXPORTED & columns and "value" in columns else ""
