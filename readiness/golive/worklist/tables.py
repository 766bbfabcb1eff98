"""Columns as data: the worklist."""

from collections.abc import Mapping, Sequence

from readiness.golive.worklist.filters import WorkItemFilters
from readiness.golive.worklist.models import WorkItem
from readiness.golive.worklist.queries import WorkRow
from web.links import link
from web.tables import Column, Table
from web.units import how_many, plural, power


def due(row: WorkRow) -> str:
    """The day, and how far away it is while there is work to do."""
    if row.due_on is None:
        return "no date"
    if row.days_left is None:
        return row.due_on.isoformat()
    if row.days_left < 0:
        late = -row.days_left
        return how_many(late, "day overdue", "days overdue")
    if row.days_left == 0:
        return "today"
    return plural(row.days_left, f"in {row.days_left} day", f"in {row.days_left} days")


def work_table() -> Table:
    """The table of WorkRow."""
    return Table(
        id="worklist",
        noun=("item", "items"),
        label="Worklist",
        columns=(*_subject_columns(), *_plan_columns(), *_further_columns()),
        filterset=WorkItemFilters,
        row_id="id",
        row_name=lambda row: f"{row.check_name}, {row.site_name}",
        row_url=lambda row: link("work-item", row.id),
        api="golive-api-work-item-list",
        empty={
            "title": "Nothing on the worklist",
            "text": "Choose sites or checks of the ranked plan on the gap’s page, and add them here.",
            "icon": "list-details",
        },
    )


def actions(*, may_progress: bool, query: str) -> Sequence[Mapping[str, str]]:
    """The actions that set a status for all chosen rows; `query` leads back to the same list."""
    if not may_progress:
        return ()
    url = link("work-items-set") + (f"?{query}" if query else "")
    icons = {"open": "circle-dashed", "in-progress": "progress", "done": "circle-check", "dropped": "ban"}
    return [
        {"name": value, "label": str(label), "icon": icons[value], "url": url}
        for value, label in WorkItem.Status.choices
    ]


def _subject_columns() -> tuple[Column, ...]:
    return (
        Column("state", "State", value=lambda row: row.standing.value,
               template="readiness/worklist/state_cell.html", sort="standing", phone="status"),
        Column("check", "Check", value=lambda row: row.check_name, url=lambda row: link("work-item", row.id),
               sort="check_id", locked=True, phone="title", export=lambda row: row.check_id),
        Column("site", "Site", value=lambda row: row.site_name,
               url=lambda row: link("site-check", row.site_slug, row.check_id), sort="site__name",
               export=lambda row: row.site_slug),
        Column("check_state", "Check now", value=lambda row: row.check_state,
               template="readiness/worklist/check_state_cell.html", sort="check_state"),
        Column("reason", "Reason", phone="full"),
    )  # fmt: skip


def _plan_columns() -> tuple[Column, ...]:
    return (
        Column("held", "Capacity held", value=lambda row: row.held.it_kw,
               text=lambda row: str(power(row.held.it_kw)), numeric=True, file_unit="kW",
               hint="What is deployed at the site while it is not ready; other checks may hold it as well"),
        Column("owner", "Owner", text=lambda row: row.owner or "nobody", sort="owner_name",
               tone=lambda row: "" if row.owner else "warn"),
        Column("due", "Due", value=lambda row: row.due_on, text=due, sort="due_on", numeric=True,
               tone=lambda row: "bad" if row.is_overdue else ""),
    )  # fmt: skip


def _further_columns() -> tuple[Column, ...]:
    """Shown when they are asked for."""
    return (
        Column("note", "Note", phone="full", default=False),
        Column("how_to", "How to get there", phone="full", default=False),
        Column("pillar", "Pillar", default=False),
        Column("accelerators", "Accelerators held", value=lambda row: row.held.accelerators, numeric=True,
               default=False),
        Column("added_by", "Added by", value=lambda row: row.created_by, sort="created_by__username", default=False),
        Column("added", "Added", value=lambda row: row.created_at, sort="created_at", default=False),
        Column("closed", "Closed", value=lambda row: row.closed_at, sort="closed_at", default=False),
    )  # fmt: skip
