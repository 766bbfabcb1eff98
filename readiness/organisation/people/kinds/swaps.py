"""Swaps of shifts: their list and their endpoint, which asks for one, and takes or withdraws it."""

from datetime import datetime

from rest_framework import serializers

from accounts.models import User
from readiness.organisation.people import models
from readiness.organisation.people.kinds.tabs import tabs
from readiness.organisation.people.operations import swaps
from web import clock
from web.kinds import Kind
from web.kinds.columns import plain, related
from web.kinds.rest import filters_of, viewset_of
from web.rest.fields import RelatedObjectField
from web.rest.serializers import ObjectSerializer
from web.tables import Column, Table
from web.workflows.endpoints import OperatedViewSet, endpoint

_SHOWN = (
    *("rotation", "level", "person", "starts_at", "ends_at", "state", "taker"),
    *("requested_by", "requested_at", "answered_at"),
)


def enter_swap(
    *, shift: models.Shift, taker: models.Person | None = None, by: User, now: datetime
) -> models.Swap:
    """Move the shift to `taker` at once, which needs a manager; without a taker, ask the others to take it."""
    if taker is not None:
        return swaps.move_shift(shift, taker=taker, by=by, now=now)
    return swaps.request_swap(shift, by=by, now=now)


class SwapSerializer(ObjectSerializer):
    """POST `shift` to ask for somebody, with `taker` to move it; all else is read."""

    shift = serializers.PrimaryKeyRelatedField(
        queryset=models.Shift.objects.select_related("rotation", "person"), write_only=True
    )
    taker = RelatedObjectField(queryset=models.Person.objects.all(), required=False, allow_null=True)

    class Meta:
        model = models.Swap
        fields = ("shift", *_SHOWN)
        read_only_fields = tuple(name for name in _SHOWN if name != "taker")
        brief_fields = ("rotation", "level", "starts_at", "ends_at", "state")


class SwapViewSet(OperatedViewSet):
    http_method_names = ("get", "post", "head", "options")
    writes = {"create": enter_swap}

    take = endpoint(swaps.take)
    withdraw = endpoint(swaps.withdraw)


_JOINED = ("rotation", "person__user", "taker", "requested_by")
_FILTERS = filters_of(
    models.Swap,
    ("rotation", "level", "person", "starts_at", "ends_at", "state", "taker", "requested_by"),
    search=("rotation__name", "person__name", "taker__name"),
    panel=("rotation", "state", "level"),
)
SWAP = Kind(
    model=models.Swap,
    rows=models.Swap.objects.select_related(*_JOINED).all,
    room=("On call", "on-call"),
    tabs=tabs,
    icon="git-compare",
    hint="Shifts that somebody asks others to take, and those that were moved",
    names={"detail": "swap"},
    pages=("list",),
    viewset=viewset_of(models.Swap.objects.select_related(*_JOINED), SwapSerializer, _FILTERS, SwapViewSet),
    table=Table(
        id="swap-list",
        noun=("swap", "swaps"),
        label="Swaps",
        columns=(
            related("rotation", "Rotation"),
            Column(
                "state",
                "State",
                value=lambda swap: models.Swap.State(swaps.state_at(swap, clock.now())).label,
                sort="state",
                phone="status",
            ),
            plain("level", "Level"),
            Column("person", "Shift of", sort="person__name"),
            Column("taker", "Taken by", sort="taker__name"),
            plain("starts_at", "From", locked=True, phone="title"),
            plain("ends_at", "Until"),
            plain("requested_at", "Asked", default=False),
        ),
        filterset=_FILTERS,
        api="people-api-swap-list",
        empty={"title": "No swap yet", "text": "A shift's page asks the others of its rotation to take it."},
    ),
)


KINDS = (SWAP,)
