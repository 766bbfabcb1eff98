"""Planning a campaign, running it, ending it, and what becomes of its items. Evidence is written elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.golive.campaigns.models import Campaign, CampaignItem
from readiness.golive.campaigns.planning import Planned, RunTarget, parts_by_runs, plan
from readiness.golive.campaigns.progress import DONE, NOT_APPLICABLE
from readiness.golive.campaigns.queries import item_rows
from readiness.scoring.gather import context_of
from web.permissions import MissingPermission

MAY_ADD = "golive.add_campaign"
MAY_CHANGE = "golive.change_campaign"
MAY_DELETE = "golive.delete_campaign"
MOST_ITEMS = 200
"""Items of one campaign. Operator-set default: a framework of 48 checks gives about twenty."""


class CampaignNotInState(Exception):
    """The campaign or item is in a state that this does not follow from; the message says in which."""


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
    """Plan a campaign with an item for each run that the framework asks for at the site.

    Raises MissingPermission, and ValidationError by field: the site is retired, or has an open campaign.
    """
    _require(by, MAY_ADD)
    _refuse_retired(site)
    version, framework = framework_queries.current()
    campaign = Campaign(
        site=site,
        name=name.strip(),
        due_on=due_on,
        counts_from=counts_from,
        note=note.strip(),
        framework_version=version,
        created_by=by,
        created_at=now,
    )
    _save_new(campaign)
    CampaignItem.objects.bulk_create(
        _item_of(campaign, planned) for planned in plan(framework, context_of(site.pk))
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
    """Plan the same items again, without those that were dropped; only runs from `counts_from` on count, if given."""
    _require(by, MAY_ADD)
    _refuse_retired(campaign.site)
    version, _framework = framework_queries.current()
    again = Campaign(
        site=campaign.site,
        name=name.strip() or campaign.name,
        due_on=due_on,
        counts_from=counts_from,
        note=campaign.note,
        framework_version=version,
        repeats=campaign,
        created_by=by,
        created_at=now,
    )
    _save_new(again)
    kept = campaign.items.filter(dropped_at=None).order_by("id")
    CampaignItem.objects.bulk_create(_copy(again, item) for item in kept)
    return again


@transaction.atomic
def change(campaign: Campaign, *, by: User, now: datetime, **given: Any) -> Campaign:
    """Change name, day or note of an open campaign. `given` are `name`, `due_on`, `counts_from`, `note`."""
    _require(by, MAY_CHANGE)
    locked = _locked(campaign)
    _refuse_ended(locked)
    for field in given.keys() & {"name", "due_on", "counts_from", "note"}:
        value = given[field]
        setattr(locked, field, value.strip() if isinstance(value, str) else value)
    _clean(locked)
    locked.save(update_fields=["name", "due_on", "counts_from", "note"])
    return locked


@transaction.atomic
def start(campaign: Campaign, *, by: User, now: datetime) -> Campaign:
    _require(by, MAY_CHANGE)
    locked = _locked(campaign)
    _refuse_unless(locked, {Campaign.State.PLANNED})
    locked.state, locked.started_at = Campaign.State.RUNNING, now
    locked.save(update_fields=["state", "started_at"])
    return locked


@transaction.atomic
def finish(campaign: Campaign, *, note: str = "", by: User, now: datetime) -> Campaign:
    """End a campaign that runs, and keep how far each item was. Items left open need a reason."""
    _require(by, MAY_CHANGE)
    locked = _locked(campaign)
    _refuse_unless(locked, {Campaign.State.RUNNING})
    rows = item_rows(locked, now=now)
    open_items = sum(row.progress not in (DONE, NOT_APPLICABLE) for row in rows if not row.item.is_dropped)
    if open_items and not note.strip():
        raise ValidationError({"note": f"{open_items} items are open: say why it ends."})
    return _end(locked, Campaign.State.FINISHED, rows, note=note, by=by, now=now)


@transaction.atomic
def cancel(campaign: Campaign, *, note: str, by: User, now: datetime) -> Campaign:
    """Call the campaign off, with a reason."""
    _require(by, MAY_CHANGE)
    if not note.strip():
        raise ValidationError({"note": "Say why."})
    locked = _locked(campaign)
    _refuse_ended(locked)
    return _end(locked, Campaign.State.CANCELLED, item_rows(locked, now=now), note=note, by=by, now=now)


@transaction.atomic
def delete(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Delete a campaign that never began; others are kept, and can be cancelled."""
    _require(by, MAY_DELETE)
    locked = _locked(campaign)
    _refuse_unless(locked, {Campaign.State.PLANNED})
    locked.delete()


@transaction.atomic
def add_item(
    campaign: Campaign, *, check_id: str, parts: Collection[str] = (), by: User, now: datetime, **given: Any
) -> CampaignItem:
    """Add a run that the framework does not ask for, or asks for in another way. No `parts` means all that runs prove.

    `given` are the further columns: tool, scope, targets, load, size_bytes, repeats, how, assignee, assigned_to,
    due_on.
    """
    _require(by, MAY_CHANGE)
    locked = _locked(campaign)
    _refuse_ended(locked)
    _version, framework = framework_queries.current()
    named = _parts_named(framework, check_id, parts)
    if locked.items.count() >= MOST_ITEMS:
        raise ValidationError(f"A campaign has {MOST_ITEMS} items at most.")
    item = CampaignItem(campaign=locked, check_id=check_id, parts=named, added=True, **given)
    item.full_clean(exclude=["campaign"])
    item.save(force_insert=True)
    return item


@transaction.atomic
def change_item(item: CampaignItem, *, by: User, now: datetime, **given: Any) -> CampaignItem:
    """Change who makes the runs, until when, and how. `given` are `assignee`, `assigned_to`, `due_on`, `how`."""
    _require(by, MAY_CHANGE)
    locked = _locked_item(item)
    changed = sorted(given.keys() & {"assignee", "assigned_to", "due_on", "how"})
    for field in changed:
        value = given[field]
        setattr(locked, field, value.strip() if isinstance(value, str) else value)
    locked.full_clean(exclude=["campaign"])
    locked.save(update_fields=changed)
    return locked


@transaction.atomic
def drop_item(item: CampaignItem, *, reason: str, by: User, now: datetime) -> CampaignItem:
    """Drop an item from this campaign, with a reason. The check itself is judged as before."""
    _require(by, MAY_CHANGE)
    if not reason.strip():
        raise ValidationError({"reason": "Say why."})
    locked = _locked_item(item)
    if locked.is_dropped:
        raise CampaignNotInState("The item is dropped already.")
    locked.dropped_by, locked.dropped_at, locked.drop_reason = by, now, reason.strip()
    locked.full_clean(exclude=["campaign", "dropped_by"])
    locked.save(update_fields=["dropped_by", "dropped_at", "drop_reason"])
    return locked


@transaction.atomic
def restore_item(item: CampaignItem, *, by: User, now: datetime) -> CampaignItem:
    _require(by, MAY_CHANGE)
    locked = _locked_item(item)
    if not locked.is_dropped:
        raise CampaignNotInState("The item is not dropped.")
    locked.dropped_by, locked.dropped_at, locked.drop_reason = None, None, ""
    locked.save(update_fields=["dropped_by", "dropped_at", "drop_reason"])
    return locked


def _end(
    campaign: Campaign, state: Campaign.State, rows: Collection[Any], *, note: str, by: User, now: datetime
) -> Campaign:
    for row in rows:
        row.item.outcome, row.item.outcome_reason = row.progress, row.reason
    CampaignItem.objects.bulk_update([row.item for row in rows], ["outcome", "outcome_reason"])
    campaign.state, campaign.ended_by, campaign.ended_at = state, by, now
    campaign.end_note = note.strip()
    _clean(campaign)
    campaign.save(update_fields=["state", "ended_by", "ended_at", "end_note"])
    return campaign


def _item_of(campaign: Campaign, planned: Planned) -> CampaignItem:
    setup = planned.setup
    return CampaignItem(
        campaign=campaign,
        check_id=planned.check.id,
        parts=list(setup.parts),
        tool=setup.tool,
        scope=setup.scope,
        targets=RunTarget(setup.targets).value,
        load=setup.load,
        size_bytes=setup.size_bytes,
        repeats=setup.repeats,
        how=setup.how,
    )


def _copy(campaign: Campaign, item: CampaignItem) -> CampaignItem:
    kept = (
        *("check_id", "parts", "tool", "scope", "targets", "load", "size_bytes", "repeats", "how", "added"),
        *("assignee_id", "assigned_to"),
    )
    return CampaignItem(campaign=campaign, **{name: getattr(item, name) for name in kept})


def _parts_named(framework: Framework, check_id: str, parts: Collection[str]) -> list[str]:
    check = framework.checks_by_id.get(check_id)
    if check is None:
        raise ValidationError({"check": f"There is no check {check_id}."})
    there = {part.id for part in check.parts}
    if unknown := sorted(set(parts) - there):
        said = {"check": check_id, "parts": ", ".join(unknown)}
        raise ValidationError({"parts": "{check} has no sub-measure {parts}.".format(**said)})
    named = [part.id for part in check.parts if part.id in parts] or list(parts_by_runs(check))
    if not named:
        raise ValidationError({"check": f"No run proves {check.name}."})
    return named


def _save_new(campaign: Campaign) -> None:
    # Two plans for one site wait for each other; the constraint holds in any case.
    Site.objects.select_for_update(no_key=True).get(pk=campaign.site.pk)
    other = Campaign.objects.filter(site=campaign.site, state__in=["planned", "running"]).first()
    if other is not None:
        said = {"site": campaign.site.name, "name": other.name}
        raise ValidationError({"site": "{site} has an open campaign already: {name}.".format(**said)})
    _clean(campaign)
    campaign.save(force_insert=True)


def _clean(campaign: Campaign) -> None:
    campaign.full_clean(exclude=["site", "framework_version", "created_by", "repeats", "ended_by"])


def _refuse_retired(site: Site) -> None:
    if site.stage == Site.Stage.RETIRED:
        raise ValidationError({"site": f"{site.name} is retired."})


def _locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).select_related("site").get(pk=campaign.pk)


def _locked_item(item: CampaignItem) -> CampaignItem:
    """Lock the item with its campaign, so that none is changed while the campaign ends."""
    campaign = _locked(item.campaign)
    _refuse_ended(campaign)
    locked = CampaignItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    locked.campaign = campaign
    return locked


def _refuse_ended(campaign: Campaign) -> None:
    _refuse_unless(campaign, {Campaign.State.PLANNED, Campaign.State.RUNNING})


def _refuse_unless(campaign: Campaign, states: Collection[str]) -> None:
    if campaign.state not in states:
        raise CampaignNotInState(f"The campaign is {campaign.get_state_display().lower()}.")


def _require(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise MissingPermission([permission])
