"""Columns of who is on call, and of the hours that people are."""

from collections.abc import Iterable, Sequence

from inventory.models.places import DomainChoices
from readiness.people.queries.hours import PersonHours
from readiness.people.queries.on_call import WORST_FIRST, DutyHolder, DutyRow
from web.links import link
from web.tables import Column, RowFilter, Table
from web.units import instant
from web.visibility import name_of, sees_names

STANDINGS = {
    "qualified": ("Qualified", "ok"),
    "unqualified": ("Lacks a skill", "warn"),
    "uncovered": ("Not covered", "bad"),
}


def named(holders: Iterable[DutyHolder]) -> str:
    """Who has the duty, for whoever may know; "covered" or "nobody" for others."""
    there = list(holders)
    if not sees_names():
        return "covered" if any(holder.person for holder in there) else "nobody"
    return ", ".join(_named(holder) for holder in there) or "nobody"


def _named(holder: DutyHolder) -> str:
    if holder.person is not None:
        return name_of(holder.person)
    if holder.is_on_leave:
        return "nobody: on leave"
    return f"{holder.unknown_name} (unknown)" if holder.unknown_name else "nobody"


def times(holders: Sequence[DutyHolder]) -> str:
    return "; ".join(f"{instant(each.starts_at)} – {instant(each.ends_at)}" for each in holders)


def handover(row: DutyRow) -> str:
    if row.next_shift is None:
        return "none planned"
    to = name_of(row.next_shift.person) if sees_names() and row.next_shift.person else ""
    return instant(row.next_shift.starts_at) + (f", {to}" if to else "")


def duties(rows: Iterable[DutyRow]) -> Table:
    shown = list(rows)
    regions = {row.site.region.slug: row.site.region.name for row in shown}
    return Table(
        id="duties",
        noun=("domain of a site", "domains of sites"),
        label="On call",
        columns=(
            Column("site", "Site", "site.name", url=lambda row: link("site", row.site.slug), sort=True,
                   locked=True, phone="title", export="site.slug"),
            Column("domain", "Domain", "domain_label", sort=True, locked=True),
            Column("standing", "Standing", text=lambda row: STANDINGS[row.standing][0],
                   sort=lambda row: WORST_FIRST.index(row.standing),
                   tone=lambda row: STANDINGS[row.standing][1], phone="status"),
            Column("primary", "Primary", lambda row: named(row.primary), sort=True),
            Column("primary_times", "Primary from, until", lambda row: times(row.primary), default=False),
            Column("secondary", "Secondary", lambda row: named(row.secondary), sort=True),
            Column("secondary_times", "Secondary from, until", lambda row: times(row.secondary), default=False),
            Column("lacks", "Lacks", lambda row: "; ".join(map(str, row.lacks)), phone="full"),
            Column("handover", "Next hand-over", handover),
            Column("rotation", "Rotation", lambda row: ", ".join(map(str, row.rotations)),
                   url=lambda row: link("rotation-detail", row.rotations[0].pk)),
        ),
        filters=(
            RowFilter("site", "Site", "site.slug", [*{row.site.slug: row.site.name for row in shown}.items()]),
            RowFilter("region", "Region", "site.region.slug", sorted(regions.items())),
            RowFilter("domain", "Domain", "domain", DomainChoices.choices),
            RowFilter("standing", "Standing", "standing", [(key, label) for key, (label, _) in STANDINGS.items()]),
        ),
        default_sort="standing",
        row_id="id",
        row_name=lambda row: f"{row.site.name}, {row.domain_label}",
        empty={
            "title": "No rotation serves a site yet",
            "text": "A rotation says who takes turns for a domain, and which sites it serves.",
            "icon": "users-group",
        },
    )  # fmt: skip


def _overload(row: PersonHours) -> str:
    return "bad" if row.load.is_overloaded else ""


def _name(row: PersonHours) -> str:
    return row.person.name


HOURS = Table(
    id="on-call-hours",
    noun=("person", "people"),
    label="Hours on call",
    columns=(
        Column("person", "Person", url=lambda row: link("person", row.person.pk), sort=_name, locked=True,
               phone="title"),
        Column("hours", "Hours", "load.hours", lambda row: f"{row.load.hours:.1f}", sort=True, numeric=True,
               tone=_overload, hint="At any level; what overlaps counts once"),
        Column("share", "Share of the time", "share", lambda row: f"{row.share:.1f} %", sort=True, numeric=True,
               file_unit="%"),
        Column("overtime", "Overtime", "load.overtime", lambda row: f"{row.load.overtime:.1f}", sort=True,
               numeric=True, hint="Hours outside 8:00 to 18:00 on weekdays, in the rotation’s zone", file_unit="h"),
        Column("shifts", "Shifts", sort=True, numeric=True),
        Column("overloaded", "Overloaded", lambda row: "yes" if row.load.is_overloaded else "no", sort=True,
               hint="More than 15 % over the mean of all who are listed"),
    ),
    default_sort="-hours",
    row_id="person.pk",
    row_name=lambda row: str(row.person),
    empty={"title": "Nobody was on call", "text": "No shift lies in this time.", "icon": "clock"},
)  # fmt: skip
