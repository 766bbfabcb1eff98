"""Filters and columns of campaigns, and of the items of one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.html import format_html

from readiness.assessment.evidence.core.parsed import size_text
from readiness.golive.campaigns.actions import CampaignRights, RowAction, campaign_action, item_action
from readiness.golive.campaigns.queries import CampaignRow, ItemRow
from readiness.golive.models import ENDED, Campaign, CampaignItem, Progress
from web.ages import ago
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag
from web.tables import Column, RowFilter, Table
from web.units import day


def left(row: CampaignRow, now: datetime) -> str:
    if row.days_left is None:
        return ago(row.campaign.ended_at, now=now)
    if row.days_left < 0:
        return f"{-row.days_left} d over"
    return f"in {row.days_left} d" if row.days_left else "today"


def why(row: ItemRow) -> str:
    if row.progress == Progress.DONE:
        return ""
    # A reason often names its worst subject itself.
    detail = "" if row.standing.detail in row.reason else row.standing.detail
    return f"{row.reason} {detail}".strip()


def run_words(row: ItemRow) -> str:
    """`nccl-tests, 16 GiB`, `perftest, with background load, 20 times`."""
    item = row.item
    phrases = [
        str(item.get_tool_display()),
        size_text(item.size_bytes) if item.size_bytes else "",
        str(item.get_load_display()).lower() if item.load else "",
        f"{item.repeats} times" if item.repeats > 1 else "",
    ]
    return ", ".join(filter(None, phrases))


GATES = [(gate, gate) for gate in ("BLOCK", "COND", "INFO")]


class CampaignFilters(ObjectFilterSet):
    open = Flag(read=lambda _key: ~Q(state__in=ENDED), label="Planned or running")

    class Meta:
        model = Campaign
        fields = ["site", "state", "name", "due_on", "created_by", "created_at", "started_at", "ended_at"]
        search_fields = ["name", "note", "site__name"]
        panel = ["state", "site", "open"]


class ItemFilters(ObjectFilterSet):
    check = AnyOf(field_name="check_id", inner=forms.CharField(), commas=True, label="Check")
    dropped = Flag(read=lambda _key: Q(dropped_at__isnull=False), label="Dropped")

    class Meta:
        model = CampaignItem
        fields = [
            *("campaign", "tool", "scope", "targets", "load"),
            *("assignee", "assigned_to", "due_on", "added"),
        ]
        search_fields = ["check_id", "how", "assigned_to"]


def _page(row: CampaignRow) -> str:
    return link("campaign", row.campaign.pk)


def _item_page(row: ItemRow) -> str:
    return link("campaign-item", row.item.pk)


def doers(row: CampaignRow) -> str:
    """`Ana Reis, Rui Reis and 1 more`: those with runs left, by the day of the next one."""
    names = [share.doer for share in row.shares if share.doer and share.next_run is not None]
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def campaign_table(now: datetime, rights: CampaignRights) -> Table:
    return Table(
        id="campaigns",
        noun=("campaign", "campaigns"),
        label="Validation campaigns",
        columns=(
            Column("state", "State", "campaign.state", template="readiness/campaigns/state_cell.html", sort="state",
                   phone="status"),
            Column("name", "Campaign", "campaign.name", url=_page, sort="name", locked=True, phone="title"),
            Column("site", "Site", "campaign.site.name", url=lambda row: link("site", row.campaign.site.slug),
                   sort="site__name", export="campaign.site.slug"),
            Column("progress", "Progress", "sum.percent", lambda row: f"{row.sum.done} of {row.sum.total} done",
                   template="readiness/campaigns/progress_cell.html", file_unit="%", phone="row",
                   export=lambda row: None if row.sum.percent is None else round(row.sum.percent, 1)),
            Column("doers", "Who", doers, phone="row", template="readiness/campaigns/doers_cell.html"),
            Column("next", "Next run", lambda row: row.next_run.check_name if row.next_run else "", phone="row",
                   template="readiness/campaigns/next_cell.html"),
            Column("due", "Due", "campaign.due_on", lambda row: _due(row, now), sort="due_on", numeric=True,
                   tone=lambda row: "bad" if row.is_over else ""),
            _action_column(lambda row: campaign_action(row, rights)),
            _counted("failed", "Failed", "bad"),
            _counted("blocked", "Blocked", "warn"),
            _counted("stale", "Stale", "warn"),
            _counted("missing", "Missing", ""),
            Column("by", "Planned by", "campaign.created_by", default=False),
            Column("note", "Note", "campaign.note", default=False, phone="full"),
        ),
        filterset=CampaignFilters,
        row_id="campaign.pk",
        row_object="campaign",
        row_name=lambda row: f"{row.campaign.name}, {row.campaign.site.name}",
        row_url=_page,
        api="golive-api-campaign-list",
        nothing="readiness/nothing.html#campaigns",
    )  # fmt: skip


def _due(row: CampaignRow, now: datetime) -> str:
    # The remaining text may be an age, which is markup.
    return format_html("<span>{} · {}</span>", day(row.campaign.due_on), left(row, now))


def _action_column(action: Callable[[Any], RowAction | None]) -> Column:
    def label(row: Any) -> str:
        offered = action(row)
        return offered.label if offered else ""

    return Column("action", "Next step", action, label, export=label, phone="row",
                  template="readiness/campaigns/action_cell.html")  # fmt: skip


def _counted(progress: str, label: str, tone: str) -> Column:
    def count(row: CampaignRow) -> int:
        return row.sum.by_progress.get(progress, 0)

    return Column(
        progress, label, count, numeric=True, tone=lambda row: tone if count(row) else "", default=False
    )


def item_table(campaign: Campaign, rights: CampaignRights) -> Table:
    return Table(
        id="items",
        noun=("item", "items"),
        title="Runs to make",
        label="Items of the campaign",
        columns=(
            Column("progress", "Progress", text=lambda row: Progress(row.progress).label, sort=True, phone="status",
                   template="readiness/campaigns/item_state_cell.html"),
            Column("check", "Check", "check_name", url=_item_page, template="readiness/campaigns/item_cell.html",
                   sort=True, locked=True, phone="title", export="item.check_id"),
            Column("run", "Run", lambda row: row.item.get_tool_display(), run_words, sort=True, phone="row",
                   template="readiness/campaigns/run_cell.html"),
            Column("why", "What it waits for", why, phone="full", template="readiness/campaigns/why_cell.html"),
            Column("assigned", "Who", sort=True, text=lambda row: row.assigned or "nobody",
                   tone=lambda row: "warn" if row.is_open and not row.assigned else ""),
            Column("due", "Due", lambda row: row.item.due_on or campaign.due_on, sort=True, numeric=True,
                   tone=lambda row: "bad" if row.is_late else ""),
            _action_column(lambda row: item_action(row, campaign, rights)),
            Column("gate", "Gate", sort=True, default=False),
            Column("targets", "Made on", lambda row: row.item.get_targets_display(), sort=True, default=False),
            Column("parts", "Sub-measures", lambda row: ", ".join(row.part_names), default=False, phone="full"),
            Column("taken", "Run of", "standing.taken_at", default=False),
        ),
        filters=(
            RowFilter("progress", "Progress", "progress", Progress.choices),
            RowFilter("gate", "Gate", "gate", GATES),
            RowFilter("assigned", "Assigned", lambda row: "yes" if row.assigned else "no",
                      [("yes", "To somebody"), ("no", "To nobody")]),
        ),
        row_id="item.pk",
        row_object="item",
        row_name=lambda row: f"{row.check_name}: {row.item.get_tool_display()}",
        row_url=_item_page,
        nothing="readiness/nothing.html#items",
    )  # fmt: skip
