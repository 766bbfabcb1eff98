"""fio `--output-format=json` (and json+): bytes per second, operations per second and completion latency of each job.

A file with a job that ended with an error is refused. Errors after which jobs were told to continue are failed
operations. In a run over several clients, each client's jobs count, not their sum.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from readiness.assessment.evidence.core import documents
from readiness.assessment.evidence.core.parsed import (
    DURATION,
    Figure,
    Parsed,
    failed_operations,
    percentile_caution,
)
from readiness.assessment.evidence.core.recomputing import falling, first_of, out_of_range, rate_disagreement

DIRECTIONS = ("read", "write", "trim", "mixed")
ALL_CLIENTS = "All clients"
_ERROR = re.compile(r"\berror\b|\berr=", re.IGNORECASE)
_SIZES = {"k": 1024, "m": 1024**2, "g": 1024**3}
BUCKET = 0.02
"""Share by which a percentile may be off: fio gives the middle of a bucket, of 64 to a power of two."""


def parse(content: bytes) -> Parsed:
    notes, body = documents.json_below(documents.text_of(content), "run fio with --output-format=json")
    document = documents.Json.parse(body)
    holder = document.need("client_stats" if document.get("client_stats") is not None else "jobs")
    every_job = list(holder.items())
    jobs = [job for job in every_job if job.text("jobname") != ALL_CLIENTS] or every_job
    figures: list[Figure] = []
    for job in jobs:
        error = job.number("error")
        if error != 0:
            job.need("error").refuse(f"The job {job.text('jobname')} ended with error {error:g}.")
        figures += _job_figures(job, document.child("global options"))
        documents.refuse_more(1, len(figures))
    if not figures:
        holder.refuse("No job read or wrote anything.")
    failures = [count for job in jobs if (count := job.optional_number("total_err")) is not None]
    # A lost client is missing in the list of jobs.
    failures += [1.0 for note in notes if _ERROR.search(note)]
    figures += [failed_operations(sum(failures))] if failures else []
    milliseconds = document.optional_number("timestamp_ms")
    seconds = document.optional_number("timestamp") if milliseconds is None else milliseconds / 1000
    return Parsed(
        tool="fio",
        figures=tuple(figures),
        content=documents.storable_bytes(body, document.value),
        versions=(("fio", document.text("fio version").removeprefix("fio-")),),
        hosts=tuple(dict.fromkeys(host for job in jobs if (host := job.text("hostname")))),
        taken_at=documents.instant(seconds),
        contradiction=first_of(sentence for job in jobs for sentence in _contradictions(job)),
        warnings=tuple(notes),
    )


def _job_figures(job: documents.Json, of_all: documents.Json) -> Iterator[Figure]:
    options = job.child("job options")
    streams = documents.whole_of(options.text("numjobs") or of_all.text("numjobs"))
    for direction in DIRECTIONS:
        part = job.child(direction)
        count = part.optional_whole("total_ios") or 0
        if count <= 0:
            continue
        of_direction = Figure(
            name="bandwidth",
            value=part.counted("bw_bytes") / 1e6,
            unit="MB/s",
            operation=direction,
            subject=job.text("jobname"),
            size_bytes=_block_size(options.text("bs") or of_all.text("bs")),
            samples=count,
            streams=streams,
        )
        yield of_direction
        if runtime_ms := part.optional_number("runtime"):
            yield replace(of_direction, name=DURATION, value=runtime_ms / 1000, unit="s")
        yield replace(of_direction, name="iops", value=part.counted("iops"), unit="/s")
        if (latency := part.get("clat_ns")) is not None and latency.get("mean") is not None:
            yield from _latencies(latency, of_direction)


def _latencies(latency: documents.Json, of_direction: Figure) -> Iterator[Figure]:
    samples = latency.whole("N") if latency.get("N") is not None else of_direction.samples
    mean_us = latency.counted("mean") / 1e3
    average = replace(of_direction, name="latency_average", value=mean_us, unit="µs", samples=samples)
    yield average
    percentiles = latency.child("percentile")
    for key in percentiles.names():
        rank = documents.number_of(key)
        if rank == 0:
            # Older versions pad their list of percentiles with these.
            continue
        if rank is None or not 0 < rank < 100:
            latency.refuse(f"{documents.tidy(key)} is not a percentile.")
        yield replace(
            average,
            name="latency",
            value=percentiles.counted(key) / 1e3,
            percentile=rank,
            caution=percentile_caution(rank, samples),
        )


def _contradictions(job: documents.Json) -> Iterator[str]:
    for direction in DIRECTIONS:
        part = job.child(direction)
        if not part.optional_whole("total_ios"):
            continue
        what = f"{direction} of {job.text('jobname')}"
        runtime_s = (part.optional_number("runtime") or 0.0) / 1000
        for key, amount_key, unit in (("bw_bytes", "io_bytes", "B/s"), ("iops", "total_ios", "/s")):
            if (amount := part.optional_number(amount_key)) is not None:
                yield rate_disagreement(f"{key} of the {what}", part.number(key), amount, runtime_s, unit)
        yield from _misplaced(part.child("clat_ns"), f"completion latency of the {what}")


def _misplaced(latency: documents.Json, what: str) -> Iterator[str]:
    """Percentiles that fall, and a mean outside the extremes; older versions write extremes of 0."""
    least, most = latency.optional_number("min"), latency.optional_number("max")
    extremes = {rank: ns for rank, ns in ((0.0, least), (100.0, most)) if ns is not None and most}
    percentiles = latency.child("percentile")
    ranks = {documents.number_of(key): percentiles.number(key) for key in percentiles.names()}
    values = extremes | {rank: ns for rank, ns in ranks.items() if rank}
    yield falling(what, values, "ns", slack=BUCKET)
    if (mean := latency.optional_number("mean")) is not None:
        yield out_of_range(f"mean {what}", mean, extremes.get(0.0), extremes.get(100.0), "ns")


def _block_size(text: str) -> int | None:
    """4096 for `4k`; None if a job uses several sizes."""
    text = text.strip().lower().removesuffix("ib").removesuffix("b")
    factor = _SIZES.get(text[-1:], 1)
    value = documents.number_of(text.rstrip("kmg"))
    return None if value is None or value <= 0 or value * factor >= 2**62 else int(value * factor)
