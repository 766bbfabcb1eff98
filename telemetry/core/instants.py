"""Sample times: milliseconds since 1970, as senders write them, and instants in UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(ms: float) -> datetime:
    return EPOCH + timedelta(milliseconds=int(ms))


def ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
