"""Tables of factors, round trips, rates and hourly values, as people send them and as lists export them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from readiness.evidence.core.documents import number_of, tidy
from readiness.evidence.core.parsed import ParseError
from readiness.evidence.core.parsers.table import rows_of
from readiness.tradeoffs.core.entries import (
    EntriesRefused,
    EntryError,
    FactorEntry,
    LatencyEntry,
    RateEntry,
    Sourcing,
)
from readiness.tradeoffs.core.series import MOST_POINTS, SeriesRow
from readiness.tradeoffs.core.units import UnitRefused

_SOURCING = ("basis", "provenance", "source", "as_of_on", "until_on", "low", "high", "note")
FACTOR_COLUMNS = ("site", "kind", "value", "unit", "currency", *_SOURCING)
LATENCY_COLUMNS = ("site", "user_region", "other_site", "value", "unit", "percentile", *_SOURCING)
RATE_COLUMNS = ("currency", "to_currency", "rate", "as_of_on", "source", "provenance")
SERIES_COLUMNS = ("at", "value")
HEADINGS = {
    "as of": "as_of_on",
    "as_of": "as_of_on",
    "until": "until_on",
    "factor": "kind",
    "user region": "user_region",
    "other site": "other_site",
    "round trip": "value",
    "in currency": "to_currency",
    "id": "",
    "entered by": "",
    "as stated": "",
    "caution": "",
}
"""Names that exports give to columns, so that a file can be changed and sent back; those without news are skipped."""
NOT_STORED = ("telemetry", "series", "computed", "great-circle", "design", "unknown")
"""Bases of exported rows that Muster works out: they are passed over, or they would become somebody's statement."""


def factors(content: bytes) -> list[FactorEntry]:
    """Rows in the order of the file; EntriesRefused with line and field of each that cannot be read."""
    return list(_entries(content, ("site", "kind", "value", "source", "as_of_on"), FACTOR_COLUMNS, _factor))


def latencies(content: bytes) -> list[LatencyEntry]:
    return list(_entries(content, ("site", "value", "source", "as_of_on"), LATENCY_COLUMNS, _latency))


def rates(content: bytes) -> list[RateEntry]:
    return list(_entries(content, RATE_COLUMNS[:5], RATE_COLUMNS, _rate))


def series(content: bytes) -> list[SeriesRow]:
    """`at,value`; an empty value is an instant of which nothing is known."""
    return list(_entries(content, SERIES_COLUMNS, SERIES_COLUMNS, _stated, most=MOST_POINTS))


def _entries[Entry](
    content: bytes,
    needed: tuple[str, ...],
    columns: tuple[str, ...],
    read: Callable[[int, Mapping[str, str]], Entry],
    *,
    most: int = 5_000,
) -> Iterator[Entry]:
    errors = []
    try:
        for line, row in rows_of(content, needed=needed, columns=columns, headings=HEADINGS, most=most):
            if row.get("basis") in NOT_STORED:
                continue
            try:
                yield read(line, row)
            except UnitRefused as refused:
                errors.append(EntryError(line, refused.field, refused.reason))
    except ParseError as error:
        errors.append(EntryError(error.line, "file", error.reason))
    if errors:
        raise EntriesRefused(errors)


def _factor(line: int, row: Mapping[str, str]) -> FactorEntry:
    kind, unit, currency = (tidy(row.get(name, "")) for name in ("kind", "unit", "currency"))
    return FactorEntry(**_of_site(line, row), kind=kind, unit=unit, currency=currency)


def _latency(line: int, row: Mapping[str, str]) -> LatencyEntry:
    percentile = _optional(row, "percentile")
    return LatencyEntry(
        **_of_site(line, row),
        user_region=tidy(row.get("user_region", "")),
        other_site=tidy(row.get("other_site", "")),
        unit=tidy(row.get("unit", "")) or "ms",
        percentile=50.0 if percentile is None else percentile,
    )


def _of_site(line: int, row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "line": line,
        "site": tidy(row["site"]),
        "value": _number(row, "value"),
        "low": _optional(row, "low"),
        "high": _optional(row, "high"),
        "sourcing": _sourcing(row),
    }


def _rate(line: int, row: Mapping[str, str]) -> RateEntry:
    return RateEntry(
        line=line,
        currency=tidy(row["currency"]),
        to_currency=tidy(row["to_currency"]),
        rate=_number(row, "rate"),
        as_of_on=_day(row, "as_of_on"),
        source=tidy(row["source"]),
        provenance=tidy(row.get("provenance", "")) or "declared",
    )


def _stated(line: int, row: Mapping[str, str]) -> SeriesRow:
    try:
        at = datetime.fromisoformat(row["at"])
    except ValueError as error:
        raise UnitRefused("at", f"{tidy(row['at'])!r} is no instant in ISO 8601.") from error
    return SeriesRow(line, at, _optional(row, "value"))


def _sourcing(row: Mapping[str, str]) -> Sourcing:
    return Sourcing(
        basis=tidy(row.get("basis", "")) or "declared",
        provenance=tidy(row.get("provenance", "")) or "declared",
        source=tidy(row["source"]),
        as_of_on=_day(row, "as_of_on"),
        until_on=_day(row, "until_on") if row.get("until_on") else None,
        note=tidy(row.get("note", "")),
    )


def _number(row: Mapping[str, str], field: str) -> float:
    number = number_of(row[field])
    if number is None:
        raise UnitRefused(field, f"{tidy(row[field])!r} is no number; leave the row out if there is none.")
    return number


def _optional(row: Mapping[str, str], field: str) -> float | None:
    return _number(row, field) if row.get(field) else None


def _day(row: Mapping[str, str], field: str) -> date:
    try:
        return date.fromisoformat(row[field])
    except ValueError as error:
        raise UnitRefused(field, f"{tidy(row[field])!r} is no day in ISO 8601.") from error
