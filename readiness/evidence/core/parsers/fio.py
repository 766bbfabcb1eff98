"""fio `--output-format=json` (and json+): bytes per second, operations per second and completion latency of each job.

A job that ended with an error is no slow job: the file is refused. Errors that jobs were told to continue after are
failed operations. Of a run over several clients each client's jobs count, and not their sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from readiness.evidence.core.documents import (
    MOST_FIGURES,
    Json,
    lines_of,
    number_of,
    text_of,
    tidy,
    whole_of,
    without_secrets,
)
from readiness.evidence.core.failures import failed_operations
from readiness.evidence.core.parsed import Figure, Parsed, ParseError, percentile_caution

DIRECTIONS = ("read", "write", "trim", "mixed")
ALL_CLIENTS = "All clients"
_SIZES = {"k": 1024, "m": 1024**2, "g": 1024**3}


def parse(content: bytes) -> Parsed:
    """MB/s, operations per second and µs, of each direction in which a job moved anything."""
    text = text_of(content)
    notes, body = _without_notes(text)
    document = Json.of(body)
    holder = document.need("client_stats" if document.get("client_stats") is not None else "jobs")
    jobs = _jobs(holder)
    figures = []
    for job in jobs:
        error = job.number("error")
        if error != 0:
            job.need("error").refuse(f"The job {job.text('jobname')} ended with error {error:g}.")
        figures += list(_of_job(job))
        if len(figures) > MOST_FIGURES:
            job.refuse(f"There are more than {MOST_FIGURES} figures.")
    if not figures:
        holder.refuse("No job read or wrote anything.")
    figures += _failed(jobs)
    hosts = [host for job in jobs if (host := job.text("hostname"))]
    return Parsed(
        tool="fio",
        figures=tuple(figures),
        kept=without_secrets(body, document.value),
        versions=(("fio", document.text("fio version").removeprefix("fio-")),),
        hosts=tuple(dict.fromkeys(hosts)),
        taken_at=_taken_at(document),
        warnings=tuple(notes),
    )


def _jobs(holder: Json) -> list[Json]:
    """Each job; of several clients without the sum over all of them."""
    jobs = list(holder.items())
    return [job for job in jobs if job.text("jobname") != ALL_CLIENTS] or jobs


def _failed(jobs: list[Json]) -> list[Figure]:
    """Jobs say how many operations failed where they were told to continue after errors."""
    counts = [count for job in jobs if (count := job.optional_number("total_err")) is not None]
    return [failed_operations(sum(counts))] if counts else []


def _without_notes(text: str) -> tuple[list[str], str]:
    """fio writes its notes into the same stream, before the document; their lines stay, empty, for the numbers."""
    notes, kept = [], []
    begun = False
    for _, line in lines_of(text):
        begun = begun or line.lstrip().startswith("{")
        if not begun and line.strip():
            notes.append(tidy(line))
        kept.append(line if begun else "")
    if not begun:
        raise ParseError(1, "There is no JSON document; run fio with --output-format=json.")
    return notes[:10], "\n".join(kept)


def _of_job(job: Json) -> Iterator[Figure]:
    options = job.get("job options")
    streams = whole_of(options.text("numjobs")) if options is not None else None
    for direction in DIRECTIONS:
        part = job.get(direction)
        count = 0 if part is None or part.get("total_ios") is None else part.whole("total_ios")
        if part is None or count <= 0:
            continue
        of_direction = Figure(
            name="",
            value=0.0,
            operation=direction,
            subject=job.text("jobname"),
            size_bytes=_block_size(options.text("bs")) if options is not None else None,
            samples=count,
            streams=streams,
        )
        yield replace(
            of_direction, name="bandwidth", value=_not_negative(part, "bw_bytes") / 1e6, unit="MB/s"
        )
        yield replace(of_direction, name="iops", value=_not_negative(part, "iops"), unit="/s")
        if (latency := part.get("clat_ns")) is not None and latency.get("mean") is not None:
            yield from _latencies(latency, of_direction)


def _latencies(latency: Json, of_direction: Figure) -> Iterator[Figure]:
    """The mean and each percentile of completion latency; how many operations are behind them is said with them."""
    samples = latency.whole("N") if latency.get("N") is not None else of_direction.samples
    in_us = replace(of_direction, unit="µs", samples=samples)
    yield replace(in_us, name="latency_average", value=_not_negative(latency, "mean") / 1e3)
    percentiles = latency.get("percentile")
    for key in percentiles.keys() if percentiles is not None else []:
        rank = number_of(key)
        if percentiles is None or rank is None or not 0 < rank < 100:
            latency.refuse(f"{tidy(key)} is no percentile.")
        yield replace(
            in_us,
            name="latency",
            value=_not_negative(percentiles, key) / 1e3,
            percentile=rank,
            caution=percentile_caution(rank, samples),
        )


def _not_negative(part: Json, key: str) -> float:
    value = part.number(key)
    if value < 0:
        part.need(key).refuse("It is negative.")
    return value


def _block_size(text: str) -> int | None:
    """4096 from `4k`; None where a job uses several sizes."""
    text = text.strip().lower().removesuffix("ib").removesuffix("b")
    factor = _SIZES.get(text[-1:], 1)
    value = number_of(text.rstrip("kmg"))
    return None if value is None or value <= 0 or value * factor >= 2**62 else int(value * factor)


def _taken_at(document: Json) -> datetime | None:
    milliseconds = document.optional_number("timestamp_ms")
    seconds = document.optional_number("timestamp") if milliseconds is None else milliseconds / 1000
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ParseError(1, f"The time {seconds:g} is none.") from error
