"""Columns of the list of versions."""

from readiness.framework.filters import FrameworkVersionFilters
from readiness.framework.models import FrameworkVersion
from readiness.framework.queries import stored_changes
from web.tables import Column, Table
from web.versioned.tables import version_table

SHOWN = 2


def versions() -> Table:
    return version_table(
        Column("changes", "What changed", value=_what_changed, phone="full"),
        Column("note", "Note", phone="full", default=False),
        name="versions",
        noun=("version", "versions"),
        label="Versions of the framework",
        filterset=FrameworkVersionFilters,
        api="framework-api-framework-version-list",
    )


def _what_changed(version: FrameworkVersion) -> str:
    """The first changes against what it was made from, and how many more there are."""
    if not version.changes:
        return "nothing" if version.made_from else "the first version"
    first = "; ".join(change.text for change in stored_changes(version.changes[:SHOWN]))
    more = len(version.changes) - SHOWN
    return f"{first} and {more} more" if more > 0 else first
