"""MLPerf-style training logs: lines of `:::MLLOG` and JSON, optionally after a rank.

Time to train runs from `run_start` to `run_stop`, and only if the stop reports success: an aborted run has no time. The
load generator of inference also writes such lines; its times count from its own start, and a run that it calls INVALID
is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from readiness.assessment.evidence.core import documents
from readiness.assessment.evidence.core.parsed import (
    ANOTHER_RUN,
    DURATION,
    REQUEST_RATE,
    REQUESTS,
    Figure,
    Parsed,
    ParseError,
    failed_operations,
)
from readiness.assessment.evidence.core.recomputing import disagreement, falling, first_of, out_of_range

MARK = ":::MLLOG"
LATENCIES = {
    "result_first_token_99.00_percentile_latency_ns": "ttft",
    "result_time_per_output_token_99.00_percentile_ns": "tpot",
}
"""Latencies that the load generator logs for a server run, in nanoseconds."""
EPOCH_MS = 1e11
"""A smaller time counts from the start of the program: as milliseconds since 1970 it would be in 1973."""
RESULT = re.compile(r"result_\w[\w.]*|effective_target_qps")
"""Keys of the numbers that the load generator gives about its run."""
_PERCENTILES = {
    re.compile(r"result_(?:(min|max)_latency_ns|(\d+\.\d+)_percentile_latency_ns)"): "latency",
    re.compile(r"result_first_token_(?:(min|max)_latency_ns|(\d+\.\d+)_percentile_latency_ns)"): "ttft",
    re.compile(
        r"result_time_(?:to_output_token_(min|max)|per_output_token_(\d+\.\d+)_percentile_ns)"
    ): "tpot",
}
_MEANS = {
    "result_mean_latency_ns": "latency",
    "result_first_token_mean_latency_ns": "ttft",
    "result_time_to_output_token_mean": "tpot",
}
"""Extremes, percentiles and means of each latency, in nanoseconds."""
LEAST_DIFFERENCE = 0.001
"""Share by which counts and times must differ: the log rounds them."""
KEPT = ("submission_benchmark", "submission_platform")

NOT_VALIDATED = "The log lacks the line result_validity: the load generator did not call the run valid."


@dataclass
class _Log:
    starts: list[float] = field(default_factory=list)
    stops: list[tuple[int, float, str, float | None]] = field(default_factory=list)
    latencies: list[Figure] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    results: dict[str, float] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    begun_at: datetime | None = None
    least_ms: float | None = None
    is_least_met: bool = False
    is_valid: bool = False

    def read(self, line: int, entry: documents.Json) -> None:
        key = entry.text("key")
        at_ms = entry.number("time_ms")
        self.times.append(at_ms)
        self._read_result(line, key, entry)
        metadata = entry.child("metadata")
        # The load generator marks errors in the entry itself, under any key.
        mark = metadata.get("is_error") if metadata.is_object() else None
        if mark is not None and mark.value is True:
            self.errors.append(documents.tidy(f"The load generator reports an error: {key}"))
        match key:
            case "run_start":
                self.starts.append(at_ms)
            case "run_stop":
                status, steps = metadata.text("status").lower(), metadata.optional_number("step_num")
                self.stops.append((line, at_ms, status, steps))
            case "test_datetime":
                self.begun_at = _zoned_instant(entry.text("value"))
            case "result_validity":
                if entry.text("value").upper() != "VALID":
                    reason = f"The load generator calls the run {entry.text('value') or 'nothing'}."
                    raise ParseError(line, reason)
                self.is_valid = True
            case "effective_test_mode" if "performance" not in entry.text("value").lower():
                reason = f"The mode is {documents.tidy(entry.text('value'))}: only a performance run has latencies."
                raise ParseError(line, reason)
            case "effective_min_duration_ms":
                self.least_ms = entry.optional_number("value")
            case "result_min_duration_met":
                value = entry.get("value")
                self.is_least_met = value is not None and value.value is True
            case _ if key in KEPT:
                self.facts[key] = entry.text("value")
            case _ if key in LATENCIES:
                latency = _latency(line, key, entry)
                if any(each.name == latency.name for each in self.latencies):
                    raise ParseError(line, ANOTHER_RUN)
                self.latencies.append(latency)

    def _read_result(self, line: int, key: str, entry: documents.Json) -> None:
        value = entry.get("value") if RESULT.fullmatch(key) else None
        number = None if value is None else value.numeric_value()
        if number is None or number < 0:
            return
        if self.results.setdefault(key, number) != number:
            raise ParseError(line, ANOTHER_RUN)


def parse(content: bytes) -> Parsed:
    text = documents.text_of(content)
    log, number = _Log(), 1
    for number, line in documents.lines_of(text):
        _, mark, entry = line.partition(MARK)
        if not mark:
            continue
        if not entry.lstrip().startswith("{"):
            raise ParseError(number, f"What follows {MARK} is not a JSON object.")
        log.read(number, documents.Json.parse(entry, number))
    if not log.times:
        raise ParseError(number, f"There is no line of {MARK}.")
    caution = "" if log.is_valid else NOT_VALIDATED
    figures = [replace(each, caution=caution) for each in log.latencies]
    figures += _extent(log) if figures else []
    if log.stops or not figures:
        figures += _time_to_train(log, number)
    if log.errors:
        figures.append(failed_operations(len(log.errors)))
    last_ms = max(log.times)
    platform = log.facts.get("submission_platform")
    return Parsed(
        tool="mlperf",
        figures=tuple(figures),
        content=text.encode("utf-8", "replace"),
        taken_at=log.begun_at if last_ms < EPOCH_MS else documents.instant(last_ms / 1000, number),
        devices=(platform,) if platform else (),
        contradiction=first_of(_contradictions(log)),
        warnings=("MLPerf-style: a result under that name needs a conforming submission.", *log.errors[:20]),
    )


def _extent(log: _Log) -> Iterator[Figure]:
    """How long the load generator served, and how many requests at which rate. The first request is at the start, so
    that n requests are n - 1 times apart."""
    count, rate = log.results.get("result_query_count"), log.results.get("result_completed_samples_per_sec")
    of_run = Figure(name="", value=None, operation="serving")
    if count is not None and rate and count > 1:
        yield replace(of_run, name=DURATION, value=(count - 1) / rate, unit="s")
    elif log.is_least_met and log.least_ms is not None and log.least_ms > 0:
        yield replace(of_run, name=DURATION, value=log.least_ms / 1e3, unit="s")
    if count is not None:
        yield replace(of_run, name=REQUESTS, value=count)
    if rate is not None:
        yield replace(of_run, name="request_throughput", value=rate, unit="/s")
    if (requested := log.results.get("effective_target_qps")) is not None:
        yield replace(of_run, name=REQUEST_RATE, value=requested, unit="/s")


def _contradictions(log: _Log) -> Iterator[str]:
    values = _values_by_rank(log.results)
    for name, of_name in values.items():
        yield falling(name, of_name, "ns")
    for key, name in _MEANS.items():
        if (mean := log.results.get(key)) is not None:
            of_name = values.get(name, {})
            yield out_of_range(f"mean {name}", mean, of_name.get(0.0), of_name.get(100.0), "ns")
    whole, first = values.get("latency", {}), values.get("ttft", {})
    for rank in sorted(whole.keys() & first.keys()):
        if first[rank] > whole[rank]:
            yield disagreement(
                f"p{rank:g} of the ttft", f"{first[rank]:.6g} ns", f"{whole[rank]:.6g} ns at most"
            )
    yield from _time_disagreements(log, whole.get(100.0))


def _values_by_rank(results: Mapping[str, float]) -> dict[str, dict[float, float]]:
    values: dict[str, dict[float, float]] = {}
    for pattern, name in _PERCENTILES.items():
        for key, value in results.items():
            if (matched := pattern.fullmatch(key)) is not None:
                rank = {"min": 0.0, "max": 100.0}[matched[1]] if matched[1] else float(matched[2])
                values.setdefault(name, {})[rank] = value
    return values


def _time_disagreements(log: _Log, longest_ns: float | None) -> Iterator[str]:
    """Seconds from counts and rates: the last request is answered after it was due, by its latency at most; the log
    does not end before; and a run that was long enough was as long as that."""
    results = log.results
    intervals = results.get("result_query_count", 0.0) - 1
    completed, scheduled = (
        results.get(f"result_{each}_samples_per_sec") for each in ("completed", "scheduled")
    )
    if intervals <= 0 or not completed:
        return
    done_s = intervals / completed
    if (last_s := max(log.times) / 1000) < done_s * (1 - LEAST_DIFFERENCE) and max(log.times) < EPOCH_MS:
        yield disagreement("end of the log", f"{last_s:.6g} s", f"{done_s:.6g} s at least")
    if not scheduled:
        return
    due_s = intervals / scheduled
    latest_s = due_s + longest_ns / 1e9 if longest_ns else None
    if done_s < due_s * (1 - LEAST_DIFFERENCE):
        yield disagreement("rate of completed samples", f"{completed:.6g} /s", f"{scheduled:.6g} /s at most")
    if latest_s is not None and done_s > latest_s * (1 + LEAST_DIFFERENCE):
        yield disagreement("time of the last answer", f"{done_s:.6g} s", f"{latest_s:.6g} s at most")
    least_s = (log.least_ms or 0.0) / 1000
    if log.is_least_met and due_s < least_s * (1 - LEAST_DIFFERENCE):
        yield disagreement("least duration that was met", f"{least_s:g} s", f"{due_s:.6g} s")


def _zoned_instant(text: str) -> datetime | None:
    try:
        taken_at = datetime.fromisoformat(text)
        return taken_at.astimezone(UTC) if taken_at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _time_to_train(log: _Log, last_line: int) -> list[Figure]:
    """From the first start to the last stop, because every rank may log its own."""
    if not log.starts:
        raise ParseError(last_line, "There is no run_start.")
    if not log.stops:
        raise ParseError(last_line, "There is no run_stop: the run did not finish.")
    for line, _, status, _ in log.stops:
        if status != "success":
            status = documents.tidy(status) or "none"
            raise ParseError(line, f"The run ended with status {status}; only success has a time to train.")
    begun_ms, ended_ms = min(log.starts), max(at_ms for _, at_ms, _, _ in log.stops)
    if ended_ms <= begun_ms:
        raise ParseError(log.stops[0][0], "The run stops before it starts.")
    if max(log.starts) > ended_ms:
        raise ParseError(last_line, "The last run_start has no run_stop: that run did not finish.")
    operation = log.facts.get("submission_benchmark") or "training"
    minutes = (ended_ms - begun_ms) / 60_000
    time = Figure(name="time_to_train", value=minutes, unit="min", operation=operation)
    steps = [count for *_, count in log.stops if count is not None and count > 0]
    return [time, replace(time, name="steps", value=max(steps), unit="")] if steps else [time]


def _latency(line: int, key: str, entry: documents.Json) -> Figure:
    value = entry.get("value")
    number = value.numeric_value() if value is not None else None
    if number is None and value is not None:
        number = documents.number_of(str(value.value))
    if number is None or number <= 0:
        raise ParseError(line, f"{key} holds no positive number.")
    return Figure(name=LATENCIES[key], value=number / 1e6, unit="ms", operation="serving", percentile=99.0)
