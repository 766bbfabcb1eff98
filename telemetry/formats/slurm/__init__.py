"""Reports of Slurm in JSON: what `scontrol show nodes --json` and `squeue --json` print, from 22.05 to 24.11.

A node becomes series with the label `node`, and all nodes together figures of the site; of jobs only the numbers are
kept. A report has no time of its own: it counts from its arrival. A node that cannot be read is refused by its path;
then the figures of the site are left out, because they would be too small.
"""

from telemetry.core.columns import SampleColumns, TakenTimes
from telemetry.core.labels import KeyCache
from telemetry.formats.compression import check_encoding, plain_body
from telemetry.formats.compression import needed_bytes as _plain_bytes
from telemetry.formats.contract import BodyHeaders, BodyLimits, UnsupportedType
from telemetry.formats.slurm import jobs, nodes
from telemetry.formats.slurm.reports import ReportSamples, read_report

__all__ = ["check_headers", "decode", "needed_bytes"]

_TIMES_ITS_BYTES = 5
"""Objects and texts of JSON, once read, take up to so many times their bytes."""


def needed_bytes(head: bytes, size: int, limits: BodyLimits) -> int:
    return min(_TIMES_ITS_BYTES * _plain_bytes(head, size, limits), size + limits.max_decompressed_bytes)


def check_headers(headers: BodyHeaders) -> None:
    check_encoding(headers)
    for parameter in headers.parameters:
        if parameter not in ("", "charset=utf-8"):
            raise UnsupportedType(f"{parameter}: a report of Slurm is JSON in UTF-8, without parameters")


def decode(
    body: bytes, headers: BodyHeaders, *, window: TakenTimes, limits: BodyLimits, cache: KeyCache
) -> SampleColumns:
    report = read_report(plain_body(body, headers, limits))
    samples = ReportSamples(report.cluster, window, limits)
    if report.nodes is not None:
        nodes.read(report.nodes, samples)
    if report.jobs is not None:
        jobs.read(report.jobs, samples)
    return samples.columns()
