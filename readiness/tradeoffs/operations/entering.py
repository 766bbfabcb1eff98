"""Writing many rows by their key: new ones are added, others corrected, and what is the same is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from inventory.models import Site
from readiness.tradeoffs.core.entries import EntriesRefused, EntryError
from readiness.tradeoffs.core.units import UnitRefused
from readiness.workloads.models import UserRegion


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One row to be: `key` names it among its kind, `values` are the other columns."""

    line: int
    key: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entered:
    """The result of entering rows, `rows` in the order that they were sent."""

    created: int = 0
    corrected: int = 0
    unchanged: int = 0
    rows: list[Any] = field(default_factory=list, compare=False)

    def __str__(self) -> str:
        return f"{self.created} new, {self.corrected} corrected, {self.unchanged} unchanged"


def written(
    model: type[models.Model],
    rows: Sequence[EntryRow],
    *,
    among: Mapping[str, Iterable[Any]],
    by: Any,
    twice: str,
) -> Entered:
    """Write the rows, in three statements; EntriesRefused where two of them are the same one.

    `among` are conditions that every row to be found meets, so that only those are read. What is already there is
    locked, so that two imports of one key wait for each other.
    """
    _refuse_twice(rows, twice)
    columns = list(rows[0].key) if rows else []
    conditions = {f"{column}__in": list(values) for column, values in among.items()}
    manager = model._default_manager
    there = {
        tuple(getattr(obj, column) for column in columns): obj
        for obj in manager.select_for_update(of=("self",)).filter(**conditions).order_by("pk")
    }
    created, corrected, everyone = [], [], []
    for row in rows:
        obj = there.get(tuple(row.key.values()))
        if obj is None:
            obj = model(**row.key, **row.values, by=by)
            created.append(obj)
        elif any(getattr(obj, name) != value for name, value in row.values.items()):
            for name, value in (*row.values.items(), ("by", by)):
                setattr(obj, name, value)
            corrected.append(obj)
        everyone.append(obj)
    if created:
        # Whoever entered the same key since it was looked for is corrected, as if they had come first.
        manager.bulk_create(
            created, update_conflicts=True, unique_fields=columns, update_fields=[*rows[0].values, "by"]
        )
    if corrected:
        manager.bulk_update(corrected, [*rows[0].values, "by"])
    return Entered(len(created), len(corrected), len(rows) - len(created) - len(corrected), everyone)


def _refuse_twice(rows: Iterable[EntryRow], message: str) -> None:
    first: dict[tuple[Any, ...], int] = {}
    errors = []
    for row in rows:
        key = tuple(row.key.values())
        if key in first:
            errors.append(EntryError(row.line, "as_of_on", f"{message} is in line {first[key]} already."))
        first.setdefault(key, row.line)
    if errors:
        raise EntriesRefused(errors)


def sites_by_slug(slugs: Iterable[str]) -> Callable[[str, str], Site]:
    """Looks a site up by slug; UnitRefused with the field where there is none. One statement."""
    found = Site.objects.in_bulk(sorted(set(slugs) - {""}), field_name="slug")

    def site(slug: str, name: str = "site") -> Site:
        if slug not in found:
            raise UnitRefused(name, f"There is no site {slug[:60]!r}.")
        return found[slug]

    return site


def regions_by_slug(slugs: Iterable[str]) -> Callable[[str], UserRegion]:
    found = UserRegion.objects.in_bulk(sorted(set(slugs) - {""}), field_name="slug")

    def region(slug: str) -> UserRegion:
        if slug not in found:
            raise UnitRefused("user_region", f"There is no user region {slug[:60]!r}.")
        return found[slug]

    return region
