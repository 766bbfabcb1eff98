"""Keeps what the store holds within its time, packed and readable."""

from datetime import datetime

from django.conf import settings

from telemetry.store import checking, forwarding, hot, packing, partitions


def keep(*, now: datetime, newest_at: datetime | None = None) -> int:
    """Make the partitions of the next days, and drop what is past its time by the clock and by the newest sample;
    returns how many partitions changed. Must run outside a transaction."""
    changed = partitions.keep(now=now, newest_at=newest_at)
    oldest = partitions.oldest_sample_kept(min(now, newest_at or now))
    if settings.TELEMETRY_STORE is None:
        hot.erase_before(oldest)
    hot.forget(packed_before=oldest)
    checking.forget(before=oldest)
    return changed


def pack(*, now: datetime, newest_at: datetime | None = None) -> int:
    """Pack hot samples into blocks or forward them to the remote storage, and look after the blocks of days that are
    over; returns how many samples were packed. Must run outside a transaction."""
    oldest = partitions.oldest_sample_kept(min(now, newest_at or now))
    if settings.TELEMETRY_STORE is None:
        packed = packing.pack_due(now=now, oldest=oldest)
    else:
        packed = forwarding.forward_due(settings.TELEMETRY_STORE, now=now)
    if not packed:
        checking.look_after(now=now)
    return packed
