"""What people record, as tables: facts of many sites, and declared limits. Each row is (line, values by column)."""

from __future__ import annotations

from typing import Any

from readiness.evidence.core.documents import tidy
from readiness.evidence.core.parsers.rows import day, needed_number, number, optional, unit, values_of
from readiness.evidence.core.provenance import LEAST_TRUSTED_LAST

type Row = tuple[int, dict[str, Any]]


def _provenance(text: str) -> str:
    provenance = tidy(text) or "declared"
    if provenance not in LEAST_TRUSTED_LAST:
        raise ValueError(f"is none of {', '.join(LEAST_TRUSTED_LAST)}")
    return provenance


FACT = {
    "site": tidy,
    "check": tidy,
    "part": tidy,
    "value": needed_number,
    "taken_on": day,
    "source": tidy,
    "unit": unit,
    "note": tidy,
    "provenance": _provenance,
}
LIMIT = {
    "site": tidy,
    "workload_class": tidy,
    "limit": tidy,
    "value": optional(number),
    "unit": unit,
    "preset": tidy,
    "declared_on": day,
    "source": tidy,
    "note": tidy,
}
HEADINGS = {
    "in force from": "declared_on",
    "workload class": "workload_class",
    "id": "",
    "entered by": "",
}
"""What the list's export calls columns of limits, so that it can be changed and sent back."""


def facts(content: bytes) -> list[Row]:
    """Rows in the order of the file; ParseError where one cannot be read, or there is none."""
    return list(values_of(content, FACT, needed=[*FACT][:6]))


def limits(content: bytes) -> list[Row]:
    """Sites and classes are slugs, of which a row gives one, and one of value and preset: who declares them says so."""
    return list(values_of(content, LIMIT, needed=("limit", "declared_on", "source"), headings=HEADINGS))
