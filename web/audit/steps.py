"""Objects written by a request, and past values of columns."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Model, Q, QuerySet
from django.db.models.fields.json import KT

from web.audit.models import AuditEntry
from web.audit.registry import lasts


@dataclass(frozen=True, slots=True)
class PastValues:
    """The values that an object had from `at` on, in the requested order; text as PostgreSQL writes it."""

    object_id: int
    at: datetime
    values: tuple[str | None, ...]


def steps_of(
    model: type[Model],
    columns: Sequence[str],
    *,
    ids: Collection[int] | None = None,
    among: Q | None = None,
) -> list[PastValues]:
    """Return the initial values of objects, and each change of one of the columns, oldest first; one statement.

    `among` is a further condition on the entries. Raises ValueError for a model without a lasting history.
    """
    if not lasts(model):
        raise ValueError(f"{model._meta.label} does not say HISTORY_LASTS.")
    entries = AuditEntry.objects.filter(
        among or Q(), table=model._meta.db_table, lasts=True, after__isnull=False
    )
    if ids is not None:
        entries = entries.filter(object_id__in=list(ids))
    is_change = Q()
    for column in columns:
        is_change |= ~Q(**{f"before__{column}": F(f"after__{column}")})
    entries = entries.filter(Q(before__isnull=True) | is_change)
    rows = entries.order_by("at", "id").values_list(
        "object_id", "at", *(KT(f"after__{each}") for each in columns)
    )
    return [PastValues(object_id, at, tuple(values)) for object_id, at, *values in rows]


def ids_changed_by(model: type[Model], request_id: str, *, actions: Sequence[str]) -> QuerySet:
    """Primary keys of the rows that a request wrote, as a subquery."""
    written = AuditEntry.objects.filter(request_id=request_id, table=model._meta.db_table, action__in=actions)
    return written.values("object_id")
