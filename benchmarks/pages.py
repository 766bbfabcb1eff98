"""Measures what pages take on the demo fleet: the server's time for pages, parts of pages and figures of charts.

Over HTTP, one request after another, through the web process that `make run` starts, with its middleware. The bars
are for the 95th percentile: 100 ms for a page and a chart's figures, 80 ms for a part of a page. Beside the time the
client waited stands the processor time that the web process and PostgreSQL took, which a busy machine changes less.

Then what a browser with nothing kept transfers for the first page it opens, charts drawn: bytes on the wire, headers
included, of files as `make run` compresses them. The bar is 700 KiB.

Then what its reader waits for, on a desk and on a phone: the largest contentful paint, how far things moved meanwhile
(cumulative layout shift), and the total blocking time. Medians of three browsers with nothing kept.
"""

import http.client
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from web import yaml_documents

REQUESTS = 60
UNCOUNTED = 5
"""The first requests of an address compile its templates."""
FIRST_LOAD_KIB = 700
DRAWN = """() => {
    const frames = [...document.querySelectorAll("[data-plot-frame]")];
    return frames.length && frames.every(frame => frame.querySelector("[data-drawn]") && !frame.dataset.loading);
}"""

WIDTHS, ROUNDS, SETTLED_MS = (1440, 390), 3, 1000
LCP_MS, CLS, BLOCKED_MS = 1000, 0.02, {"trade-offs": 300}
MOST_BLOCKED_MS = 100
OBSERVED = """
window.vitals = {lcp: 0, cls: 0, blocked: 0};
const observe = (type, take) =>
    new PerformanceObserver(list => list.getEntries().forEach(take)).observe({type, buffered: true});
observe("largest-contentful-paint", entry => { vitals.lcp = entry.startTime; });
observe("layout-shift", entry => { vitals.cls += entry.hadRecentInput ? 0 : entry.value; });
observe("longtask", entry => { vitals.blocked += Math.max(0, entry.duration - 50); });
"""


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


def asked(fleet: str, **places: str) -> list[PageRequest]:
    """The requests of pages.yaml for this fleet, with the places of their paths filled in."""
    rows = yaml_documents.read(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))[fleet]
    return [PageRequest(**row | {"path": row["path"].format(**places)}) for row in rows]


def main() -> None:
    with machine.servers() as servers:
        site, cookie = load_demo(servers)
        port = servers.serve(hashed=True)
        measure(servers, port, asked("demo", site=site), cookie)
        weigh(port, site, cookie)
        wait(port, site, cookie)


def load_demo(servers: machine.Servers) -> tuple[str, str]:
    """The whole demo as `make run` loads it: the slug of its largest site, and a session of its viewer."""
    servers.set_up()
    from readiness.demo import operations as demo
    from readiness.scoring.queries.standing import standing

    now = datetime.now(UTC)
    took_s = machine.timed(lambda: demo.load(by=None, now=now))
    machine.vacuum()
    known = standing(now=now)
    largest = max(known.sites, key=lambda site: known.capacity[site.ref.id].deployed.it_kw)
    print(f"{len(known.sites)} sites, loaded in {took_s:.0f} s", flush=True)
    return largest.ref.slug, machine.session()


def measure(servers: machine.Servers, port: int, wanted: Sequence[PageRequest], cookie: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    print(f"{'':22}{'p50 ms':>8}{'p95 ms':>8}{'bar':>6}{'':8}{'web CPU':>9}{'database':>9}{'KiB':>7}")
    missed = []
    for page in wanted:
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


def weigh(port: int, site: str, cookie: str) -> None:
    for name, path in (("fleet", "/fleet/"), ("site", f"/sites/{site}/")):
        address = f"http://127.0.0.1:{port}{path}"
        with machine.browser_page(address, cookie) as page:
            if page is None:
                print("first load: not measured, Debian's chromium is not installed")
                return
            sizes = _transferred(page, address)
        total = sum(sizes.values()) / 1024
        largest = sorted(sizes.items(), key=lambda each: -each[1])[:4]
        verdict = machine.verdict(total <= FIRST_LOAD_KIB)
        print(f"first load of {name}: {total:.0f} KiB in {len(sizes)} files; bar {FIRST_LOAD_KIB}: {verdict}")
        texts = [f"{url.rpartition('/')[2] or 'page'} {size / 1024:.0f}" for url, size in largest]
        print(f"    largest, KiB: {', '.join(texts)}")


def _transferred(page: Any, url: str) -> dict[str, float]:
    """Bytes on the wire by address, until every chart of the page is drawn."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, float] = {}
    network.on(
        "Network.requestWillBeSent", lambda sent: urls.update({sent["requestId"]: sent["request"]["url"]})
    )
    network.on(
        "Network.loadingFinished",
        lambda done: sizes.update({urls[done["requestId"]]: done["encodedDataLength"]}),
    )
    page.goto(url)
    for chart in page.locator("[data-chart-url]").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function(DRAWN)
    page.wait_for_load_state("networkidle")
    return sizes


def wait(port: int, site: str, cookie: str) -> None:
    print(f"{'':22}{'width':>6}{'LCP ms':>8}{'CLS':>8}{'blocked ms':>12}")
    paths = {"fleet": "/fleet/", "site": f"/sites/{site}/", "matrix": "/readiness/", "problems": "/problems/"}
    for name, path in (paths | {"home": "/", "trade-offs": "/tradeoffs/"}).items():
        for width in WIDTHS:
            rounds = [_vitals(f"http://127.0.0.1:{port}{path}", cookie, width) for _ in range(ROUNDS)]
            if not rounds[0]:
                return
            lcp, cls, blocked = (
                statistics.median(each[key] for each in rounds) for key in ("lcp", "cls", "blocked")
            )
            is_met = lcp <= LCP_MS and cls <= CLS and blocked <= BLOCKED_MS.get(name, MOST_BLOCKED_MS)
            print(
                f"{name:22}{width:6}{lcp:8.0f}{cls:8.3f}{blocked:12.0f}  {machine.verdict(is_met)}",
                flush=True,
            )


def _vitals(url: str, cookie: str, width: int) -> dict[str, float]:
    """Return `lcp` and `blocked` in ms and `cls`; nothing where there is no browser."""
    with machine.browser_page(url, cookie) as page:
        if page is None:
            return {}
        page.set_viewport_size({"width": width, "height": 900})
        page.add_init_script(OBSERVED)
        page.goto(url)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(SETTLED_MS)
        vitals: dict[str, float] = page.evaluate("() => vitals")
        return vitals
