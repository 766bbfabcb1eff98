"""Measure how much memory the web process holds after an ordinary day's work on the demo fleet.

Page loads, one after another; whole exports; then large questions for series, four at once. The figure is the
proportional set size. The bar: at the end 1.5 times what it was after the first hundred pages, or less.
"""

import http.client
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

from benchmarks import machine, pages
from benchmarks.bodies import HEADERS, write_body
from telemetry.core.labels import key_of
from tests.peers.memory import pss_mib

WARM, LOADS, EXPORTS, QUESTIONS = 100, 2000, 20, 4
METRIC, SERIES, POINTS, STEP_S = "soak_gauge", 1000, 288, 300
EXPORT = "/telemetry/series/?export=json"
QUESTION = f"/api/telemetry/query/?metric={METRIC}&start=now-24h&end=now&step=5m"
MOST_TIMES = 1.5


def main() -> None:
    with machine.servers() as servers:
        site, cookie = pages.load_demo(servers)
        port = servers.serve(hashed=True)
        _store(port, site)
        web, signed_in = servers.pids["web"], {"Cookie": cookie}
        loads = cycle(pages.page_requests("demo", site=site))

        def load(count: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for page in islice(loads, count):
                machine.get(connection, page.path, page.headers | signed_in)
            connection.close()

        load(WARM)
        first_mib = _report(f"{WARM} pages", web)
        load(LOADS - WARM)
        _report(f"{LOADS} pages", web)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        size = sum(len(machine.get(connection, EXPORT, signed_in)) for _ in range(EXPORTS))
        _report(f"{EXPORTS} exports of {size / EXPORTS / 2**20:.1f} MiB", web)
        connection.close()
        _ask_at_once(port, cookie)
        last_mib = _report(f"{QUESTIONS} questions of {SERIES} series x {POINTS} points at once", web)
        times = last_mib / first_mib
        print(f"{times:.2f} times; bar {MOST_TIMES}: {machine.verdict(times <= MOST_TIMES)}")


def _report(after: str, pid: int) -> float:
    memory_mib = pss_mib(pid)
    print(f"after {after}: {memory_mib:.0f} MiB", flush=True)
    return memory_mib


def _ask_at_once(port: int, cookie: str) -> None:
    sizes: list[int] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        sizes.append(len(machine.get(connection, QUESTION, {"Cookie": cookie})))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(QUESTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(sizes) != QUESTIONS or min(sizes) < SERIES * POINTS:
        raise RuntimeError(f"{QUESTIONS} answers were asked for; their bytes: {sizes}")


def _store(port: int, site: str) -> None:
    """A day of a thousand series, sent by remote write, drained and rolled up."""
    from inventory.models import Site
    from telemetry import drain, rollups, store
    from telemetry.models import InboxBatch
    from telemetry.operations import create_source

    now = datetime.now(UTC)
    store.keep_partitions(now=now)
    _, token = create_source(name="soak", site=Site.objects.get(slug=site), by=None, now=now)
    headers = HEADERS | {"Authorization": f"Bearer {token}"}
    begin = now - timedelta(seconds=STEP_S * (POINTS + 1))
    machine.post_all(port, "/api/v1/write", [((body, headers) for body in _bodies(begin))])
    while InboxBatch.objects.exists():
        drain.drain(now=datetime.now(UTC))
    while rollups.roll_up(now=datetime.now(UTC)):
        pass


def _bodies(begin: datetime) -> Iterator[bytes]:
    labels = [key_of({"__name__": METRIC, "number": str(number)}) for number in range(SERIES)]
    for point in range(POINTS):
        at_ms = round((begin + timedelta(seconds=STEP_S * point)).timestamp() * 1000)
        yield write_body([(key, point + number / 7) for number, key in enumerate(labels)], at_ms)
