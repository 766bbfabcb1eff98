"""Whether Muster's clock agrees with the samples that arrive.

A clock that is set wrong would make every source silent, refuse every sample, and end what has a date. Senders have
clocks of their own: if the newest samples of most of them are from another time than Muster's clock, it is that one
which is wrong. Until it is right again, nothing ages, and work in the background goes by the time of the samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median, median_low

from telemetry import source_clocks, store
from telemetry.core.trust import SharedSkew, SkewDirection
from telemetry.models import SourceStatus
from web import clock, units
from web.notices import StatusNotice

# Senders' clocks, slow networks and a queue of some minutes stay below.
TOLERANCE = timedelta(minutes=15)
# Whoever was last heard so long before the others has no say.
HEARD_WITHIN = timedelta(days=1)
# A sample that has just come shows what the clock reads when others come.
JUST_NOW = timedelta(minutes=10)
# Fewer may be late themselves; then the clock must also have been moved while Muster ran.
ENOUGH = 3
LOOKED_AT_EVERY = timedelta(seconds=1)
LONG = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockStanding:
    """The clock is `by` ahead of most sources' samples, or behind them if that is negative; zero while they agree.
    `newest_at` is the newest sample of most sources; None before the first."""

    now: datetime
    by: timedelta
    differing: int
    heard: int
    newest_at: datetime | None

    @property
    def agrees(self) -> bool:
        return not self.by

    @property
    def trusted_now(self) -> datetime:
        return self.now - self.by

    @property
    def earliest_now(self) -> datetime:
        """The earlier of clock and newest sample: what is past its time by both is past it."""
        return min(self.now, self.newest_at or self.now)

    @property
    def latest_now(self) -> datetime:
        return self.newest_at if self.by < timedelta() and self.newest_at else self.now


def clock_standing(now: datetime) -> ClockStanding:
    rows = SourceStatus.objects.filter(source__paused=False).order_by()
    times = rows.values_list("last_sample_at", "last_received_at")
    heard = [(sampled, received) for sampled, received in times if sampled and received]
    return judge(heard, now=now, jumped=clock.jumped())


def judge(
    heard: Sequence[tuple[datetime, datetime]], *, now: datetime, jumped: timedelta = timedelta()
) -> ClockStanding:
    """`heard` has the newest sample of each source, and when Muster received its last one. `jumped` is how far the
    clock was moved while Muster ran."""
    last_at = max((received for _, received in heard), default=now)
    heard = [pair for pair in heard if pair[1] >= last_at - HEARD_WITHIN]
    newest_at = median_low([sampled for sampled, _ in heard]) if heard else None
    ahead = [
        received - sampled
        for sampled, received in heard
        if received - sampled > TOLERANCE and abs(now - received) <= JUST_NOW
    ]
    # No door takes a sample from so far ahead: when it came, the clock was further on than now.
    behind = [now - sampled for sampled, _ in heard if sampled - now > TOLERANCE]
    for differences in (ahead, behind):
        if 2 * len(differences) <= len(heard):
            continue
        by = timedelta(seconds=median(each.total_seconds() for each in differences))
        if differences is behind or len(heard) >= ENOUGH or abs(jumped - by) <= TOLERANCE:
            return ClockStanding(now, by, len(differences), len(heard), newest_at)
    return ClockStanding(now, timedelta(), 0, len(heard), newest_at)


class ClockWatch:
    """The standing as one process saw it last. It looks at most once a second, since every body of samples asks."""

    def __init__(self) -> None:
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._standing: ClockStanding | None = None

    def __call__(self, now: datetime) -> ClockStanding:
        if self._standing is None or abs(now - self._looked_at) >= LOOKED_AT_EVERY:
            self._standing, self._looked_at = clock_standing(now), now
        return self._standing


watched_standing = ClockWatch()


def trusted_now(now: datetime) -> datetime:
    return clock_standing(now).trusted_now


def notices(now: datetime) -> Iterator[StatusNotice]:
    standing = clock_standing(now)
    if not standing.agrees:
        yield StatusNotice("clock", sentence(standing))
    elif skew := source_clocks.shared_skew(now=now):
        yield StatusNotice("clock", _shared_sentence(skew), "warn")
    elif _retention_waits(standing):
        yield StatusNotice(
            "retention",
            "Samples past their time are kept, because the newest one is from"
            f" {units.instant(standing.newest_at or now)}. They are dropped once new samples show that Muster's clock"
            " is right.",
            "warn",
        )


def _shared_sentence(skew: SharedSkew) -> str:
    is_ahead = skew.direction is SkewDirection.AHEAD
    age, heard = units.duration(abs(skew.seconds)), units.how_many(skew.heard, "source", "sources")
    return (
        f"The samples of {skew.sources} of {heard} are {age} {'ahead of' if is_ahead else 'behind'} Muster's clock."
        f" Either Muster's clock is {age} {'slow' if is_ahead else 'fast'}, or theirs are wrong together. Compare it"
        " with a time server. Meanwhile no source is judged by its clock."
    )


def _retention_waits(standing: ClockStanding) -> bool:
    newest_at = standing.newest_at
    if newest_at is None or standing.now - newest_at < LONG:
        return False
    return store.spared_partitions(now=standing.now, newest_at=newest_at) > 0


def sentence(standing: ClockStanding) -> str:
    where = "ahead of" if standing.by > timedelta() else "behind"
    sources = units.how_many(standing.heard, "source", "sources")
    return (
        f"Muster's clock is {units.duration(abs(standing.by).total_seconds())} {where} the samples of"
        f" {standing.differing} of {sources}. Until it is set right, nothing is dropped, expires or counts as silent"
        " because of it."
    )
