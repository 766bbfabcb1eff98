"""Columns as data: the list of campaigns, and the items of one."""

from datetime import datetime

from django.utils.html import format_html

from readiness.evidence.core.proving.floors import size_text
from readiness.golive.campaigns.filters import CampaignFilters
from readiness.golive.campaigns.models import Campaign, Progress
from readiness.golive.campaigns.progress import DONE
from readiness.golive.campaigns.queries import CampaignRow, ItemRow
from web.ages import ago
from web.links import link
from web.tables import Column, RowFilter, Table
from web.tables.columns import Text


def left(row: CampaignRow, now: datetime) -> str:
    if row.days_left is None:
        return ago(row.campaign.ended_at, now=now)
    if row.days_left < 0:
        return f"{-row.days_left} d over"
    return f"in {row.days_left} d" if row.days_left else "today"


def campaign_table(now: datetime) -> Table:
    """The table of CampaignRow; the time left counts from `now`."""
    return Table(
        id="campaigns",
        noun=("campaign", "campaigns"),
        label="Validation campaigns",
        columns=(*_campaign_columns(now), *_further_columns()),
        filterset=CampaignFilters,
        row_id=lambda row: row.campaign.pk,
        row_name=lambda row: f"{row.campaign.name}, {row.campaign.site.name}",
        row_url=lambda row: link("campaign", row.campaign.pk),
        api="golive-api-campaign-list",
        empty={
            "title": "No campaign",
            "text": "A campaign lists the runs that a site still needs before go-live. Start one from a site’s page.",
            "icon": "flask",
        },
    )


def _campaign_columns(now: datetime) -> tuple[Column, ...]:
    return (
        Column(
            "state",
            "State",
            value=lambda row: row.campaign.state,
            text=lambda row: row.campaign.get_state_display(),
            template="readiness/campaigns/state_cell.html",
            sort="state",
            phone="status",
        ),
        Column(
            "name",
            "Campaign",
            value=lambda row: row.campaign.name,
            url=lambda row: link("campaign", row.campaign.pk),
            sort="name",
            locked=True,
            phone="title",
        ),
        Column(
            "site",
            "Site",
            value=lambda row: row.campaign.site.name,
            url=lambda row: link("site", row.campaign.site.slug),
            sort="site__name",
            export=lambda row: row.campaign.site.slug,
        ),
        Column(
            "progress",
            "Progress",
            value=lambda row: row.sum.percent,
            text=lambda row: f"{row.sum.done} of {row.sum.total} done",
            template="readiness/campaigns/progress_cell.html",
            export=lambda row: None if row.sum.percent is None else round(row.sum.percent, 1),
            file_unit="%",
            phone="full",
        ),
        _counted("failed", "Failed", "bad"),
        _counted("blocked", "Blocked", "warn"),
        _counted("missing", "Missing", ""),
        Column(
            "due",
            "Due",
            value=lambda row: row.campaign.due_on,
            text=lambda row: format_html("{} · {}", f"{row.campaign.due_on:%Y-%m-%d}", left(row, now)),
            sort="due_on",
            numeric=True,
            tone=lambda row: "bad" if row.days_left is not None and row.days_left < 0 else "",
        ),
    )


def _counted(progress: str, label: Text, tone: str, *, default: bool = True) -> Column:
    def count(row: CampaignRow) -> int:
        return row.sum.by_progress.get(progress, 0)

    return Column(
        progress,
        label,
        value=count,
        numeric=True,
        tone=lambda row: tone if count(row) else "",
        default=default,
    )


def _further_columns() -> tuple[Column, ...]:
    return (
        _counted("stale", "Stale", "warn", default=False),
        Column("by", "Planned by", value="campaign.created_by", default=False),
        Column("note", "Note", value=lambda row: row.campaign.note, default=False, phone="full"),
    )


def item_table(campaign: Campaign) -> Table:
    """The table of ItemRow."""
    return Table(
        id="items",
        noun=("item", "items"),
        title="Runs to make",
        label="Items of the campaign",
        columns=_item_columns(campaign),
        filters=(
            RowFilter("progress", "Progress", lambda row: row.progress, Progress.choices),
            RowFilter(
                "gate", "Gate", lambda row: row.gate, [(each, each) for each in ("BLOCK", "COND", "INFO")]
            ),
            RowFilter(
                "assigned",
                "Assigned",
                lambda row: "yes" if row.assigned else "no",
                [("yes", "To somebody"), ("no", "To nobody")],
            ),
        ),
        row_id=lambda row: row.item.pk,
        row_name=lambda row: f"{row.check_name}: {row.item.get_tool_display()}",
        row_url=lambda row: link("campaign-item", row.item.pk),
        empty={
            "title": "Nothing to run",
            "text": "No check of the framework that applies here is proved by runs.",
            "icon": "flask",
        },
    )


def _item_columns(campaign: Campaign) -> tuple[Column, ...]:
    return (
        Column(
            "progress",
            "Progress",
            value=lambda row: row.progress,
            text=lambda row: str(Progress(row.progress).label),
            template="readiness/campaigns/item_state_cell.html",
            sort=True,
            phone="status",
        ),
        Column(
            "check",
            "Check",
            value=lambda row: row.check_name,
            url=lambda row: link("campaign-item", row.item.pk),
            template="readiness/campaigns/item_cell.html",
            sort=True,
            locked=True,
            phone="title",
            export=lambda row: row.item.check_id,
        ),
        Column("gate", "Gate", value=lambda row: row.gate, sort=True),
        Column("run", "Run", value=lambda row: str(row.item.get_tool_display()), text=run_words, sort=True),
        Column("targets", "Made on", value=lambda row: str(row.item.get_targets_display()), sort=True),
        Column(
            "why",
            "What it waits for",
            value=why,
            phone="full",
            template="readiness/campaigns/why_cell.html",
        ),
        Column("assigned", "Assigned to", value=lambda row: row.assigned, sort=True),
        Column(
            "due",
            "Due",
            value=lambda row: row.item.due_on or campaign.due_on,
            sort=True,
            numeric=True,
            tone=lambda row: "bad" if row.is_late else "",
        ),
        Column(
            "parts",
            "Sub-measures",
            value=lambda row: ", ".join(row.part_names),
            default=False,
            phone="full",
        ),
        Column("taken", "Run of", value=lambda row: row.standing.taken_at, default=False),
    )


def why(row: ItemRow) -> str:
    if row.progress == DONE:
        return ""
    return " ".join(each for each in (row.reason, row.standing.detail) if each)


def run_words(row: ItemRow) -> str:
    """`nccl-tests, 16 GiB`, `perftest, with background load, 20 times`."""
    item = row.item
    phrases = [str(item.get_tool_display())]
    if item.size_bytes:
        phrases.append(size_text(item.size_bytes))
    if item.load:
        phrases.append(str(item.get_load_display()).lower())
    if item.repeats > 1:
        phrases.append(f"{item.repeats} times")
    return ", ".join(phrases)
