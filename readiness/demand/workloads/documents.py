"""Export and import workload classes as YAML documents: all classes or none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse

from accounts.models import User
from inventory.models import DeviceType
from readiness.demand.workloads import queries
from readiness.demand.workloads.core import document
from readiness.demand.workloads.models import UserRegion, WorkloadClass
from readiness.demand.workloads.operations import MAY_ADD, MAY_CHANGE, change, declare, require
from web.versioned.core.documents import MOST_FAULTS, DocumentError
from web.versioned.core.files import Texts, place


class ImportRefused(ValueError):
    """Nothing of the file was saved; each of `faults` has its place and reason."""

    def __init__(self, faults: Sequence[DocumentError]) -> None:
        super().__init__("; ".join(map(place_and_reason, faults)))
        self.faults = faults


def place_and_reason(fault: DocumentError) -> str:
    return f"line {fault.line}{', ' if fault.path else ': '}{fault}" if fault.line else str(fault)


@dataclass(frozen=True, slots=True)
class Imported:
    """Slugs of the added and of the updated classes."""

    added: tuple[str, ...]
    changed: tuple[str, ...]


def import_workloads(texts: Texts, *, by: User | None, now: datetime) -> Imported:
    """Replace classes with the same slug as a whole, and add new ones; others stay.

    Takes one text by file name. Raises MissingPermission, and ImportRefused with all faults.
    """
    for permission in (MAY_ADD, MAY_CHANGE):
        require(by, permission)
    if len(texts) != 1:
        raise ImportRefused([DocumentError("", "expected one document")])
    [(name, text)] = texts.items()
    # Parse outside the transaction, so that nothing is locked meanwhile.
    try:
        written = document.read(text, name)
    except DocumentError as error:
        faults = [error, *error.others]
        place(texts, faults)
        if error.path == name or error.path.startswith("line "):
            faults = [DocumentError("", error.message)]
            faults[0].line = error.line
        raise ImportRefused(faults) from error
    try:
        return _keep_all(written, by=by, now=now)
    except ImportRefused as refused:
        place(texts, refused.faults)
        raise ImportRefused(refused.faults) from refused


@transaction.atomic
def _keep_all(written: Sequence[document.Written], *, by: User | None, now: datetime) -> Imported:
    rows = [each.values for each in written]
    slugs = [values["slug"] for values in rows]
    classes = WorkloadClass.objects.in_bulk(slugs, field_name="slug")
    types = DeviceType.objects.in_bulk(
        {need["type"] for values in rows for need in values["accelerators"]}, field_name="slug"
    )
    regions = UserRegion.objects.in_bulk(
        {users["region"] for values in rows for users in values["users"]}, field_name="slug"
    )

    def keep(values: Mapping[str, Any]) -> None:
        needs = [
            (_named(types, "accelerators", need["type"]) if need["type"] else None, need["count"])
            for need in values["accelerators"]
        ]
        users = [
            (_named(regions, "users", each["region"]), each["requests_per_s"]) for each in values["users"]
        ]
        columns = {**values, "accelerators": needs, "users": users}
        if columns["min_verdict"] is None:
            # A new class gets the default, a stored one keeps its own.
            del columns["min_verdict"]
        present = classes.get(values["slug"])
        if present is None:
            declare(**columns, by=by, now=now)
        else:
            change(present, **columns, by=by, now=now)

    faults: list[DocumentError] = []
    for each in written:
        if len(faults) < MOST_FAULTS:
            faults += _faults(each, keep)
    if faults:
        raise ImportRefused(faults)
    return Imported(
        added=tuple(slug for slug in slugs if slug not in classes),
        changed=tuple(slug for slug in slugs if slug in classes),
    )


def _named[T](rows: Mapping[str, T], field: str, slug: str) -> T:
    if slug not in rows:
        raise ValidationError({field: [f"There is no type or region called {slug}."]})
    return rows[slug]


def _faults(written: document.Written, keep: Callable[[Mapping[str, Any]], None]) -> list[DocumentError]:
    try:
        with transaction.atomic():
            keep(written.values)
    except ValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        return [
            DocumentError(written.path_of(field), reason)
            for field, reasons in by_field.items()
            for reason in reasons
        ]
    return []


def exported(classes: Iterable[WorkloadClass], name: str) -> HttpResponse:
    return HttpResponse(
        document.dump(map(queries.values_of, classes)),
        content_type="application/yaml",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.yaml"',
            "X-Content-Type-Options": "nosniff",
        },
    )
