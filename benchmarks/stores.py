"""Measures what keeping samples costs once they are an hour old: in Muster's own blocks, and in Debian's Prometheus and
VictoriaMetrics, beside each other.

2,000 series (the shapes of `benchmarks/blocks.py`) have two hours of samples every 15 s. The figure is processor time a
sample of Muster and its PostgreSQL, from the hot samples until they are dropped, and that of the storage beside it.
Then the same samples are read from each.
"""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.blocks import SERIES, CostMeter, shapes
from tests.peers.running import Programs
from tests.peers.storages import STORAGES, StorageProgram

CADENCE_S, SPAN = 15, timedelta(hours=2)
READINGS = 20
# When the worker's task would run that seals, sends or packs, and, an hour later, reads back and drops.
MINUTES = (6, 121, 182, 183, 184, 245, 246)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, machine.servers() as servers:
        servers.set_up()
        programs = Programs(Path(folder))
        try:
            _measure(servers, "postgres", None)
            for name in STORAGES:
                path = shutil.which(name)
                if path is None:
                    print(f"Debian's {name} is not installed")
                    continue
                storage = StorageProgram(name, programs, Path(folder), find=lambda _, path=path: path)
                _measure(servers, name, storage)
        finally:
            programs.end_all()


def _measure(servers: machine.Servers, name: str, storage: StorageProgram | None) -> None:
    from django.conf import settings

    from telemetry.core.remote_storage import parse_remote_storage

    settings.TELEMETRY_STORE = parse_remote_storage(storage.setting if storage else "postgres")
    # A remote storage takes no sample of its own future.
    end = datetime.now(UTC).replace(microsecond=0)
    ids = _append(servers, name, end)
    samples = len(ids) * (SPAN // timedelta(seconds=CADENCE_S))
    spent = {name: 0.0}
    before = _cpu_s(storage)
    with CostMeter(servers, spent, name):
        _keep(end, storage)
    beside = f", and {1e6 * (_cpu_s(storage) - before) / samples:.2f} of the storage" if storage else ""
    print(
        f"{name}: kept by {1e6 * spent[name] / samples:.2f} microseconds a sample of Muster and PostgreSQL{beside}"
    )
    _read(ids, end)


def _append(servers: machine.Servers, name: str, end: datetime) -> NDArray[np.int64]:
    from inventory.models import Region, Site
    from telemetry import store
    from telemetry.binary import binary_cursor
    from telemetry.core.instants import ms
    from telemetry.models import Series
    from telemetry.operations import create_source

    region, _ = Region.objects.get_or_create(name="Bench", slug="bench")
    site = Site.objects.create(name=name, slug=name, region=region, country="PT")
    source, _ = create_source(name=name, site=site, by=None, now=end)
    series = Series.objects.bulk_create(
        Series(
            source=source, site=site, metric="value", labels={"n": str(number)}, kind="gauge",
            digest=f"{name[:8]}-{number}".encode().ljust(16), first_seen_at=end,
        )
        for number in range(SERIES)
    )  # fmt: skip
    ids = np.array([each.pk for each in series], np.int64)
    values = shapes(SPAN // timedelta(seconds=CADENCE_S))
    with binary_cursor() as cursor:
        for column in range(values.shape[1]):
            ts_ms = np.full(SERIES, ms(end - SPAN) + 1000 * CADENCE_S * column)
            store.append(cursor, {source.pk: store.SampleArrays(ids, ts_ms, values[:, column])}, now=end)
    return ids


def _keep(end: datetime, storage: StorageProgram | None) -> None:
    from telemetry import store

    for minutes in MINUTES:
        store.pack_samples(now=end + timedelta(minutes=minutes), newest_at=end)
        if storage is not None:
            storage.flush()
    if store.waiting_samples().since is not None:
        raise SystemExit("Some samples are still hot.")


def _cpu_s(storage: StorageProgram | None) -> float:
    if storage is None or storage.program.process is None:
        return 0.0
    return machine.cpu_s(storage.program.process.pid)


def _read(ids: NDArray[np.int64], end: datetime) -> None:
    from telemetry import store

    for count in (1, 100, SERIES):
        read_samples = partial(store.samples, ids[:count], after=end - SPAN - timedelta(seconds=1), until=end)
        series, _, _ = read_samples()
        if len(series) != count * (SPAN // timedelta(seconds=CADENCE_S)):
            raise SystemExit(f"{len(series)} samples of {count} series were read back.")
        print(f"   {count:,} series of two hours read in {1000 * _median_s(read_samples):.1f} ms")


def _median_s(read: Callable[[], object]) -> float:
    times = sorted(machine.timed(read) for _ in range(READINGS))
    return times[len(times) // 2]


if __name__ == "__main__":
    main()
