"""The sites on the road: what holds each of them, who resolves it, and the day on which the last of it is resolved.

A site counts once, as a whole. It is ready on the latest day of its blockers; it has no day if any of them has none.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from readiness.assessment.scoring.core.gap import CapacityFigures

NOBODY = "none"
"""The key of the owner of what nobody owns."""
_NEVER = date.max


class RoadState(StrEnum):
    READY = "ready"
    DATED = "dated"
    UNDATED = "undated"


class RoadBlocker(NamedTuple):
    """A check that holds a site. `owner` is the key of who answers for it. `due_on` is the day of its step; None where
    there is no step that counts. `fix` is the key of the fix that would resolve it sooner, "" if none would."""

    check: str
    owner: str
    due_on: date | None
    fix: str = ""


def counted_day(due_on: date | None, *, today: date, is_owned: bool) -> date | None:
    """The day of a step; None once it has passed at the site, and while nobody does the step."""
    return due_on if due_on is not None and due_on >= today and is_owned else None


def month_end(day: date) -> date:
    next_month = day.replace(day=28) + timedelta(days=4)
    return next_month - timedelta(days=next_month.day)


def fix_key(check: str, owner: str) -> str:
    """Names a fix: one check at all the sites where the same owner answers for it."""
    return f"{check}.{owner}"


def road_blocker(check: str, owner: str, due_on: date | None, *, by: date) -> RoadBlocker:
    """A blocker with the key of its fix, if resolving it by this day is sooner than planned."""
    is_sooner = due_on is None or by < due_on
    return RoadBlocker(check, owner, due_on, fix_key(check, owner) if is_sooner else "")


@dataclass(frozen=True, slots=True)
class RoadSite:
    """A site with capacity, and the checks that hold it, its first blocker first. One that is not ready and has no
    blockers cannot be planned: it was never evaluated, or nothing proves it."""

    slug: str
    capacity: CapacityFigures
    is_ready: bool = False
    blockers: tuple[RoadBlocker, ...] = ()

    def ready_on(self, *, by: date, ticks: Collection[str] = ()) -> date | None:
        """The day on which the last blocker is resolved: that of its step, or `by` for those whose fix is ticked."""
        last = date.min
        for blocker in self.blockers:
            day = by if blocker.fix and blocker.fix in ticks else blocker.due_on
            if day is None:
                return None
            last = max(last, day)
        return last if self.blockers else None

    def state(self, ready_on: date | None) -> RoadState:
        if self.is_ready:
            return RoadState.READY
        return RoadState.UNDATED if ready_on is None else RoadState.DATED

    def replace_blockers(self, blockers: Iterable[RoadBlocker]) -> "RoadSite":
        return RoadSite(self.slug, self.capacity, self.is_ready, tuple(blockers))

    @property
    def first(self) -> RoadBlocker | None:
        return self.blockers[0] if self.blockers else None

    @property
    def last_blockers(self) -> tuple[RoadBlocker, ...]:
        """The blockers that no step resolves; without any, those that are resolved last."""
        latest = max((blocker.due_on or _NEVER for blocker in self.blockers), default=_NEVER)
        return tuple(blocker for blocker in self.blockers if (blocker.due_on or _NEVER) == latest)
