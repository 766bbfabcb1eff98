"""Filters of the worklist, whose rows must carry their `standing`, and its columns."""

from collections.abc import Mapping, Sequence

from django import forms
from django.db.models import Q

from readiness.assessment.framework.tables import PillarFilter
from readiness.assessment.scoring.core.states import CHECK_STATES
from readiness.golive.models import LIVE, WorkItem
from readiness.golive.worklist.queries import WorkItemStanding, WorkRow, is_overdue, today_by_zone
from web import clock
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag
from web.tables import Column, Table
from web.units import how_many, number, power


class WorkItemFilters(ObjectFilterSet):
    check = AnyOf(field_name="check_id", inner=forms.CharField(), commas=True, label="Check")
    state = AnyOf(
        field_name="standing", inner=forms.ChoiceField(choices=WorkItemStanding.choices), label="State"
    )
    check_state = AnyOf(
        field_name="check_state", inner=forms.ChoiceField(choices=CHECK_STATES), label="State of the check"
    )
    pillar = PillarFilter()
    live = Flag(read=lambda _key: Q(status__in=LIVE), label="Neither done nor dropped")
    overdue = Flag(read=lambda _key: is_overdue(today_by_zone(clock.now())), label="Overdue")
    unowned = Flag(read=lambda _key: Q(owner=None, owner_name=""), label="Without an owner")

    class Meta:
        model = WorkItem
        fields = ["site", "status", "owner", "owner_name", "due_on", "created_by", "created_at", "closed_at"]
        search_fields = ["check_id", "note", "site__name", "owner__username", "owner_name"]
        panel = ["state", "check_state", "pillar", "site", "owner", "overdue", "unowned", "live"]


ICONS = {"open": "circle-dashed", "in-progress": "progress", "done": "circle-check", "dropped": "ban"}


def due(row: WorkRow) -> str:
    if row.item.due_on is None:
        return "no date"
    if row.days_left is None:
        return row.item.due_on.isoformat()
    if row.days_left == 0:
        return "today"
    days = how_many(abs(row.days_left), "day", "days")
    return f"{days} overdue" if row.days_left < 0 else f"in {days}"


def _page(row: WorkRow) -> str:
    return link("work-item", row.item.pk)


def _cost(row: WorkRow) -> str:
    return "" if row.item.cost is None else f"{number(row.item.cost)} {row.item.currency}"


WORKLIST = Table(
    id="worklist",
    noun=("item", "items"),
    label="Worklist",
    columns=(
        Column("state", "State", "standing.value", template="readiness/worklist/state_cell.html", sort="standing",
               phone="status"),
        Column("check", "Check", "check_name", url=_page, sort="check_id", locked=True, phone="title",
               template="readiness/worklist/check_cell.html", export="item.check_id"),
        Column("site", "Site", "item.site.name", sort="site__name", export="item.site.slug",
               url=lambda row: link("site-check", row.item.site.slug, row.item.check_id)),
        Column("check_state", "Check state", template="readiness/worklist/check_state_cell.html", sort="check_state"),
        Column("reason", "Reason", phone="full"),
        Column("held", "Capacity held", "held_capacity.it_kw", lambda row: str(power(row.held_capacity.it_kw)),
               hint="Deployed at the site while it is not ready; other checks may also hold it back",
               numeric=True, file_unit="kW"),
        Column("owner", "Owner", "item.owner_text", lambda row: row.item.owner_text or "nobody", sort="owner_name",
               tone=lambda row: "" if row.item.owner_text else "warn"),
        Column("due", "Due", "item.due_on", due, sort="due_on", numeric=True,
               tone=lambda row: "bad" if row.is_overdue else ""),
        Column("cost", "Cost", "item.cost", _cost, sort="cost", numeric=True, default=False),
        Column("currency", "Currency", "item.currency", default=False),
        Column("note", "Note", "item.note", phone="full", default=False),
        Column("how_to", "How to get there", phone="full", default=False),
        Column("pillar", "Pillar", default=False),
        Column("accelerators", "Accelerators held", "held_capacity.accelerators", numeric=True, default=False),
        Column("added_by", "Added by", "item.created_by", sort="created_by__username", default=False),
        Column("added", "Added", "item.created_at", sort="created_at", default=False),
        Column("closed", "Closed", "item.closed_at", sort="closed_at", default=False),
    ),
    filterset=WorkItemFilters,
    row_id="item.pk",
    row_object="item",
    page="worklist",
    row_name=lambda row: f"{row.check_name}, {row.item.site.name}",
    row_url=_page,
    api="golive-api-work-item-list",
    nothing="readiness/nothing.html#worklist",
)  # fmt: skip


def actions(query: str) -> Sequence[Mapping[str, str]]:
    url = link("work-items-set") + (f"?{query}" if query else "")
    return [
        {"name": value, "label": label, "icon": ICONS[value], "url": url}
        for value, label in WorkItem.Status.choices
    ]
