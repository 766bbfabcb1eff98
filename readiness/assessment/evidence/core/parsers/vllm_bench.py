"""`vllm bench serve --save-result`: latencies of served requests, and the number of failed ones.

Latencies cover completed requests only, so that a median may look good while half of the requests failed. The model's
p99 counts for a promised rate only if requests were sent at a rate, with Poisson arrivals.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from readiness.assessment.evidence.core.documents import Json, local_time, number_of, storable_bytes, text_of
from readiness.assessment.evidence.core.parsed import (
    DURATION,
    REQUEST_RATE,
    REQUESTS,
    Figure,
    Parsed,
    failed_operations,
    percentile_caution,
)
from readiness.assessment.evidence.core.parsers.vllm_rows import contradictions
from readiness.assessment.evidence.core.recomputing import first_of

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,4})?)_(ttft|tpot|itl|e2el)_ms")
_MEDIAN = re.compile(r"(median)_(ttft|tpot|itl|e2el)_ms")
NO_RATE = (
    "Requests were not sent at a rate (request rate inf), so the latency at a promised rate is not known."
)
NOT_POISSON = (
    "Arrivals were not Poisson (burstiness {burstiness:g}), so the tail is not that of real requests."
)

NOT_REACHED = (
    "Requests were to be sent at {asked:g}/s and were served at {reached:.3g}/s, so the latency at the rate asked for"
    " is not known."
)
LEAST_REACHED = 0.9
"""Least share of the requested rate (our judgement): a client that waits for answers sends less, and its waiting is in
no latency."""


def parse(content: bytes) -> Parsed:
    text = text_of(content)
    document = Json.parse(text)
    prompt_count, completed = document.whole("num_prompts"), document.whole("completed")
    if completed <= 0:
        document.need("completed").refuse(
            f"None of {prompt_count} requests was completed: nothing was measured."
        )
    of_run = Figure(
        name="", value=None, operation="serving", subject=document.text("model_id"), samples=completed
    )
    latencies = _latencies(document)
    figures = [
        *_latency_figures(document, of_run, latencies),
        replace(of_run, name=REQUESTS, value=float(completed)),
        *_rates(document, of_run),
        failed_operations(_failed(document, prompt_count, completed), of=prompt_count, what="requests"),
    ]
    if not any(figure.name == "ttft" for figure in figures):
        document.refuse("It holds no time to the first token.")
    return Parsed(
        tool="vllm-bench",
        figures=tuple(figures),
        content=storable_bytes(text, document.value),
        contradiction=first_of(contradictions(document, latencies)),
        taken_local=local_time(document.text("date"), "%Y%m%d-%H%M%S"),
        warnings=("The result names neither the server nor its accelerators: name the devices that served.",),
    )


def _failed(document: Json, prompt_count: int, completed: int) -> int:
    """The largest of: the file's own count, the missing requests, and the listed errors."""
    failed = document.optional_number("failed") or 0.0
    listed = sum(1 for error in document.listed("errors") if str(error.value).strip())
    return max(int(failed), prompt_count - completed, listed, 0)


def _latencies(document: Json) -> dict[str, dict[float, float]]:
    """The percentiles of each latency, in ms, by rank."""
    values: dict[str, dict[float, float]] = {}
    for key in document.names():
        matched = _PERCENTILE.fullmatch(key) or _MEDIAN.fullmatch(key)
        rank = None if matched is None else 50.0 if matched[1] == "median" else number_of(matched[1])
        # A single token has no time after the first.
        if matched is not None and rank and (value := document.counted(key)):
            values.setdefault(matched[2], {})[rank] = value
    return values


def _latency_figures(
    document: Json, of_run: Figure, latencies: Mapping[str, Mapping[float, float]]
) -> Iterator[Figure]:
    arrivals = _arrivals(document)
    for name, values in latencies.items():
        for rank, value in values.items():
            caution = percentile_caution(rank, of_run.samples) or arrivals
            yield replace(of_run, name=name, value=value, unit="ms", percentile=rank, caution=caution)


def _arrivals(document: Json) -> str:
    rate = document.get("request_rate")
    number = None if rate is None else rate.numeric_value()
    if number is None or number <= 0:
        return NO_RATE
    burstiness = document.optional_number("burstiness")
    if burstiness not in (None, 1.0):
        return NOT_POISSON.format(burstiness=burstiness)
    reached = document.optional_number("request_throughput")
    if reached is not None and reached < LEAST_REACHED * number:
        return NOT_REACHED.format(asked=number, reached=reached)
    return ""


def _rates(document: Json, of_run: Figure) -> Iterator[Figure]:
    units = {DURATION: "s", "request_throughput": "/s", "output_throughput": "tokens/s"}
    for name, unit in units.items():
        if (value := document.optional_number(name)) is not None:
            yield replace(of_run, name=name, value=value, unit=unit)
    rate = document.get(REQUEST_RATE)
    requested = None if rate is None else rate.numeric_value()
    if requested is not None:
        yield replace(of_run, name=REQUEST_RATE, value=requested, unit="/s")
