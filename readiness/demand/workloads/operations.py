"""Declare, confirm, place and remove workload classes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from accounts.models import User
from inventory.models import DeviceType, Site
from readiness.demand.workloads import queries
from readiness.demand.workloads.core.envelope import Envelope, EnvelopePart, contradictions
from readiness.demand.workloads.models import (
    COLUMNS,
    COST_WHOLE,
    LISTS,
    AcceleratorDemand,
    EnvelopeConfirmation,
    Placement,
    ServedRegion,
    UserRegion,
    WorkloadClass,
)
from web.permissions import MissingPermission
from web.units import day as day_text

MAY_SEE = "workloads.view_workloadclass"
MAY_ADD = "workloads.add_workloadclass"
MAY_CHANGE = "workloads.change_workloadclass"
MAY_REMOVE = "workloads.delete_workloadclass"
MAY_PLACE = "workloads.add_placement"
MAY_END = "workloads.change_placement"
ROWS = ("accelerators", "users")
RESERVED = ("add", "import", "export")

type Need = tuple[DeviceType | None, int]
type Users = tuple[UserRegion, float | None]


@dataclass(frozen=True, slots=True)
class CheckedClass:
    """A validated class with its rows in order, not saved yet."""

    workload: WorkloadClass
    accelerators: list[AcceleratorDemand]
    served: list[ServedRegion]
    envelope: Envelope


def checked(values: Mapping[str, Any]) -> CheckedClass:
    """Return the given values as a validated class that need not be saved: the values of `COLUMNS`, `accelerators` as
    (type or None, count) and `users` as (region, requests per second or None). Raises ValidationError by field, also
    for a hard contradiction.
    """
    return _checked(WorkloadClass(), values, [], [])


@transaction.atomic
def declare(*, by: User | None, now: datetime, **values: Any) -> WorkloadClass:
    """Declare a new class. Its envelope counts from today, or from the given day. Raises as `checked` does, and
    MissingPermission.
    """
    require(by, MAY_ADD)
    checked_class = checked(values)
    checked_class.workload.validate_unique()
    checked_class.workload.declared_on = _declared_on(None, checked_class.envelope, values, now)
    return _save(checked_class)


@transaction.atomic
def change(workload: WorkloadClass, *, by: User | None, now: datetime, **values: Any) -> WorkloadClass:
    """Set the given values. A changed envelope is declared anew, today or on the given day, and must be confirmed
    again. Raises as `checked` does, and MissingPermission.
    """
    require(by, MAY_CHANGE)
    locked = WorkloadClass.objects.select_for_update().get(pk=workload.pk)
    accelerators = list(locked.accelerators.select_related("device_type"))
    served = list(locked.served.select_related("user_region"))
    before = queries.built(locked, accelerators, served)
    checked_class = _checked(locked, values, accelerators, served)
    checked_class.workload.validate_unique()
    checked_class.workload.declared_on = _declared_on(before, checked_class.envelope, values, now)
    return _save(checked_class)


@transaction.atomic
def confirm(
    workload: WorkloadClass, *, by: User | None, now: datetime, on: date | None = None, note: str = ""
) -> EnvelopeConfirmation:
    """Confirm the envelope as it is; a second confirmation of a day replaces the note.

    Raises MissingPermission, and ValidationError by field for an undeclared envelope or an impossible day.
    """
    require(by, MAY_CHANGE)
    day = on or now.date()
    locked = WorkloadClass.objects.select_for_update().get(pk=workload.pk)
    if locked.declared_on is None:
        raise ValidationError({"confirmed_on": ["Nothing of this envelope is declared yet."]})
    if not locked.declared_on <= day <= now.date():
        message = (
            f"It can be confirmed from the day it was declared, {day_text(locked.declared_on)}, until today."
        )
        raise ValidationError({"confirmed_on": [message]})
    values = {"note": note.strip(), "by": by}
    EnvelopeConfirmation(workload_class=locked, confirmed_on=day, **values).clean_fields(
        exclude=["workload_class", "by"]
    )
    confirmation, _made = EnvelopeConfirmation.objects.update_or_create(
        workload_class=locked, confirmed_on=day, defaults=values
    )
    return confirmation


@transaction.atomic
def remove(workload: WorkloadClass, *, by: User | None) -> None:
    """Remove the class with all its placements; the history keeps them. Raises MissingPermission."""
    require(by, MAY_REMOVE)
    workload.delete()


def _checked(
    workload: WorkloadClass,
    values: Mapping[str, Any],
    accelerators: list[AcceleratorDemand],
    served: list[ServedRegion],
) -> CheckedClass:
    unknown = sorted(set(values) - {*COLUMNS, *ROWS})
    if unknown:
        raise ValidationError({name: ["There is no such field."] for name in unknown})
    for name in COLUMNS:
        if name in values:
            setattr(workload, name, _tidy(name, values[name]))
    _refuse_columns(workload)
    if "accelerators" in values:
        accelerators = _demand(values["accelerators"])
    if "users" in values:
        served = _served(values["users"])
    envelope = queries.built(workload, accelerators, served)
    _refuse_contradictions(envelope)
    return CheckedClass(workload, accelerators, served, envelope)


def _tidy(name: str, value: Any) -> Any:
    if name in LISTS:
        return list(dict.fromkeys(value))
    return value.strip() if isinstance(value, str) else value


def _refuse_columns(workload: WorkloadClass) -> None:
    workload.clean_fields()
    if workload.slug in RESERVED:
        raise ValidationError({"slug": ["This name is reserved for pages."]})
    cost = {name: bool(getattr(workload, name)) for name in ("cost_ceiling", "cost_currency", "cost_unit")}
    if len(set(cost.values())) > 1 or workload.cost_ceiling == 0:
        at_fault = next((name for name, is_there in cost.items() if not is_there), "cost_ceiling")
        raise ValidationError({at_fault: [COST_WHOLE]})
    for name in ("latency_limit_ms", "latency_percentile"):
        value = getattr(workload, name)
        if value is not None and value <= 0:
            raise ValidationError({name: ["It must be above 0."]})
    if workload.latency_percentile >= 100:
        raise ValidationError({"latency_percentile": ["It must be below 100: no run measures p100."]})


def _demand(needs: Iterable[Need]) -> list[AcceleratorDemand]:
    rows = [AcceleratorDemand(device_type=device_type, count=count) for device_type, count in needs]
    for row in rows:
        if row.device_type is not None and row.device_type.kind != DeviceType.Kind.ACCELERATOR:
            raise ValidationError({"accelerators": [f"{row.device_type} is no accelerator."]})
    _refuse_rows("accelerators", rows, [row.device_type_id for row in rows])
    return rows


def _served(users: Iterable[Users]) -> list[ServedRegion]:
    rows = [ServedRegion(user_region=region, requests_per_s=rate) for region, rate in users]
    _refuse_rows("users", rows, [row.user_region_id for row in rows])
    return rows


def _refuse_rows(name: str, rows: list[Any], keys: list[Any]) -> None:
    if any(times > 1 for times in Counter(keys).values()):
        raise ValidationError({name: ["This is entered twice."]})
    for row in rows:
        try:
            row.clean_fields(exclude=["workload_class", "device_type", "user_region"])
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from error


def _refuse_contradictions(envelope: Envelope) -> None:
    errors: dict[str, list[str]] = {}
    for contradiction in contradictions(envelope):
        if contradiction.is_hard:
            errors.setdefault(contradiction.field, []).append(contradiction.reason)
    if errors:
        raise ValidationError(errors)


def _declared_on(
    before: Envelope | None, after: Envelope, values: Mapping[str, Any], now: datetime
) -> date | None:
    """The given day if it changed; else today if the envelope is new or changed."""
    day: date | None = values.get("declared_on")
    today = now.date()
    if day is not None and day > today:
        raise ValidationError({"declared_on": ["That day has not come yet."]})
    if day is not None and (before is None or day != before.declared_on):
        return day
    if len(after.missing) == len(EnvelopePart):
        return None
    if before is None or before.declared_on is None:
        return today
    return before.declared_on if _limits(before) == _limits(after) else today


def _limits(envelope: Envelope) -> Envelope:
    users = tuple(replace(user, name="", place=None) for user in envelope.users)
    needs = tuple(replace(need, name="", tdp_w=None) for need in envelope.accelerators)
    return replace(
        envelope,
        slug="",
        name="",
        provenance="",
        declared_on=None,
        confirmed_on=(),
        users=users,
        accelerators=needs,
    )


def _save(checked_class: CheckedClass) -> WorkloadClass:
    workload = checked_class.workload
    try:
        with transaction.atomic():
            workload.save()
    except IntegrityError:
        # Somebody took the name at the same moment; any other error is a bug.
        workload.validate_unique()
        raise
    _replace_rows(workload, checked_class.accelerators, AcceleratorDemand, "device_type_id", "count")
    _replace_rows(workload, checked_class.served, ServedRegion, "user_region_id", "requests_per_s")
    return workload


def _replace_rows(
    workload: WorkloadClass, new_rows: list[Any], model: type[models.Model], key: str, figure: str
) -> None:
    manager = model._default_manager
    rows_by_key = {getattr(row, key): row for row in manager.filter(workload_class=workload)}
    new, moved = [], []
    for row in new_rows:
        stored_row = rows_by_key.pop(getattr(row, key), None)
        if stored_row is None:
            row.workload_class = workload
            new.append(row)
        elif getattr(stored_row, figure) != getattr(row, figure):
            setattr(stored_row, figure, getattr(row, figure))
            moved.append(stored_row)
    if rows_by_key:
        manager.filter(pk__in=[row.pk for row in rows_by_key.values()]).delete()
    if new:
        manager.bulk_create(new)
    if moved:
        manager.bulk_update(moved, [figure])


@transaction.atomic
def place(
    workload: WorkloadClass, *, site: Site, on: date | None = None, by: User | None, now: datetime
) -> Placement:
    """Place the class from a day on, by default today at the site.

    Raises MissingPermission, and ValidationError by field if it is already placed there.
    """
    require(by, MAY_PLACE)
    # A simultaneous placement of the same class waits here and is then refused.
    WorkloadClass.objects.select_for_update().get(pk=workload.pk)
    running = Placement.objects.filter(workload_class=workload, site=site, ended_on__isnull=True).first()
    if running is not None:
        message = f"It is already placed there, since {day_text(running.started_on)}."
        raise ValidationError({"site": [message]})
    day = on or now.astimezone(ZoneInfo(site.time_zone)).date()
    return Placement.objects.create(workload_class=workload, site=site, started_on=day)


@transaction.atomic
def end_placement(placement: Placement, *, on: date, by: User | None) -> Placement:
    """`on` is its last day. Raises MissingPermission, ValidationError by field."""
    require(by, MAY_END)
    locked = Placement.objects.select_for_update().get(pk=placement.pk)
    if locked.ended_on is not None:
        message = f"It ended on {day_text(locked.ended_on)} already."
        raise ValidationError({"ended_on": [message]})
    if on < locked.started_on:
        message = f"It began on {day_text(locked.started_on)}, and cannot end before."
        raise ValidationError({"ended_on": [message]})
    locked.ended_on = on
    locked.save(update_fields=["ended_on"])
    return locked


def require(user: User | None, permission: str) -> None:
    """`by` None stands for a program of Muster, such as the demo."""
    if user is not None and not user.has_perm(permission):
        raise MissingPermission([permission])
