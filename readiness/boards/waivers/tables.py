"""Filters and columns of grants, whose rows must carry `standing`, and of the ageing report."""

from datetime import datetime

from django import forms
from django.db.models import Q

from readiness.assessment.framework.tables import PillarFilter
from readiness.assessment.grants.models import Grant, GrantStanding, is_live
from readiness.assessment.grants.queries import GrantRow
from readiness.boards.waivers.queries import AgeingRow
from readiness.boards.waivers.sentences import ends
from web import clock
from web.ages import old
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag
from web.tables import Column, Table
from web.units import duration
from web.visibility import name_of
from web.workflows.approvals import rests_on


def _covers(_key: str) -> Q:
    now = clock.now()
    return Q(state=Grant.State.APPROVED, starts_at__lte=now, ends_at__gt=now)


class GrantFilters(ObjectFilterSet):
    check = AnyOf(field_name="check_id", inner=forms.CharField(), commas=True, label="Check")
    state = AnyOf(
        field_name="standing", inner=forms.ChoiceField(choices=GrantStanding.choices), label="State"
    )
    pillar = PillarFilter()
    owner = AnyOf(field_name="site__owner", inner=forms.CharField(), label="Owner of the site")
    live = Flag(read=lambda _key: is_live(clock.now()), label="Requested or in force")
    in_force = Flag(read=_covers, label="In force")

    class Meta:
        model = Grant
        fields = [
            *("site", "kind", "part", "requested_by", "approver"),
            *("requested_at", "starts_at", "ends_at", "decided_at"),
        ]
        search_fields = ["check_id", "reason", "site__name", "site__owner", "requested_by__username"]
        panel = ["state", "kind", "pillar", "site", "requested_by", "approver", "live", "in_force"]


BY = {"requester": "Requested by", "owner": "Owner of the site", "vendor": "Vendor", "pillar": "Pillar"}

MEMBERS = {"requester": "requested_by", "owner": "owner", "pillar": "pillar"}
"""The list parameter that selects one group."""
COUNTED = {
    "waiting": "Waiting",
    "in_force": "In force",
    "young": "Up to 30 d",
    "middle": "31 to 90 d",
    "old": "Over 90 d",
}


def grant_table(now: datetime) -> Table:
    def age_s(row: GrantRow) -> float:
        return (now - row.grant.requested_at).total_seconds()

    return Table(
        id="waivers",
        noun=("waiver", "waivers"),
        label="Waivers, exceptions and declared n-a",
        columns=(
            Column("state", "State", "standing.value", template="readiness/waivers/state_cell.html", sort="standing",
                   phone="status"),
            Column("check", "Check", "check_name", url=_page, template="readiness/waivers/check_cell.html",
                   sort="check_id", locked=True, phone="title", export="grant.check_id"),
            Column("part", "Sub-measure", "grant.part", sort="part", default=False),
            Column("kind", "Kind", "grant.kind", sort="kind"),
            Column("site", "Site", "grant.site.name", url=_check, sort="site__name", export="grant.site.slug"),
            Column("ends", "Ends", "grant.ends_at", lambda row: ends(row, now), sort="ends_at", numeric=True),
            Column("requester", "Requested by", "grant.requested_by", sort="requested_by__username"),
            Column("approver", "Decided by", lambda row: name_of(row.grant.approver), sort="approver__username"),
            Column("age", "Age", age_s, lambda row: old(row.grant.requested_at, age_s(row)), sort="-requested_at",
                   numeric=True, hint="Since it was asked for", export=lambda row: round(age_s(row)), file_unit="s"),
            Column("reason", "Reason", "grant.reason", phone="full", default=False),
            Column("owner", "Owner of the site", "grant.site.owner", sort="site__owner", default=False),
            Column("vendor", "Vendor", default=False),
            Column("pillar", "Pillar", text="pillar_name", default=False),
            rests_on("grant"),
            Column("starts", "Begins", "grant.starts_at", sort="starts_at", default=False),
        ),
        filterset=GrantFilters,
        row_id="grant.pk",
        row_object="grant",
        row_name=lambda row: f"{row.grant.get_kind_display()}: {row.check_name}, {row.grant.site.name}",
        row_url=_page,
        api="grants-api-grant-list",
        nothing="readiness/nothing.html#waivers",
    )  # fmt: skip


def _page(row: GrantRow) -> str:
    return link("waiver", row.grant.pk)


def _check(row: GrantRow) -> str:
    return link("site-check", row.grant.site.slug, row.grant.check_id)


def ageing_table(by: str, now: datetime) -> Table:
    return Table(
        id="ageing",
        noun=("group", "groups"),
        label="Live waivers by age",
        columns=(
            Column("group", BY[by], "label", lambda row: row.label or _none(by), url=lambda row: _members(by, row),
                   sort=True, locked=True, phone="title"),
            *(Column(key, label, f"counts.{key}", sort=True, numeric=True) for key, label in COUNTED.items()),
            # Sort in reverse: an earlier instant means a greater age.
            Column("oldest", "Oldest", "oldest_at", lambda row: duration((now - row.oldest_at).total_seconds()),
                   sort=lambda row: now - row.oldest_at, numeric=True),
            Column("next_end", "Next to end", "next_end_at", sort=True, numeric=True,
                   text=lambda row: f"in {duration((row.next_end_at - now).total_seconds())}"),
        ),
        row_id=lambda row: row.key or "none",
        row_name=lambda row: row.label or _none(by),
        row_url=lambda row: _members(by, row),
        nothing="readiness/nothing.html#ageing",
    )  # fmt: skip


def _none(by: str) -> str:
    return "unknown" if by == "vendor" else "none"


def _members(by: str, row: AgeingRow) -> str:
    if by == "vendor" or not row.key:
        return ""
    return link("waivers", live="true", **{MEMBERS[by]: row.key})
