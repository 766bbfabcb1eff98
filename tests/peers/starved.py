"""A fleet of sites that all send, while the processes of the worker are taken from the work that keeps it judged."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from tests.peers.asking import Caller
from tests.peers.muster import Muster
from tests.peers.running import eventually
from tests.peers.sender import headers
from tests.telemetry.core.wire import request, sample, series, snappy

SITES, SITE = 24, "site-"
# One with a limit, by which the node is judged.
METRIC = "node_timex_offset_seconds"
# Seconds for which a sample counts as live, and after which a source is silent.
SILENCE_S = 30
CADENCE_S, GRACE_S = 2, 8
SETTLED_S, SETTLES_S, LOOK_S = 20, 240, 2
BANNER = "Pages show the state of that time"
# What bulk work waits for while another transaction has it: the demo's history, which is due every five seconds.
BULK = "LOCK TABLE demo_demofleet IN ACCESS EXCLUSIVE MODE"
# What every drain waits for, so that drains take all processes; readers and the door do not wait.
DRAINS = "LOCK TABLE telemetry_sourceactivity IN SHARE MODE"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the pages, begun `at_s` seconds after the processes were taken; `ticks` counts waiting urgent tasks.

    A look takes seconds on a busy machine.
    """

    at_s: float
    flips: int
    sources: Counter[str]
    compute: Counter[str]
    is_behind: bool
    has_banner: bool
    ticks: int


@dataclass(slots=True)
class Starving:
    before: Seen
    meanwhile: list[Seen] = field(default_factory=list)
    returned_s: float = 0.0
    afterwards: list[Seen] = field(default_factory=list)

    @property
    def banner_s(self) -> float | None:
        """Seconds until the last look without a banner began; None if there never was one."""
        if not any(seen.has_banner for seen in self.meanwhile):
            return None
        return max(seen.at_s for seen in self.meanwhile if not seen.has_banner)

    @property
    def caught_up_s(self) -> float | None:
        """Seconds from the return of the processes until a look began that found Muster no longer behind."""
        return next((seen.at_s - self.returned_s for seen in self.afterwards if not seen.is_behind), None)

    def blamed(self) -> list[Seen]:
        """Every look at which a site or a source stood otherwise than before."""
        return [
            seen
            for seen in (*self.meanwhile, *self.afterwards)
            if (seen.flips, seen.sources, seen.compute)
            != (self.before.flips, self.before.sources, self.before.compute)
        ]


class Fleet:
    """Sites with a node and a source each, and one thread that sends for all of them."""

    def __init__(self, muster: Muster, *, sites: int = SITES) -> None:
        self.muster, self.sites = muster, sites
        self.tokens: dict[str, str] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self.refused: Counter[int | None] = Counter()

    def build(self) -> None:
        maker = self.muster.post("/api/inventory/manufacturers/", {"name": "Maker", "slug": "maker"})
        kind = {"manufacturer": maker["id"], "model": "M1", "slug": "m1", "domain": "compute", "kind": "node"}
        kind = self.muster.post("/api/inventory/device-types/", kind)
        region = self.muster.post("/api/inventory/regions/", {"name": "Fleet", "slug": "fleet"})
        for number in range(self.sites):
            slug = f"{SITE}{number}"
            site = {"name": slug.title(), "slug": slug, "region": region["id"], "stage": "production"}
            self.muster.post("/api/inventory/sites/", site | {"country": "PT"})
            node = {
                "name": f"node-{number}",
                "site": {"slug": slug},
                "device_type": kind["id"],
                "role": "node",
            }
            self.muster.post("/api/inventory/devices/", node)
            source = {"name": slug, "site": {"slug": slug}, "cadence_s": CADENCE_S, "grace_s": GRACE_S}
            self.tokens[f"node-{number}"] = self.muster.post("/api/telemetry/sources/", source)["token"]

    @contextmanager
    def sending(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._thread.join()

    def _send(self) -> None:
        with Caller(self.muster.port, timeout_s=10) as caller:
            while not self._stopped.wait(CADENCE_S):
                at_ms = int(time.time() * 1000)
                for node, token in self.tokens.items():
                    body = snappy(
                        request(series({"__name__": METRIC, "instance": node}, sample(0.0001, at_ms)))
                    )
                    answer = caller.ask("/api/v1/write", "POST", body, headers(token))
                    if answer.status != 204:
                        self.refused[answer.status] += 1

    def urgent_jobs(self) -> list[str]:
        jobs = self.muster.get("/api/telemetry/status/")["jobs"]
        return [job["name"] for job in jobs if job["is_urgent"]]

    def look(self, since_s: float) -> Seen:
        muster, at_s = self.muster, time.monotonic() - since_s
        status = muster.get("/api/telemetry/status/")
        health = muster.get("/api/readiness/health/", domain="compute", limit=500)["results"]
        flips = muster.get("/api/readiness/flips/", limit=1)["count"]
        flips += muster.get("/api/telemetry/flips/", limit=1)["count"]
        return Seen(
            at_s=at_s,
            flips=flips,
            sources=Counter(source["state"] for source in status["sources"]),
            compute=Counter(
                domain["health"]["value"] for domain in health if domain["site"]["slug"].startswith(SITE)
            ),
            is_behind=status["lag"]["is_behind"],
            has_banner=BANNER in muster.page("/"),
            ticks=sum(queue["waiting"] for queue in status["task_queues"] if queue["is_urgent"]),
        )

    def settle(self) -> Seen:
        """Wait until every site is well and nothing has moved for a while."""
        began_s = time.monotonic()
        seen = [self.look(began_s)]

        def is_settled() -> bool:
            now = self.look(began_s)
            if now.flips != seen[0].flips:
                seen[0] = now
            is_well = now.sources == {"on-time": self.sites} and now.compute == {"ok": self.sites}
            return is_well and now.at_s - seen[0].at_s > SETTLED_S

        eventually(
            is_settled,
            within_s=SETTLES_S,
            what="the fleet is well and still",
            last=lambda: self.look(began_s),
        )
        return self.look(began_s)

    def starve(self, statement: str, *, seconds: float, afterwards_s: float = 60) -> Starving:
        """Hold what work waits for, and look at pages and answers meanwhile and afterwards."""
        starving = Starving(self.settle())
        began_s = time.monotonic()
        with psycopg.connect(self.muster.environment["DATABASE_URL"]) as connection:
            connection.execute(statement)
            while time.monotonic() - began_s < seconds:
                starving.meanwhile.append(self.look(began_s))
                time.sleep(LOOK_S)
            connection.rollback()
        starving.returned_s = time.monotonic() - began_s
        while time.monotonic() - began_s - starving.returned_s < afterwards_s:
            starving.afterwards.append(self.look(began_s))
            time.sleep(LOOK_S)
        return starving
