"""The worklist in words: its key figures, and the facts of one item."""

from datetime import datetime
from typing import Any

from readiness.golive.worklist.queries import WorklistCounts, WorkRow
from readiness.golive.worklist.standing import WorkItemStanding
from readiness.golive.worklist.tables import due
from web.links import link
from web.units import how_many, power

type Line = dict[str, Any]


def key_figures(counts: WorklistCounts) -> list[Line]:
    return [
        {
            "label": "Open",
            "value": counts.open,
            "url": link("worklist", state=WorkItemStanding.OPEN.value),
            "note": how_many(counts.unowned, "item has no owner", "items have no owner"),
            "tone": "warn" if counts.unowned else "",
        },
        {
            "label": "In progress",
            "value": counts.in_progress,
            "url": link("worklist", state=WorkItemStanding.IN_PROGRESS.value),
        },
        {
            "label": "Overdue",
            "value": counts.overdue,
            "url": link("worklist", overdue="true"),
            "note": "their day is over at the site" if counts.overdue else "nothing is late",
            "tone": "bad" if counts.overdue else "",
        },
        {
            "label": "Resolved",
            "value": counts.resolved,
            "url": link("worklist", state=WorkItemStanding.RESOLVED.value),
            "note": "the check is met; the item can be closed",
            "tone": "ok" if counts.resolved else "",
        },
    ]


def facts(row: WorkRow) -> list[Line]:
    entries: list[Line] = [
        {"term": "State", "kind": "work", "state": row.standing.value},
        {"term": "Site", "value": row.site_name, "url": link("site", row.site_slug)},
        {
            "term": "Check",
            "value": row.check_name,
            "url": link("site-check", row.site_slug, row.check_id),
        },
        {"term": "Capacity held", "value": str(power(row.held.it_kw))},
        {"term": "Owner", "value": row.owner or "nobody"},
        {"term": "Due", "value": due(row), "note": row.due_on.isoformat() if row.due_on else ""},
        {"term": "Added by", "value": row.created_by, "note": _utc(row.created_at)},
    ]
    if row.closed_at:
        entries.append({"term": "Closed", "value": _utc(row.closed_at)})
    return entries


def means(row: WorkRow) -> str:
    """Explain what the state of the item and that of its check mean together."""
    if row.standing == WorkItemStanding.RESOLVED:
        return "The check is met at this site now. Close the item as done."
    if row.standing == WorkItemStanding.DONE and row.check_state not in ("pass", "warn", "n-a"):
        return "The work is done, but no evidence proves it yet: the check still holds the site."
    if row.is_overdue:
        return "Its day is over at the site, and the check still holds it."
    return ""


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
