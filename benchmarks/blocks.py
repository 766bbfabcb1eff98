"""Measures what a day of samples takes in hot batches, in blocks and in roll-ups, beside blocks of Debian's Prometheus:
bytes and processor time. And how fast blocks are read.

2,000 series have the shapes of node_exporter's: 35 % are constant, 20 % counters that seldom move, 15 % busy counters,
15 % seconds of processors, 8 % memory, 7 % noisy gauges. `python -m benchmarks.blocks 15` measures samples every 15 s.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine

SERIES = 2000
CADENCES_S = (60, 15)
DAY_S = 86_400
PART_S = 7200
# Windows of five minutes that are rolled up: the rest costs the same.
ROLLED_UP_S = 3600
READINGS = 20


def main(*cadences_s: int) -> None:
    with machine.servers() as servers:
        servers.set_up()
        for number, cadence_s in enumerate(cadences_s or CADENCES_S):
            start = datetime(2026, 11, 10 + 2 * number, tzinfo=UTC)
            values = shapes(DAY_S // cadence_s)
            print(f"-- {SERIES:,} series for a day at {cadence_s} s: {values.size:,} samples")
            _store(servers, values, start, cadence_s)
            _read(start, cadence_s)
            _prometheus(values[:, : PART_S * 3 // cadence_s], start, cadence_s)


def shapes(samples: int) -> NDArray[np.float64]:
    """A row for each series."""
    random = np.random.default_rng(5)

    def walk(count: int, step: float) -> NDArray[np.float64]:
        return np.cumsum(random.normal(0, step, (count, samples)), axis=1)

    def counter(count: int, each: NDArray[Any]) -> NDArray[np.float64]:
        return random.integers(0, 10**9, (count, 1)) + np.cumsum(each, axis=1).astype(float)

    parts = {share: SERIES * share // 100 for share in (35, 20, 15, 8, 7)}
    return np.concatenate(
        [
            np.repeat(random.integers(0, 10**6, (parts[35], 1)).astype(float), samples, axis=1),
            counter(parts[20], random.random((parts[20], samples)) < 0.01),
            counter(parts[15], random.integers(0, 50_000, (parts[15], samples))),
            np.round(1e5 + np.cumsum(random.integers(0, 120, (parts[15], samples)), axis=1) / 100, 2),
            np.round((3e10 + walk(parts[8], 1e7)) / 4096) * 4096,
            np.round(45 + walk(parts[7], 0.3) + random.normal(0, 1, (parts[7], samples)), 1),
        ]
    )


def _store(servers: machine.Servers, values: NDArray[np.float64], start: datetime, cadence_s: int) -> None:
    from telemetry import store
    from telemetry.binary import binary_cursor
    from telemetry.core.instants import ms

    source_id, ids = _series(cadence_s)
    spent = {"batches": 0.0, "blocks": 0.0, "roll-ups": 0.0}
    before, hot = _bytes(), 0
    for begin_s in range(0, DAY_S, PART_S):
        end = start + timedelta(seconds=begin_s + PART_S)
        columns = np.arange(begin_s // cadence_s, (begin_s + PART_S) // cadence_s)
        with CostMeter(servers, spent, "batches"), binary_cursor() as cursor:
            for column in columns.tolist():
                ts_ms = np.full(SERIES, ms(start) + 1000 * cadence_s * column)
                samples = store.SampleArrays(ids, ts_ms, values[:, column])
                store.append(cursor, {source_id: samples}, now=end)
        hot = max(hot, _bytes()["hot"])
        if begin_s == 0:
            with CostMeter(servers, spent, "roll-ups"):
                for window in range(0, ROLLED_UP_S, 300):
                    store.write_five_minutes(start + timedelta(seconds=window), [source_id], now=end)
                store.write_hour(start, [source_id])
        with CostMeter(servers, spent, "blocks"):
            for later in (timedelta(hours=2), timedelta(hours=3)):
                store.pack_samples(now=end + later, newest_at=end)
    grown = _bytes()
    with CostMeter(servers, spent, "blocks"):
        store.pack_samples(now=start + timedelta(days=1, hours=7), newest_at=start)
    after = _bytes()
    rolled = SERIES * ROLLED_UP_S // cadence_s
    print(f"   in batches: {hot / (SERIES * PART_S / cadence_s):.1f} B a sample")
    print(f"   in blocks: {(after['blocks'] - before['blocks']) / values.size:.2f} B a sample with index")
    print(f"      while the day grows: {(grown['blocks'] - before['blocks']) / values.size:.2f} B")
    for width in ("5m", "1h"):
        print(f"   roll-ups of {width}: {(after[width] - before[width]) / rolled:.2f} B a sample")
    shares = {"batches": values.size, "blocks": values.size, "roll-ups": rolled}
    print(
        "   microseconds a sample:",
        ", ".join(f"{what} {1e6 * spent[what] / shares[what]:.2f}" for what in spent),
    )


def _series(cadence_s: int) -> tuple[int, NDArray[np.int64]]:
    from inventory.models import Region, Site
    from telemetry.models import Series
    from telemetry.operations import create_source

    now = datetime.now(UTC)
    region, _ = Region.objects.get_or_create(name="Bench", slug="bench")
    site = Site.objects.create(
        name=f"Site {cadence_s}", slug=f"site-{cadence_s}", region=region, country="PT"
    )
    source, _ = create_source(name=f"every {cadence_s} s", site=site, by=None, now=now)
    series = Series.objects.bulk_create(
        Series(
            source=source, site=site, metric="value", labels={"n": str(number)}, kind="gauge",
            digest=f"{cadence_s}-{number}".encode().ljust(16), first_seen_at=now,
        )
        for number in range(SERIES)
    )  # fmt: skip
    return source.pk, np.array([each.pk for each in series], np.int64)


class CostMeter:
    """Adds the processor seconds of this process and of PostgreSQL."""

    def __init__(self, servers: machine.Servers, spent: dict[str, float], what: str) -> None:
        self._servers, self._spent, self._what = servers, spent, what

    def _now(self) -> float:
        from django.db import connection

        connection.close()
        return time.process_time() + machine.cpu_s(self._servers.pids["postgres"])

    def __enter__(self) -> None:
        self._begun = self._now()

    def __exit__(self, *error: object) -> None:
        self._spent[self._what] += self._now() - self._begun


def _bytes() -> dict[str, int]:
    from telemetry.binary import fetched

    tables = {"hot": "samplebatch", "blocks": "block", "5m": "rollup_5m", "1h": "rollup_1h"}
    statement = (
        "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
        " WHERE relkind = 'r' AND relname ~ %s"
    )
    return {name: fetched(statement, [rf"^telemetry_{table}_\d+$"])[0][0] for name, table in tables.items()}


def _read(start: datetime, cadence_s: int) -> None:
    from telemetry import store
    from telemetry.models import Series

    ids = np.array(Series.objects.filter(source__name=f"every {cadence_s} s").values_list("pk", flat=True))
    end = start + timedelta(days=1) - timedelta(seconds=1)
    for count, hours in ((1, 6), (1, 24), (1000, 24)):
        read = partial(store.samples, ids[:count], after=end - timedelta(hours=hours), until=end)
        times = sorted(machine.timed(read) for _ in range(READINGS))
        print(f"   {count:,} series of {hours} h read in {1000 * times[len(times) // 2]:.1f} ms")


def _prometheus(values: NDArray[np.float64], start: datetime, cadence_s: int) -> None:
    """Bytes of the blocks that promtool makes of six hours."""
    program = shutil.which("promtool")
    if program is None:
        print("   Prometheus is not installed: nothing to compare with")
        return
    with tempfile.TemporaryDirectory() as folder:
        text, blocks = Path(folder) / "samples.txt", Path(folder) / "blocks"
        with text.open("w") as file:
            file.writelines(_exposition(values, start, cadence_s))
        subprocess.run(
            [program, "tsdb", "create-blocks-from", "openmetrics", "--quiet", text, blocks],
            check=True, capture_output=True,
        )  # fmt: skip
        files = [path for path in blocks.rglob("*") if path.is_file()]
        chunks = sum(path.stat().st_size for path in files if "chunks" in path.parts)
        whole = sum(path.stat().st_size for path in files)
    print(f"   Prometheus: {whole / values.size:.2f} B a sample, {chunks / values.size:.2f} of it chunks")


def _exposition(values: NDArray[np.float64], start: datetime, cadence_s: int) -> Iterator[str]:
    yield "# TYPE value gauge\n"
    begin_s = int(start.timestamp())
    for number, row in enumerate(values.tolist()):
        labels = f'value{{n="{number}",instance="node-{number // 40}.example.org:9100",job="node"}}'
        yield from (f"{labels} {value!r} {begin_s + cadence_s * place}\n" for place, value in enumerate(row))
    yield "# EOF\n"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
