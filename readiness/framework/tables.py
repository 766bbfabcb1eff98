"""Columns of the list of versions."""

from accounts.models import User
from readiness.framework import lines
from readiness.framework.filters import FrameworkVersionFilters
from readiness.framework.models import FrameworkVersion
from web.tables import Column, Table


def versions() -> Table:
    return Table(
        id="versions",
        noun=("version", "versions"),
        label="Versions of the framework",
        columns=_COLUMNS,
        filterset=FrameworkVersionFilters,
        row_id="pk",
        row_name=lines.name_of,
        row_url=lines.url_of,
        api="framework-api-framework-version-list",
        empty={"title": "No version", "text": "None matches these filters.", "icon": "versions"},
    )


def _who(version: FrameworkVersion) -> User | str:
    """The user, so that the table names them as its reader may see."""
    by = version.published_by if version.published_at else version.edited_by or version.created_by
    return by or "shipped with Muster"


_COLUMNS = (
    Column(
        "status",
        "Status",
        value=lambda row: row.status,
        template="readiness/framework/status_cell.html",
        sort="status",
        phone="status",
    ),
    Column(
        "version",
        "Version",
        value=lines.name_of,
        url=lines.url_of,
        template="readiness/framework/version_cell.html",
        sort="version",
        locked=True,
        phone="title",
        export=lambda row: row.version,
    ),
    Column("changes", "What changed", value=lines.what_changed, phone="full"),
    Column("made_from", "Made from", value="made_from.version", sort="made_from__version"),
    Column(
        "by",
        "By",
        value=_who,
        hint="Who published it; of a draft, who edited it last",
    ),
    Column("published_at", "Published", value=lambda row: row.published_at, sort="published_at"),
    Column("edited_at", "Edited", value=lambda row: row.edited_at, sort="edited_at"),
    Column("created_at", "Made", value=lambda row: row.created_at, sort="created_at", default=False),
    Column("revision", "Revision", value=lambda row: row.revision, numeric=True, default=False),
    Column("note", "Note", value=lambda row: row.note, phone="full", default=False),
    Column("digest", "Digest", value=lambda row: row.digest, default=False),
)
