"""Filters of grants, for the API and for the page alike. The rows must carry their `standing`."""

from datetime import datetime

from django import forms
from django.db.models import Q

from readiness.boards.waivers.queries import AgeingRow
from readiness.boards.waivers.sentences import ends
from readiness.framework.filters import PillarFilter
from readiness.grants.models import Grant, GrantStanding, is_live
from readiness.grants.queries import GrantRow
from web import clock
from web.ages import old
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag
from web.tables import Column, Table
from web.units import duration
from web.visibility import name_of


def _covers(_key: str) -> Q:
    now = clock.now()
    return Q(state=Grant.State.APPROVED, starts_at__lte=now, ends_at__gt=now)


class GrantFilters(ObjectFilterSet):
    check = AnyOf(
        field_name="check_id", lookup_expr="exact", inner=forms.CharField(), commas=True, label="Check"
    )
    state = AnyOf(
        field_name="standing",
        lookup_expr="exact",
        inner=forms.ChoiceField(choices=GrantStanding.choices),
        label="State",
    )
    pillar = PillarFilter()
    owner = AnyOf(
        field_name="site__owner", lookup_expr="exact", inner=forms.CharField(), label="Owner of the site"
    )
    live = Flag(read=lambda _key: is_live(clock.now()), label="Asked for or approved, and not ended")
    in_force = Flag(read=_covers, label="In force")

    class Meta:
        model = Grant
        fields = [
            *("site", "kind", "part", "requested_by", "approver"),
            *("requested_at", "starts_at", "ends_at", "decided_at"),
        ]
        search_fields = ["check_id", "reason", "site__name", "site__owner", "requested_by__username"]
        panel = ["state", "kind", "pillar", "site", "requested_by", "approver", "live", "in_force"]


BY = {"requester": "Asked for by", "owner": "Owner of the site", "vendor": "Vendor", "pillar": "Pillar"}

MEMBERS = {"requester": "requested_by", "owner": "owner", "pillar": "pillar"}
"""The parameter of the list that narrows it to one group."""


def grant_table(now: datetime) -> Table:
    return Table(
        id="waivers",
        noun=("waiver", "waivers"),
        label="Waivers, exceptions and declared n-a",
        columns=(*_covered(), *_dated(now), *_further()),
        filterset=GrantFilters,
        row_id="grant.pk",
        row_name=lambda row: f"{row.grant.get_kind_display()}: {row.check_name}, {row.grant.site.name}",
        row_url=_page,
        api="grants-api-grant-list",
        empty={
            "title": "No waiver",
            "text": "What is asked for on the page of a site’s check appears here, also after it ended.",
            "icon": "flag",
        },
    )


def _page(row: GrantRow) -> str:
    return link("waiver", row.grant.pk)


def _check(row: GrantRow) -> str:
    return link("site-check", row.grant.site.slug, row.grant.check_id)


def _covered() -> tuple[Column, ...]:
    return (
        Column(
            "state",
            "State",
            value="standing.value",
            template="readiness/waivers/state_cell.html",
            sort="standing",
            phone="status",
        ),
        Column(
            "check",
            "Check",
            value="check_name",
            url=_page,
            template="readiness/waivers/check_cell.html",
            sort="check_id",
            locked=True,
            phone="title",
            export="grant.check_id",
        ),
        Column("part", "Sub-measure", value="grant.part", sort="part", default=False),
        Column("kind", "Kind", value="grant.kind", sort="kind"),
        Column(
            "site", "Site", value="grant.site.name", url=_check, sort="site__name", export="grant.site.slug"
        ),
    )


def _dated(now: datetime) -> tuple[Column, ...]:
    def age_s(row: GrantRow) -> float:
        return (now - row.grant.requested_at).total_seconds()

    return (
        Column(
            "ends",
            "Ends",
            value="grant.ends_at",
            text=lambda row: ends(row, now),
            sort="ends_at",
            numeric=True,
        ),
        Column("requester", "Asked for by", value="grant.requested_by", sort="requested_by__username"),
        Column(
            "approver", "Decided by", value=lambda row: name_of(row.grant.approver), sort="approver__username"
        ),
        Column(
            "age",
            "Age",
            value=age_s,
            text=lambda row: old(row.grant.requested_at, age_s(row)),
            sort="-requested_at",
            numeric=True,
            hint="Since it was asked for",
            export=lambda row: round(age_s(row)),
            file_unit="s",
        ),
    )


def _further() -> tuple[Column, ...]:
    return (
        Column("reason", "Reason", value="grant.reason", phone="full", default=False),
        Column("owner", "Owner of the site", value="grant.site.owner", sort="site__owner", default=False),
        Column("vendor", "Vendor", default=False),
        Column("pillar", "Pillar", text="pillar_name", default=False),
        Column("starts", "Begins", value="grant.starts_at", sort="starts_at", default=False),
    )


def ageing_table(by: str, now: datetime) -> Table:
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
            value="label",
            text=lambda row: row.label or _none(by),
            url=lambda row: _members(by, row),
            sort=True,
            locked=True,
            phone="title",
        ),
        *(Column(key, label, sort=True, numeric=True) for key, label in counted),
        Column(
            "oldest",
            "Oldest",
            value="oldest_at",
            text=lambda row: duration((now - row.oldest_at).total_seconds()),
            # The age grows as the instant goes back.
            sort=lambda row: now - row.oldest_at,
            numeric=True,
        ),
        Column(
            "next_end",
            "Next to end",
            value="next_end_at",
            text=lambda row: f"in {duration((row.next_end_at - now).total_seconds())}",
            sort=True,
            numeric=True,
        ),
    )


def _none(by: str) -> str:
    return "cannot be told" if by == "vendor" else "none"


def _members(by: str, row: AgeingRow) -> str:
    if by == "vendor" or not row.key:
        return ""
    return link("waivers", live="true", **{MEMBERS[by]: row.key})
