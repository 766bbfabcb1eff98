"""Programs that measure themselves by OpenTelemetry's SDKs for Python and JavaScript meet a running Muster, in two
lives that end by kill -9. What they sent is stored.
"""

import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from itertools import chain

import pytest

from tests.peers.expected import Expected, assert_buckets, split_by_time
from tests.peers.instrumented import BOUNDS, PLAN, SCOPE
from tests.peers.standing import ROOT
from tests.peers.stored import SourceUnderTest

pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

JAVASCRIPT = ROOT / "tests/peers/javascript"
NODE = ROOT / ".venv/bin/node"


def python_program(encoding, life):
    return [sys.executable, "-m", "tests.peers.instrumented", encoding, str(life)]


def javascript_program(encoding, life):
    rounds = json.dumps({"bounds": BOUNDS, "plan": [measured._asdict() for measured in PLAN[life]]})
    return [NODE, JAVASCRIPT / "instrumented.js", encoding, SCOPE, rounds]


PROGRAMS = {"Python": python_program, "JavaScript": javascript_program}
# Language, encoding, temporality, compression; the SDK for JavaScript knows gzip alone.
SENDERS = [
    ("Python", "protobuf", "cumulative", "gzip"),
    ("Python", "protobuf", "delta", "none"),
    ("Python", "json", "cumulative", "none"),
    ("Python", "json", "lowmemory", "deflate"),
    ("JavaScript", "protobuf", "cumulative", "none"),
    ("JavaScript", "protobuf", "delta", "gzip"),
    ("JavaScript", "protobuf", "lowmemory", "none"),
    ("JavaScript", "json", "cumulative", "gzip"),
    ("JavaScript", "json", "delta", "none"),
    ("JavaScript", "json", "lowmemory", "gzip"),
]


@pytest.fixture(scope="module")
def javascript_packages():
    """The packages of the lock file, which nothing but this test needs, are installed when it first runs."""
    lock, stamp = JAVASCRIPT / "package-lock.json", JAVASCRIPT / "node_modules/.installed"
    installed = sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == installed:
        return
    npm = [NODE.with_name("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    environment = os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"}
    installation = subprocess.run(
        npm, cwd=JAVASCRIPT, env=environment, capture_output=True, text=True, timeout=300
    )
    if installation.returncode:
        reason = f"OpenTelemetry's SDK for JavaScript cannot be installed: {installation.stderr}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    stamp.write_text(installed)


def run_program(source, language, encoding, life, **settings):
    """The times, in ms, of the exports of the instrumented program in this life."""
    attributes = {
        "service.namespace": "tests",
        "service.instance.id": "node-1",
        "host.name": "gpu-01",
        "sender": source.id,
    }
    environment = os.environ | {
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{source.muster.url}/otlp/v1/metrics",
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{source.token}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": {"Python": "60", "JavaScript": "60000"}[language],
        "OTEL_SERVICE_NAME": "plan",
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{name}={value}" for name, value in attributes.items()),
        **settings,
    }
    argv = PROGRAMS[language](encoding, life)
    sdk_run = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180)
    # .venv/bin/node is a program of Python, which ends with the last byte of what its child ended with.
    assert sdk_run.returncode in (-signal.SIGKILL, 256 - signal.SIGKILL), sdk_run.stderr
    exports = [json.loads(line) for line in sdk_run.stdout.splitlines()]
    assert [export["result"] for export in exports] == ["SUCCESS"] * len(PLAN[life]), sdk_run.stderr
    [*times_ns] = chain.from_iterable(export["times_ns"] for export in exports)
    assert len(times_ns) == len(PLAN[life]), "all points of an export have one time"
    return [time_ns // 10**6 for time_ns in times_ns]


@pytest.mark.usefixtures("javascript_packages")
@pytest.mark.parametrize(("language", "encoding", "temporality", "compression"), SENDERS)
def test_what_a_program_measured_is_stored_in_both_its_lives(
    standing, language, encoding, temporality, compression
):
    source = SourceUnderTest(standing, f"{language}, {encoding}, {temporality}")
    settings = {
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
        "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
    }
    lives = [run_program(source, language, encoding, number, **settings) for number in range(len(PLAN))]
    times = [*chain.from_iterable(lives)]
    expected = Expected(source, temporality, times)
    stored_samples = source.stored_until(times[-1])

    at_exports, beside_them = split_by_time(stored_samples, times)
    exponential = [labels for labels in at_exports if ("__name__", "size_bucket") in labels]
    buckets = {labels: at_exports.pop(labels) for labels in exponential}
    assert at_exports == expected.series()
    assert_buckets(buckets, expected)

    # Where a count began anew, Muster stores a zero between two points of the sender, and nothing else.
    assert {value for samples in beside_them.values() for value in samples.values()} == {0.0}
    names = {dict(labels)["__name__"] for labels in beside_them}
    assert [name for name in names if not name.endswith(("_total", "_count", "_sum", "_bucket"))] == []
    for name in ("requests_total", "read_total", "wait_count", "size_count"):
        assert source.increase(name) == expected.increase(name), name
