"""Plans: work items for many sites, put on the worklist together and taken off it together."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.golive.models import LIVE, WorkItem, WorkPlan, WorkPlanStep
from readiness.golive.worklist import operations
from web.workflows import require, still_there

MAY_ADD = "golive.add_workplan"
MAY_REMOVE = "golive.delete_workplan"


@dataclass(frozen=True, slots=True)
class PlannedPair:
    """A check at a site. `owner_name` is a team or person that is no user, for an item without an owner."""

    site: Site
    check_id: str
    owner_name: str


@transaction.atomic
def add(*, name: str, due_on: date, pairs: Collection[PlannedPair], by: User, now: datetime) -> WorkPlan:
    """Put each pair on the worklist, due on that day. An item that is on it already gets the day, and the owner if it
    has none.

    Raises MissingPermission, and ValidationError: no pair, too many, a check that the framework does not have, a day
    that has passed.
    """
    require(by, MAY_ADD)
    if not 0 < len(pairs) <= operations.MOST_AT_ONCE:
        raise ValidationError(
            f"A plan has 1 to {operations.MOST_AT_ONCE} steps; you chose {len(pairs)}. Choose others."
        )
    plan = WorkPlan(name=name.strip(), due_on=due_on, added_by=by, added_at=now)
    plan.full_clean(exclude=["added_by"])
    plan.save(force_insert=True)
    items = _live_items(pairs)
    steps = [
        _move_item(plan, items[pair.site.pk, pair.check_id], pair, by=by, now=now)
        for pair in pairs
        if (pair.site.pk, pair.check_id) in items
    ]
    new_pairs = [pair for pair in pairs if (pair.site.pk, pair.check_id) not in items]
    by_owner: dict[str, list[tuple[Site, str]]] = defaultdict(list)
    for pair in new_pairs:
        by_owner[pair.owner_name].append((pair.site, pair.check_id))
    for owner_name in sorted(by_owner):
        operations.add_many(
            by_owner[owner_name], owner_name=owner_name, due_on=due_on, note=plan.name, by=by, now=now
        )
    new_items = _live_items(new_pairs)
    steps += [WorkPlanStep(plan=plan, item=new_items[key], is_new=True) for key in sorted(new_items)]
    WorkPlanStep.objects.bulk_create(steps)
    return plan


def _live_items(pairs: Collection[PlannedPair]) -> dict[tuple[int, str], WorkItem]:
    keys = {(pair.site.pk, pair.check_id) for pair in pairs}
    live = WorkItem.objects.select_for_update().live().filter(site__in={site_id for site_id, _check in keys})
    by_key = {(item.site_id, item.check_id): item for item in live.order_by("pk")}
    return {key: item for key, item in by_key.items() if key in keys}


def _move_item(plan: WorkPlan, item: WorkItem, pair: PlannedPair, *, by: User, now: datetime) -> WorkPlanStep:
    step = WorkPlanStep(
        plan=plan, item=item, is_new=False, had_due_on=item.due_on, had_owner_name=item.owner_name
    )
    owner_name = item.owner_name if item.owner_id or item.owner_name else pair.owner_name
    operations.change(item, due_on=plan.due_on, owner_name=owner_name, by=by, now=now)
    return step


@transaction.atomic
def remove(plan: WorkPlan, *, by: User, now: datetime) -> int:
    """Take the plan off the worklist; returns the number of items that it added and that are gone.

    An item that somebody has begun, closed or changed since stays as it is. Raises MissingPermission, and NotInState
    once the plan is removed.
    """
    require(by, MAY_REMOVE)
    locked = still_there(WorkPlan.objects.select_for_update(), plan.pk)
    removed = 0
    steps = locked.steps.select_related("item").select_for_update(of=("item",))
    for step in steps.order_by("item_id"):
        item = step.item
        if item.status not in LIVE or item.due_on != locked.due_on:
            continue
        if not step.is_new:
            operations.change(item, due_on=step.had_due_on, owner_name=step.had_owner_name, by=by, now=now)
        elif item.status == WorkItem.Status.OPEN:
            operations.remove(item, by=by, now=now)
            removed += 1
    locked.delete()
    return removed
