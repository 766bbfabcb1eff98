"""Workload classes from a YAML document: all of them or none, and each fault by its line and field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import DeviceType
from readiness.workloads.core import document
from readiness.workloads.models import UserRegion, WorkloadClass
from readiness.workloads.operations.declaring import change, declare
from readiness.workloads.refusals import MAY_ADD, MAY_CHANGE, DocumentFault, ImportRefused, require
from web.versioned.core.documents import DocumentError
from web.versioned.core.files import find, find_all

MOST_FAULTS = 50
"""After so many the rest is not looked at."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Slugs of the classes that were added, and of those that were there and are as written now."""

    added: tuple[str, ...]
    changed: tuple[str, ...]


def import_workloads(text: str, *, name: str = "workloads.yaml", by: User | None, now: datetime) -> Imported:
    """A class that is there by its slug becomes what is written, the whole of it; others are left alone.

    Raises MissingPermission, and ImportRefused with every fault that was found.
    """
    for permission in (MAY_ADD, MAY_CHANGE):
        require(by, permission)
    # Before and after the transaction: nothing is locked while a document is read or a line looked for.
    try:
        written = document.read(text, name)
    except DocumentError as error:
        path = "" if error.path == name or error.path.startswith("line ") else error.path
        raise ImportRefused(
            [DocumentFault(path, find({name: text}, error.path)[1], error.message)]
        ) from error
    try:
        return _keep_all(written, by=by, now=now)
    except _Faulty as error:
        lines = find_all({name: text}, [path for path, _reason in error.faults])
        faults = [
            DocumentFault(path, line, reason)
            for (path, reason), (_name, line) in zip(error.faults, lines, strict=True)
        ]
        raise ImportRefused(faults) from error


class _Faulty(Exception):
    """Classes that cannot be kept: path and reason of each fault."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__(faults)
        self.faults = faults


@transaction.atomic
def _keep_all(written: Sequence[document.Written], *, by: User | None, now: datetime) -> Imported:
    known = _ReferencedRows.of(written)
    faults: list[tuple[str, str]] = []
    for each in written:
        if len(faults) < MOST_FAULTS:
            faults += _faults(each, known, by=by, now=now)
    if faults:
        raise _Faulty(faults)
    slugs = [each.values["slug"] for each in written]
    return Imported(
        added=tuple(slug for slug in slugs if slug not in known.classes),
        changed=tuple(slug for slug in slugs if slug in known.classes),
    )


@dataclass(frozen=True, slots=True)
class _ReferencedRows:
    """Rows that a document refers to, by slug; three statements."""

    classes: Mapping[str, WorkloadClass]
    types: Mapping[str, DeviceType]
    regions: Mapping[str, UserRegion]

    @classmethod
    def of(cls, written: Sequence[document.Written]) -> _ReferencedRows:
        slugs = [each.values["slug"] for each in written]
        types = {row["type"] for each in written for row in each.values["accelerators"]}
        regions = {row["region"] for each in written for row in each.values["users"]}
        return cls(
            classes={workload.slug: workload for workload in WorkloadClass.objects.filter(slug__in=slugs)},
            types={
                device_type.slug: device_type for device_type in DeviceType.objects.filter(slug__in=types)
            },
            regions={region.slug: region for region in UserRegion.objects.filter(slug__in=regions)},
        )


def _keep(each: document.Written, known: _ReferencedRows, *, by: User | None, now: datetime) -> None:
    values: dict[str, Any] = {
        **each.values,
        "accelerators": [
            (_named(known.types, "accelerators", row["type"]) if row["type"] else None, row["count"])
            for row in each.values["accelerators"]
        ],
        "users": [
            (_named(known.regions, "users", row["region"]), row["requests_per_s"])
            for row in each.values["users"]
        ],
    }
    present = known.classes.get(values["slug"])
    if present is None:
        declare(**values, by=by, now=now)
    else:
        change(present, **values, by=by, now=now)


def _named[T](there: Mapping[str, T], field: str, slug: str) -> T:
    if slug not in there:
        raise ValidationError({field: [f"Nothing is called {slug}."]})
    return there[slug]


def _faults(
    each: document.Written, known: _ReferencedRows, *, by: User | None, now: datetime
) -> list[tuple[str, str]]:
    """Keep one class; path and reason of what stands against that."""
    try:
        with transaction.atomic():
            _keep(each, known, by=by, now=now)
    except ValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        return [(each.path_of(field), reason) for field, reasons in by_field.items() for reason in reasons]
    return []
