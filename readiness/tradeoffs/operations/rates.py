"""Entering exchange rates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from django.db import transaction

from accounts.models import User
from readiness.tradeoffs.core import tables
from readiness.tradeoffs.core.entries import RateEntry, checked_rate, collected
from readiness.tradeoffs.models import ExchangeRate
from readiness.tradeoffs.operations.entering import Entered, EntryRow, written


@transaction.atomic
def enter_rates(*, entries: Sequence[RateEntry], by: User | None, now: datetime) -> Entered:
    """Enter rates; the same pair, source and day again is a correction. EntriesRefused as for factors."""
    rows = [
        EntryRow(
            entry.line,
            {
                "currency": entry.currency,
                "to_currency": entry.to_currency,
                "source": entry.source.strip(),
                "as_of_on": entry.as_of_on,
            },
            {"rate": rate, "provenance": entry.provenance},
        )
        for entry, rate in collected(
            entries, attrgetter("line"), lambda entry: checked_rate(entry, now.date())
        )
    ]
    among = {
        "currency": {row.key["currency"] for row in rows},
        "source": {row.key["source"] for row in rows},
    }
    return written(ExchangeRate, rows, among=among, by=by, twice="The same pair, source and day")


def import_rates(*, content: bytes, by: User | None, now: datetime) -> Entered:
    """Enter each row of a table; see readiness.tradeoffs.core.tables."""
    return enter_rates(entries=tables.rates(content), by=by, now=now)
