"""When an attempt that failed is made again: exponential back-off with jitter, until the message's time is up."""

from datetime import datetime, timedelta

FIRST_S = 5.0
LONGEST_S = 3600.0
"""The interval doubles from the first to the longest: some 30 attempts within a day."""
SPREAD = 0.2
"""How far an interval may differ from its length, so that what failed together does not come again together."""
LONGEST_HOLD = timedelta(hours=1)
"""How long a receiver may keep all messages of its channel back. Its own message waits for as long as it asks."""


def next_attempt_at(
    *, attempts: int, ended_at: datetime, give_up_at: datetime, retry_after_s: float | None, chance: float
) -> datetime | None:
    """When the next attempt is due after `attempts` have failed; None if no time is left. `chance` is from 0 to 1.

    The last attempt comes when the time ends, however long the receiver asks to wait.
    """
    if ended_at >= give_up_at:
        return None
    interval_s = min(FIRST_S * 2.0 ** min(attempts - 1, 20), LONGEST_S)
    spread_s = interval_s * (1 + SPREAD * (2 * chance - 1))
    left_s = (give_up_at - ended_at).total_seconds()
    return ended_at + timedelta(seconds=min(max(spread_s, retry_after_s or 0.0), left_s))


def hold_until(*, ended_at: datetime, retry_after_s: float | None) -> datetime | None:
    """Until when a receiver that asked to wait gets nothing."""
    if not retry_after_s or retry_after_s <= 0:
        return None
    return ended_at + min(timedelta(seconds=min(retry_after_s, 1e6)), LONGEST_HOLD)
