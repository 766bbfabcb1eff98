"""Measures what bulk writes and lists of the REST API take, over HTTP, on a database with fsync on.

NetBox 4.6.8 on a machine of this kind (100,000 devices there): bulk POST of 1,000 devices 16.6 rows a
second with 55 statements a row, bulk PATCH 48 rows a second, a page of 50 devices 149 ms, of 1,000
devices 622 ms.
"""

import http.client
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks import machine

DEVICES = 1000
PAGES = 20
PATH = "/api/inventory/devices/"


def main() -> None:
    with machine.servers() as servers:
        servers.set_up()
        token = _token()
        _measure(servers, servers.serve(), token)


def _token() -> str:
    from accounts import operations
    from inventory.models import DeviceType, Manufacturer, Region, Site

    now = datetime.now(UTC)
    site = Site(name="S", slug="s", region=Region.objects.create(name="R", slug="r"), country="PT")
    site.save()
    maker = Manufacturer.objects.create(name="M", slug="m")
    DeviceType.objects.create(manufacturer=maker, model="T", slug="t", domain="compute")
    user = operations.create_user(username="planner", role="planner", by=None, now=now)
    _, plain = operations.create_token(user=user, name="bench", scope="write", by=None, now=now)
    return plain


def _measure(servers: machine.Servers, port: int, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def send(method: str, path: str, body: Any = None) -> tuple[float, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        began = time.perf_counter()
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        answer = response.read()
        took = time.perf_counter() - began
        if response.status >= 300:
            raise RuntimeError(f"{response.status} {answer[:300]!r}")
        return took, json.loads(answer) if answer else None

    send("GET", PATH)
    bodies = [
        {"site": {"slug": "s"}, "name": f"node-{number}", "device_type": {"slug": "t"}, "role": "node"}
        for number in range(DEVICES)
    ]
    created_rows = _many(servers, "POST", lambda: send("POST", PATH, bodies))
    machine.vacuum()
    drained = [{"id": row["id"], "status": "drained"} for row in created_rows]
    _many(servers, "PATCH", lambda: send("PATCH", PATH, drained))
    for limit in (50, DEVICES):
        times = [send("GET", f"{PATH}?limit={limit}")[0] for _ in range(PAGES)]
        print(f"a page of {limit}: median {1000 * statistics.median(times):.0f} ms")
    _many(servers, "DELETE", lambda: send("DELETE", PATH, [{"id": row["id"]} for row in created_rows]))


def _many(servers: machine.Servers, what: str, send: Callable[[], tuple[float, Any]]) -> Any:
    before = sum(servers.cpu_s().values())
    took, answer = send()
    cpu_s = sum(servers.cpu_s().values()) - before
    print(
        f"bulk {what} of {DEVICES}: {took:.2f} s, {DEVICES / took:,.0f} rows a second, "
        f"{DEVICES / cpu_s:,.0f} per CPU-second of web and database"
    )
    return answer
