"""Filters of reviews, actions and approvers; columns of reviews and approvers."""

from datetime import datetime

from django.db.models import Q

from readiness.assessment.evidence.models import Review, ReviewAction
from readiness.assessment.framework.core.definition import Framework
from readiness.golive.models import Approver
from readiness.golive.reviews.queries import holds_until
from web.ages import ago
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag
from web.tables import Column, Table
from web.units import duration
from web.workflows.approvals import rests_on


def again(holds_until: datetime | None, now: datetime) -> str:
    if holds_until is None:
        return ""
    span = duration(abs((now - holds_until).total_seconds()))
    return f"due since {span}" if holds_until <= now else f"in {span}"


class ReviewFilters(ObjectFilterSet):
    open = Flag(read=lambda _key: Q(state=Review.State.OPEN), label="Open")

    class Meta:
        model = Review
        fields = ["site", "state", "opened_by", "opened_at", "ended_by", "ended_at"]
        search_fields = ["note", "end_note", "site__name"]
        panel = ["state", "site", "open", "ended_by"]


class ActionFilters(ObjectFilterSet):
    open = Flag(read=lambda _key: Q(closed_at=None), label="Open")

    class Meta:
        model = ReviewAction
        fields = ["review", "critical", "owner", "owner_name", "due_on", "opened_at", "closed_at"]
        search_fields = ["title", "owner_name"]


class ApproverFilters(ObjectFilterSet):
    class Meta:
        model = Approver
        fields = ["domain", "site", "user"]
        search_fields = ["user__username", "site__name"]
        panel = ["domain", "site", "user"]


def _page(review: Review) -> str:
    return link("review", review.pk)


def review_table(now: datetime, framework: Framework) -> Table:
    def until(review: Review) -> datetime | None:
        return holds_until(review, framework)

    def tone(review: Review) -> str:
        at = until(review)
        return "bad" if at is not None and at <= now else ""

    return Table(
        id="reviews",
        noun=("review", "reviews"),
        label="Go-live reviews",
        columns=(
            Column("state", "State", template="readiness/reviews/state_cell.html", sort="state", phone="status"),
            Column("review", "Review", lambda row: f"#{row.pk}", url=_page, sort="id", locked=True,
                   phone="title", export="pk"),
            Column("site", "Site", "site.name", url=lambda row: link("site", row.site.slug), sort="site__name",
                   export="site.slug"),
            Column("signed", "Signed", text=lambda row: f"{row.signed} / 5", sort="signed", numeric=True),
            Column("actions", "Open actions", "open_actions", sort="open_actions", numeric=True),
            Column("opened", "Opened", "opened_at", lambda row: ago(row.opened_at, now=now), sort="opened_at",
                   numeric=True),
            Column("ended_by", "Decided by", sort="ended_by__username"),
            Column("ended", "Decided", "ended_at", sort="ended_at", numeric=True),
            Column("again", "Next review", until, lambda row: again(until(row), now), numeric=True,
                   hint="When the next review is due", tone=tone),
            Column("note", "Note", lambda row: row.end_note or row.note, default=False, phone="full"),
            rests_on(),
        ),
        filterset=ReviewFilters,
        row_name=lambda row: f"{row}, {row.site.name}",
        row_url=_page,
        api="evidence-api-review-list",
        nothing="readiness/nothing.html#reviews",
    )  # fmt: skip


APPROVERS = Table(
    id="approvers",
    noun=("approver", "approvers"),
    label="Approvers",
    columns=(
        Column("domain", "Domain", sort="domain", locked=True, phone="status"),
        Column("user", "Person", sort="user__username", phone="title"),
        Column("site", "Where", lambda row: row.site.name if row.site else "", sort="site__name", export="site.slug",
               text=lambda row: row.site.name if row.site else "every site"),
        Column("added_at", "Named", sort="added_at", numeric=True),
    ),
    filterset=ApproverFilters,
    row_url=lambda row: link("approver", row.pk),
    api="golive-api-approver-list",
    nothing="readiness/nothing.html#approvers",
)  # fmt: skip
