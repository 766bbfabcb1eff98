"""The question about the road in an address: which sites, which fixes are ticked, and by which day they are done."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from django.utils.datastructures import MultiValueDict

from readiness.assessment.scoring.gap.queries import Question
from readiness.boards.road.core.threads import month_end
from readiness.golive.worklist.params import BadQuestion
from readiness.golive.worklist.params import read as read_gap

FIX, BY, PLAN = "fix", "done_by", "plan"
MAY_SEE = ("inventory.view_site", "scoring.view_sitescore", "golive.view_workitem")
NARROWING = ("region", "kind", "profile")
MOST_TICKS, MOST_PLANS = 500, 3
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class RoadQuestion:
    """`by` is the day by which ticked fixes are done; `plans` are ids of saved plans to compare."""

    of: Question
    today: date
    by: date
    ticks: frozenset[str] = frozenset()
    plans: tuple[int, ...] = ()

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters that say which road it is, in order."""
        which = [
            *(("region", each) for each in self.of.regions),
            *(("kind", each) for each in self.of.kinds),
            *(("profile", each) for each in self.of.profiles),
        ]
        return [
            ("measure", self.of.measure.value),
            *which,
            (BY, self.by.isoformat()),
            *((FIX, each) for each in sorted(self.ticks)),
            *((PLAN, str(each)) for each in self.plans),
        ]

    @property
    def query(self) -> str:
        return urlencode(self.pairs)


def read(parameters: MultiValueDict[str, str], *, regions: Mapping[str, str], now: datetime) -> RoadQuestion:
    """Read the question of an address; ticked fixes are done by the end of this month unless `done_by` says otherwise.

    Raises BadQuestion.
    """
    today = now.astimezone(UTC).date()
    ticks = [each for value in parameters.getlist(FIX) for each in value.split(",") if each]
    if len(ticks) > MOST_TICKS:
        raise BadQuestion(FIX, f"At most {MOST_TICKS} fixes can be ticked.")
    plans = [each for value in parameters.getlist(PLAN) for each in value.split(",") if each]
    if len(plans) > MOST_PLANS or not all(_is_id(each) for each in plans):
        raise BadQuestion(PLAN, f"names {MOST_PLANS} plans at most, each by its number.")
    return RoadQuestion(
        of=read_gap(parameters, regions=regions),
        today=today,
        by=_day(parameters.get(BY) or "", today),
        ticks=frozenset(ticks),
        plans=tuple(dict.fromkeys(map(int, plans))),
    )


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _day(text: str, today: date) -> date:
    if not text:
        return month_end(today)
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not today <= day < today.replace(year=today.year + 5, day=1):
        raise BadQuestion(BY, "is a day from today on, such as 2026-12-31, within five years.")
    return day
