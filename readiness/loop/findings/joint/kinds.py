"""Joint reviews: list, page, forms and endpoint."""

from typing import Any, ClassVar

from django import forms
from rest_framework import serializers

from inventory.forms import SiteField
from inventory.models import DomainChoices
from readiness.loop.actions.forms import area
from readiness.loop.actions.kinds import SITE
from readiness.loop.findings import queries
from readiness.loop.findings.joint import operations
from readiness.loop.findings.models import JointReview
from web import links, scopes
from web.forms import DayField, RefusedForm
from web.kinds import Entry, Kind
from web.kinds.columns import plain
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.tables import Column, Table
from web.workflows.endpoints import OperatedViewSet, endpoint, words_field

_SET = ("name", "site", "planned_on")
_FOLLOWS = (
    *("state", "domains", "had_operations", "had_planning", "record", "opened_by", "opened_at"),
    *("ended_by", "ended_at"),
)


class OpenJointReviewForm(RefusedForm):
    name = forms.CharField(
        label="Name", max_length=120, help_text="Such as Joint review, last quarter of 2026."
    )
    site = SiteField(required=False, empty_label="The whole fleet")
    planned_on = DayField(label="Planned for")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].required = not scopes.sees_all()


class HoldForm(RefusedForm):
    domains = forms.MultipleChoiceField(
        label="Domains that took part",
        choices=DomainChoices.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    had_operations = forms.BooleanField(label="Operations took part", required=False)
    had_planning = forms.BooleanField(label="Planning took part", required=False)
    record = area("Record", rows=6, required=True, max_length=8000)


class CancelForm(RefusedForm):
    record = area("Reason", required=True)


class JointReviewSerializer(ObjectSerializer):
    class Meta:
        model = JointReview
        fields = (*_SET, *_FOLLOWS)
        read_only_fields = _FOLLOWS
        brief_fields = ("name", "site", "planned_on", "state")


class HoldSerializer(BodySerializer):
    domains = serializers.ListField(
        child=serializers.ChoiceField(choices=DomainChoices.choices), required=False, default=list
    )
    had_operations = serializers.BooleanField(required=False, default=False)
    had_planning = serializers.BooleanField(required=False, default=False)
    record = words_field(max_length=8000)


class RecordSerializer(BodySerializer):
    record = words_field()


class JointReviewRows(OperatedViewSet):
    http_method_names = ["get", "post", "head", "options"]
    writes: ClassVar = {"create": operations.open_joint_review}
    collect_again = endpoint(operations.collect_again)
    hold = endpoint(operations.hold, HoldSerializer)
    cancel_joint_review = endpoint(operations.cancel_joint_review, RecordSerializer)


FILTERS = filters_of(
    JointReview,
    ("name", "site", "planned_on", "state", "opened_at", "ended_at"),
    search=("name", "record", "site__name"),
    panel=("state", "site"),
)


def _took_part(review: JointReview) -> str:
    sides = [
        word
        for word, is_there in (("operations", review.had_operations), ("planning", review.had_planning))
        if is_there
    ]
    return ", ".join([*sides, *review.domains]) or "nobody noted"


def _page(review: JointReview, user: Any) -> dict[str, Any]:
    items = review.items.select_related("finding__site").order_by("finding__site__name", "pk")
    return {"review": review, "items": items, "took_part": _took_part(review)}


_CHANGE = (operations.MAY_CHANGE,)
JOINT_REVIEW = Kind(
    model=JointReview,
    rows=queries.joint_reviews,
    room=("Findings", "finding-list"),
    address="reviews",
    pages=("list", "detail"),
    icon="users-group",
    hint="Operations and planning look at what is open once a quarter, decide, and keep the record",
    viewset=viewset_of(queries.joint_reviews(), JointReviewSerializer, FILTERS, JointReviewRows),
    template="readiness/findings/joint_review.html",
    context=_page,
    entries=(
        Entry(
            url_name="joint-review-add",
            address="add/",
            permissions=(operations.MAY_ADD,),
            heading="Open a joint review",
            form=OpenJointReviewForm,
            enter=operations.open_joint_review,
            done="The joint review is open, with all open findings on its agenda.",
            after=lambda review: links.page_url(review) or "",
            fills=("site",),
            icon="users-group",
        ),
        step_entry("joint-review", "hold", "Keep the record", HoldForm, operations.hold, "The record is kept.", "check",
                   permissions=_CHANGE),
        step_entry("joint-review", "collect", "Collect again", None, operations.collect_again,
                   "What was raised since is on the agenda.", "refresh", permissions=_CHANGE),
        step_entry("joint-review", "cancel", "Cancel", CancelForm, operations.cancel_joint_review,
                   "The joint review is cancelled.", "ban", permissions=_CHANGE),
    ),
    table=Table(
        id="joint-review-list",
        noun=("joint review", "joint reviews"),
        label="Joint reviews",
        columns=(
            plain("name", "Name", locked=True, phone="title", url=links.page_url),
            Column("state", "State", states="joint-review", sort="state", phone="status"),
            SITE,
            plain("planned_on", "Planned for"),
            Column("findings", "Findings", "finding_count", numeric=True),
            Column("took_part", "Took part", _took_part, phone="full"),
            plain("ended_at", "Ended"),
            plain("record", "Record", default=False, phone="full"),
        ),
        filterset=FILTERS,
        row_url=links.page_url,
        api="findings-api-joint-review-list",
        default_sort="-planned_on",
        empty={
            "title": "No joint review yet",
            "text": "A joint review puts all open findings on one agenda, and keeps what was decided.",
            "icon": "users-group",
        },
    ),
)  # fmt: skip
