"""Processes of the worker held for three times the silence limit, with 24 sites sending, one of them by a real
Prometheus: Muster is late, and blames nobody for it.
"""

import pytest

from telemetry import snippets
from telemetry.models import Source
from tests.peers.running import free_port
from tests.peers.starved import BULK, CADENCE_S, DRAINS, SILENCE_S, Fleet

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

HOLD_S, BANNER_S, CAUGHT_UP_S = 3 * SILENCE_S, 30, 30
BY_PROMETHEUS = "node-0"


@pytest.fixture
def more_environment():
    return {"MUSTER_TELEMETRY_LIVE_S": str(SILENCE_S)}


@pytest.fixture
def fleet(peer, programs, muster, tmp_path):
    fleet = Fleet(muster)
    fleet.build()
    port = free_port()
    programs.start("exporter", [peer("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}"])
    config = tmp_path / "prometheus.yml"
    config.write_text(
        snippets.prometheus(
            Source(cadence_s=CADENCE_S),
            url=f"{muster.url}/api/v1/write",
            token=fleet.tokens.pop(BY_PROMETHEUS),
        )
        + f"""
scrape_configs:
  - job_name: node
    static_configs:
      - targets: ["127.0.0.1:{port}"]
        labels: {{instance: {BY_PROMETHEUS}}}
"""
    )
    listen = f"--web.listen-address=127.0.0.1:{free_port()}"
    argv = [peer("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}", listen]
    programs.start("prometheus", argv, cwd=tmp_path)
    with fleet.sending():
        yield fleet


def test_neither_bulk_work_nor_starved_drains_blame_a_site(fleet, figures):
    bulk = fleet.starve(BULK, seconds=HOLD_S, afterwards_s=10)
    assert bulk.blamed() == []
    assert bulk.banner_s is None, "bulk work takes no process from urgent work"

    starved = fleet.starve(DRAINS, seconds=HOLD_S, afterwards_s=CAUGHT_UP_S)
    assert starved.blamed() == []
    assert starved.banner_s is not None
    assert starved.banner_s <= BANNER_S
    assert starved.caught_up_s is not None
    figures.append(
        f"{fleet.sites} sites, drains held for {HOLD_S} s: banner after {starved.banner_s:.1f} s, caught up"
        f" {starved.caught_up_s:.1f} s after their return"
    )
    assert starved.caught_up_s <= CAUGHT_UP_S
    # One of each job, and the drain that the door asks for.
    assert max(seen.ticks for seen in starved.meanwhile) <= len(fleet.urgent_jobs()) + 1
    assert fleet.refused == {}
    assert not fleet.settle().has_banner
