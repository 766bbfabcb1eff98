"""Senders meet a running Muster: OpenTelemetry's SDK, curl, and the agent. What they sent is stored."""

import json
import math
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections import defaultdict
from itertools import accumulate, chain

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.disk_buffer import DiskBuffer
from telemetry.core.labels import IGNORED, labels_of
from tests.agent.test_remote_write import read
from tests.peers.instrumented import BOUNDS, PLAN, SCOPE
from tests.peers.running import eventually
from tests.peers.standing import ROOT, SITE
from tests.telemetry.sending import hot_samples

pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

STORED_S = 120
# A scrape of node_exporter takes about 25 kB.
ENOUGH_BYTES = 60_000
SERIES = (
    "SELECT id, labels || jsonb_build_object('__name__', metric) FROM telemetry_series WHERE source_id = %s"
)
REJECTIONS = "SELECT reason, sum(count)::int FROM telemetry_rejection WHERE source_id = %s GROUP BY reason"
# Labels of each series that the instrumented program sends.
COMMON = {"job": "tests/plan", "instance": "node-1", "host_name": "gpu-01", "otel_scope_name": SCOPE}
OWN = {"requests_total": {"gpu": "3", "is_shared": "true"}}
# The step of scale 2, which bounds of exponential histograms are made of.
STEP = 2**0.25


class SourceUnderTest:
    """A source of a running Muster, and what of it is stored."""

    def __init__(self, standing, name):
        self.standing, self.muster = standing, standing.muster
        source = self.muster.post("/api/telemetry/sources/", {"name": name, "site": {"slug": SITE}})
        self.id, self.token = source["id"], source["token"]

    def stored(self):
        """{labels as sorted pairs: {ms: value}} of every sample; NaN is left out, since it equals nothing."""
        with psycopg.connect(self.standing.postgres.url) as connection:
            samples = hot_samples(connection.cursor(), self.id)
            labels = dict(connection.execute(SERIES, [self.id]).fetchall())
        series = defaultdict(dict)
        for series_id, at_ms, value in samples:
            if not math.isnan(value):
                series[pairs(labels[series_id])][at_ms] = value
        return dict(series)

    def stored_until(self, at_ms):
        """Wait until a sample of this time is stored; returns all samples that are stored then."""
        eventually(
            lambda: at_ms in chain.from_iterable(self.stored().values()),
            within_s=STORED_S,
            what="the last export is stored",
            last=self.muster._logs,
        )
        return self.stored()

    def ignored(self):
        """{reason: samples} of what Muster ignored."""
        with psycopg.connect(self.standing.postgres.url) as connection:
            rejections = dict(connection.execute(REJECTIONS, [self.id]).fetchall())
        return {reason: count for reason, count in rejections.items() if reason in IGNORED}

    def increase(self, metric):
        """The increase of a metric in the last hour, as a reader gets it, over all its series."""
        answer = self.muster.get(
            "/api/telemetry/query/",
            metric=metric,
            site=SITE,
            aggregation="increase",
            labels=f"sender={self.id}",
            step="10s",
        )
        return sum(value for line in answer["series"] for _, value in line["points"] if value is not None)

    def run_program(self, encoding, life, **settings):
        """The times, in ms, of the exports of the instrumented program in this life."""
        environment = os.environ | {
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{self.muster.url}/otlp/v1/metrics",
            "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{self.token}",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
            "OTEL_SERVICE_NAME": "plan",
            "OTEL_RESOURCE_ATTRIBUTES": ",".join(
                (
                    "service.namespace=tests",
                    "service.instance.id=node-1",
                    "host.name=gpu-01",
                    f"sender={self.id}",
                )
            ),
            **settings,
        }
        argv = [sys.executable, "-m", "tests.peers.instrumented", encoding, str(life)]
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180)
        assert done.returncode == -signal.SIGKILL, done.stderr
        exports = [json.loads(line) for line in done.stdout.splitlines()]
        assert [export["result"] for export in exports] == ["SUCCESS"] * len(PLAN[life]), done.stderr
        [*times_ns] = chain.from_iterable(export["times_ns"] for export in exports)
        assert len(times_ns) == len(PLAN[life]), "all points of an export have one time"
        return [time_ns // 10**6 for time_ns in times_ns]


def pairs(labels):
    return tuple(sorted(labels.items()))


def numbers_of(life, temporality):
    """{name: value of each export} of what is a number, by the plan and not by what the SDK made of it."""
    requests, read = [measured.requests for measured in life], [measured.read for measured in life]
    steps = [after - before for before, after in zip([0, *read], read, strict=False)]
    return {
        "requests_total": requests if temporality != "cumulative" else list(accumulate(requests)),
        # With low memory, only what the program adds to is sent as increases.
        "read_total": steps if temporality == "delta" else read,
        "in_flight": list(accumulate(measured.in_flight for measured in life)),
        "open_files": [measured.open for measured in life],
        "temperature": [measured.temperature for measured in life],
        "newest_temperature": [measured.temperature for measured in life],
    }


def observed_in(life, field, temporality):
    """The observations that a histogram tells of in each export."""
    observed = [getattr(measured, field) for measured in life]
    return list(accumulate(observed)) if temporality == "cumulative" else observed


# Fields of a round by the name of their histogram, and what is told of all its observations.
HISTOGRAMS = {"waits": "wait", "sizes": "size"}
TOTALS = {"count": len, "sum": lambda values: pytest.approx(sum(values)), "min": min, "max": max}
SENDERS = {
    "protobuf, cumulative": ("protobuf", "cumulative", "gzip"),
    "protobuf, delta": ("protobuf", "delta", "none"),
    "json, cumulative": ("json", "cumulative", "none"),
    "json, low memory": ("json", "lowmemory", "deflate"),
}


class Expected:
    """The samples of the plan, by its numbers and not by what the SDK made of them. `times` are of the exports."""

    def __init__(self, source, temporality, times):
        self._source, self._temporality, self._times = source, temporality, times

    def labels(self, name, **own):
        labels = {"__name__": name, "sender": str(self._source.id)} | COMMON | OWN.get(name, {}) | own
        return pairs(labels)

    def samples(self, values_of_life):
        """{ms: value} over both lives."""
        return dict(zip(self._times, chain.from_iterable(map(values_of_life, PLAN)), strict=True))

    def counts(self, field, bound):
        return self.samples(
            lambda life: [
                sum(value <= bound for value in values)
                for values in observed_in(life, field, self._temporality)
            ]
        )

    def series(self):
        """{labels: {ms: value}} of all series, without the buckets of the exponential histogram."""
        series = {
            self.labels(name): self.samples(lambda life, name=name: numbers_of(life, self._temporality)[name])
            for name in numbers_of(PLAN[0], self._temporality)
        }
        for field, name in HISTOGRAMS.items():
            for total, total_of in TOTALS.items():
                series[self.labels(f"{name}_{total}")] = self.samples(
                    lambda life, field=field, total_of=total_of: [
                        total_of(values) for values in observed_in(life, field, self._temporality)
                    ]
                )
        for bound in BOUNDS:
            series[self.labels("wait_bucket", le=repr(bound))] = self.counts("waits", bound)
        return series | {self.labels("wait_bucket", le="+Inf"): self.counts("waits", math.inf)}

    def increase(self, name):
        """The increase of a counter, or of the count of a histogram, summed over both lives of the sender."""
        match name:
            case "requests_total":
                rises = [sum(measured.requests for measured in life) for life in PLAN]
            case "read_total":
                rises = [life[-1].read for life in PLAN]
            case _:
                field = {f"{name}_count": field for field, name in HISTOGRAMS.items()}[name]
                rises = [sum(len(getattr(measured, field)) for measured in life) for life in PLAN]
        if self._temporality == "delta" or (self._temporality == "lowmemory" and name != "read_total"):
            return sum(rises)
        # What was there at the first look is no increase.
        return sum(rises) - self.series()[self.labels(name)][self._times[0]]


@pytest.mark.parametrize(("encoding", "temporality", "compression"), SENDERS.values(), ids=SENDERS)
def test_what_a_program_measured_is_stored_in_both_its_lives(standing, encoding, temporality, compression):
    source = SourceUnderTest(standing, f"SDK, {encoding}, {temporality}")
    settings = {
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
        "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
    }
    lives = [source.run_program(encoding, number, **settings) for number in range(len(PLAN))]
    times = [*chain.from_iterable(lives)]
    expected = Expected(source, temporality, times)
    stored = source.stored_until(times[-1])

    at_exports, beside_them = split_by_time(stored, times)
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


def split_by_time(stored, times):
    """Series with their samples at these times, and series with their samples at others, if they have any."""
    at, beside = {}, {}
    for labels, samples in stored.items():
        for at_ms, value in samples.items():
            (at if at_ms in times else beside).setdefault(labels, {})[at_ms] = value
    return at, beside


def assert_buckets(buckets, expected):
    """Each bucket that is stored counts what was observed up to its bound, and no bound is far from what it holds."""
    bounds = {dict(labels)["le"]: samples for labels, samples in buckets.items()}
    assert buckets.keys() == {expected.labels("size_bucket", le=le) for le in bounds}
    for le, samples in bounds.items():
        counts = expected.counts("sizes", float(le))
        # An empty bucket may be left out.
        assert samples == {at: counts[at] for at in samples}, le
    assert bounds["+Inf"] == expected.counts("sizes", math.inf)
    for value in chain.from_iterable(measured.sizes for life in PLAN for measured in life):
        assert min(bound for bound in map(float, bounds) if bound >= value) <= value * STEP


def post_by_curl(curl, source, path, content_type):
    argv = [curl, "--silent", "--show-error", "--data-binary", f"@{path}"]
    argv += ["--header", f"Authorization: Bearer {source.token}", "--header", f"Content-Type: {content_type}"]
    argv += ["--write-out", "%{http_code}", f"{source.muster.url}/api/telemetry/import/"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "204"), done.stderr


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
    post_by_curl(curl, source, path, "text/plain; version=0.0.4")
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
    post_by_curl(peer("curl"), source, path, table)
    stored = eventually(source.stored, within_s=STORED_S, what="the table is stored")
    assert stored == {
        pairs({"__name__": "watts", "host": host}): {at * 1000: watts} for host, at, watts in rows
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
