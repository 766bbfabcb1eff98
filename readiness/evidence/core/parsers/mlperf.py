"""MLPerf-style training logs: lines of `:::MLLOG` and JSON, optionally after a rank.

Time to train runs from `run_start` to `run_stop`, and only if the stop reports success: an aborted run has no time. The
load generator of inference also writes such lines; its times count from its own start, and a run that it calls INVALID
is refused.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from readiness.evidence.core import documents
from readiness.evidence.core.parsed import ANOTHER_RUN, Figure, Parsed, ParseError, failed_operations

MARK = ":::MLLOG"
LATENCIES = {
    "result_first_token_99.00_percentile_latency_ns": "ttft",
    "result_time_per_output_token_99.00_percentile_ns": "tpot",
}
"""Latencies that the load generator logs for a server run, in nanoseconds."""
EPOCH_MS = 1e11
"""A smaller time counts from the start of the program: as milliseconds since 1970 it would be in 1973."""
KEPT = ("submission_benchmark", "submission_platform")

NOT_VALIDATED = "The log lacks the line result_validity: the load generator did not call the run valid."


@dataclass
class _Log:
    starts: list[float] = field(default_factory=list)
    stops: list[tuple[int, float, str, float | None]] = field(default_factory=list)
    latencies: list[Figure] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    begun_at: datetime | None = None
    least_ms: float | None = None
    is_least_met: bool = False
    is_valid: bool = False

    def read(self, line: int, entry: documents.Json) -> None:
        key = entry.text("key")
        at_ms = entry.number("time_ms")
        self.times.append(at_ms)
        metadata = entry.within("metadata")
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
                self.begun_at = _with_zone(entry.text("value"))
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


def parse(content: bytes) -> Parsed:
    text = documents.text_of(content)
    log, number = _Log(), 1
    for number, line in documents.lines_of(text):
        _, mark, entry = line.partition(MARK)
        if not mark:
            continue
        if not entry.lstrip().startswith("{"):
            raise ParseError(number, f"What follows {MARK} is not a JSON object.")
        log.read(number, documents.Json.of(entry, number))
    if not log.times:
        raise ParseError(number, f"There is no line of {MARK}.")
    caution = "" if log.is_valid else NOT_VALIDATED
    figures = [replace(each, caution=caution) for each in log.latencies]
    if figures and log.is_least_met and log.least_ms is not None and log.least_ms > 0:
        figures.append(Figure(name="duration", value=log.least_ms / 1e3, unit="s", operation="serving"))
    if log.stops or not figures:
        figures += _time_to_train(log, number)
    if log.errors:
        figures.append(failed_operations(len(log.errors)))
    last_ms = max(log.times)
    platform = log.facts.get("submission_platform")
    return Parsed(
        tool="mlperf",
        figures=tuple(figures),
        kept=text.encode("utf-8", "replace"),
        taken_at=log.begun_at if last_ms < EPOCH_MS else documents.instant(last_ms / 1000, number),
        devices=(platform,) if platform else (),
        warnings=("MLPerf-style: a result under that name needs a conforming submission.", *log.errors[:20]),
    )


def _with_zone(text: str) -> datetime | None:
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
    number = value.as_number() if value is not None else None
    if number is None and value is not None:
        number = documents.number_of(str(value.value))
    if number is None or number <= 0:
        raise ParseError(line, f"{key} holds no positive number.")
    return Figure(name=LATENCIES[key], value=number / 1e6, unit="ms", operation="serving", percentile=99.0)
