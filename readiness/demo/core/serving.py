"""Latency histograms of the engines that serve at inference sites, as vLLM exports them.

An engine starts anew at each midnight UTC, so its counters begin at zero: what was counted until then follows from the
time alone. Bounds are some of vLLM's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from readiness.demo.core.noise import Floats, seeds, uniform
from readiness.demo.core.plan import SitePlan
from readiness.demo.core.shapes import DAY
from readiness.demo.core.stories import SLOW_SITE

WINDOW_S = 300.0
REQUESTS_S = 0.8
"""Requests a second of one node."""
TOKENS = 220.0
"""Output tokens of a request."""
SLOW_SHARE = 0.02
"""Of the five-minute windows of the slow site."""

type Histogram = Mapping[float, float]
"""Upper bound in seconds to the share of observations at or below it."""

TTFT: Mapping[bool, Histogram] = {
    True: {0.1: 0.42, 0.25: 0.95, 0.5: 0.999, 0.75: 1.0, 1.0: 1.0, 2.5: 1.0, 5.0: 1.0},
    False: {0.1: 0.12, 0.25: 0.61, 0.5: 0.93, 0.75: 0.985, 1.0: 0.998, 2.5: 1.0, 5.0: 1.0},
}
"""Of small models at edge sites, and of large ones elsewhere."""
TTFT_SLOW: Histogram = {0.1: 0.05, 0.25: 0.3, 0.5: 0.6, 0.75: 0.8, 1.0: 0.88, 2.5: 0.95, 5.0: 0.999}
TPOT: Mapping[bool, Histogram] = {
    True: {0.01: 0.6, 0.025: 0.996, 0.05: 1.0, 0.1: 1.0, 0.15: 1.0, 0.2: 1.0, 0.3: 1.0},
    False: {0.01: 0.02, 0.025: 0.45, 0.05: 0.96, 0.1: 0.999, 0.15: 1.0, 0.2: 1.0, 0.3: 1.0},
}
MEAN_S = {"ttft": 0.19, "tpot": 0.02}

type Rows = tuple[str, tuple[dict[str, str], ...], Floats]


def histograms(site: SitePlan, ts: Floats) -> Iterator[Rows]:
    """Metric, labels and values of the site's engine; none where nothing is served."""
    if "inference" not in site.facts["profiles"] or not site.nodes:
        return
    small = site.facts["kind"] == "edge"
    into_day = ts % DAY
    slow_s = _slow_seconds(site, ts)
    requests = REQUESTS_S * len(site.nodes)
    labels = {
        "instance": f"{site.nodes[0].address}:8000",
        "job": "vllm",
        "engine": "0",
        "model_name": "corvale-speech-1b" if small else "corvale-assistant-8b",
    }
    usual = requests * (into_day - slow_s), TTFT[small]
    slow = requests * slow_s, TTFT_SLOW
    yield from _family("vllm:time_to_first_token_seconds", labels, usual, slow, MEAN_S["ttft"])
    tokens = requests * TOKENS * into_day, TPOT[small]
    nothing = np.zeros_like(into_day), TPOT[small]
    yield from _family("vllm:inter_token_latency_seconds", labels, tokens, nothing, MEAN_S["tpot"])


def _family(
    name: str,
    labels: dict[str, str],
    usual: tuple[Floats, Histogram],
    slow: tuple[Floats, Histogram],
    mean_s: float,
) -> Iterator[Rows]:
    count = np.floor(usual[0]) + np.floor(slow[0])
    bounds = list(usual[1])
    columns = [np.floor(usual[0] * usual[1][le]) + np.floor(slow[0] * slow[1].get(le, 1.0)) for le in bounds]
    with_bound = tuple({**labels, "le": text} for text in (*map(str, bounds), "+Inf"))
    yield f"{name}_bucket", with_bound, np.concatenate([*columns, count], axis=1)
    yield f"{name}_sum", (labels,), np.round(count * mean_s, 3)
    yield f"{name}_count", (labels,), count


def _slow_seconds(site: SitePlan, ts: Floats) -> Floats:
    """Seconds since midnight that lay in slow windows."""
    if site.name != SLOW_SITE:
        return np.zeros_like(ts)
    places = np.arange(int(DAY / WINDOW_S))
    midnight = ts - ts % DAY
    starts = midnight + places * WINDOW_S
    slow = uniform(seeds([f"{site.slug}/slow"]), starts.reshape(-1, 1), every_s=WINDOW_S).reshape(
        starts.shape
    )
    passed = np.clip(ts - starts, 0.0, WINDOW_S)
    total: Floats = np.where(slow < SLOW_SHARE, passed, 0.0).sum(axis=1, keepdims=True)
    return total
