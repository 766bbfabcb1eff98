"""Columns as data: the list of grants, and who answers for how many."""

from datetime import datetime

from readiness.boards.waivers.filters import GrantFilters
from readiness.boards.waivers.queries import AgeingRow
from readiness.grants.models import GrantStanding
from readiness.grants.queries import GrantRow, is_open
from web.ages import ago, old
from web.links import link
from web.tables import Column, Table
from web.units import duration

BY = {
    "requester": "Asked for by",
    "owner": "Owner of the site",
    "vendor": "Vendor",
    "pillar": "Pillar",
}

MEMBERS = {"requester": "requested_by", "owner": "owner", "pillar": "pillar"}
"""The parameter of the list that narrows it to one group."""


def ends(row: GrantRow, now: datetime) -> str:
    """When the grant ends, or when it ended."""
    if row.standing == GrantStanding.DENIED:
        return "never began"
    if not is_open(row):
        return ago(row.ended_at, now=now)
    left = (row.ends_at - now).total_seconds()
    if row.starts_at > now:
        begins = duration((row.starts_at - now).total_seconds())
        return f"begins in {begins}"
    return f"in {duration(left)}"


def grant_table(now: datetime) -> Table:
    """The table of GrantRow; ages and what is left count from `now`."""
    return Table(
        id="waivers",
        noun=("waiver", "waivers"),
        label="Waivers, exceptions and declared n-a",
        columns=(*_subject_columns(), *_standing_columns(now), *_further_columns()),
        filterset=GrantFilters,
        row_id="id",
        row_name=lambda row: f"{row.kind_label}: {row.check_name}, {row.site_name}",
        row_url=lambda row: link("waiver", row.id),
        api="grants-api-grant-list",
        empty={
            "title": "No waiver",
            "text": "What is asked for on the page of a site’s check appears here, also after it ended.",
            "icon": "flag",
        },
    )


def _subject_columns() -> tuple[Column, ...]:
    """Columns for the check and the site that a grant covers."""
    return (
        Column(
            "state",
            "State",
            value=lambda row: row.standing.value,
            template="readiness/waivers/state_cell.html",
            sort="standing",
            phone="status",
        ),
        Column(
            "check",
            "Check",
            value=lambda row: row.check_name,
            url=lambda row: link("waiver", row.id),
            template="readiness/waivers/check_cell.html",
            sort="check_id",
            locked=True,
            phone="title",
            export=lambda row: row.check_id,
        ),
        Column("part", "Sub-measure", value=lambda row: row.part, sort="part", default=False),
        Column(
            "kind",
            "Kind",
            value=lambda row: row.kind,
            text=lambda row: row.kind_label,
            sort="kind",
        ),
        Column(
            "site",
            "Site",
            value=lambda row: row.site_name,
            url=lambda row: link("site-check", row.site_slug, row.check_id),
            sort="site__name",
            export=lambda row: row.site_slug,
        ),
    )


def _standing_columns(now: datetime) -> tuple[Column, ...]:
    """Columns for the end, the people and the age of a grant."""
    return (
        Column(
            "ends",
            "Ends",
            value=lambda row: row.ends_at,
            text=lambda row: ends(row, now),
            sort="ends_at",
            numeric=True,
        ),
        Column("requester", "Asked for by", value=lambda row: row.requester, sort="requested_by__username"),
        Column("approver", "Decided by", value=lambda row: row.approver, sort="approver__username"),
        Column(
            "age",
            "Age",
            value=lambda row: row.age_s(now),
            text=lambda row: old(row.requested_at, row.age_s(now)),
            sort="-requested_at",
            numeric=True,
            hint="Since it was asked for",
            export=lambda row: round(row.age_s(now)),
            file_unit="s",
        ),
    )


def _further_columns() -> tuple[Column, ...]:
    """Columns that are shown when the reader asks for them."""
    return (
        Column("reason", "Reason", value=lambda row: row.reason, phone="full", default=False),
        Column("owner", "Owner of the site", value=lambda row: row.owner, sort="site__owner", default=False),
        Column("vendor", "Vendor", value=lambda row: row.vendor, default=False),
        Column(
            "pillar",
            "Pillar",
            value=lambda row: row.pillar,
            text=lambda row: row.pillar_name,
            default=False,
        ),
        Column("starts", "Begins", value=lambda row: row.starts_at, sort="starts_at", default=False),
    )


def ageing_table(by: str, now: datetime) -> Table:
    """The table of AgeingRow."""
    return Table(
        id="ageing",
        noun=("group", "groups"),
        label="Live waivers by age",
        columns=_ageing_columns(by, now),
        row_id=lambda row: row.key or "none",
        row_name=lambda row: row.label or _none(by),
        row_url=lambda row: _members(by, row),
        empty={
            "title": "No live waiver",
            "text": "Nothing is asked for or approved at the moment.",
            "icon": "flag",
        },
    )


def _ageing_columns(by: str, now: datetime) -> tuple[Column, ...]:
    counted = (
        ("waiting", "Waiting"),
        ("in_force", "In force"),
        ("young", "Up to 30 d"),
        ("middle", "31 to 90 d"),
        ("old", "Over 90 d"),
    )
    return (
        Column(
            "group",
            BY[by],
            value=lambda row: row.label,
            text=lambda row: row.label or _none(by),
            url=lambda row: _members(by, row),
            sort=lambda row: row.label,
            locked=True,
            phone="title",
        ),
        *(Column(key, label, sort=True, numeric=True) for key, label in counted),
        Column(
            "oldest",
            "Oldest",
            value=lambda row: row.oldest_at,
            text=lambda row: duration((now - row.oldest_at).total_seconds()),
            # The age grows as the instant goes back.
            sort=lambda row: now - row.oldest_at,
            numeric=True,
        ),
        Column(
            "next_end",
            "Next to end",
            value=lambda row: row.next_end_at,
            text=lambda row: f"in {duration((row.next_end_at - now).total_seconds())}",
            sort=lambda row: row.next_end_at,
            numeric=True,
        ),
    )


def _none(by: str) -> str:
    return "cannot be told" if by == "vendor" else "none"


def _members(by: str, row: AgeingRow) -> str:
    """The list narrowed to the group, where it has a filter for that."""
    if by == "vendor" or not row.key:
        return ""
    return link("waivers", live="true", **{MEMBERS[by]: row.key})
