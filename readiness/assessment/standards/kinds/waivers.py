"""Waivers of deviations: their list, page, forms and endpoint."""

from typing import ClassVar

from django.db.models import Q, QuerySet
from rest_framework import serializers

from readiness.assessment.standards import operations
from readiness.assessment.standards.forms import NoteForm, ReasonForm, WaiverForm
from readiness.assessment.standards.kinds.standards import ROOM
from readiness.assessment.standards.models import DeviationWaiver
from readiness.assessment.standards.models.waivers import OPEN
from web import clock, links
from web.kinds import Entry, Facts, Kind
from web.kinds.columns import plain, related
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.rest.lookups import Flag
from web.rest.serializers import ObjectSerializer
from web.tables import Column, Table
from web.workflows.endpoints import OperatedViewSet, endpoint, words_field


def waivers() -> QuerySet[DeviationWaiver]:
    return DeviationWaiver.objects.select_related(
        "standard", "site", "device", "requested_by", "approver"
    ).standing_at(clock.now())


class DeviationWaiverSerializer(ObjectSerializer):
    standing = serializers.SerializerMethodField()

    class Meta:
        model = DeviationWaiver
        fields = (
            *("standard", "rule", "site", "device", "reason", "standing", "requested_by", "requested_at"),
            *("starts_at", "ends_at", "approver", "decided_at", "decision_note", "revoked_at"),
        )
        read_only_fields = (
            *("requested_by", "requested_at", "starts_at", "approver", "decided_at", "decision_note"),
            "revoked_at",
        )
        brief_fields = ("standard", "rule", "site", "standing")

    def get_standing(self, waiver: DeviationWaiver) -> str:
        return str(waiver.standing_now(clock.now()))


class WaiverNoteSerializer(serializers.Serializer):
    note = words_field()


class DeviationWaiverViewSet(OperatedViewSet):
    http_method_names = ("get", "post", "head", "options")
    writes: ClassVar = {"create": operations.request_waiver}
    approve = endpoint(operations.approve, WaiverNoteSerializer)
    deny = endpoint(operations.deny, WaiverNoteSerializer)
    revoke = endpoint(operations.revoke, WaiverNoteSerializer)


def _holds_now(_key: str) -> Q:
    now = clock.now()
    return Q(state=DeviationWaiver.State.APPROVED, starts_at__lte=now, ends_at__gt=now)


_WAIVER_FILTERS = filters_of(
    DeviationWaiver,
    ("standard", "rule", "site", "device", "state", "starts_at", "ends_at", "requested_by", "approver"),
    search=("standard__name", "rule", "site__name", "reason"),
    panel=("standard", "site", "state", "in_force"),
    in_force=Flag(read=_holds_now, label="In force"),
)


WAIVER = Kind(
    model=DeviationWaiver,
    rows=waivers,
    room=ROOM,
    address="waivers",
    pages=("list", "detail"),
    title="Waivers of deviations",
    search_order=None,
    icon="clock",
    hint="Deviations that may stay until a day, each asked for by one person and approved by another",
    viewset=viewset_of(
        DeviationWaiver.objects.select_related("standard", "site", "device", "requested_by", "approver"),
        DeviationWaiverSerializer,
        _WAIVER_FILTERS,
        DeviationWaiverViewSet,
    ),
    above=lambda waiver: [waiver.standard],
    entries=(
        Entry(
            url_name="deviation-waiver-add",
            address="add/",
            permissions=(operations.MAY_REQUEST,),
            heading="Request a waiver",
            form=WaiverForm,
            enter=operations.request_waiver,
            done="The waiver is requested; a second person must approve it.",
            after=lambda waiver: links.page_url(waiver) or "",
            fills=("standard", "rule", "site", "device"),
        ),
        step_entry("deviation-waiver", "approve", "Approve", NoteForm, operations.approve, "The waiver is approved.",
                   "check", permissions=(operations.MAY_DECIDE,)),
        step_entry("deviation-waiver", "deny", "Deny", ReasonForm, operations.deny, "The waiver is denied.", "ban",
                   permissions=(operations.MAY_DECIDE,)),
        step_entry("deviation-waiver", "revoke", "End it", ReasonForm, operations.revoke,
                   "The waiver is over; the deviation counts.", "ban", permissions=(operations.MAY_REQUEST,)),
    ),
    facts=(Facts("Waiver"),),
    table=Table(
        id="deviation-waiver-list",
        noun=("waiver", "waivers"),
        label="Waivers of deviations",
        columns=(
            Column("waiver", "Waiver", value=str, locked=True, phone="title", url=links.page_url,
                   sort="standard__name"),
            Column("standing", "Standing", value=lambda row: row.standing_now(clock.now()).label, phone="status",
                   tone=lambda row: "warn" if row.state in OPEN else ""),
            related("standard", "Standard"),
            plain("rule", "Rule"),
            related("site", "Site"),
            related("device", "Device"),
            plain("ends_at", "Until"),
            Column("requested_by", "Requested by", sort="requested_by__username"),
            Column("approver", "Decided by", sort="approver__username"),
            plain("reason", "Reason", phone="full"),
            plain("decision_note", "Decision", default=False),
        ),
        filterset=_WAIVER_FILTERS,
        row_url=links.page_url,
        default_sort="ends_at",
        api="standards-api-deviation-waiver-list",
        empty={
            "title": "No waiver yet",
            "text": "A deviation that must stay for a time needs a waiver with a reason and an end.",
        },
    ),
)  # fmt: skip
