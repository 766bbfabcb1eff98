"""Add, change and close work items. They are not evidence, so no site is evaluated because of them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.golive.models import LIVE, MOST_COST, WorkItem
from readiness.organisation.ownership import deputies
from web.workflows import Turn, awaits, require, still_there

MAY_ADD = "golive.add_workitem"
MAY_CHANGE = "golive.change_workitem"
MAY_PROGRESS = "golive.progress_workitem"
MAY_REMOVE = "golive.delete_workitem"
MOST_AT_ONCE = 1000
PROGRESS = frozenset({"status", "note"})
"""Fields that users who do the work may set; planners decide who does it by when."""
CHANGES = PROGRESS | {"owner", "owner_name", "due_on", "cost", "currency"}

type Pair = tuple[Site, str]


def _subjects(items: Sequence[WorkItem]) -> Iterable[str]:
    checks = framework_queries.current()[1].checks_by_id
    return (checks[item.check_id].name if item.check_id in checks else item.check_id for item in items)


RESOLVING = Turn(
    kind="Resolve a check",
    verb="Open",
    tab="worklist",
    page="work-item",
    of=lambda by, now: Q(Q(owner=by) | deputies.owner_represented_by(by, now), status__in=LIVE),
    subjects=_subjects,
    asked_by=lambda item: item.created_by,
    since="created_at",
    due="due_on",
    joined=("site", "created_by"),
)
awaits(WorkItem, MAY_PROGRESS, MAY_CHANGE, turn=RESOLVING)


@transaction.atomic
def add(
    *, site: Site, check_id: str, status: str = WorkItem.Status.OPEN, by: User, now: datetime, **planned: Any
) -> WorkItem:
    """`planned` are owner, owner_name, due_on, note, cost and currency.

    Raises MissingPermission, and ValidationError by field: an unknown check, an existing live item, two owners.
    """
    require(by, MAY_ADD)
    _refuse_unknown([check_id])
    item = _item(site, check_id, by, now, **planned)
    item.status, item.closed_at = status, None if status in LIVE else now
    _refuse_wrong(item)
    if status in LIVE:
        _refuse_second(item)
    item.save(force_insert=True)
    return item


@transaction.atomic
def add_many(pairs: Collection[Pair], *, by: User, now: datetime, **planned: Any) -> int:
    """Add an item for each site and check without one; returns their number.

    Three statements. `planned` are as for `add`. Raises MissingPermission, ValidationError.
    """
    require(by, MAY_ADD)
    if not 0 < len(pairs) <= MOST_AT_ONCE:
        raise ValidationError(
            f"{MOST_AT_ONCE} checks at most can be added at once; you chose {len(pairs)}. Choose fewer."
        )
    _refuse_unknown(sorted({check_id for _site, check_id in pairs}))
    listed_pairs = live_pairs([site.pk for site, _check_id in pairs])
    site_by_key = {(site.pk, check_id): site for site, check_id in pairs}
    items = [
        _item(site_by_key[key], key[1], by, now, **planned)
        for key in sorted(site_by_key)
        if key not in listed_pairs
    ]
    for item in items[:1]:
        _refuse_wrong(item)
    # If somebody adds the same item at this moment, theirs stays and it is not added twice.
    WorkItem.objects.bulk_create(items, ignore_conflicts=True)
    return len(items)


def _item(
    site: Site,
    check_id: str,
    by: User,
    now: datetime,
    *,
    owner_name: str = "",
    note: str = "",
    **columns: Any,
) -> WorkItem:
    return WorkItem(
        site=site,
        check_id=check_id,
        owner_name=owner_name.strip(),
        note=note.strip(),
        created_by=by,
        created_at=now,
        **columns,
    )


@transaction.atomic
def change(item: WorkItem, *, by: User, now: datetime, **changes: Any) -> WorkItem:
    """Set any of `CHANGES`.

    Users who may only do the work may set status and note. Raises MissingPermission, NotInState once the item is
    removed, and ValidationError by field.
    """
    unknown = sorted(set(changes) - CHANGES)
    if unknown:
        raise ValidationError(
            {name: ["This field cannot be changed. Add another item instead."] for name in unknown}
        )
    locked = still_there(WorkItem.objects.select_for_update(), item.pk)
    differ = {name: value for name, value in changes.items() if getattr(locked, name) != value}
    _require_progress(by, only=set(differ) <= PROGRESS)
    _note_deputy(locked, by, now)
    for name, value in differ.items():
        setattr(locked, name, value.strip() if isinstance(value, str) else value)
    _refuse_wrong(locked)
    if "status" in differ:
        locked.closed_at = None if locked.status in LIVE else (locked.closed_at or now)
        if locked.status in LIVE:
            _refuse_second(locked)
    if differ:
        locked.save(update_fields=[*differ, "closed_at"])
    return locked


@transaction.atomic
def set_status(ids: Sequence[int], *, status: str, by: User, now: datetime) -> int:
    """Set the same status for many items, all or none; returns how many had another.

    Raises MissingPermission, and ValidationError if a reopened item has a newer live one.
    """
    _require_progress(by, only=True)
    if status not in WorkItem.Status.values:
        raise ValidationError({"status": [f"There is no status {status[:20]}."]})
    items = list(
        WorkItem.objects.select_for_update().filter(pk__in=ids).exclude(status=status).order_by("pk")
    )
    if status in LIVE:
        reopened = [item for item in items if item.status not in LIVE]
        listed_pairs = live_pairs([item.site_id for item in reopened])
        keys = [(item.site_id, item.check_id) for item in reopened]
        if listed_pairs & set(keys) or len(set(keys)) < len(keys):
            raise ValidationError("One of these checks is on the worklist for its site again already.")
    WorkItem.objects.filter(pk__in=[item.pk for item in items]).update(
        status=status, closed_at=None if status in LIVE else now
    )
    return len(items)


def remove(item: WorkItem, *, by: User, now: datetime) -> None:
    """Remove an item entered by mistake; unneeded work is dropped instead. The history keeps it."""
    require(by, MAY_REMOVE)
    item.delete()


def live_pairs(site_ids: Collection[int]) -> set[tuple[int, str]]:
    live = WorkItem.objects.live().filter(site__in=set(site_ids)).order_by()
    return set(live.values_list("site_id", "check_id"))


def _note_deputy(item: WorkItem, by: User, now: datetime) -> None:
    """The history names the owner in a column of its own, for those who may see names."""
    if deputies.represents(by, owner_id=item.owner_id, site_id=item.site_id, now=now):
        deputies.note_deputy("the owner")


def _require_progress(by: User, *, only: bool) -> None:
    require(by, *((MAY_PROGRESS, MAY_CHANGE) if only else (MAY_CHANGE,)))


def _refuse_unknown(check_ids: Sequence[str]) -> None:
    _version, framework = framework_queries.current()
    unknown = [each for each in check_ids if each not in framework.checks_by_id]
    if unknown:
        raise ValidationError(
            {"check": [f"{framework.version} has no check {', '.join(each[:64] for each in unknown[:5])}."]}
        )


def _refuse_wrong(item: WorkItem) -> None:
    if item.owner and item.owner_name:
        raise ValidationError({"owner_name": ["The owner is a user or a name, not both."]})
    if item.cost is not None and not 0 <= item.cost <= MOST_COST:
        raise ValidationError({"cost": ["A cost is a number from 0 on."]})
    if (item.cost is None) is not (item.currency == ""):
        field = "cost" if item.cost is None else "currency"
        raise ValidationError({field: ["A cost needs a currency, and a currency a cost."]})
    item.clean_fields(exclude=["created_by"])


def _refuse_second(item: WorkItem) -> None:
    """The table's constraint refuses it too; this message names the existing item."""
    others = WorkItem.objects.live().filter(site=item.site_id, check_id=item.check_id).exclude(pk=item.pk)
    if (other := others.first()) is not None:
        raise ValidationError(
            {"check": [f"It is on the worklist for this site already, as item {other.pk}."]}
        )
