"""The standing of a scrape target by the newest `up` of each of its series, and by its standing before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class TargetStanding(StrEnum):
    UP = "up"
    DOWN = "down"
    ABSENT = "absent"
    OFF = "off"


class AbsenceCause(StrEnum):
    """Why no `up` comes: the sender marked the end of the series, or nothing more was heard."""

    ENDED = "ended"
    SILENT = "silent"


# No target is scraped less often.
LONGEST_INTERVAL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UpRun:
    """The newest `up` of a series, and since when it has had this value, as far as it was read. It is fresh if it came
    lately and the series has not ended. `interval_s` is the shortest time between two of its samples, and None if only
    one was read."""

    is_up: bool
    since: datetime
    taken_at: datetime
    is_fresh: bool
    ended_at: datetime | None = None
    interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class TargetJudgement:
    """`down_since` outlasts an absence: only an `up` of 1 ends that a target is down. `interval_s` is how often it is
    scraped, by its samples; None until two of them came."""

    standing: TargetStanding
    since: datetime
    down_since: datetime | None = None
    absence: AbsenceCause | None = None
    series_up: int = 0
    series_down: int = 0
    interval_s: int | None = None


def judge_target(
    before: TargetJudgement | None, runs: Sequence[UpRun], *, silent_since: datetime
) -> TargetJudgement | None:
    """The standing by these runs, None as long as no `up` ever came. One series that says down outweighs others.
    `silent_since` is the time from which a target is absent whose last `up` was not read."""
    fresh_runs = [run for run in runs if run.is_fresh]
    if fresh_runs:
        return _heard_judgement(before, fresh_runs)
    ends = [run.ended_at for run in runs if run.ended_at is not None]
    absence = AbsenceCause.ENDED if ends else AbsenceCause.SILENT
    since = max(ends or [run.taken_at for run in runs], default=silent_since)
    if before is None:
        down_since = min((run.since for run in runs if not run.is_up), default=None)
        return TargetJudgement(TargetStanding.ABSENT, since, down_since, absence) if runs else None
    if before.standing == TargetStanding.ABSENT:
        return replace(before, absence=absence) if ends else before
    return TargetJudgement(
        TargetStanding.ABSENT,
        max(since, before.since),
        before.down_since,
        absence,
        interval_s=before.interval_s,
    )


def _heard_judgement(before: TargetJudgement | None, runs: Sequence[UpRun]) -> TargetJudgement:
    series_up = sum(run.is_up for run in runs)
    series_down = len(runs) - series_up
    is_up = not series_down
    standing = TargetStanding.UP if is_up else TargetStanding.DOWN
    since = min(run.since for run in runs if run.is_up == is_up)
    if before is not None:
        since = before.since if before.standing == standing else max(since, before.since)
    down_since = None if is_up else (before and before.down_since) or since
    interval_s = _interval_s(before, runs)
    return TargetJudgement(standing, since, down_since, None, series_up, series_down, interval_s)


def _interval_s(before: TargetJudgement | None, runs: Sequence[UpRun]) -> int | None:
    """How often a target is scraped. It changes only by more than a quarter, so that it is seldom stored."""
    earlier_s = None if before is None else before.interval_s
    if intervals_s := [run.interval_s for run in runs if run.interval_s]:
        newest_s = max(intervals_s)
        return earlier_s if earlier_s and abs(newest_s - earlier_s) <= earlier_s / 4 else newest_s
    if earlier_s is None and before is not None and before.absence == AbsenceCause.SILENT:
        # It only seemed absent: its samples are so far apart that two of them were never read together.
        gap = max(run.taken_at for run in runs) - before.since
        return round(gap.total_seconds()) if timedelta() < gap <= LONGEST_INTERVAL else None
    return earlier_s
