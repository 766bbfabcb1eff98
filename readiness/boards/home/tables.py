"""The inbox as a table."""

from collections.abc import Sequence
from datetime import date, timedelta

from web.tables import Column, RowFilter, Table
from web.workflows.waiting import InboxEntry

SOON = timedelta(days=7)


def urgency(entry: InboxEntry, today: date) -> str:
    if entry.due_on is None or entry.due_on > today + SOON:
        return ""
    return "bad" if entry.due_on < today else "warn"


def inbox_table(kinds: Sequence[tuple[str, str]], *, today: date) -> Table:
    return Table(
        id="inbox",
        noun=("entry", "entries"),
        label="Inbox",
        columns=(
            Column("subject", "Subject", url="url", sort=True, locked=True, phone="title"),
            Column("kind", "To do", "turn.kind", sort=True),
            Column("site", "Site", lambda entry: str(entry.site) if entry.site else None, sort=True),
            Column("asked_by", "Asked by"),
            Column("since", "Since", sort=True),
            Column("due", "Due", "due_on", sort=True, tone=lambda entry: urgency(entry, today)),
            Column(
                "action",
                "Action",
                "turn.verb",
                template="readiness/home/action_cell.html",
                phone="full",
                acts=True,
            ),
        ),
        filters=(RowFilter("kind", "To do", "turn.key", kinds),) if kinds else (),
        row_id="id",
        row_name=lambda entry: f"{entry.turn.kind}: {entry.subject}",
        row_url="url",
        api="inbox-api",
        nothing="readiness/nothing.html#inbox",
    )
