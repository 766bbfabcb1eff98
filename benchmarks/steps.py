"""Measures what the steps of taking in samples cost by themselves, without a server, a database or a commit."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import numpy as np

from benchmarks.bodies import SERIES

WEB = ("decode", "digest", "pack")
WORKER = ("unpack", "find series")


def measured(bodies: Sequence[bytes]) -> dict[str, float]:
    """Processor seconds a sample of each step, with the series known from an earlier body."""
    from django.conf import settings

    from telemetry import ingest
    from telemetry.core.columns import pack, unpack
    from telemetry.core.labels import KeyCache
    from telemetry.formats import BodyHeaders, BodyLimits, remote_write
    from telemetry.readings import read
    from telemetry.series import KnownSeries

    cache, window, headers = KeyCache(), ingest.window(datetime.now(UTC)), BodyHeaders()
    limits = BodyLimits(max_decompressed_bytes=settings.TELEMETRY_DECODED_BYTES)

    def decode(body: bytes) -> Any:
        return remote_write.decode(body, headers, window=window, limits=limits, cache=cache)

    series = KnownSeries(())
    for number, key in enumerate(decode(bodies[0]).keys):
        series.add(key, number + 1, 1, 1.0, np.inf, -np.inf, False)
    spent: dict[str, float] = {}

    def run(step: str, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        begun = time.process_time()
        results = [work(item) for item in items]
        spent[step] = (time.process_time() - begun) / len(items) / SERIES
        return results

    columns = run("decode", decode, bodies)
    run("digest", lambda body: blake2b(body, digest_size=16).digest(), bodies)
    packed = run("pack", pack, columns)
    unpacked = run("unpack", unpack, packed)
    run("find series", lambda batch: read([batch], series, 0), unpacked)
    return spent
