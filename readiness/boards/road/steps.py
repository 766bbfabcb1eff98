"""The planned steps at sites: the day by which a check is to be resolved, from wherever Muster has one."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q

from readiness.assessment.evidence.models import Review, ReviewAction
from readiness.assessment.grants.models import Grant
from readiness.golive.models import ENDED, CampaignItem, WorkItem
from readiness.golive.reviews.queries import CHECK as REVIEW_CHECK


class StepKind(StrEnum):
    WORK_ITEM = "work item"
    RUN = "run"
    REVIEW = "review"
    NOT_APPLICABLE = "n-a"


class RoadStep(NamedTuple):
    """`due_on` is as planned, also once it has passed; only a work item has a cost. The doer is a user (`doer_id`) or a
    name, if anybody is named for the step itself."""

    kind: StepKind
    pk: int
    due_on: date | None
    time_zone: str
    doer_id: int | None = None
    doer_name: str = ""
    cost: float | None = None
    currency: str = ""

    @property
    def has_doer(self) -> bool:
        return self.doer_id is not None or bool(self.doer_name)

    @property
    def doer_key(self) -> str:
        """Names the doer without saying who it is; "" for nobody."""
        if self.doer_id is not None:
            return f"user-{self.doer_id}"
        return f"{self.kind.name.lower()}-{self.pk}" if self.doer_name else ""


type Among = Callable[[str], Q]
"""The condition that a path, such as "campaign__site", leads to one of the sites."""
type StepKey = tuple[int, str]
"""Id of the site, and of the check."""


def planned_steps(among: Among, *, now: datetime) -> dict[StepKey, RoadStep]:
    """The step of each check at these sites. A day on the worklist goes before that of a campaign's run, then the
    actions of a review under way, then the beginning of a declared n-a. Four statements."""
    steps: dict[StepKey, RoadStep] = {}
    for source in (_work_items(among), _runs(among), _reviews(among), _not_applicable(among, now=now)):
        for key, step in source:
            present = steps.get(key)
            if present is None:
                steps[key] = step
            elif present.due_on is None and step.due_on is not None:
                # Whoever is named on the worklist does it, also where the day is another's.
                doer = present if present.has_doer else step
                steps[key] = step._replace(
                    doer_id=doer.doer_id,
                    doer_name=doer.doer_name,
                    cost=present.cost,
                    currency=present.currency,
                )
            elif not present.has_doer and step.has_doer:
                steps[key] = present._replace(doer_id=step.doer_id, doer_name=step.doer_name)
    return steps


def _work_items(among: Among) -> Iterator[tuple[StepKey, RoadStep]]:
    rows = WorkItem.objects.live().filter(among("site")).order_by("pk")
    columns = (
        *("site_id", "check_id", "pk", "due_on", "site__time_zone", "owner_id", "owner_name"),
        *("cost", "currency"),
    )
    for site_id, check_id, *step in rows.values_list(*columns):
        yield (site_id, check_id), RoadStep(StepKind.WORK_ITEM, *step)


def _runs(among: Among) -> Iterator[tuple[StepKey, RoadStep]]:
    """The last of several runs for one check counts, because all have to be made."""
    rows = CampaignItem.objects.filter(among("campaign__site"), dropped_at=None)
    rows = rows.exclude(campaign__state__in=ENDED).order_by("pk")
    columns = (
        "campaign__site_id",
        "check_id",
        "pk",
        "due_on",
        "campaign__due_on",
        "campaign__site__time_zone",
    )
    latest: dict[StepKey, RoadStep] = {}
    for site_id, check_id, pk, own_day, day, *step in rows.values_list(
        *columns, "assignee_id", "assigned_to"
    ):
        run = RoadStep(StepKind.RUN, pk, own_day or day, *step)
        earlier = latest.get((site_id, check_id))
        if earlier is None or (earlier.due_on or date.min) <= (run.due_on or date.min):
            latest[site_id, check_id] = run
    yield from latest.items()


def _reviews(among: Among) -> Iterator[tuple[StepKey, RoadStep]]:
    """A review can end once its last action is done; one with an action without a day, or without any, has no day."""
    rows = ReviewAction.objects.filter(among("review__site"), review__state=Review.State.OPEN, closed_at=None)
    columns = ("review__site_id", "review_id", "due_on", "review__site__time_zone", "owner_id", "owner_name")
    latest: dict[StepKey, RoadStep] = {}
    for site_id, review_id, *step in rows.order_by("pk").values_list(*columns):
        action, key = RoadStep(StepKind.REVIEW, review_id, *step), (site_id, REVIEW_CHECK)
        earlier = latest.get(key)
        if earlier is None or (
            earlier.due_on is not None and (action.due_on is None or action.due_on > earlier.due_on)
        ):
            latest[key] = action
    yield from latest.items()


def _not_applicable(among: Among, *, now: datetime) -> Iterator[tuple[StepKey, RoadStep]]:
    rows = Grant.objects.filter(among("site"), kind=Grant.Kind.NOT_APPLICABLE, part="")
    rows = rows.filter(state=Grant.State.APPROVED, starts_at__gt=now).order_by("-starts_at", "pk")
    columns = ("site_id", "check_id", "pk", "starts_at", "site__time_zone", "requested_by_id")
    for site_id, check_id, pk, starts_at, zone, asked_by in rows.values_list(*columns):
        day = starts_at.astimezone(ZoneInfo(zone)).date()
        yield (site_id, check_id), RoadStep(StepKind.NOT_APPLICABLE, pk, day, zone, asked_by)
