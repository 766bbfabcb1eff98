"""Muster's view of a target that a Prometheus scrapes: its standing, and since when it has it."""

from datetime import datetime, timedelta
from typing import Any

from tests.peers.muster import Muster
from tests.peers.running import eventually

# Targets are judged each minute.
WITHIN_S = 60 + 60
SLACK = timedelta(seconds=15)


class WatchedTarget:
    def __init__(self, muster: Muster, *, site: str, address: str, scrape_s: float) -> None:
        self.muster, self.site, self.address = muster, site, address
        self.scrape = timedelta(seconds=scrape_s)

    def row(self) -> dict[str, Any] | None:
        rows = self.muster.get("/api/telemetry/scrape-targets/", site=self.site)["results"]
        return next((row for row in rows if row["address"] == self.address), None)

    def wait(self, standing: str, *, since: datetime | None = None) -> dict[str, Any]:
        """Wait until the target has this standing, and compare when it got it; returns its row."""

        def has_it() -> dict[str, Any] | None:
            row = self.row()
            return row if row is not None and row["standing"] == standing else None

        row = eventually(has_it, within_s=WITHIN_S, what=f"the target is {standing}", last=self.row)
        if since is not None:
            standing_since = datetime.fromisoformat(row["standing_since"])
            assert since - self.scrape <= standing_since <= since + SLACK
        return row
