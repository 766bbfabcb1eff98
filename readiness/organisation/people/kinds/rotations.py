"""Rotations with their layers, overrides, swaps and shifts, and leave: their lists, pages and forms."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, ClassVar, cast

import django_filters
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, FloatField, QuerySet
from django.db.models.functions import Extract

from inventory.api import InventorySerializer
from inventory.homes import HOME_FIELDS, HOME_GROUP, HomeForm, home_column, home_filters
from inventory.models import Site
from readiness.organisation.people import models
from readiness.organisation.people.core.recurrence import rule_words
from readiness.organisation.people.forms import AskForSwapForm, CalendarForm, DropCalendarForm, MoveForm
from readiness.organisation.people.kinds import editor
from readiness.organisation.people.kinds.tabs import declared
from readiness.organisation.people.operations import feeds, swaps
from readiness.organisation.people.operations.rotations import write_claimed_shifts, write_entered_shifts
from readiness.organisation.people.rotation_previews import PreviewActions
from web import clock
from web.kinds import Entry, Facts, Kind, Related
from web.kinds.columns import figure, hidden, name, plain, related
from web.kinds.declaring import ObjectForm
from web.links import page_url
from web.rest.errors import named_errors
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet, ReadOnlyObjectViewSet
from web.tables import Column
from web.units import instant
from web.visibility import SEES_NAMES, name_of, withheld

SEES_SHIFTS = "people.view_shift"


@contextmanager
def _writing_shifts(write: Callable[..., int]) -> Iterator[None]:
    """A transaction that writes the shifts which follow from its changes."""
    with transaction.atomic():
        yield
        write(now=clock.now())


class ShiftsViewSet(ObjectViewSet):
    """Whoever deletes something leaves the shifts to what remains, and coinciding ones to nobody."""

    write: ClassVar[Callable[..., int]] = staticmethod(write_entered_shifts)

    def writing(self) -> AbstractContextManager[None]:
        is_deletion = self.action in {"destroy", "bulk_destroy"}
        return _refusing_by_name(write_claimed_shifts if is_deletion else self.write)


@contextmanager
def _refusing_by_name(write: Callable[..., int]) -> Iterator[None]:
    with named_errors(), _writing_shifts(write):
        yield


class ShiftsForm(ObjectForm):
    begins_with = ("starts_at", "ends_at")
    write: ClassVar[Callable[..., int]] = staticmethod(write_entered_shifts)

    def save(self, commit: bool = True) -> Any:
        """Return None where it would make one person two: the form says so."""
        try:
            with _writing_shifts(self.write):
                return super().save(commit=commit)
        except ValidationError as error:
            self.add_error(None, error)
            return None


class TurnsViewSet(ShiftsViewSet):
    write = staticmethod(partial(write_entered_shifts, are_turns=True))


class TurnsForm(ShiftsForm):
    write = staticmethod(partial(write_entered_shifts, are_turns=True))


class TurnForm(TurnsForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A layer without a name is called by its rotation.
        if layers := cast(Any, self.fields.get("layer")):
            layers.queryset = layers.queryset.select_related("rotation")


class RotationForm(HomeForm, ShiftsForm):
    pass


class LeaveForm(ShiftsForm):
    changelog_message = None  # type: ignore[assignment]  # Nobody is asked why.


class RotationFields(ObjectSerializer):
    """`calendar_url` is null but for whoever may change rotations: who has the address reads the names behind it."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        fields = super().to_representation(instance)
        return fields | dict.fromkeys(fields.keys() & set(withheld(models.Rotation)))


class RotationViewSet(PreviewActions, ShiftsViewSet):
    pass


_turning = partial(declared, form=ShiftsForm, viewset=ShiftsViewSet)
_taking_turns = partial(declared, form=TurnsForm, viewset=TurnsViewSet)
_OVERRIDE_COLUMNS = ("level", "person", "starts_at", "ends_at")
_ROTATION_FIELDS = ("name", "slug", "domain", "team", "time_zone", "calendar_url")
ROTATION = _turning(
    models.Rotation,
    (*_ROTATION_FIELDS, *HOME_FIELDS),
    [
        *("name", "domain", "team"),
        figure("site_count", "Sites"),
        home_column(),
        "time_zone",
        hidden(
            Column,
            "calendar_url",
            "Calendar address",
            value=lambda rotation: "" if withheld(models.Rotation) else rotation.calendar_url,
        ),
    ],
    hidden=("slug", "calendar_error", "calendar_read_at"),
    also=("calendar_read_at", "calendar_error"),
    serializer=RotationFields,
    viewset=RotationViewSet,
    counted=lambda: models.Rotation.objects.select_related("team", "home_region", "home_site").annotate(
        site_count=Count("served")
    ),
    form=RotationForm,
    groups=(("Rotation", _ROTATION_FIELDS), HOME_GROUP),
    brief=("name", "slug", "domain"),
    search=("name", "slug"),
    filters=home_filters(),
    panel=("domain", "team", "home_region", "home_site", "without_home"),
    icon="refresh",
    hint="Who takes turns on call, for which domain of which sites",
    related=[
        Related(models.RotationSite, ("rotation",), ("site",), fills="rotation"),
        Related(models.Layer, ("rotation",), ("name", "level", "rule", "turn_shifts"), fills="rotation"),
        Related(models.Override, ("rotation",), _OVERRIDE_COLUMNS, fills="rotation"),
        Related(models.Swap, ("rotation",), ("state", "person", "taker", "starts_at")),
    ],
    entries=(
        *editor.ENTRIES,
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
            form=DropCalendarForm,
            template="people/step.html",
            when=lambda rotation, user: rotation.calendar_read_at is not None or rotation.calendar_url != "",
            initial=lambda rotation: {"title": f"Go back to the layers of {rotation}"},
            enter=feeds.drop_calendar,
            icon="refresh",
            done="The calendar is gone; layers make the shifts.",
        ),
    ),
)
ROTATION_SITE = declared(
    models.RotationSite,
    ("rotation", "site"),
    ["site", "rotation"],
    search=("rotation__name", "site__name"),
    panel=("rotation", "site"),
    pages=("list", "add", "detail", "edit", "delete"),
    hint="Which rotation serves which site",
    above=lambda served: [served.rotation],
)


def _lasting(layer: models.Layer) -> str:
    hours, rest = divmod(layer.duration_min, 60)
    return f"{layer.duration_min} min" if rest else f"{hours} h"


LAYER = _taking_turns(
    models.Layer,
    ("rotation", "name", "level", "starts_at", "ends_at", "rule", "duration_min", "turn_shifts"),
    [
        name(),
        *("rotation", "level"),
        plain("rule", "Rule", text=lambda layer: rule_words(layer.rule), phone="full"),
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
    related=[Related(models.LayerMember, ("layer",), ("person", "position"), fills="layer")],
)
MEMBER = _taking_turns(
    models.LayerMember,
    ("layer", "person", "position"),
    [
        "person",
        Column("layer", "Layer", url=lambda turn: page_url(turn.layer) or "", sort="layer__rotation__name"),
        figure("position", "Place"),
    ],
    may=(SEES_NAMES,),
    form=TurnForm,
    joins=("layer__rotation", "person"),
    brief=("layer", "person", "position"),
    search=("layer__name", "layer__rotation__name", "person__name"),
    hint="Whose turn comes after whose",
    above=lambda turn: [turn.layer.rotation, turn.layer],
)
OVERRIDE = _turning(
    models.Override,
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
    models.Leave,
    ("person", "starts_at", "ends_at"),
    ["person", plain("starts_at", "From"), plain("ends_at", "Until")],
    form=LeaveForm,
    address="leave",
    may=(SEES_NAMES,),
    brief=("person", "starts_at", "ends_at"),
    search=("person__name",),
    hint="Who is away, and when; no reason is asked for",
)


def whose(shift: models.Shift) -> Any:
    if shift.person is not None:
        return shift.person
    return f"{shift.unknown_name} (unknown)" if shift.unknown_name else "nobody"


def shift_rows() -> QuerySet[models.Shift]:
    lasts = Extract(F("ends_at") - F("starts_at"), "epoch", output_field=FloatField()) / 3600.0
    return models.Shift.objects.select_related("rotation", "person").annotate(hours=lasts)


def _moving(shift: models.Shift) -> dict[str, str]:
    holder = name_of(shift.person) if shift.person is not None else whose(shift)
    return {"title": f"Move the shift of {holder} in {shift.rotation}", "times": _times(shift)}


def _times(shift: models.Shift) -> str:
    return f"{instant(shift.starts_at)} – {instant(shift.ends_at)}"


def _is_own(shift: models.Shift, user: Any) -> bool:
    return shift.person is not None and shift.person.user_id == user.pk and shift.starts_at > clock.now()


SHIFT = declared(
    models.Shift,
    (
        *("rotation", "level", "person", "unknown_name", "is_on_leave", "is_double"),
        *("starts_at", "ends_at", "origin"),
    ),
    [
        *("rotation", "level"),
        Column("person", "Person", text=whose, sort="person__name"),
        plain("starts_at", "From"),
        plain("ends_at", "Until"),
        figure("hours", "Hours"),
        plain("origin", "By"),
        *("is_on_leave", "is_double"),
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
            "Facts",
            (
                *("rotation", "level", "person", "starts_at", "ends_at", "hours", "origin"),
                *("is_on_leave", "is_double"),
            ),
        ),
    ),
    above=lambda shift: [shift.rotation],
    entries=(
        Entry(
            url_name="shift-swap",
            on_object=True,
            permissions=(SEES_SHIFTS, swaps.MAY_SWAP),
            heading="Ask for a swap",
            form=AskForSwapForm,
            template="people/step.html",
            when=_is_own,
            initial=lambda shift: {
                "title": f"Ask others of {shift.rotation} to take your shift",
                "times": _times(shift),
            },
            enter=swaps.request_swap,
            icon="git-compare",
            done="The others of the rotation are asked.",
        ),
        Entry(
            url_name="shift-move",
            on_object=True,
            permissions=(SEES_SHIFTS, swaps.MAY_MOVE),
            heading="Move the shift",
            form=MoveForm,
            when=lambda shift, user: shift.person is not None and shift.ends_at > clock.now(),
            template="people/step.html",
            initial=_moving,
            enter=swaps.move_shift,
            fills=("taker",),
            done="The shift is moved.",
            after=lambda swap: page_url(swap.rotation) or "",
            icon="git-compare",
        ),
    ),
)


KINDS: tuple[Kind, ...] = (ROTATION, ROTATION_SITE, LAYER, MEMBER, OVERRIDE, LEAVE, SHIFT)
