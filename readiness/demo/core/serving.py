"""Latency histograms of the engines at inference sites, as vLLM exports them.

Each engine restarts at midnight UTC, so its counters begin at zero and depend only on the time. The bounds are some of
vLLM's own.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from readiness.demo.core.noise import Floats, seeds, uniform
from readiness.demo.core.plan import SitePlan, book
from readiness.demo.core.shapes import DAY
from readiness.demo.core.stories import SLOW_SITE

WINDOW_S = 300.0
REQUESTS_S = 0.8
"""Requests per second of one node."""
TOKENS = 220.0
"""Output tokens per request."""
SLOW_SHARE = 0.02
"""Share of the five-minute windows in which the slow site is slow."""

type Histogram = Mapping[float, float]
"""Maps an upper bound in seconds to the share of observations at or below it."""

type Rows = tuple[str, tuple[dict[str, str], ...], Floats]


def histograms(site: SitePlan, ts: Floats) -> Iterator[Rows]:
    """Metric, labels and values of the site's engine; empty if the site serves nothing."""
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
    ttft, tpot = (book("signals")["histograms"][name] for name in ("ttft", "tpot"))
    model = "small" if small else "large"
    usual, slow = (requests * (into_day - slow_s), ttft[model]), (requests * slow_s, ttft["slow"])
    yield from _family("vllm:time_to_first_token_seconds", labels, usual, slow, ttft["mean_s"])
    tokens, nothing = (requests * TOKENS * into_day, tpot[model]), (np.zeros_like(into_day), tpot[model])
    yield from _family("vllm:inter_token_latency_seconds", labels, tokens, nothing, tpot["mean_s"])


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
