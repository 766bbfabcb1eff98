"""MLPerf-style training logs: lines of `:::MLLOG` and JSON, which a rank may precede.

Time to train is from `run_start` to `run_stop`, and only where the stop says success: an aborted run has no time.
The load generator of inference writes such lines too; its times count from its own start, and a run that it calls
INVALID is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from readiness.evidence.core.documents import MOST_FIGURES, Json, lines_of, number_of, text_of, tidy
from readiness.evidence.core.failures import failed_operations
from readiness.evidence.core.parsed import Figure, Parsed, ParseError

_ENTRY = re.compile(r":::MLLOG\s+(\{.*\})\s*$")
LATENCIES = {
    "result_first_token_99.00_percentile_latency_ns": "ttft",
    "result_time_per_output_token_99.00_percentile_ns": "tpot",
}
"""What the load generator logs of a server run; the figures are in nanoseconds."""
EPOCH_MS = 1e11
"""Below this a time counts from the start of the program: as milliseconds since 1970 it would be of 1973."""
KEPT = ("submission_benchmark", "submission_platform", "submission_org", "submission_division")


def parse(content: bytes) -> Parsed:
    """Minutes to train with the samples or steps behind them, p99 of first token and token time where logged."""
    text = text_of(content)
    starts: list[tuple[int, float]] = []
    stops: list[tuple[int, float, str, float | None]] = []
    figures: list[Figure] = []
    facts: dict[str, str] = {}
    number, entries, last = 1, 0, None
    begun: datetime | None = None
    least_ms: float | None = None
    met = False
    errors: list[str] = []
    for number, line in lines_of(text):
        matched = _ENTRY.search(line)
        if matched is None:
            if ":::MLLOG" in line:
                raise ParseError(number, "What follows :::MLLOG is no JSON object.")
            continue
        entry = _entry(number, matched[1])
        entries += 1
        key, at = entry.text("key"), _time(number, entry)
        last = at if last is None or at > last else last
        if _is_error(number, entry):
            errors.append(tidy(f"The load generator reports an error: {key}"))
        if key == "run_start":
            starts.append((number, at))
        elif key == "run_stop":
            stops.append((number, at, *_outcome(number, entry)))
        elif key in KEPT:
            facts[key] = entry.text("value")
        elif key == "test_datetime":
            begun = _said(entry.text("value"))
        elif key == "result_validity" and entry.text("value").upper() != "VALID":
            raise ParseError(number, f"The load generator calls the run {entry.text('value') or 'nothing'}.")
        elif key == "effective_min_duration_ms":
            least_ms = _optional(number, entry)
        elif key == "result_min_duration_met":
            met = _is_true(entry)
        elif key in LATENCIES:
            figures.append(_latency(number, key, entry))
        if len(figures) > MOST_FIGURES:
            raise ParseError(number, f"There are more than {MOST_FIGURES} figures.")
    if not entries:
        raise ParseError(number, "There is no line of :::MLLOG.")
    if figures and met and least_ms is not None and least_ms > 0:
        figures.append(Figure(name="duration", value=least_ms / 1e3, unit="s", operation="serving"))
    if stops or not figures:
        figures += _time_to_train(starts, stops, number, facts.get("submission_benchmark", ""))
    if errors:
        figures.append(failed_operations(len(errors)))
    return Parsed(
        tool="mlperf",
        figures=tuple(figures),
        kept=text.encode("utf-8", "replace"),
        taken_at=_instant(number, last) or begun,
        devices=tuple(value for key, value in facts.items() if key == "submission_platform" and value),
        warnings=("MLPerf-style: a result under that name needs a conforming submission.", *errors[:20]),
    )


def _entry(line: int, text: str) -> Json:
    try:
        entry = Json.of(text)
        entry.text("key")
    except ParseError as error:
        raise ParseError(line, error.reason) from error
    return entry


def _time(line: int, entry: Json) -> float:
    try:
        return entry.number("time_ms")
    except ParseError as error:
        raise ParseError(line, error.reason) from error


def _said(text: str) -> datetime | None:
    """Return what the load generator writes as its start, where it says the zone."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _optional(line: int, entry: Json) -> float | None:
    try:
        return entry.optional_number("value")
    except ParseError as error:
        raise ParseError(line, error.reason) from error


def _is_true(entry: Json) -> bool:
    value = entry.get("value")
    return value is not None and value.value is True


def _is_error(line: int, entry: Json) -> bool:
    """The load generator marks what it logs as an error, whatever its key."""
    try:
        metadata = entry.get("metadata")
        mark = metadata.get("is_error") if metadata is not None and metadata.is_object() else None
    except ParseError as error:
        raise ParseError(line, error.reason) from error
    return mark is not None and mark.value is True


def _outcome(line: int, entry: Json) -> tuple[str, float | None]:
    try:
        metadata = entry.get("metadata")
        if metadata is None:
            return "", None
        steps = metadata.optional_number("step_num") if metadata.get("step_num") is not None else None
        return metadata.text("status").lower(), steps
    except ParseError as error:
        raise ParseError(line, error.reason) from error


def _time_to_train(
    starts: list[tuple[int, float]],
    stops: list[tuple[int, float, str, float | None]],
    last_line: int,
    benchmark: str,
) -> list[Figure]:
    """The first start to the last stop, as every rank may log its own."""
    if not starts:
        raise ParseError(last_line, "There is no run_start.")
    if not stops:
        raise ParseError(last_line, "There is no run_stop: the run did not finish.")
    failed = [(line, status) for line, _, status, _ in stops if status != "success"]
    if failed:
        line, status = failed[0]
        raise ParseError(
            line, f"The run ended with status {tidy(status) or 'none'}; only success has a time to train."
        )
    begun, ended = min(at for _, at in starts), max(at for _, at, _, _ in stops)
    if ended <= begun:
        raise ParseError(stops[0][0], "The run stops before it starts.")
    figures = [
        Figure(
            name="time_to_train",
            value=(ended - begun) / 60_000,
            unit="min",
            operation=benchmark or "training",
        )
    ]
    steps = [count for *_, count in stops if count is not None and count > 0]
    if steps:
        figures.append(Figure(name="steps", value=max(steps), operation=benchmark or "training"))
    return figures


def _latency(line: int, key: str, entry: Json) -> Figure:
    value = entry.get("value")
    number = value.as_number() if value is not None else None
    if number is None and value is not None:
        number = number_of(str(value.value))
    if number is None or number <= 0:
        raise ParseError(line, f"{key} holds no positive number.")
    return Figure(name=LATENCIES[key], value=number / 1e6, unit="ms", operation="serving", percentile=99.0)


def _instant(line: int, milliseconds: float | None) -> datetime | None:
    if milliseconds is None or milliseconds < EPOCH_MS:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ParseError(line, f"The time {milliseconds:g} is none.") from error
