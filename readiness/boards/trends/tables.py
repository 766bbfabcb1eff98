"""Columns as data: what happened in the time shown."""

from readiness.boards.trends.marks import KINDS
from web.links import link
from web.tables import Column, RowFilter, Table

MARKS = Table(
    id="marks",
    noun=("mark", "marks"),
    label="What happened",
    title="What happened",
    columns=(
        Column("at", "When", template="readiness/cells/instant.html", sort=True, phone="status"),
        Column("told", "What", "sentence", url="url", sort=True, locked=True, phone="title"),
        Column("kind", "Kind", text=lambda row: KINDS[row.kind], sort=True),
        Column(
            "site",
            "Site",
            url=lambda row: link("site", row.site_slug) if row.site_slug else "",
            sort=True,
            export="site_slug",
        ),
        Column("detail", "Why", phone="full"),
    ),
    filters=(RowFilter("kind", "Kind", "kind", tuple(KINDS.items())),),
    row_id="id",
    row_name="sentence",
    default_sort="-at",
    empty={
        "title": "Nothing happened",
        "text": "No version was published, no grant began or ended, no verdict flipped, no evidence was voided.",
        "icon": "calendar",
    },
    per_page=25,
)
