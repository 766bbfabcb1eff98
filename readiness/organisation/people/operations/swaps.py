"""Swaps of shifts: asked for, taken, withdrawn, lapsed; or moved by a manager at once. Shifts follow in the same
transaction."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from readiness.organisation.people.models import LayerMember, Leave, Person, Rotation, Shift, Swap
from readiness.organisation.people.operations.rotations import write_entered_shifts
from web.units import instant
from web.workflows import Turn, Workflow, require
from web.workflows.waiting import subjects_by

MAY_SWAP = "people.add_swap"
MAY_MOVE = "people.change_swap"
_GONE = "The shift is another person's by now."


class NotTheirs(PermissionDenied):
    """The shift, or the answer about it, is another person's."""


def state_at(swap: Swap, now: datetime) -> str:
    """The state as stored; open, it lapses as the shift starts, whether that was written down yet or not."""
    if swap.state == Swap.State.OPEN and swap.starts_at <= now:
        return Swap.State.LAPSED.value
    return swap.state


SWAPS = Workflow(
    model=Swap,
    states=dict(Swap.State.choices),
    state_of=state_at,
    joined=("rotation", "person"),
    refusal="The swap is {state}, so this cannot be done any more.",
)


@transaction.atomic
def request_swap(shift: Shift, *, by: User, now: datetime) -> Swap:
    """Ask others of the rotation to take one's shift. Raises MissingPermission, NotTheirs, ValidationError."""
    require(by, MAY_SWAP)
    if shift.person is None or shift.person.user_id != by.pk:
        raise NotTheirs("Only the person whose shift it is asks for a swap.")
    if shift.starts_at <= now:
        raise ValidationError("The shift has started: a manager can still move it.")
    return _made(shift, shift.starts_at, by=by, now=now)


@transaction.atomic
def move_shift(shift: Shift, *, taker: Person, by: User, now: datetime) -> Swap:
    """Give what is left of a shift to another person at once, which answers a swap that is open for it.

    Raises MissingPermission, ValidationError.
    """
    require(by, MAY_MOVE)
    if shift.person is None:
        raise ValidationError("The shift is nobody's: an override gives it to somebody.")
    if shift.ends_at <= now:
        raise ValidationError("The shift is over.")
    open_swaps = Swap.objects.filter(rotation=shift.rotation_id, level=shift.level, person=shift.person)
    open_swaps = open_swaps.filter(state=Swap.State.OPEN, starts_at=shift.starts_at, starts_at__gt=now)
    # Whoever takes a swap locks it before the rotation.
    swap = open_swaps.select_for_update().first() or _made(shift, max(shift.starts_at, now), by=by, now=now)
    _take(swap, taker, now)
    return swap


def _made(shift: Shift, starts_at: datetime, *, by: User, now: datetime) -> Swap:
    _lock(shift.rotation_id)
    if not Shift.objects.filter(pk=shift.pk, person=shift.person).exists():
        raise ValidationError(_GONE)
    swap = Swap(
        rotation=shift.rotation,
        level=shift.level,
        person=shift.person,
        starts_at=starts_at,
        ends_at=shift.ends_at,
        requested_by=by,
        requested_at=now,
    )
    swap.validate_constraints()
    swap.save(force_insert=True)
    return swap


def _lock(rotation_id: int) -> None:
    """Two who change whose a shift is wait for each other."""
    Rotation.objects.select_for_update().get(pk=rotation_id)


def _could_take(by: User, now: datetime) -> Q:
    rotations = LayerMember.objects.filter(person__user=by).values("layer__rotation")
    on_call = Shift.objects.filter(person__user=by, ends_at__gt=now).values("rotation")
    return (
        Q(state=Swap.State.OPEN, starts_at__gt=now)
        & (Q(rotation__in=rotations) | Q(rotation__in=on_call))
        & ~Q(pk__in=Swap.objects.filter(person__user=by).values("pk"))
    )


TAKING = Turn(
    kind="Take a shift",
    tab="on-call",
    verb="Answer",
    page="swap",
    of=_could_take,
    subjects=subjects_by(lambda swap: f"{swap.rotation}, from {instant(swap.starts_at)}"),
    site=lambda swap: None,
    asked_by=lambda swap: swap.requested_by,
    since="requested_at",
    due="starts_at",
    joined=("rotation", "requested_by"),
)


def _refuse_stranger(swap: Swap, by: User) -> None:
    if swap.requested_by_id != by.pk and swap.person.user_id != by.pk:
        require(by, MAY_MOVE)


def _refuse_own(swap: Swap, by: User) -> None:
    if swap.person.user_id == by.pk:
        raise NotTheirs("This is your own shift: another person of the rotation takes it.")
    member = LayerMember.objects.filter(layer__rotation=swap.rotation_id, person__user=by)
    if not (member.exists() or Shift.objects.filter(rotation=swap.rotation_id, person__user=by).exists()):
        raise NotTheirs("Only a person of the rotation takes its shifts.")


@SWAPS.step(after=[Swap.State.OPEN], any_of=(MAY_SWAP,), refuse=_refuse_own, words="", turn=TAKING)
def take(swap: Swap, *, by: User, now: datetime) -> None:
    """Take the shift that another person cannot."""
    _take(swap, Person.objects.get(user=by), now)


@SWAPS.step(after=[Swap.State.OPEN], any_of=(MAY_SWAP, MAY_MOVE), refuse=_refuse_stranger, words="")
def withdraw(swap: Swap, *, by: User, now: datetime) -> None:
    """Keep the shift after all."""
    _save_answer(swap, Swap.State.WITHDRAWN, None, now)


def lapse_swaps(*, now: datetime) -> int:
    """Write down which swaps nobody took before their shift started; return how many."""
    return Swap.objects.filter(state=Swap.State.OPEN, starts_at__lte=now).update(
        state=Swap.State.LAPSED, answered_at=now
    )


def _take(swap: Swap, taker: Person, now: datetime) -> None:
    if taker.pk == swap.person_id:
        raise ValidationError({"taker": ["It is this person's shift already."]})
    if taker.left_by(now):
        raise ValidationError({"taker": ["This person has left."]})
    if Leave.objects.filter(person=taker, starts_at__lt=swap.ends_at, ends_at__gt=swap.starts_at).exists():
        raise ValidationError({"taker": ["This person is away in that time."]})
    _lock(swap.rotation_id)
    theirs = Shift.objects.filter(rotation=swap.rotation_id, level=swap.level, person=swap.person_id)
    if not theirs.overlapping(swap.starts_at, swap.ends_at).exists():
        raise ValidationError(_GONE)
    _save_answer(swap, Swap.State.TAKEN, taker, now)
    try:
        write_entered_shifts(now=now)
    except ValidationError as error:
        raise ValidationError({"taker": error.messages}) from error


def _save_answer(swap: Swap, state: Swap.State, taker: Person | None, now: datetime) -> None:
    swap.state, swap.taker, swap.answered_at = state, taker, now
    swap.save(update_fields=["state", "taker", "answered_at"])
