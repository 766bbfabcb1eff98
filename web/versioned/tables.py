"""The list of a document's versions."""

from typing import Any

from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table


def version_table(
    *own: Column, name: str, noun: tuple[str, str], filterset: type[ObjectFilterSet], **given: Any
) -> Table:
    return Table(
        id=name,
        noun=noun,
        filterset=filterset,
        columns=(
            Column("status", "Status", value=lambda row: row.status, sort="status", phone="status",
                   template="web/versioned/status_cell.html"),
            Column("version", "Version", sort="version", locked=True, phone="title",
                   template="web/versioned/version_cell.html"),
            *own,
            Column("made_from", "Made from", value="made_from.version", sort="made_from__version"),
            Column("by", "By", value=lambda row: row.by or "shipped with Muster",
                   hint="Who published it; of a draft, who edited it last"),
            Column("published_at", "Published", sort="published_at"),
            Column("edited_at", "Edited", sort="edited_at"),
            Column("created_at", "Made", sort="created_at", default=False),
            Column("revision", "Revision", numeric=True, default=False),
            Column("digest", "Digest", default=False),
        ),
        row_id="pk",
        row_name="version",
        empty={"title": f"No {noun[0]}", "text": "None matches these filters.", "icon": "versions"},
        **given,
    )  # fmt: skip
