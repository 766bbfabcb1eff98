"""Muster tells when a target of Debian's Prometheus goes down, comes back and is removed, and since when."""

import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests.peers.conftest import NODE, SCRAPE_S, SITE
from tests.peers.running import eventually

pytestmark = pytest.mark.peers

# Targets are judged each minute.
SOON_S = 60 + 60
SCRAPE, SLACK = timedelta(seconds=SCRAPE_S), timedelta(seconds=15)


class WatchedTarget:
    def __init__(self, muster):
        self.muster = muster

    def row(self):
        rows = self.muster.get("/api/telemetry/scrape-targets/", site=SITE)["results"]
        return next((row for row in rows if row["address"] == NODE), None)

    def wait(self, standing):
        """Wait until the target has this standing; returns its row, and since when it has it."""

        def has_it():
            row = self.row()
            return row if row is not None and row["standing"] == standing else None

        row = eventually(has_it, within_s=SOON_S, what=f"the target is {standing}", last=self.row)
        return row, datetime.fromisoformat(row["standing_since"])


@pytest.mark.timeout(600)
def test_a_target_goes_down_comes_back_and_is_removed(muster, prometheus, exporter, tmp_path):
    target = WatchedTarget(muster)
    target.wait("up")

    exporter.kill()
    killed_at = datetime.now(UTC)
    row, since = target.wait("down")
    assert killed_at - SCRAPE <= since <= killed_at + SLACK
    assert row["detail"] == ""

    exporter.start()
    started_at = datetime.now(UTC)
    row, since = target.wait("up")
    assert started_at - SCRAPE <= since <= started_at + SLACK

    config = tmp_path / "prometheus.yml"
    # The end of a target is marked, and that of a whole job is not.
    config.write_text(f"{config.read_text().partition('    static_configs:')[0]}    static_configs: []\n")
    prometheus.process.send_signal(signal.SIGHUP)
    removed_at = datetime.now(UTC)
    row, since = target.wait("absent")
    assert row["detail"] == "Its sender ended it."
    assert removed_at - SCRAPE <= since <= removed_at + SLACK
