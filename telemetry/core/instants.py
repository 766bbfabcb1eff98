"""Sample times: milliseconds since 1970, as senders write them, and instants in UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)


def instant(ms: float) -> datetime:
    return EPOCH + timedelta(milliseconds=int(ms))


def ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def floor(at: datetime) -> datetime:
    """Start of the five minutes that end at or after an instant."""
    whole = (at - timedelta(microseconds=1)).astimezone(UTC)
    return whole.replace(minute=whole.minute // 5 * 5, second=0, microsecond=0)
