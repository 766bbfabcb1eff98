"""Entering factors of sites, one or many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.tradeoffs.core import tables
from readiness.tradeoffs.core.entries import CheckedValue, FactorEntry, Sourcing, checked_factor, collected
from readiness.tradeoffs.models import SiteFactor
from readiness.tradeoffs.operations.entering import Entered, EntryRow, sites_by_slug, written


@transaction.atomic
def enter_factors(*, entries: Sequence[FactorEntry], by: User | None, now: datetime) -> Entered:
    """Enter values in whatever unit they are stated; the same site, factor, source and day again is a correction.

    EntriesRefused, with line and field of each, where any of them cannot be stored; then none is.
    """
    site_of = sites_by_slug(entry.site for entry in entries)

    def check(entry: FactorEntry) -> tuple[Site, CheckedValue]:
        return site_of(entry.site, "site"), checked_factor(entry, now.date())

    found = collected(entries, attrgetter("line"), check)
    rows = [_row(entry, site, checked) for entry, (site, checked) in found]
    among = {
        "site_id": {row.key["site_id"] for row in rows},
        "kind": {row.key["kind"] for row in rows},
        "source": {row.key["source"] for row in rows},
    }
    return written(SiteFactor, rows, among=among, by=by, twice="The same site, factor, source and day")


def import_factors(*, content: bytes, by: User | None, now: datetime) -> Entered:
    """Enter each row of a table; see readiness.tradeoffs.core.tables."""
    return enter_factors(entries=tables.factors(content), by=by, now=now)


@transaction.atomic
def remove_factor(*, factor: SiteFactor) -> None:
    """Take a value back; its history stays."""
    factor.delete()


def _row(entry: FactorEntry, site: Site, checked: CheckedValue) -> EntryRow:
    key = {
        "site_id": site.pk,
        "kind": entry.kind,
        "source": entry.sourcing.source.strip(),
        "as_of_on": entry.sourcing.as_of_on,
    }
    values = {"value": checked.value, "currency": checked.currency, **sourced(entry.sourcing, checked)}
    return EntryRow(entry.line, key, values)


def sourced(sourcing: Sourcing, checked: CheckedValue) -> dict[str, Any]:
    """The columns that factors and round trips have in common."""
    return {
        "basis": sourcing.basis,
        "provenance": sourcing.provenance,
        "until_on": sourcing.until_on,
        "low": checked.low,
        "high": checked.high,
        "stated": checked.stated,
        "caution": checked.caution,
        "note": sourcing.note,
    }
