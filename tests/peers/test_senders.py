"""Senders meet a running Muster: curl and the agent. What they sent is stored."""

import json
import math
import os
import shutil
import struct
import subprocess
import sys
from collections import defaultdict

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.disk_buffer import DiskBuffer
from telemetry.core.labels import labels_of
from tests.agent.test_remote_write import read
from tests.peers.running import eventually
from tests.peers.standing import ROOT
from tests.peers.stored import STORED_S, SourceUnderTest, pairs

pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

# A scrape of node_exporter takes about 25 kB.
ENOUGH_BYTES = 60_000


def post_by_curl(curl, source, path, content_type, *, address="/api/telemetry/import/"):
    """Returns the status and the body of the answer."""
    argv = [curl, "--silent", "--show-error", "--data-binary", f"@{path}"]
    argv += ["--header", f"Authorization: Bearer {source.token}", "--header", f"Content-Type: {content_type}"]
    argv += ["--write-out", "\n%{http_code}", f"{source.muster.url}{address}"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def test_what_an_exporter_shows_is_pushed_by_curl(standing, peer, exporter, tmp_path):
    curl, source, path = peer("curl"), SourceUnderTest(standing, "curl, text"), tmp_path / "metrics"
    subprocess.run(
        [curl, "--silent", "--fail", "--output", path, f"http://127.0.0.1:{exporter.port}/metrics"],
        check=True,
        timeout=60,
    )
    families = text_string_to_metric_families(path.read_text())
    # A label without a value is none.
    shown = {
        pairs(
            {"__name__": each.name} | {name: text for name, text in each.labels.items() if text}
        ): each.value
        for family in families
        for each in family.samples
    }
    assert post_by_curl(curl, source, path, "text/plain; version=0.0.4") == (204, "")
    stored = eventually(source.stored, within_s=STORED_S, what="the text is stored")
    assert len({at for samples in stored.values() for at in samples}) == 1
    values = {labels: value for labels, samples in stored.items() for value in samples.values()}
    assert values == {labels: shown[labels] for labels in values}
    # What is no reading, such as the speed of a port that has none, is counted.
    eventually(
        lambda: sum(source.ignored().values()) == len(shown) - len(values),
        within_s=STORED_S,
        what="each sample that is not stored is counted",
        last=lambda: (source.ignored(), {labels: shown[labels] for labels in shown.keys() - values.keys()}),
    )


def test_a_table_is_pushed_by_curl(standing, peer, tmp_path):
    source, path, at_s = (
        SourceUnderTest(standing, "curl, CSV"),
        tmp_path / "usage.csv",
        int(os.stat(tmp_path).st_mtime),
    )
    rows = [(f"gpu-0{number}", at_s - 60 * number, number + 0.5) for number in range(3)]
    lines = [f"{host};{at};{str(watts).replace('.', ',')}\r\n" for host, at, watts in rows]
    path.write_text("host;stamp;watts\r\n" + "".join(lines), encoding="utf-8-sig")
    table = 'text/csv; separator=semicolon; decimal=comma; time=stamp; labels="host"'
    assert post_by_curl(peer("curl"), source, path, table) == (204, "")
    stored = eventually(source.stored, within_s=STORED_S, what="the table is stored")
    assert stored == {
        pairs({"__name__": "watts", "host": host}): {at * 1000: watts} for host, at, watts in rows
    }


# As somebody writes it by hand, from the examples of the specification: integers of 64 bits are texts.
OTLP = """
{"resourceMetrics": [{
  "resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "gpu-01"}}]},
  "scopeMetrics": [{"metrics": [
    {"name": "temperature", "gauge": {"dataPoints": [
      {"attributes": [{"key": "gpu", "value": {"intValue": "0"}}], "timeUnixNano": "%(at)d000000", "asDouble": 61.5},
      {"attributes": [{"key": "gpu", "value": {"intValue": "1"}}], "timeUnixNano": "%(at)d000000", "asInt": "63"}
    ]}},
    {"name": "requests", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [
      {"startTimeUnixNano": "%(start)d000000", "timeUnixNano": "%(at)d000000", "asInt": "9007199254740992"}
    ]}}
  ]}]
}]}
"""


def test_json_of_otlp_is_pushed_by_curl(standing, peer, tmp_path):
    source, path = SourceUnderTest(standing, "curl, OTLP"), tmp_path / "metrics.json"
    at_ms = int(os.stat(tmp_path).st_mtime) * 1000
    path.write_text(OTLP % {"at": at_ms, "start": at_ms - 60_000})
    json_type, address = "application/json", "/otlp/v1/metrics"
    assert post_by_curl(peer("curl"), source, path, json_type, address=address) == (200, "{}")
    stored_series = eventually(source.stored, within_s=STORED_S, what="the metrics are stored")
    assert {labels: samples[at_ms] for labels, samples in stored_series.items()} == {
        pairs({"__name__": "temperature", "host_name": "gpu-01", "gpu": "0"}): 61.5,
        pairs({"__name__": "temperature", "host_name": "gpu-01", "gpu": "1"}): 63.0,
        pairs({"__name__": "requests_total", "host_name": "gpu-01"}): 2.0**53,
    }


def buffered(folder):
    """{labels as sorted pairs: {ms: value}} of what an agent that was killed left on disk."""
    buffer, series = DiskBuffer(folder, max_bytes=1 << 30), defaultdict(dict)
    while body := buffer.oldest():
        for key, at_ms, bits in read(body.body):
            [value] = struct.unpack("<d", bits)
            series[pairs(labels_of(key))][at_ms] = value
        buffer.remove(body)
    buffer.close()
    return series


def test_an_agent_that_is_refused_and_killed_delivers_all_that_it_scraped(
    standing, exporter, programs, tmp_path
):
    """While its source is paused, the agent keeps what it scrapes; another process of it delivers that."""
    source, folder = SourceUnderTest(standing, "agent"), tmp_path / "buffer"
    of_source = f"/api/telemetry/sources/{source.id}"
    (tmp_path / "token").write_text(source.token)
    config = tmp_path / "agent.yaml"
    job = {"name": "node", "targets": [f"127.0.0.1:{exporter.port}"], "interval_s": 1, "timeout_s": 1}
    settings = {
        "muster": source.muster.url,
        "token_file": str(tmp_path / "token"),
        "networks": ["127.0.0.0/8"],
        "buffer": {"folder": str(folder)},
        "labels": {"sender": str(source.id)},
        "jobs": [job],
        "write_s": 0.5,
    }
    config.write_text(json.dumps(settings))
    source.muster.post(f"{of_source}/pause/", {})
    argv = [sys.executable, "-m", "agent", "--config", str(config)]
    agent = programs.start("agent", argv, cwd=ROOT)
    eventually(
        lambda: sum(path.stat().st_size for path in folder.glob("*.segment")) > ENOUGH_BYTES,
        within_s=STORED_S,
        what="some scrapes are on disk",
        last=agent.said,
    )
    eventually(lambda: "is paused" in agent.said(), within_s=STORED_S, what="it is refused", last=agent.said)
    agent.kill()
    scraped = buffered(shutil.copytree(folder, tmp_path / "copy"))
    source.muster.post(f"{of_source}/resume/", {})
    agent.start()
    times = sorted(scraped[up_of(scraped)])
    stored = source.stored_until(times[-1])
    agent.end()
    assert len(times) > 1
    assert sorted(at for at in stored[up_of(stored)] if at <= times[-1]) == times
    # What is no reading, such as the speed of a port that has none, is not stored at any time.
    stored_series = scraped.keys() & stored.keys()
    assert len(stored_series) > len(scraped) / 2
    for labels in stored_series:
        if ("__name__", "scrape_duration_seconds") in labels:
            continue  # Muster converts it to milliseconds.
        of_first = {at: value for at, value in stored[labels].items() if at <= times[-1]}
        assert of_first == {at: value for at, value in scraped[labels].items() if not math.isnan(value)}


def up_of(series):
    [labels] = [labels for labels in series if ("__name__", "up") in labels]
    return labels
