"""Measures what pages take on the demo fleet: the server's time for pages, parts of pages and figures of charts.

Over HTTP, one request after another, through the web process that `make run` starts, with its middleware. The bars
are for the 95th percentile: 100 ms for a page and a chart's figures, 80 ms for a part of a page. Beside the time the
client waited stands the processor time that the web process and PostgreSQL took, which a busy machine changes less.

Then what a browser with nothing kept transfers for the first page it opens, charts drawn: bytes on the wire, headers
included, of files as `make run` compresses them. The bar is 700 KiB.
"""

import http.client
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks import machine

REQUESTS = 60
UNCOUNTED = 5
"""The first requests of an address compile its templates."""
PAGE_MS, PART_MS, FIGURES_MS = 100, 80, 100
FIRST_LOAD_KIB = 700
DRAWN = """() => {
    const frames = [...document.querySelectorAll("[data-plot-frame]")];
    return frames.length && frames.every(frame => frame.querySelector("[data-drawn]") && !frame.dataset.loading);
}"""
BROWSER = {"Accept-Encoding": "gzip, br"}
LIVE = {"HX-Request": "true", "HX-Target": "div#live"}


@dataclass(frozen=True)
class PageRequest:
    name: str
    path: str
    bar_ms: int
    headers: dict[str, str] = field(default_factory=dict)


def asked(site: str) -> list[PageRequest]:
    tabs = ("compute", "network", "energy", "evidence", "changes", "sources")
    return [
        PageRequest("fleet", "/", PAGE_MS),
        PageRequest("sites", "/sites/", PAGE_MS),
        PageRequest("site", f"/sites/{site}/", PAGE_MS),
        *(PageRequest(f"site, {tab}", f"/sites/{site}/?tab={tab}", PAGE_MS) for tab in tabs),
        PageRequest("matrix", "/readiness/", PAGE_MS),
        PageRequest("checks", "/readiness/checks/", PAGE_MS),
        PageRequest("check", "/readiness/checks/p2-power-headroom/", PAGE_MS),
        PageRequest("check at a site", f"/sites/{site}/checks/p5-fabric-health/", PAGE_MS),
        PageRequest("gap", "/readiness/gap/", PAGE_MS),
        PageRequest("worklist", "/readiness/worklist/", PAGE_MS),
        PageRequest("workloads", "/tradeoffs/workloads/", PAGE_MS),
        PageRequest("ingest", "/telemetry/", PAGE_MS),
        PageRequest("inventory", "/inventory/", PAGE_MS),
        PageRequest("devices", "/inventory/devices/", PAGE_MS),
        PageRequest("fleet, refreshed", "/", PART_MS, LIVE),
        PageRequest("site, refreshed", f"/sites/{site}/", PART_MS, LIVE),
        PageRequest("site table, sorted", "/?sort=owner", PART_MS, {"HX-Target": "div#table-sites"}),
        PageRequest("gap chart", "/charts/gap.json", FIGURES_MS),
        PageRequest("gap by blocker", "/readiness/gap/charts/by-group.json", FIGURES_MS),
        PageRequest("what would close it", "/readiness/gap/charts/closing.json", FIGURES_MS),
        PageRequest(
            "site's live series", f"/sites/{site}/charts/series.json?start=now-24h&end=now", FIGURES_MS
        ),
    ]


def main() -> None:
    with machine.servers() as servers:
        site, cookie = load_demo(servers)
        port = serve(servers)
        measure(servers, port, asked(site), cookie)
        weigh(port, site, cookie)


def load_demo(servers: machine.Servers) -> tuple[str, str]:
    """The whole demo as `make run` loads it: the slug of its largest site, and a session of its viewer."""
    os.environ["DJANGO_SETTINGS_MODULE"] = servers.env["DJANGO_SETTINGS_MODULE"] = "config.settings"
    manage = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    subprocess.run(manage, cwd=machine.ROOT, env=servers.env, check=True)
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    from accounts.models import User
    from readiness.demo import operations as demo
    from readiness.scoring.queries.standing import standing

    now = datetime.now(UTC)
    began = time.perf_counter()
    demo.load(by=None, now=now)
    # The optimizer's figures, which autovacuum brings about a minute after such a load.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    known = standing(now=now)
    largest = max(known.sites, key=lambda site: known.capacity[site.ref.id].deployed.it_kw)
    print(f"{len(known.sites)} sites, loaded in {time.perf_counter() - began:.0f} s", flush=True)
    client = Client()
    client.force_login(User.objects.get(username="viewer"))
    return largest.ref.slug, f"sessionid={client.cookies['sessionid'].value}"


def serve(servers: machine.Servers) -> int:
    """The web process, with the files of pages collected and compressed; the port it listens on."""
    from stack import processes

    hashed = {"MUSTER_HASHED_STATIC": "1"}
    collect = [sys.executable, *processes.collectstatic()[1:]]
    subprocess.run(collect, cwd=machine.ROOT, env=servers.env | hashed, check=True)
    port = machine.free_port()
    servers.run("web", [sys.executable, *processes.web(host="127.0.0.1", port=port)[1:]], env=hashed)
    machine.wait_until(lambda: machine.answers(port, "/health/live"), seconds=60, what="Muster did not start")
    return port


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
            f"{'  met' if p95 <= page.bar_ms else '  MISSED':8}"
            f"{cpu['web']:9.0f}{cpu['postgres']:9.0f}{answers[-1][1] / 1024:7.0f}",
            flush=True,
        )
    print(f"bars: {'MISSED by ' + ', '.join(missed) if missed else 'met by all'}; load {_load()}")


def _load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


def _ask(connection: http.client.HTTPConnection, page: PageRequest, cookie: str) -> tuple[float, int]:
    """Seconds, and bytes of the body."""
    began = time.perf_counter()
    connection.request("GET", page.path, headers=BROWSER | {"Cookie": cookie} | page.headers)
    response = connection.getresponse()
    body = response.read()
    took = time.perf_counter() - began
    if response.status != 200:
        raise RuntimeError(f"{page.path}: {response.status} {body[:300]!r}")
    return took, len(body)


def weigh(port: int, site: str, cookie: str) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("first load: not measured, Debian's chromium is not installed")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, path in (("fleet", "/"), ("site", f"/sites/{site}/")):
            context, address = browser.new_context(), f"http://127.0.0.1:{port}{path}"
            key, value = cookie.split("=", 1)
            context.add_cookies([{"name": key, "value": value, "url": address}])
            sizes = _transferred(context, address)
            total = sum(sizes.values()) / 1024
            largest = sorted(sizes.items(), key=lambda each: -each[1])[:4]
            largest_text = ", ".join(
                f"{url.rpartition('/')[2] or 'page'} {size / 1024:.0f}" for url, size in largest
            )
            verdict = "met" if total <= FIRST_LOAD_KIB else "MISSED"
            print(
                f"first load of {name}: {total:.0f} KiB in {len(sizes)} files; bar {FIRST_LOAD_KIB}: {verdict}"
            )
            print(f"    largest, KiB: {largest_text}")
            context.close()
        browser.close()


def _transferred(context: Any, url: str) -> dict[str, float]:
    """Bytes on the wire by address, until every chart of the page is drawn."""
    page = context.new_page()
    network = context.new_cdp_session(page)
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
