"""Debian's Prometheus scrapes Debian's node_exporter and writes to a running Muster: from the first sample through
a dead exporter and a dead Prometheus until everything is well again, and its target is removed.
"""

import json
import math
import re
import signal
from datetime import UTC, datetime
from urllib.parse import quote
from urllib.request import urlopen

import psycopg
import pytest

from telemetry.core.labels import IGNORED
from tests.peers import exposition
from tests.peers.conftest import GRACE_S, NODE, SCRAPE_S, SITE, answers
from tests.peers.muster import LIVE_S
from tests.peers.running import eventually, free_port
from tests.peers.scrape_targets import WatchedTarget
from tests.telemetry.sending import hot_samples

pytestmark = pytest.mark.peers

BEAT_S = 60
# What a queue, a worker and a busy machine may add.
SLACK_S = 30
METRIC = "node_memory_MemAvailable_bytes"
COVERAGE = "p5-telemetry-coverage"


@pytest.fixture(autouse=True)
def _installed(peer):
    """Asked before anything is started."""
    peer("prometheus")
    peer("prometheus-node-exporter")


class Watch:
    """What a person would look at, by the API and the pages."""

    def __init__(self, muster, source, device):
        self.muster, self.source, self.device = muster, source, device

    def points(self, metric=METRIC, start="now-1m"):
        asked = {
            "site": SITE,
            "metric": metric,
            "aggregation": "last",
            "start": start,
            "end": "now",
            "step": SCRAPE_S,
        }
        found = self.muster.get("/api/telemetry/query/", **asked)["series"]
        return found[0]["points"] if found else []

    def known(self, **given):
        return [at for at, value in self.points(**given) if value is not None]

    def series(self):
        found = self.muster.get("/api/telemetry/series/", site=SITE, metric=METRIC)["results"]
        return found[0] if found else None

    def state(self):
        return self.muster.get(f"/api/telemetry/sources/{self.source['id']}/")["state"]["value"]

    def coverage(self):
        found = self.muster.get("/api/readiness/results/", site=SITE, check=COVERAGE)["results"]
        if not found:
            return None
        parts = {part["part"]: part["state"] for part in found[0]["parts"]}
        # Of the three domains only compute has a device here; when it fails, so does the check.
        if parts.get("compute-coverage") == "fail":
            assert found[0]["state"]["value"] == "fail"
        return parts.get("compute-coverage")

    def health(self):
        """By domain; what the last flip of each said."""
        found = self.muster.get(
            "/api/readiness/flips/", site=SITE, subject="health", ordering="id", limit=500
        )
        return {flip["key"]: flip["to_state"]["value"] for flip in found["results"]}

    def is_healthy_in(self):
        return sorted(domain for domain, health in self.health().items() if health == "ok")

    def flips(self):
        found = self.muster.get("/api/telemetry/flips/", source_id=self.source["id"], ordering="id")[
            "results"
        ]
        return [(flip["from_state"]["value"], flip["to_state"]["value"]) for flip in found]

    def becomes(self, look, wanted, *, within_s):
        eventually(
            lambda: look() == wanted, within_s=within_s, what=f"{look.__name__} is {wanted!r}", last=look
        )


@pytest.fixture
def watch(muster, source, site):
    return Watch(muster, source, site)


@pytest.fixture
def target(muster):
    return WatchedTarget(muster, site=SITE, address=NODE, scrape_s=SCRAPE_S)


@pytest.mark.timeout(900)
def test_a_prometheus_from_its_first_sample_through_two_deaths_and_back(
    muster, prometheus, exporter, watch, target, tmp_path
):
    # The first sample: matched to the device, on every page that should show it.
    series = eventually(watch.series, within_s=SLACK_S, what="the series exists")
    assert series["object"]["display"].startswith(NODE)
    assert series["why_unmatched"] == ""
    eventually(lambda: len(watch.known()) >= 3, within_s=SLACK_S, what="three points in a row")
    watch.becomes(watch.state, "on-time", within_s=SLACK_S)
    watch.becomes(watch.coverage, "pass", within_s=BEAT_S + SLACK_S)
    judged = eventually(
        watch.is_healthy_in, within_s=BEAT_S + SLACK_S, what="a domain is well", last=watch.health
    )
    assert METRIC in muster.page(f"/telemetry/sources/{watch.source['id']}/?q={METRIC}")
    assert "porto prometheus" in muster.page(f"/sites/{SITE}/?tab=inventory")
    assert "node_exporter" not in muster.page("/telemetry/unmatched/?q=node_memory")
    assert METRIC in muster.page(f"/telemetry/explore/?site={SITE}&metric={METRIC}")

    target.wait("up")

    # The exporter dies: Prometheus says so with stale markers, and goes on with `up 0`.
    exporter.kill()
    killed_at = datetime.now(UTC)
    eventually(lambda: watch.series()["ended_at"], within_s=SLACK_S, what="stale markers end the series")
    eventually(
        lambda: watch.points() and watch.points()[-1][1] is None, within_s=SLACK_S, what="null after the end"
    )
    watch.becomes(watch.coverage, "fail", within_s=LIVE_S + BEAT_S + SLACK_S)
    watch.becomes(watch.is_healthy_in, [], within_s=SLACK_S)
    assert "Exporter does not answer" in muster.page(f"/sites/{SITE}/")
    watch.becomes(watch.state, "on-time", within_s=SLACK_S)
    assert [value for _, value in watch.points("up")][-1] == 0
    assert target.wait("down", since=killed_at)["detail"] == ""

    # The exporter is back.
    exporter.start()
    started_at = datetime.now(UTC)
    eventually(lambda: watch.series()["ended_at"] is None, within_s=SLACK_S, what="the series goes on")
    watch.becomes(watch.coverage, "pass", within_s=BEAT_S + SLACK_S)
    watch.becomes(watch.is_healthy_in, judged, within_s=BEAT_S + SLACK_S)
    target.wait("up", since=started_at)

    # Prometheus dies: no marker, only silence.
    prometheus.kill()
    watch.becomes(watch.state, "late", within_s=SCRAPE_S + GRACE_S + SLACK_S)
    watch.becomes(watch.state, "silent", within_s=3 * (SCRAPE_S + GRACE_S) + SLACK_S)
    watch.becomes(watch.coverage, "fail", within_s=LIVE_S + BEAT_S + SLACK_S)
    assert watch.series()["ended_at"] is None
    # Silence is not health: what is not heard from is unknown, and tells what it was.
    watch.becomes(watch.is_healthy_in, [], within_s=SLACK_S)
    assert "was OK until" in muster.page(f"/sites/{SITE}/")
    assert "Silent" in muster.page("/telemetry/")

    # Prometheus is back: healed, and everything that happened is on record.
    prometheus.start()
    watch.becomes(watch.state, "on-time", within_s=SLACK_S)
    watch.becomes(watch.coverage, "pass", within_s=BEAT_S + SLACK_S)
    watch.becomes(watch.is_healthy_in, judged, within_s=BEAT_S + SLACK_S)
    # Its first samples may be old enough to be late still, and on a busy machine any sample may be.
    states = " ".join(to_state for _, to_state in watch.flips())
    assert re.fullmatch(
        r"(late )?on-time( late on-time)* late silent( late)? on-time( late on-time)*", states
    )
    part = muster.get("/api/readiness/flips/", site=SITE, limit=200)["results"]
    coverage = [
        flip["to_state"]["value"]
        for flip in sorted(part, key=lambda flip: (flip["at"], flip["id"]))
        if flip["key"] == COVERAGE and flip["part"] == "compute-coverage"
    ]
    assert coverage[-4:] == ["fail", "pass", "fail", "pass"]

    # The target is removed: its end is marked, and that of a whole job is not.
    config = tmp_path / "prometheus.yml"
    config.write_text(f"{config.read_text().partition('    static_configs:')[0]}    static_configs: []\n")
    prometheus.process.send_signal(signal.SIGHUP)
    removed_at = datetime.now(UTC)
    assert target.wait("absent", since=removed_at)["detail"] == "Its sender ended it."


QUEUES = {"alone": "{max_samples_per_send: 1, max_shards: 1}", "together": "{max_samples_per_send: 2000}"}
EMPTY_S = 30
ENOUGH_SCRAPES = 6
GOOD = "SELECT id, labels->>'n' FROM telemetry_series WHERE source_id = %s AND metric = 'good'"


class Sending:
    """A Prometheus that scrapes what Muster refuses in part, and sends it by a queue to each of two sources."""

    def __init__(self, muster, sources, url):
        self.muster, self.sources, self.url = muster, sources, url

    def scraped(self):
        """Every good sample that Prometheus holds: (n, ms, value)."""
        with urlopen(f"{self.url}/api/v1/query?query={quote('good[10m]')}", timeout=5) as response:
            results = json.load(response)["data"]["result"]
        return sorted(
            (each["metric"]["n"], round(at * 1000), float(value))
            for each in results
            for at, value in each["values"]
        )

    def stored(self, queue):
        source = self.sources[queue]["id"]
        with psycopg.connect(self.muster.environment["DATABASE_URL"]) as connection:
            samples = hot_samples(connection.cursor(), source)
            good = dict(connection.execute(GOOD, [source]).fetchall())
        return sorted(
            (good[series], at_ms, value)
            for series, at_ms, value in samples
            if series in good and not math.isnan(value)
        )

    def refusal_reasons(self, queue):
        with psycopg.connect(self.muster.environment["DATABASE_URL"]) as connection:
            rows = connection.execute(
                "SELECT reason FROM telemetry_rejection WHERE source_id = %s", [self.sources[queue]["id"]]
            )
            return {reason for (reason,) in rows} - IGNORED

    def figures(self, name):
        """Return Prometheus's own metric of each queue, summed over samples and histograms: {queue: figure}."""
        with urlopen(f"{self.url}/metrics", timeout=5) as response:
            text = response.read().decode()
        kinds = "samples|histograms"
        lines = re.findall(
            rf'^prometheus_remote_storage_(?:{kinds})_{name}{{remote_name="(\w+)".*}} (\S+)$', text, re.M
        )
        return {queue: sum(float(value) for of, value in lines if of == queue) for queue in QUEUES}


@pytest.fixture
def sending(peer, programs, muster, site, tmp_path):
    with exposition.served() as target:
        sources = {
            queue: muster.post("/api/telemetry/sources/", {"name": queue, "site": {"slug": SITE}})
            for queue in QUEUES
        }
        writes = "".join(
            f"""
  - name: {queue}
    url: {muster.url}/api/v1/write
    send_native_histograms: true
    queue_config: {QUEUES[queue]}
    authorization: {{credentials: {source["token"]}}}"""
            for queue, source in sources.items()
        )
        config = tmp_path / "prometheus.yml"
        config.write_text(f"""
global: {{scrape_interval: {SCRAPE_S}s}}
scrape_configs:
  - job_name: odd
    static_configs: [{{targets: ["127.0.0.1:{target}"]}}]
remote_write:{writes}
""")
        port = free_port()
        argv = [
            peer("prometheus"),
            "--enable-feature=native-histograms",
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        program = programs.start("prometheus", argv, cwd=tmp_path)
        url = f"http://127.0.0.1:{port}"
        eventually(
            lambda: answers(f"{url}/-/ready"), within_s=30, what="Prometheus is ready", last=program.said
        )
        found = Sending(muster, sources, url)
        eventually(
            lambda: len(found.scraped()) >= ENOUGH_SCRAPES * exposition.GOOD,
            within_s=ENOUGH_SCRAPES * SCRAPE_S + SLACK_S,
            what="enough is scraped",
            last=program.said,
        )
    return found


@pytest.mark.timeout(600)
def test_native_histograms_and_a_refused_series_hold_up_nothing(sending):
    """The target is gone by now: only `up` and its like go on."""
    scraped = sending.scraped()
    for queue in QUEUES:
        eventually(
            lambda queue=queue: sending.stored(queue) == scraped,
            within_s=EMPTY_S,
            what=f"every good sample of the queue {queue} is stored, once",
            last=lambda queue=queue: (len(sending.stored(queue)), len(scraped), sending.figures("pending")),
        )
        eventually(
            lambda queue=queue: sending.refusal_reasons(queue) == {"native_histogram", "label_too_long"},
            within_s=SLACK_S,
            what=f"what the queue {queue} sent in vain is counted",
            last=lambda queue=queue: sending.refusal_reasons(queue),
        )
    eventually(
        lambda: not any(sending.figures("pending").values()),
        within_s=EMPTY_S,
        what="the queues are empty",
        last=lambda: sending.figures("pending"),
    )
    assert sending.figures("retried_total") == dict.fromkeys(QUEUES, 0)
    assert all(sending.figures("failed_total").values())
