"""Divide the runs of a campaign among those who do them, and find the run that is next, without the database."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from readiness.golive.campaigns.planning import IN_NO_SHARE, WORST_FIRST, Sum
from readiness.golive.models import CampaignItem, Progress
from web.visibility import name_of


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """An item with its progress, and the day until which it is due: its own, else the campaign's."""

    item: CampaignItem
    check_name: str
    progress: str
    due_on: date

    @property
    def doer(self) -> str:
        """The name as the reader may see it, "" for nobody."""
        return name_of(self.item.assignee or self.item.assigned_to)

    @property
    def is_open(self) -> bool:
        return self.progress not in IN_NO_SHARE and self.progress != Progress.DONE

    @property
    def turn(self) -> tuple[bool, date, int, int]:
        """Sorts open runs first: by day, then those that failed before those that are missing."""
        return not self.is_open, self.due_on, WORST_FIRST.index(Progress(self.progress)), self.item.pk


class DoerShare(NamedTuple):
    """The runs of one person; `doer` is "" for those of nobody, `next_run` is None once all are done."""

    doer: str
    sum: Sum
    next_run: PlannedRun | None


def next_run(runs: Iterable[PlannedRun]) -> PlannedRun | None:
    return min((run for run in runs if run.is_open), key=lambda run: run.turn, default=None)


def shares(runs: Sequence[PlannedRun]) -> list[DoerShare]:
    """The share of each person: those of nobody first, then by the day of the next run."""
    by_doer: dict[tuple[int | None, str], list[PlannedRun]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.turn):
        if run.progress not in IN_NO_SHARE:
            by_doer[run.item.assignee_id, run.item.assigned_to].append(run)
    nobody = by_doer.pop((None, ""), [])
    return [_share(several) for several in (nobody, *by_doer.values()) if several]


def _share(runs: Sequence[PlannedRun]) -> DoerShare:
    return DoerShare(runs[0].doer, Sum(Counter(run.progress for run in runs)), next_run(runs))
