"""The identity of a series, and the kind a metric's name suggests where the registry does not know it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b

from telemetry.core.labels import key_of


class MetricKind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    STATE = "state"


def digest_of_key(key: bytes) -> bytes:
    return blake2b(key, digest_size=16).digest()


def digest(labels: Mapping[str, str]) -> bytes:
    """The same, from labels in any order."""
    return digest_of_key(key_of(labels))


def guess_kind(name: str) -> MetricKind:
    """Guess a metric's kind by the naming rules of Prometheus and OpenMetrics.

    A `_bucket`, `_sum` or `_count` is taken for a part of a histogram or summary, whose parts all count up.
    """
    if name.endswith("_bucket"):
        return MetricKind.HISTOGRAM
    if name.endswith(("_total", "_sum", "_count")):
        return MetricKind.COUNTER
    if name.endswith(("_state", "_status", "_state_id", "_info", "_up")) or name in ("up", "probe_success"):
        return MetricKind.STATE
    return MetricKind.GAUGE
