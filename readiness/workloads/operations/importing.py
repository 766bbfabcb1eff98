"""Workload classes from a YAML document: all of them or none, and each fault by its line and field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from inventory.models import DeviceType
from readiness.framework.core.finding import find
from readiness.framework.core.reader import DefinitionError
from readiness.workloads.core import document
from readiness.workloads.models import UserRegion, WorkloadClass
from readiness.workloads.operations.declaring import change, declare
from readiness.workloads.refusals import MAY_ADD, MAY_CHANGE, Fault, ImportRefused, require

MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Imported:
    """Slugs of the classes that were added, and of those that were there and are as written now."""

    added: tuple[str, ...]
    changed: tuple[str, ...]


@transaction.atomic
def import_workloads(text: str, *, name: str = "workloads.yaml", by: User | None, now: datetime) -> Imported:
    """A class that is there by its slug becomes what is written, the whole of it; others are left alone.

    Raises MissingPermission, and ImportRefused with every fault that was found.
    """
    for permission in (MAY_ADD, MAY_CHANGE):
        require(by, permission)
    if len(text) > MOST_BYTES:
        raise ImportRefused([Fault("", 0, _("A document has 2 MiB at most."))])
    try:
        written = document.read(text, name)
    except DefinitionError as error:
        path = "" if error.path == name or error.path.startswith("line ") else error.path
        raise ImportRefused([Fault(path, find({name: text}, error.path)[1], error.message)]) from error
    known = _Known.of(written)
    faults: list[Fault] = []
    added: list[str] = []
    changed: list[str] = []
    for each in written:
        slug = each.values["slug"]
        try:
            with transaction.atomic():
                _keep(each, known, by=by, now=now)
        except ValidationError as error:
            faults += _faults(error, each, name, text)
        except IntegrityError as error:
            faults.append(_fault(each.path, str(error).splitlines()[0], name, text))
        (changed if slug in known.classes else added).append(slug)
    if faults:
        raise ImportRefused(faults)
    return Imported(tuple(added), tuple(changed))


@dataclass(frozen=True, slots=True)
class _Known:
    """What a document refers to, by slug; three statements."""

    classes: Mapping[str, WorkloadClass]
    types: Mapping[str, DeviceType]
    regions: Mapping[str, UserRegion]

    @classmethod
    def of(cls, written: Sequence[document.Written]) -> _Known:
        slugs = [each.values["slug"] for each in written]
        types = {row["type"] for each in written for row in each.values["accelerators"]}
        regions = {row["region"] for each in written for row in each.values["users"]}
        return cls(
            classes={one.slug: one for one in WorkloadClass.objects.filter(slug__in=slugs)},
            types={one.slug: one for one in DeviceType.objects.filter(slug__in=types)},
            regions={one.slug: one for one in UserRegion.objects.filter(slug__in=regions)},
        )


def _keep(each: document.Written, known: _Known, *, by: User | None, now: datetime) -> None:
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
        raise ValidationError({field: [_("Nothing is called %(slug)s.") % {"slug": slug}]})
    return there[slug]


def _faults(error: ValidationError, each: document.Written, name: str, text: str) -> list[Fault]:
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    return [
        _fault(each.path_of(field), message, name, text)
        for field, messages in by_field.items()
        for message in messages
    ]


def _fault(path: str, reason: str, name: str, text: str) -> Fault:
    return Fault(path, find({name: text}, path)[1], reason)
