"""Record contradictions that runs show, and correct the inventory: one person proposes, another one confirms."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.catalogue import product_named
from inventory.models import Accelerator, Device, DeviceType
from telemetry.core.identity import WHOLE, IdentityComparison, agree
from telemetry.drift import sentences
from telemetry.drift.comparing import opened, renewed
from telemetry.drift.models import STANDING, InventoryDrift
from web import actor
from web.workflows import NotInState, Turn, Workflow, second
from web.workflows.waiting import subjects_by

Field, State = InventoryDrift.Field, InventoryDrift.State
MAY_CORRECT = ("inventory.change_accelerator", "inventory.change_device")
_COLUMNS: Mapping[tuple[type[Any], str], str] = {
    (Accelerator, Field.UUID): "uuid",
    (Accelerator, Field.SERIAL): "serial",
    (Accelerator, Field.BUS_ID): "bus_id",
    (Accelerator, Field.FIRMWARE): "firmware_version",
    (Device, Field.SERIAL): "serial",
    (Device, Field.DRIVER): "software_version",
    (Device, Field.FIRMWARE): "firmware_version",
}


class OwnProposal(PermissionDenied):
    """Nobody may confirm or reject their own proposal."""


DRIFTS = Workflow(
    model=InventoryDrift,
    states=dict(State.choices),
    joined=("site", "device"),
    refusal="This contradiction is {state}, so this step is no longer possible.",
)


@transaction.atomic
def record_drift(
    *,
    site_id: int,
    device_id: int,
    field: str,
    inventory_value: str,
    seen_value: str,
    source: str,
    now: datetime,
    index: int = WHOLE,
) -> InventoryDrift | None:
    """Record what a run says of a device's software or hardware; None if the two agree and nothing stood.

    `source` names the run, `now` is when it was taken. Equal values end a contradiction, as telemetry that agrees does.
    """
    place = {"device_id": device_id, "index": index, "field": Field(field).value}
    # The device's row makes two runs wait for each other, before either row is there.
    if not Device.objects.select_for_update(no_key=True).filter(pk=device_id, site_id=site_id).exists():
        return None
    row = InventoryDrift.objects.select_for_update().filter(**place).first()
    agrees = not inventory_value or agree(field, inventory_value, seen_value)
    comparison = IdentityComparison(inventory_value, seen_value, 0, now, agrees)
    if row is not None:
        if now >= row.last_seen_at and renewed(row, comparison, source, now):
            row.save()
        return row if row.state in STANDING else None
    if agrees:
        return None
    row = InventoryDrift(site_id=site_id, **place)
    opened(row, comparison, source, now)
    row.save(force_insert=True)
    return row


def _refuse_own(drift: InventoryDrift, by: User) -> None:
    if drift.proposed_by_id == by.pk:
        raise OwnProposal("You proposed this correction yourself: a second person must decide on it.")


def _proposed_by_others(by: User, now: datetime) -> Q:
    return Q(state=State.PROPOSED) & second.others("proposed_by", by, now)


CONFIRMING = Turn(
    kind="Confirm a correction of the inventory",
    verb="Decide",
    tab="drifts",
    page="drift",
    of=_proposed_by_others,
    subjects=subjects_by(str),
    asked_by=lambda drift: drift.proposed_by,
    since="proposed_at",
    joined=("site", "device", "proposed_by"),
)


@DRIFTS.step(after=[State.OPEN, State.REJECTED, State.DISMISSED], any_of=MAY_CORRECT)
def propose(drift: InventoryDrift, *, note: str, by: User, now: datetime) -> None:
    """Propose that the inventory takes the reported value."""
    _correction(drift)
    drift.state, drift.state_at, drift.note = State.PROPOSED, now, note
    drift.proposed_by, drift.proposed_at = by, now
    drift.decided_by = drift.decided_at = None
    drift.save()


@DRIFTS.step(
    after=[State.PROPOSED],
    any_of=MAY_CORRECT,
    refuse=_refuse_own,
    second=second.first_in("proposed_by", "proposed_at"),
    turn=CONFIRMING,
)
def confirm(drift: InventoryDrift, *, note: str, by: User, now: datetime) -> None:
    """Confirm somebody else's proposal: the inventory takes the reported value."""
    correct = _correction(drift)
    actor.note(f"Correction confirmed: {sentences.contradiction(drift)}"[:200])
    correct()
    _decide(drift, State.CORRECTED, note or drift.note, by, now)


@DRIFTS.step(after=[State.PROPOSED], any_of=MAY_CORRECT, refuse=_refuse_own, must_say=True)
def reject(drift: InventoryDrift, *, note: str, by: User, now: datetime) -> None:
    """Reject somebody else's proposal, with a reason; the contradiction stays."""
    _decide(drift, State.REJECTED, note, by, now)


@DRIFTS.step(after=[State.OPEN, State.REJECTED], any_of=MAY_CORRECT, must_say=True)
def dismiss(drift: InventoryDrift, *, note: str, by: User, now: datetime) -> None:
    """Take it off the list of problems, with a reason; evidence about the place still counts as warn at most."""
    _decide(drift, State.DISMISSED, note, by, now)


def _decide(drift: InventoryDrift, state: str, note: str, by: User, now: datetime) -> None:
    drift.state, drift.state_at, drift.note = state, now, note
    drift.decided_by, drift.decided_at = by, now
    drift.save()


def _correction(drift: InventoryDrift) -> Callable[[], None]:
    """The write that makes the inventory agree. Raises ValidationError or NotInState where there is none."""
    obj = _object(drift)
    value: Any = drift.reported_value
    if drift.field == Field.MODEL and isinstance(obj, Accelerator):
        column, value, present = "device_type", _type_named(drift.reported_value), obj.device_type.model
    elif (type(obj), drift.field) in _COLUMNS:
        column = _COLUMNS[type(obj), drift.field]
        present = getattr(obj, column)
    else:
        raise ValidationError(sentences.no_correction(drift))
    if present != drift.inventory_value:
        raise NotInState("The inventory changed meanwhile; the next comparison brings this up to date.")
    _refuse_taken(drift, obj)

    def write() -> None:
        setattr(obj, column, value)
        obj.save(update_fields=[column])

    return write


def _object(drift: InventoryDrift) -> Any:
    if drift.index == WHOLE:
        return Device.objects.select_for_update(of=("self",)).get(pk=drift.device_id)
    parts = Accelerator.objects.select_for_update(of=("self",)).select_related("device_type")
    part = parts.filter(device=drift.device_id, index=drift.index).first()
    if part is None:
        raise NotInState("The inventory has no accelerator there any more.")
    return part


def _type_named(text: str) -> DeviceType:
    product = product_named(text)
    types = DeviceType.objects.filter(kind=DeviceType.Kind.ACCELERATOR).order_by("pk")
    alike: Sequence[DeviceType] = [
        each
        for each in types
        if each.model.lower() == text.lower()
        or (product is not None and product_named(each.model) == product)
    ]
    if len(alike) != 1:
        number = "no device type" if not alike else f"{len(alike)} device types"
        raise ValidationError(f"The inventory has {number} for “{text}”: change the accelerator by hand.")
    return alike[0]


def _refuse_taken(drift: InventoryDrift, obj: Any) -> None:
    """Two accelerators that changed places are corrected by hand, both at once."""
    if drift.field == Field.UUID:
        holder = Accelerator.objects.filter(uuid__iexact=drift.reported_value).exclude(pk=obj.pk)
        if other := holder.select_related("device").first():
            raise ValidationError(f"{other} has this UUID in the inventory: correct both by hand.")
