"""Measures the cost of taking in samples: Muster, Debian's Prometheus as a receiver, and a bare COPY, on one
machine in one run.

The figure is samples per processor second over every process of each (web, worker, beat, PostgreSQL and
Valkey here), since a wall clock says more about the machine's other guests. Bodies hold 2,000 series with
10 labels and one sample each. Then the same series come in through every other door.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import machine, steps
from benchmarks.bodies import HEADERS, SERIES, Family, agent_body, exposition, open_metrics, otlp, table
from benchmarks.doors import IMPORT, JSON, OPEN_METRICS, OTLP, PROTOBUF, VERSION_2, WRITE
from stack import processes
from tests.telemetry.otlp import json_bytes, protobuf_bytes

FAMILIES = 4
BODIES = 100  # of each family
CADENCE_S = 15
LAG_S = 20
LAG_BODIES_PER_S = 5
COPIED = 2_000_000
DOOR_BODIES = 15  # of each family, through each door but the first


def main() -> None:
    families = [Family(f"site-{number}", seed=number) for number in range(FAMILIES)]
    begin = datetime.now(UTC) - timedelta(seconds=CADENCE_S * BODIES + 600)
    bodies = [[family.body(_ms(begin) + CADENCE_S * 1000 * n) for n in range(BODIES)] for family in families]
    total = SERIES * BODIES * FAMILIES
    size = sum(len(body) for family in bodies for body in family)
    print(f"{total:,} samples in {BODIES * FAMILIES} bodies of {size / total:.1f} bytes a sample")
    receiver = _prometheus(bodies, total)
    with machine.servers() as servers:
        _muster(servers, families, bodies, total, receiver)
        copy = _bare_copy(servers)
        _parts(steps.measured(bodies[0]), copy)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _prometheus(bodies: list[list[bytes]], total: int) -> float | None:
    """Samples per processor second of Debian's Prometheus, None if it is not installed."""
    program = shutil.which("prometheus")
    if program is None:
        print("Prometheus is not installed: nothing to compare with")
        return None
    port = machine.free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "prometheus.yml"
        config.write_text("global: {}\n")
        argv = [program, "--web.enable-remote-write-receiver", f"--config.file={config}"]
        argv += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            machine.wait_until(
                lambda: machine.answers(port, "/-/ready"), seconds=30, what="Prometheus did not start"
            )
            before = machine.cpu_s(process.pid)
            queues = [[(body, HEADERS) for body in family] for family in bodies]
            machine.post_all(port, "/api/v1/write", queues)
            rate = total / (machine.cpu_s(process.pid) - before)
        finally:
            process.terminate()
            process.wait(timeout=30)
    print(f"Prometheus receiver: {rate:,.0f} samples per CPU-second")
    return rate


def _muster(
    servers: machine.Servers,
    families: list[Family],
    bodies: list[list[bytes]],
    total: int,
    receiver: float | None,
) -> None:
    port, headers = _start_muster(servers)
    from telemetry.tasks import roll_up

    # Each process has met the series before: what is measured is a sender's ordinary day.
    warm_up = datetime.now(UTC) - timedelta(seconds=CADENCE_S * BODIES + 1200)
    machine.post_all(
        port, "/api/v1/write", [[(families[n].body(_ms(warm_up)), headers[n])] for n in range(FAMILIES)]
    )
    _wait_until_drained()
    before, started = servers.cpu_s(), time.monotonic()
    queues = [[(body, headers[n]) for body in family] for n, family in enumerate(bodies)]
    machine.post_all(port, "/api/v1/write", queues)
    sent_s = time.monotonic() - started
    _wait_until_drained()
    drained = servers.cpu_s()
    # Only now, or windows that are long over here would be rolled up while they fill, as no real one is.
    roll_up.apply_async()
    _wait_until_rolled_up()
    after = servers.cpu_s()
    _report("taken in and drained", total, before, drained, receiver)
    _report("and rolled up", total, before, after, receiver)
    print(f"   of which the roll-up: {_shares(drained, after, total)}")
    print(f"   {total / sent_s:,.0f} samples per second by the clock while sending")
    _doors(servers, port, families, headers)
    _lag(port, families, headers)


class OtherDoor(NamedTuple):
    address: str
    content_type: str
    encode: Callable[[Family, int], bytes]


DOORS = {
    "remote write 2.0": OtherDoor(WRITE, VERSION_2, lambda family, ts_ms: family.body_2(ts_ms)),
    "the agent": OtherDoor(WRITE, PROTOBUF, lambda family, ts_ms: agent_body(family.rows(), ts_ms)),
    "text": OtherDoor(IMPORT, "text/plain", lambda family, ts_ms: exposition(family.rows(), ts_ms)),
    "OpenMetrics": OtherDoor(IMPORT, OPEN_METRICS, lambda family, ts_ms: open_metrics(family.rows(), ts_ms)),
    "CSV": OtherDoor(IMPORT, "text/csv", lambda family, ts_ms: table(family.rows(), ts_ms)),
    "OTLP": OtherDoor(OTLP, PROTOBUF, lambda family, ts_ms: otlp(family.rows(), ts_ms, protobuf_bytes)),
    "OTLP in JSON": OtherDoor(OTLP, JSON, lambda family, ts_ms: otlp(family.rows(), ts_ms, json_bytes)),
}


def _doors(
    servers: machine.Servers, port: int, families: list[Family], headers: list[dict[str, str]]
) -> None:
    """The series are those that came by remote write 1.0, so that each door has an ordinary day."""
    begin = datetime.now(UTC) - timedelta(seconds=300)
    for place, (name, door) in enumerate(DOORS.items()):
        # Every door has milliseconds of its own: a sample that came before would cost less.
        times = [_ms(begin) + 7 * place + 1000 * number for number in range(DOOR_BODIES + 1)]
        own = [
            {"Authorization": each["Authorization"], "Content-Type": door.content_type} for each in headers
        ]
        queues = [
            [(door.encode(family, ts_ms), own[number]) for ts_ms in times]
            for number, family in enumerate(families)
        ]
        # A process builds its tables when it meets a format for the first time.
        machine.post_all(port, door.address, [queue[:1] for queue in queues])
        _wait_until_drained()
        before = servers.cpu_s()
        machine.post_all(port, door.address, [queue[1:] for queue in queues])
        _wait_until_drained()
        total = FAMILIES * DOOR_BODIES * SERIES
        _report(f"{name}, taken in and drained", total, before, servers.cpu_s(), None)


def _start_muster(servers: machine.Servers) -> tuple[int, list[dict[str, str]]]:
    """Muster's processes on an empty database with a source for each family: its port, and the headers of senders."""
    servers.set_up()
    from inventory.models import Region, Site
    from telemetry import store
    from telemetry.operations import create_source

    now = datetime.now(UTC)
    store.keep_partitions(now=now)
    region = Region.objects.create(name="Bench", slug="bench")
    headers = []
    for number in range(FAMILIES):
        site = Site.objects.create(name=f"Site {number}", slug=f"site-{number}", region=region, country="PT")
        _, token = create_source(name=f"sender {number}", site=site, by=None, now=now)
        headers.append(HEADERS | {"Authorization": f"Bearer {token}"})
    servers.run("worker", (sys.executable, *processes.worker()[1:]))
    return servers.serve(), headers


def _wait_until_drained() -> None:
    from telemetry.models import InboxBatch

    machine.wait_until(lambda: not InboxBatch.objects.exists(), seconds=120, what="the inbox was never empty")


def _wait_until_rolled_up() -> None:
    from telemetry.models import DirtyWindow

    machine.wait_until(
        lambda: not DirtyWindow.objects.filter(width_s=300).exists(), seconds=120, what="never rolled up"
    )


def _report(
    what: str, total: int, before: dict[str, float], after: dict[str, float], receiver: float | None
) -> None:
    rate = total / sum(after[name] - before.get(name, 0.0) for name in after)
    ratio = f", {rate / receiver:.2f} x Prometheus" if receiver else ""
    print(f"Muster, {what}: {rate:,.0f} samples per CPU-second{ratio}")
    print(f"   microseconds a sample: {_shares(before, after, total)}")


def _shares(before: dict[str, float], after: dict[str, float], total: int) -> str:
    return ", ".join(f"{name} {(after[name] - before.get(name, 0.0)) / total * 1e6:.2f}" for name in after)


def _lag(port: int, families: list[Family], headers: list[dict[str, str]]) -> None:
    """Measure the time from the answer to a sender until a query finds its sample, at an ordinary load."""
    accepted: dict[datetime, float] = {}
    lags: list[float] = []
    begin, started = datetime.now(UTC), time.monotonic()
    for n in range(LAG_S * LAG_BODIES_PER_S):
        at = begin + timedelta(milliseconds=200 * n)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        family = n % FAMILIES
        machine.post_all(port, "/api/v1/write", [[(families[family].body(_ms(at)), headers[family])]])
        accepted[at] = time.monotonic()
        while True:
            _note_visible(accepted, lags)
            if time.monotonic() - started > n / LAG_BODIES_PER_S:
                break
            time.sleep(0.02)
    deadline = time.monotonic() + 30
    while accepted and time.monotonic() < deadline:
        _note_visible(accepted, lags)
        time.sleep(0.02)
    if accepted:
        raise TimeoutError(f"{len(accepted)} bodies never became visible")
    p50, p99 = np.percentile(lags, [50, 99])
    load = SERIES * LAG_BODIES_PER_S
    print(f"   accepted to queryable at {load:,} samples per second: p50 {p50:.2f} s, p99 {p99:.2f} s")


def _note_visible(accepted: dict[datetime, float], lags: list[float]) -> None:
    if not accepted:
        return
    from telemetry import store

    instants = store.sampled_instants(since=min(accepted))
    now = time.monotonic()
    lags += [now - accepted.pop(at) for at in instants if at in accepted]


def _bare_copy(servers: machine.Servers) -> float:
    """The same batches by COPY into the same table and nothing else: what the database alone would take."""
    from django.db import connection, transaction

    from telemetry.binary import binary_cursor
    from telemetry.store import hot
    from telemetry.store.appending import copy_batches
    from telemetry.store.blocks import SampleArrays

    now = datetime.now(UTC)
    with transaction.atomic(), binary_cursor() as cursor:
        table = hot.writable(cursor, now=now)
    batch = 10_000
    ts_ms = np.full(batch, _ms(now), np.int64)
    series, value = np.arange(batch, dtype=np.int64), np.random.default_rng(1).random(batch)
    connection.close()
    mine = time.process_time()
    before = machine.cpu_s(servers.pids["postgres"])
    with binary_cursor() as cursor:
        for _ in range(COPIED // batch):
            copy_batches(cursor, table, {1: SampleArrays(series, ts_ms, value)})
    connection.close()
    spent = machine.cpu_s(servers.pids["postgres"]) - before + time.process_time() - mine
    print(f"Bare COPY into the same table: {COPIED / spent:,.0f} samples per CPU-second")
    return spent / COPIED


def _parts(single: dict[str, float], copy: float) -> None:
    """Single steps by themselves: what is left of a process' figure above is its server, protocol and commits."""
    print("What single steps cost by themselves, microseconds a sample:")
    web = ", ".join(f"{name} {1e6 * single[name]:.2f}" for name in steps.WEB)
    worker = ", ".join(f"{name} {1e6 * single[name]:.2f}" for name in steps.WORKER)
    print(f"   web: {web}; the rest is HTTP and handing over the batch")
    print(f"   worker: {worker}; the rest is talk with the database, Celery, and the roll-up's arithmetic")
    print(f"   postgres: COPY {1e6 * copy:.2f} with its client; the rest is the inbox and the roll-up")
