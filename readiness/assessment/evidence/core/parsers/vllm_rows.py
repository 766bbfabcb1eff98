"""Compares the figures of a result of `vllm bench serve` with its own counts and times, and with one row for each
request if it has them (`--save-detailed`). vLLM computes percentiles as numpy does, between the two nearest rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from readiness.assessment.evidence.core.documents import Json
from readiness.assessment.evidence.core.recomputing import (
    differ,
    disagreement,
    falling,
    half_unit,
    rate_disagreement,
)

LATENCIES = ("ttft", "tpot", "itl", "e2el")


@dataclass(frozen=True, slots=True)
class RequestRows:
    """The requests of a detailed result. `served` are the places of those that were answered."""

    served: Sequence[int]
    input_tokens: Sequence[float]
    output_tokens: Sequence[float]
    ttft_ms: Sequence[float]
    itl_ms: Sequence[float]


def contradictions(document: Json, values: Mapping[str, Mapping[float, float]]) -> Iterator[str]:
    """`values` are the percentiles of each latency by rank."""
    prompt_count, completed = document.whole("num_prompts"), document.whole("completed")
    if completed > prompt_count:
        yield disagreement("number of completed requests", f"{completed}", f"{prompt_count} at most")
    yield from _rates(document, completed)
    for name in LATENCIES:
        of_name = values.get(name, {})
        median, half = (
            document.optional_number(f"median_{name}_ms"),
            document.optional_number(f"p50_{name}_ms"),
        )
        if median is not None and half is not None:
            yield _compared(f"p50 of the {name}", half, median, "ms")
        yield falling(name, of_name, "ms")
    yield from _request_disagreements(document, values)
    yield from _row_disagreements(document, values, completed)


def _rates(document: Json, completed: int) -> Iterator[str]:
    duration_s = document.optional_number("duration") or 0.0
    output, total = (document.optional_number(f"total_{side}_tokens") for side in ("output", "input"))
    both = None if output is None or total is None else output + total
    rates = {
        "request_throughput": (float(completed), "/s"),
        "output_throughput": (output, "tokens/s"),
        "total_token_throughput": (both, "tokens/s"),
    }
    for key, (amount, unit) in rates.items():
        rate = document.optional_number(key)
        if rate is not None and amount is not None:
            yield rate_disagreement(key.replace("_", " "), rate, amount, duration_s, unit)


def _request_disagreements(document: Json, values: Mapping[str, Mapping[float, float]]) -> Iterator[str]:
    """No request took less than its first token, or longer than the run."""
    whole, first = values.get("e2el", {}), values.get("ttft", {})
    for rank in sorted(whole.keys() & first.keys()):
        if differ(first[rank], whole[rank], 0.0) and first[rank] > whole[rank]:
            yield disagreement(
                f"p{rank:g} of the ttft", f"{first[rank]:.6g} ms", f"{whole[rank]:.6g} ms at most"
            )
    longest_ms = 1000 * (document.optional_number("duration") or 0.0)
    for name, of_name in values.items():
        for rank, value in of_name.items():
            if (
                longest_ms > 0
                and value > longest_ms
                and differ(value, longest_ms, half_unit(repr(longest_ms)))
            ):
                yield disagreement(
                    f"p{rank:g} of the {name}", f"{value:.6g} ms", f"{longest_ms:.6g} ms at most"
                )


def _row_disagreements(
    document: Json, values: Mapping[str, Mapping[float, float]], completed: int
) -> Iterator[str]:
    rows = _request_rows(document, completed)
    if isinstance(rows, str):
        yield rows
    if not isinstance(rows, RequestRows):
        return
    for side, tokens in (("input", rows.input_tokens), ("output", rows.output_tokens)):
        total = document.optional_number(f"total_{side}_tokens")
        if total is not None and tokens:
            yield _compared(f"number of {side} tokens", total, sum(tokens), "tokens")
    for name, of_rows in (("ttft", rows.ttft_ms), ("itl", rows.itl_ms)):
        if not of_rows:
            continue
        ordered = sorted(of_rows)
        for rank, value in values.get(name, {}).items():
            yield _compared(f"p{rank:g} of the {name}", value, percentile_of(ordered, rank), "ms")
        if (mean := document.optional_number(f"mean_{name}_ms")) is not None:
            yield _compared(f"mean {name}", mean, sum(of_rows) / len(of_rows), "ms")


def percentile_of(ordered: Sequence[float], rank: float) -> float:
    """The linear percentile of numpy.

    >>> percentile_of([1.0, 2.0, 4.0], 75)
    3.0
    """
    place = (len(ordered) - 1) * rank / 100
    lower = int(place)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (place - lower)


def _request_rows(document: Json, completed: int) -> RequestRows | str | None:
    """The rows; a sentence if they are not of one run with that many completed requests; None without rows."""
    columns = {key: document.get(key) for key in ("ttfts", "input_lens", "output_lens", "errors", "itls")}
    lists = {key: list(column.items()) for key, column in columns.items() if column is not None}
    lists = {key: items for key, items in lists.items() if items}
    if "ttfts" not in lists or "output_lens" not in lists:
        return None
    lengths = {key: len(items) for key, items in lists.items()}
    count = lengths["ttfts"]
    for key, length in lengths.items():
        if length != count:
            return disagreement(f"number of {key}", f"{length}", f"{count} requests")
    output = [_number(item) for item in lists["output_lens"]]
    faultless = [
        place
        for place in range(count)
        if "errors" not in lists or not str(lists["errors"][place].value).strip()
    ]
    answered = [place for place in faultless if output[place] > 0]
    if not len(answered) <= completed <= len(faultless):
        return disagreement("number of completed requests", f"{completed}", f"{len(answered)}")
    served = answered if len(answered) == completed else faultless
    if len(served) != completed:
        return None
    ttft = [_number(item) for item in lists["ttfts"]]
    gaps = [list(lists["itls"][place].items()) for place in served] if "itls" in lists else []
    return RequestRows(
        served=served,
        input_tokens=[_number(lists["input_lens"][place]) for place in served]
        if "input_lens" in lists
        else (),
        output_tokens=[output[place] for place in served],
        ttft_ms=[1000 * ttft[place] for place in served],
        itl_ms=[1000 * _number(gap) for of_request in gaps for gap in of_request],
    )


def _number(item: Json) -> float:
    value = item.numeric_value()
    if value is None:
        item.refuse("A number is expected.")
    return value


def _compared(what: str, printed: float, expected: float, unit: str) -> str:
    if not differ(printed, expected, half_unit(repr(printed))):
        return ""
    return disagreement(what, f"{printed:.6g} {unit}", f"{expected:.6g} {unit}")
