"""Measures what pages take on the demo fleet: the server's time for pages, parts of pages and figures of charts.

Over HTTP, one request after another, through the web process that `make run` starts, with its middleware. The bars
are for the 95th percentile: 80 ms for a page, a part of one, and a chart's figures. Beside the time the
client waited stands the processor time that the web process and PostgreSQL took, which a busy machine changes less.

Then what a browser shows (`benchmarks/browser.py`): bytes of a first load, what readers of pages wait for, and what
they wait for after they clicked or typed.
"""

import http.client
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import browser, machine
from web import yaml_documents

REQUESTS = 60
UNCOUNTED = 5
"""The first requests of an address compile its templates."""


@dataclass(frozen=True)
class PageRequest:
    name: str
    path: str
    bar_ms: int
    to: str = ""

    @property
    def headers(self) -> dict[str, str]:
        part = {"HX-Request": "true", "HX-Target": self.to} if self.to else {}
        return {"Accept-Encoding": "gzip, br"} | part


def page_requests(fleet: str, **places: str) -> list[PageRequest]:
    """The requests of pages.yaml for this fleet, with the places of their paths filled in."""
    rows = yaml_documents.read(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))[fleet]
    return [PageRequest(**row | {"path": row["path"].format(**places)}) for row in rows]


def main() -> None:
    with machine.servers() as servers:
        site, cookie = load_demo(servers)
        port = servers.serve(hashed=True)
        measure(servers, port, page_requests("demo", site=site), cookie)
        browser.measure(port, site, cookie)


def load_demo(servers: machine.Servers) -> tuple[str, str]:
    """The whole demo as `make run` loads it: the slug of its largest site, and a session of its viewer."""
    servers.set_up()
    from readiness.assessment.scoring.queries.standing import fleet_standing
    from readiness.demo import operations as demo

    now = datetime.now(UTC)
    took_s = machine.timed(lambda: demo.load(by=None, now=now))
    machine.vacuum()
    fleet = fleet_standing(now=now)
    largest = max(fleet.sites, key=lambda site: fleet.capacity[site.ref.id].deployed.it_kw)
    print(f"{len(fleet.sites)} sites, loaded in {took_s:.0f} s", flush=True)
    return largest.ref.slug, machine.session()


def measure(servers: machine.Servers, port: int, requests: Sequence[PageRequest], cookie: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    print(f"{'':22}{'p50 ms':>8}{'p95 ms':>8}{'bar':>6}{'':8}{'web CPU':>9}{'database':>9}{'KiB':>7}")
    missed = []
    for page in requests:
        for _ in range(UNCOUNTED):
            _ask(connection, page, cookie)
        before = servers.cpu_s()
        answers = [_ask(connection, page, cookie) for _ in range(REQUESTS)]
        after = servers.cpu_s()
        times = sorted(1000 * took for took, _ in answers)
        p95 = statistics.quantiles(times, n=20)[-1]
        missed += [page.name] if p95 > page.bar_ms else []
        cpu = {name: 1000 * (after[name] - before[name]) / REQUESTS for name in ("web", "postgres")}
        print(
            f"{page.name:22}{statistics.median(times):8.0f}{p95:8.0f}{page.bar_ms:6}"
            f"  {machine.verdict(p95 <= page.bar_ms):6}"
            f"{cpu['web']:9.0f}{cpu['postgres']:9.0f}{answers[-1][1] / 1024:7.0f}",
            flush=True,
        )
    load = " ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"bars: {'MISSED by ' + ', '.join(missed) if missed else 'met by all'}; load {load}")


def _ask(connection: http.client.HTTPConnection, page: PageRequest, cookie: str) -> tuple[float, int]:
    """Seconds, and bytes of the body."""
    began = time.perf_counter()
    body = machine.get(connection, page.path, page.headers | {"Cookie": cookie})
    return time.perf_counter() - began, len(body)
