"""Rotations with their layers, overrides, swaps and shifts, and leave: their lists, pages and forms."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import django_filters
from django import forms
from django.db import transaction
from django.db.models import Count, F, FloatField, QuerySet
from django.db.models.functions import Extract

from inventory.api import InventorySerializer
from inventory.models import Site
from readiness.people.core.recurrence import said
from readiness.people.forms import SubjectForm
from readiness.people.kinds.swaps import SWAP
from readiness.people.kinds.tabs import declared
from readiness.people.models import (
    Layer,
    LayerMember,
    Leave,
    Override,
    Person,
    Rotation,
    RotationSite,
    Shift,
    Swap,
)
from readiness.people.operations import feeds, swaps
from readiness.people.operations.rotations import write_claimed_shifts
from web import clock
from web.forms import PersonField, RefusedForm
from web.kinds import Entry, Facts, Kind, Related
from web.kinds.columns import figure, name, plain, related
from web.kinds.declaring import ObjectForm
from web.links import page_url
from web.rest.viewsets import ObjectViewSet, ReadOnlyObjectViewSet
from web.tables import Column
from web.units import instant
from web.visibility import SEES_NAMES, name_of

SEES_SHIFTS = "people.view_shift"


@contextmanager
def _with_shifts() -> Iterator[None]:
    """A transaction that writes the shifts which follow from its changes."""
    with transaction.atomic():
        yield
        write_claimed_shifts(now=clock.now())


class ShiftsViewSet(ObjectViewSet):
    def writing(self) -> AbstractContextManager[None]:
        return _with_shifts()


class ShiftsForm(ObjectForm):
    def save(self, commit: bool = True) -> Any:
        with _with_shifts():
            return super().save(commit=commit)


class LeaveForm(ShiftsForm):
    changelog_message = None  # type: ignore[assignment]  # Nobody is asked why.


class CalendarForm(RefusedForm):
    file = forms.FileField(
        label="File", help_text="iCalendar (.ics), 5 MiB at most; its shifts take the place of layers."
    )
    refusals = (feeds.CalendarRefused,)

    def asked(self) -> dict[str, Any]:
        return {"content": self.cleaned_data["file"].read(feeds.MOST_BYTES + 1)}

    def refused(self, error: Any) -> None:
        self.add_error("file", str(error))


class MoveForm(SubjectForm):
    submit = "Move the shift"

    taker = PersonField(
        Person.objects.order_by("name", "pk"),
        label="To",
        help_text="Has the shift at once. Overrides and later swaps still count.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = Person.objects.there(clock.now()).order_by("name", "pk")
        self.fields["taker"].queryset = there  # type: ignore[attr-defined]


def _counted_rotations() -> QuerySet[Rotation]:
    return Rotation.objects.select_related("team").annotate(site_count=Count("served"))


_turning = partial(declared, form=ShiftsForm, viewset=ShiftsViewSet)
_OVERRIDE_COLUMNS = ("level", "person", "starts_at", "ends_at")
ROTATION = _turning(
    Rotation,
    ("name", "slug", "domain", "team", "time_zone", "calendar_url"),
    [
        *("name", "domain", "team"),
        figure("site_count", "Sites"),
        "time_zone",
    ],
    hidden=("slug", "calendar_url", "calendar_error", "calendar_read_at"),
    also=("calendar_read_at", "calendar_error"),
    counted=_counted_rotations,
    brief=("name", "slug", "domain"),
    search=("name", "slug"),
    panel=("domain", "team"),
    icon="refresh",
    hint="Who takes turns on call, for which domain of which sites",
    related=[
        Related(RotationSite, ("rotation",), ("site",), fills="rotation"),
        Related(Layer, ("rotation",), ("name", "level", "rule", "turn_shifts"), fills="rotation"),
        Related(Override, ("rotation",), _OVERRIDE_COLUMNS, fills="rotation"),
        Related(Swap, ("rotation",), ("state", "person", "taker", "starts_at")),
    ],
    entries=(
        Entry(
            url_name="rotation-calendar",
            on_object=True,
            permissions=("people.change_rotation",),
            heading="Upload a calendar",
            form=CalendarForm,
            enter=feeds.upload_calendar,
            done="The calendar is read; its shifts are written.",
        ),
        Entry(
            url_name="rotation-drop-calendar",
            on_object=True,
            permissions=("people.change_rotation",),
            heading="Go back to layers",
            enter=feeds.drop_calendar,
            done="The calendar is gone; layers make the shifts.",
        ),
    ),
)
ROTATION_SITE = declared(
    RotationSite,
    ("rotation", "site"),
    ["site", "rotation"],
    search=("rotation__name", "site__name"),
    panel=("rotation", "site"),
    pages=("list", "add", "detail", "edit", "delete"),
    hint="Which rotation serves which site",
    above=lambda served: [served.rotation],
)


def _lasting(layer: Layer) -> str:
    hours, rest = divmod(layer.duration_min, 60)
    return f"{layer.duration_min} min" if rest else f"{hours} h"


LAYER = _turning(
    Layer,
    ("rotation", "name", "level", "starts_at", "ends_at", "rule", "duration_min", "turn_shifts"),
    [
        name(),
        *("rotation", "level"),
        plain("rule", "Rule", text=lambda layer: said(layer.rule), phone="full"),
        plain("starts_at", "First shift"),
        plain("ends_at", "Ends"),
        plain("duration_min", "Shift lasts", text=_lasting, file_unit="min"),
        "turn_shifts",
    ],
    brief=("rotation", "name", "level"),
    search=("name", "rotation__name"),
    panel=("rotation", "level"),
    serializer=InventorySerializer,
    together=("rule", "starts_at"),
    hint="People who take turns at one level of a rotation",
    above=lambda layer: [layer.rotation],
    related=[Related(LayerMember, ("layer",), ("person", "position"), fills="layer")],
)
MEMBER = _turning(
    LayerMember,
    ("layer", "person", "position"),
    [
        "person",
        Column("layer", "Layer", url=lambda turn: page_url(turn.layer) or "", sort="layer__rotation__name"),
        figure("position", "Place"),
    ],
    may=(SEES_NAMES,),
    joins=("layer__rotation", "person"),
    brief=("layer", "person", "position"),
    search=("layer__name", "layer__rotation__name", "person__name"),
    hint="Whose turn comes after whose",
    above=lambda turn: [turn.layer.rotation, turn.layer],
)
OVERRIDE = _turning(
    Override,
    ("rotation", "level", "person", "starts_at", "ends_at"),
    [
        *("rotation", "level"),
        related("person", "Person", text=lambda override: override.person or "nobody"),
        plain("starts_at", "From"),
        plain("ends_at", "Until"),
    ],
    brief=("rotation", "level", "starts_at", "ends_at"),
    search=("rotation__name", "person__name"),
    panel=("rotation", "level"),
    hint="Somebody else, or nobody, for a time",
    above=lambda override: [override.rotation],
)
LEAVE = _turning(
    Leave,
    ("person", "starts_at", "ends_at"),
    ["person", plain("starts_at", "From"), plain("ends_at", "Until")],
    form=LeaveForm,
    address="leave",
    may=(SEES_NAMES,),
    brief=("person", "starts_at", "ends_at"),
    search=("person__name",),
    hint="Who is away, and when; no reason is asked for",
)


def whose(shift: Shift) -> Any:
    if shift.person is not None:
        return shift.person
    return f"{shift.unknown_name} (unknown)" if shift.unknown_name else "nobody"


def shift_rows() -> QuerySet[Shift]:
    lasts = Extract(F("ends_at") - F("starts_at"), "epoch", output_field=FloatField()) / 3600.0
    return Shift.objects.select_related("rotation", "person").annotate(hours=lasts)


def _moving(shift: Shift) -> dict[str, str]:
    holder = name_of(shift.person) if shift.person is not None else whose(shift)
    times = f"{instant(shift.starts_at)} – {instant(shift.ends_at)}"
    return {"title": f"Move the shift of {holder} in {shift.rotation}", "times": times}


SHIFT = declared(
    Shift,
    ("rotation", "level", "person", "unknown_name", "is_on_leave", "starts_at", "ends_at", "origin"),
    [
        *("rotation", "level"),
        Column("person", "Person", text=whose, sort="person__name"),
        plain("starts_at", "From"),
        plain("ends_at", "Until"),
        figure("hours", "Hours"),
        plain("origin", "By"),
        "is_on_leave",
    ],
    hidden=("unknown_name",),
    counted=shift_rows,
    brief=("rotation", "level", "starts_at", "ends_at"),
    search=("rotation__name", "person__name"),
    search_order=None,
    panel=("rotation", "level", "origin", "site"),
    filters={
        "start": django_filters.IsoDateTimeFilter(field_name="ends_at", lookup_expr="gt", label="Ends after"),
        "end": django_filters.IsoDateTimeFilter(
            field_name="starts_at", lookup_expr="lt", label="Starts before"
        ),
        "site": django_filters.ModelChoiceFilter(
            field_name="rotation__served__site",
            queryset=lambda request: Site.objects.order_by("name", "pk"),
            to_field_name="slug",
            label="Site",
        ),
    },
    viewset=ReadOnlyObjectViewSet,  # type: ignore[arg-type]
    pages=("list", "detail"),
    default_sort="starts_at",
    icon="clock",
    hint="Who was and who will be on call, 60 days ahead. The page of a rotation looks 52 weeks ahead",
    facts=(
        Facts(
            "Facts", ("rotation", "level", "person", "starts_at", "ends_at", "hours", "origin", "is_on_leave")
        ),
    ),
    above=lambda shift: [shift.rotation],
    entries=(
        Entry(
            url_name="shift-swap",
            on_object=True,
            permissions=(SEES_SHIFTS, swaps.MAY_SWAP),
            heading="Ask for a swap",
            enter=swaps.request_swap,
            done="The others of the rotation are asked.",
        ),
        Entry(
            url_name="shift-move",
            on_object=True,
            permissions=(SEES_SHIFTS, swaps.MAY_MOVE),
            heading="Move the shift",
            form=MoveForm,
            template="people/step.html",
            initial=_moving,
            enter=swaps.move_shift,
            done="The shift is moved.",
            after=lambda swap: page_url(swap.rotation) or "",
            icon="git-compare",
        ),
    ),
)
KINDS: tuple[Kind, ...] = (ROTATION, ROTATION_SITE, LAYER, MEMBER, OVERRIDE, LEAVE, SHIFT, SWAP)
