"""Notices about samples that wait for the remote storage, and about those that it does not keep."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from telemetry import store
from web import units
from web.notices import StatusNotice

# Samples are forwarded every five minutes.
LATE_AFTER = timedelta(minutes=15)
TOLD_FOR = timedelta(days=1)


def notices(now: datetime) -> Iterator[StatusNotice]:
    if settings.TELEMETRY_STORE is None:
        return
    host = settings.TELEMETRY_STORE.host
    backlog = store.waiting_samples()
    if backlog.since and now - backlog.since > LATE_AFTER:
        yield StatusNotice("remote-storage", _waiting_sentence(backlog, host, backlog.since))
    refusals = store.refused_samples(since=now - TOLD_FOR)
    if refusals.samples:
        yield StatusNotice("storage-refusals", _refused_sentence(refusals, host), tone="warn")


def _waiting_sentence(backlog: store.WaitingSamples, host: str, since: datetime) -> str:
    reason = f" The last attempt: {backlog.failure}." if backlog.failure else ""
    return (
        f"Samples since {units.instant(since)} wait for the remote storage at {host}, {_size(backlog.size_bytes)} of"
        f" {_size(settings.TELEMETRY_STORE_WAITING_BYTES)}.{reason} Nothing is lost: Muster keeps them, and at"
        " the limit it has senders wait. Meanwhile older samples may not be readable, and late ones are not rolled up."
    )


def _size(size_bytes: int) -> str:
    return str(units.format_value(size_bytes, "bytes"))


def _refused_sentence(refusals: store.RefusedSamples, host: str) -> str:
    samples = units.how_many(refusals.samples, "sample", "samples")
    return (
        f"The remote storage at {host} did not keep {samples} of the last day, so Muster keeps them in its own blocks."
        f" The last reason: {refusals.reason}. Late samples need out_of_order_time_window of Prometheus and Mimir."
    )
