"""Plan, run and end a campaign, and change its items. Evidence is written elsewhere."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.scoring.gather import context_of
from readiness.golive.campaigns.planning import Setup, parts_by_runs, plan
from readiness.golive.campaigns.queries import item_rows
from readiness.golive.models import Campaign, CampaignItem, Progress
from web.workflows import Turn, Workflow, require, still_there
from web.workflows.waiting import subjects_by

MAY_ADD = "golive.add_campaign"
MAY_CHANGE = "golive.change_campaign"
MAY_DELETE = "golive.delete_campaign"
MOST_ITEMS = 200
"""Largest number of items in a campaign. Operator-set default: a framework of 48 checks gives about twenty."""


OPEN = (Campaign.State.PLANNED, Campaign.State.RUNNING)
CAMPAIGNS = Workflow(
    model=Campaign, states=dict(Campaign.State.choices), joined=("site",), refusal="The campaign is {state}."
)


def _item_state(item: CampaignItem, now: datetime) -> str:
    if not item.campaign.is_open:
        return item.campaign.state
    return "dropped" if item.is_dropped else "kept"


ITEMS = Workflow(
    model=CampaignItem,
    states={
        "kept": "not dropped",
        "dropped": "dropped already",
        "finished": "of a finished campaign",
        "cancelled": "of a cancelled campaign",
    },
    state_of=_item_state,
    joined=("campaign__site",),
    # Lock the campaign too, so that no item changes while the campaign ends.
    lock_before=lambda item: CAMPAIGNS.locked(item.campaign),
    refusal="The item is {state}.",
)


@transaction.atomic
def create(
    *,
    site: Site,
    name: str,
    due_on: date,
    counts_from: date | None = None,
    note: str = "",
    by: User,
    now: datetime,
) -> Campaign:
    """Plan a campaign with an item for each run that the framework requires at the site.

    Raises MissingPermission, and ValidationError by field: the site is retired, or has an open campaign.
    """
    planned = {"name": name.strip(), "due_on": due_on, "counts_from": counts_from, "note": note.strip()}
    campaign = _save_new(site, by=by, now=now, **planned)
    _version, framework = framework_queries.current()
    CampaignItem.objects.bulk_create(
        _item_of(campaign, *planned) for planned in plan(framework, context_of(site.pk, now=now))
    )
    return campaign


@transaction.atomic
def clone(
    campaign: Campaign,
    *,
    name: str = "",
    due_on: date,
    by: User,
    now: datetime,
    counts_from: date | None = None,
) -> Campaign:
    """Plan the same items again, except dropped ones; with `counts_from`, only runs from that day on count."""
    planned = {
        "name": name.strip() or campaign.name,
        "due_on": due_on,
        "counts_from": counts_from,
        "note": campaign.note,
        "repeats": campaign,
    }
    again = _save_new(campaign.site, by=by, now=now, **planned)
    planned_items = campaign.items.filter(dropped_at=None).order_by("id")
    CampaignItem.objects.bulk_create(_copy(again, item) for item in planned_items)
    return again


@transaction.atomic
def change(campaign: Campaign, *, by: User, now: datetime, **values: Any) -> Campaign:
    """Change name, day or note of an open campaign. `values` are `name`, `due_on`, `counts_from`, `note`."""
    require(by, MAY_CHANGE)
    locked = CAMPAIGNS.locked(campaign)
    CAMPAIGNS.refuse_unless(locked, OPEN, now)
    if fixed := values.keys() - {"name", "due_on", "counts_from", "note"}:
        raise ValidationError(dict.fromkeys(fixed, "It is fixed when the campaign is planned."))
    for field, value in values.items():
        setattr(locked, field, value.strip() if isinstance(value, str) else value)
    _clean(locked)
    locked.save(update_fields=["name", "due_on", "counts_from", "note"])
    return locked


STARTING = Turn(
    kind="Start a campaign",
    verb="Start",
    tab="campaigns",
    page="campaign",
    of=lambda by, now: Q(state=Campaign.State.PLANNED, created_by=by),
    subjects=subjects_by(str),
    since="created_at",
    due="due_on",
)
# The day is over everywhere on earth twelve hours after it is over in UTC.
FINISHING = replace(
    STARTING,
    kind="Finish a campaign",
    verb="Finish",
    of=lambda by, now: Q(
        state=Campaign.State.RUNNING, created_by=by, due_on__lt=(now - timedelta(hours=12)).date()
    ),
)


@CAMPAIGNS.step(after=[Campaign.State.PLANNED], any_of=(MAY_CHANGE,), words="", turn=STARTING)
def start(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Start a planned campaign."""
    campaign.state, campaign.started_at = Campaign.State.RUNNING, now
    campaign.save(update_fields=["state", "started_at"])


@CAMPAIGNS.step(after=[Campaign.State.RUNNING], any_of=(MAY_CHANGE,), turn=FINISHING)
def finish(campaign: Campaign, *, note: str, by: User, now: datetime) -> None:
    """Finish a running campaign; a note is required if items are open."""
    rows = item_rows(campaign, now=now)
    open_items = sum(
        row.progress not in (Progress.DONE, Progress.NOT_APPLICABLE)
        for row in rows
        if not row.item.is_dropped
    )
    if open_items and not note:
        raise ValidationError({"note": f"{open_items} items are open: say why it ends."})
    _end(campaign, Campaign.State.FINISHED, rows, note, by, now)


@CAMPAIGNS.step(after=OPEN, any_of=(MAY_CHANGE,), must_say=True)
def cancel(campaign: Campaign, *, note: str, by: User, now: datetime) -> None:
    """Cancel an open campaign, with a reason."""
    _end(campaign, Campaign.State.CANCELLED, item_rows(campaign, now=now), note, by, now)


@CAMPAIGNS.step(after=[Campaign.State.PLANNED], any_of=(MAY_DELETE,), words="")
def delete(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Delete a campaign that never started; a started one can only be cancelled."""
    campaign.delete()


@transaction.atomic
def add_item(
    campaign: Campaign, *, check_id: str, parts: Collection[str] = (), by: User, now: datetime, **columns: Any
) -> CampaignItem:
    """Add a run that the framework does not require, or requires differently.

    No `parts` means everything that runs prove. `columns` are the further columns: tool, scope, targets, load,
    size_bytes, repeats, how, assignee, assigned_to, due_on.
    """
    require(by, MAY_CHANGE)
    locked = CAMPAIGNS.locked(campaign)
    CAMPAIGNS.refuse_unless(locked, OPEN, now)
    _version, framework = framework_queries.current()
    part_ids = _parts_named(framework, check_id, parts)
    if locked.items.count() >= MOST_ITEMS:
        raise ValidationError(f"A campaign has {MOST_ITEMS} items at most.")
    item = CampaignItem(campaign=locked, check_id=check_id, parts=part_ids, added=True, **columns)
    item.full_clean(exclude=["campaign"])
    item.save(force_insert=True)
    return item


@transaction.atomic
def change_item(item: CampaignItem, *, by: User, now: datetime, **values: Any) -> CampaignItem:
    """Change who does the runs, by when, and how. `values` are `assignee`, `assigned_to`, `due_on`, `how`."""
    require(by, MAY_CHANGE)
    locked = ITEMS.locked(item)
    ITEMS.refuse_unless(locked, ("kept", "dropped"), now)
    changed = sorted(values.keys() & {"assignee", "assigned_to", "due_on", "how"})
    for field in changed:
        value = values[field]
        setattr(locked, field, value.strip() if isinstance(value, str) else value)
    locked.full_clean(exclude=["campaign"])
    locked.save(update_fields=changed)
    return locked


@ITEMS.step(after=["kept"], any_of=(MAY_CHANGE,), words="reason", must_say=True, longest=500)
def drop(item: CampaignItem, *, reason: str, by: User, now: datetime) -> None:
    """Drop an item, with a reason."""
    _set_dropped(item, by, now, reason)


@ITEMS.step(after=["dropped"], any_of=(MAY_CHANGE,), words="")
def restore(item: CampaignItem, *, by: User, now: datetime) -> None:
    """Restore a dropped item."""
    _set_dropped(item, None, None, "")


def _set_dropped(item: CampaignItem, by: User | None, at: datetime | None, reason: str) -> None:
    item.dropped_by, item.dropped_at, item.drop_reason = by, at, reason
    item.full_clean(exclude=["campaign", "dropped_by"])
    item.save(update_fields=["dropped_by", "dropped_at", "drop_reason"])


def _end(
    campaign: Campaign, state: Campaign.State, rows: Collection[Any], note: str, by: User, now: datetime
) -> None:
    for row in rows:
        row.item.outcome, row.item.outcome_reason = row.progress, row.reason
    CampaignItem.objects.bulk_update([row.item for row in rows], ["outcome", "outcome_reason"])
    campaign.state, campaign.ended_by, campaign.ended_at, campaign.end_note = state, by, now, note
    _clean(campaign)
    campaign.save(update_fields=["state", "ended_by", "ended_at", "end_note"])


def _item_of(campaign: Campaign, check: Check, setup: Setup) -> CampaignItem:
    names = ("tool", "scope", "load", "size_bytes", "repeats", "how")
    columns = {name: getattr(setup, name) for name in names}
    columns |= {"parts": list(setup.parts), "targets": setup.targets.value}
    return CampaignItem(campaign=campaign, check_id=check.id, **columns)


def _copy(campaign: Campaign, item: CampaignItem) -> CampaignItem:
    copied_columns = (
        *("check_id", "parts", "tool", "scope", "targets", "load", "size_bytes", "repeats", "how", "added"),
        *("assignee_id", "assigned_to"),
    )
    return CampaignItem(campaign=campaign, **{name: getattr(item, name) for name in copied_columns})


def _parts_named(framework: Framework, check_id: str, parts: Collection[str]) -> list[str]:
    check = framework.checks_by_id.get(check_id)
    if check is None:
        raise ValidationError({"check": f"There is no check {check_id}."})
    known_ids = {part.id for part in check.parts}
    if unknown := sorted(set(parts) - known_ids):
        raise ValidationError({"parts": f"{check_id} has no sub-measure {', '.join(unknown)}."})
    part_ids = [part.id for part in check.parts if part.id in parts] or list(parts_by_runs(check))
    if not part_ids:
        raise ValidationError({"check": f"No run proves {check.name}."})
    return part_ids


def _save_new(site: Site, *, by: User, now: datetime, **planned: Any) -> Campaign:
    require(by, MAY_ADD)
    if site.stage == Site.Stage.RETIRED:
        raise ValidationError({"site": f"{site.name} is retired."})
    # The lock makes two plans for one site wait; the constraint is the final guard.
    still_there(Site.objects.select_for_update(no_key=True), site.pk)
    if (other := Campaign.objects.filter(site=site, state__in=OPEN).first()) is not None:
        raise ValidationError({"site": f"{site.name} has an open campaign already: {other.name}."})
    version, _framework = framework_queries.current()
    campaign = Campaign(site=site, framework_version=version, created_by=by, created_at=now, **planned)
    _clean(campaign)
    campaign.save(force_insert=True)
    return campaign


def _clean(campaign: Campaign) -> None:
    campaign.full_clean(exclude=["site", "framework_version", "created_by", "repeats", "ended_by"])
