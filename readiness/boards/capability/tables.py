"""Columns of the capability gap by region or site, and of the trainings that would close it."""

from readiness.boards.capability.params import REGION
from readiness.boards.capability.queries import CapabilityRow
from readiness.boards.gap import sentences as gap_sentences
from readiness.organisation.people.core.coverage import CoverDepth
from web.links import link
from web.tables import Column, Table
from web.units import power

NO_SITE = {
    "title": "No site yet",
    "text": "The growth of capacity and of qualified people appears here by region and site, once sites have both.",
    "icon": "users-group",
    "page": "site-list",
    "action_label": "Sites in the inventory",
}


def growth_table(by: str) -> Table:
    def url(row: CapabilityRow) -> str:
        return link("capability", **{by: row.key})

    return Table(
        id="capability",
        noun=("region", "regions") if by == REGION else ("site", "sites"),
        label=f"Staff growth gap by {by}",
        empty=NO_SITE,
        columns=(
            Column("name", "Region" if by == REGION else "Site", "label", url=url, sort=True, locked=True,
                   phone="title", export="key"),
            Column("sites", "Sites", sort=True, numeric=True, default=by == REGION),
            Column("qualified", "Qualified people", "gap.growth.qualified_now", sort=True, numeric=True),
            Column("then", "180 days ago", "gap.growth.qualified_then", sort=True, numeric=True),
            _share("people_growth", "People"),
            _share("capacity_growth", "Capacity"),
            Column("points", "Gap", sort=True, numeric=True, file_unit="points", phone="status",
                   text=lambda row: "" if row.points is None else gap_sentences.growth_points(row.points),
                   hint="Growth of capacity less growth of qualified people, in points"),
            Column("accelerators", "Accelerators each", "gap.accelerators_per_person", numeric=True, sort=True,
                   hint="Accelerators for each qualified person"),
            Column("kw", "Power each", "gap.kw_per_person", _power, numeric=True, sort=True, file_unit="kW",
                   hint="Commissioned power for each qualified person"),
            Column("nobody", "Covered by nobody", lambda row: row.covers[CoverDepth.NOBODY], numeric=True, sort=True,
                   hint="Requirements that no assigned person is qualified for"),
            Column("once", "By one", lambda row: row.covers[CoverDepth.ONCE], numeric=True, sort=True,
                   default=False),
            Column("twice", "By two or more", lambda row: row.covers[CoverDepth.TWICE], numeric=True, sort=True,
                   default=False),
        ),
        row_id="key",
        row_name="label",
        row_url=url,
        api="people-gap",
        per_page=25,
    )  # fmt: skip


def _share(name: str, label: str) -> Column:
    def percent(row: CapabilityRow) -> float | None:
        share: float | None = getattr(row.gap, name, None)
        return None if share is None else 100 * share

    def text(row: CapabilityRow) -> str:
        return "" if (grown := percent(row)) is None else gap_sentences.growth(grown)

    return Column(name, label, percent, text, sort=True, numeric=True, file_unit="%",
                  hint=f"{label}: growth over 180 days")  # fmt: skip


def _power(row: CapabilityRow) -> str:
    return "" if row.gap is None or row.gap.kw_per_person is None else str(power(row.gap.kw_per_person))
