"""Two of Debian's Prometheus scrape one exporter and send to one source; one of them is killed and comes back."""

from datetime import datetime
from itertools import pairwise

import pytest

from telemetry import snippets
from telemetry.models import Source
from tests.peers.conftest import GRACE_S, NODE, SCRAPE_S, SITE, answers
from tests.peers.running import eventually, free_port

pytestmark = pytest.mark.peers

LABEL = "prometheus_replica"
GAUGE, COUNTER = "node_memory_MemAvailable_bytes", "node_context_switches_total"
SLACK_S = 30
STEP_S = 10


@pytest.fixture
def source(muster, site):
    source = {"name": "porto pair", "site": {"slug": SITE}, "cadence_s": SCRAPE_S, "grace_s": GRACE_S}
    return muster.post("/api/telemetry/sources/", source | {"replica_label": LABEL})


@pytest.fixture
def start_replica(peer, programs, muster, exporter, source, tmp_path):
    """`start_replica("a")` is a Prometheus with that name, configured as the page that shows the token says."""

    def start(name):
        port, config = free_port(), tmp_path / f"{name}.yml"
        configured = Source(cadence_s=SCRAPE_S, replica_label=LABEL)
        snippet = snippets.prometheus(configured, url=f"{muster.url}/api/v1/write", token=source["token"])
        targets = f'[{{targets: ["127.0.0.1:{exporter.port}"], labels: {{instance: {NODE}}}}}]'
        jobs = f"scrape_configs: [{{job_name: node, static_configs: {targets}}}]\n"
        config.write_text(f"{snippet.replace(f'{LABEL}: a', f'{LABEL}: {name}')}\n{jobs}")
        argv = [
            peer("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / name}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        program = programs.start(f"prometheus-{name}", argv, cwd=tmp_path)
        ready = f"http://127.0.0.1:{port}/-/ready"
        eventually(lambda: answers(ready), within_s=30, what=f"{name} is ready", last=program.said)
        return program

    return start


class Pair:
    def __init__(self, muster, source):
        self.muster, self.source = muster, source

    def replicas(self):
        """When each of them fell silent."""
        replicas = self.muster.get(f"/api/telemetry/sources/{self.source['id']}/")["replicas"]
        return {each["name"]: each["silent_since"] for each in replicas}

    def points(self, metric, aggregation, since):
        """Whole steps after an instant; a single series has them."""
        query = {"site": SITE, "metric": metric, "aggregation": aggregation, "step": STEP_S}
        lines = self.muster.get("/api/telemetry/query/", **query, start="now-5m", end="now")["series"]
        assert len(lines) <= 1
        points = [(read_time(at), value) for at, value in (lines[0]["points"] if lines else [])]
        return [(at, value) for at, value in points if at > since][1:-1]


def read_time(at):
    return at / 1000 if isinstance(at, int | float) else datetime.fromisoformat(at).timestamp()


def assert_whole(pair, since):
    """Each step has the samples of one Prometheus, and the counter goes on."""
    counts = pair.points(GAUGE, "count", since)
    assert len(counts) > 1
    assert all(later - earlier <= STEP_S for (earlier, _), (later, _) in pairwise(counts)), counts
    assert all(STEP_S / SCRAPE_S - 2 <= count <= STEP_S / SCRAPE_S + 1 for _, count in counts), counts
    rises = [value for _, value in pair.points(COUNTER, "increase", since)]
    total = pair.points(COUNTER, "last", since)[-1][1]
    assert all(0 < rise < total / 10 for rise in rises), (rises, total)


@pytest.mark.timeout(400)
def test_one_of_a_pair_dies_and_returns_without_a_gap_or_a_sample_twice(muster, start_replica, source):
    pair = Pair(muster, source)
    a, _b = start_replica("a"), start_replica("b")
    eventually(lambda: pair.replicas() == {"a": None, "b": None}, within_s=SLACK_S, what="both are known")
    begun = eventually(
        lambda: pair.points(GAUGE, "count", 0),
        within_s=2 * SLACK_S,
        what="whole steps",
        last=lambda: pair.replicas(),
    )[0][0]
    eventually(lambda: len(pair.points(GAUGE, "count", begun)) >= 4, within_s=2 * SLACK_S, what="four steps")
    assert_whole(pair, begun)
    series = muster.get("/api/telemetry/series/", site=SITE, metric=GAUGE)["results"]
    assert [LABEL in each["labels"] for each in series] == [False]

    a.kill()
    eventually(
        lambda: pair.replicas()["a"], within_s=3 * (SCRAPE_S + GRACE_S) + 60 + SLACK_S, what="a is silent"
    )
    assert pair.replicas()["b"] is None
    assert_whole(pair, begun)
    eventually(
        lambda: "Replica a of porto pair is silent" in muster.page("/problems/"),
        within_s=SLACK_S,
        what="the silence is a problem",
    )

    a.start()
    eventually(lambda: pair.replicas()["a"] is None, within_s=60 + SLACK_S, what="a sends again")
    assert_whole(pair, begun)
