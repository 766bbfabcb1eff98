"""Values as somebody enters them, and what of each is stored, or why it is refused.

Everything that can be said of an entry without the database is said here, so that a table of thousands of rows is read
without asking it once for each.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from readiness.evidence.core.documents import number_of, tidy
from readiness.evidence.core.parsed import LEAST_TRUSTED_LAST, ParseError
from readiness.evidence.core.parsers.table import rows_of
from readiness.tradeoffs.core.factors import ValueBasis
from readiness.tradeoffs.core.series import MOST_POINTS, SeriesRow
from readiness.tradeoffs.core.units import (
    CURRENCIES,
    KINDS,
    LATENCY,
    KindSpec,
    bounded,
    scale_of,
)
from web.parameters import BadParameter

BASES = (ValueBasis.PUBLISHED.value, ValueBasis.DECLARED.value)
"""Kinds that can be entered; the others are worked out."""
FURTHEST = timedelta(days=366 * 20)
"""A date further away comes from a clock that was never set."""


@dataclass(frozen=True, slots=True)
class EntryError:
    """`line` is that of the file, or the place in a list, from 1."""

    line: int
    field: str
    reason: str


class EntriesRefused(ValueError):
    """Nothing of what was sent is stored; every entry that is wrong is named."""

    def __init__(self, errors: Iterable[EntryError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"line {each.line}, {each.field}: {each.reason}" for each in self.errors))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedEntry:
    """An entry names its source, and the days that its value holds."""

    line: int
    source: str
    as_of_on: date
    basis: str = "declared"
    provenance: str = "declared"
    until_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SiteEntry(StatedEntry):
    """`site` is a slug. The band is in the unit of the value."""

    site: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorEntry(_SiteEntry):
    kind: str
    unit: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyEntry(_SiteEntry):
    """`user_region` and `other_site` are slugs, of which one is given."""

    user_region: str = ""
    other_site: str = ""
    unit: str = "ms"
    percentile: float = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateEntry(StatedEntry):
    currency: str
    to_currency: str
    rate: float


@dataclass(frozen=True, slots=True)
class CheckedValue:
    """Value and band in the stored unit; `stated` is what was sent."""

    value: float
    low: float | None
    high: float | None
    currency: str
    stated: str
    caution: str


def checked_factor(entry: FactorEntry, today: date) -> CheckedValue:
    spec = KINDS.get(entry.kind)
    if spec is None:
        raise BadParameter("kind", f"There is no factor {entry.kind[:40]!r}; there are {', '.join(KINDS)}.")
    _refuse_source(entry, today)
    return _checked(spec, entry.value, entry.unit, entry.currency, (entry.low, entry.high))


def checked_latency(entry: LatencyEntry, today: date) -> CheckedValue:
    _refuse_source(entry, today)
    if bool(entry.user_region) == bool(entry.other_site):
        raise BadParameter("user_region", "A round trip is to one user region or to one other site.")
    if entry.other_site == entry.site:
        raise BadParameter("other_site", "A site has no round trip to itself.")
    if not 0 < entry.percentile < 100:
        raise BadParameter("percentile", f"{entry.percentile:g} is no percentile; 50 is the median.")
    return _checked(LATENCY, entry.value, entry.unit, "", (entry.low, entry.high))


def checked_rate(entry: RateEntry, today: date) -> float:
    for field, code in (("currency", entry.currency), ("to_currency", entry.to_currency)):
        if code not in CURRENCIES:
            known = ", ".join(CURRENCIES)
            raise BadParameter(field, f"{code[:20]!r} is no currency that is known: {known}.")
    if entry.currency == entry.to_currency:
        raise BadParameter("to_currency", "A rate is between two currencies.")
    if not 1e-9 < entry.rate < 1e9:
        raise BadParameter("rate", f"{entry.rate:g} is no rate.")
    _refuse_source(entry, today)
    return entry.rate


def collected[Item, Stored](
    entries: Iterable[Item], line_of: Callable[[Item], int], check: Callable[[Item], Stored]
) -> list[tuple[Item, Stored]]:
    """Return what comes of each entry; EntriesRefused with every one that is wrong, not the first alone."""
    checked, errors = [], []
    for entry in entries:
        try:
            checked.append((entry, check(entry)))
        except BadParameter as refused:
            errors.append(EntryError(line_of(entry), refused.field, refused.reason))
    if errors:
        raise EntriesRefused(errors)
    return checked


def _checked(
    spec: KindSpec, value: float, unit: str, currency: str, band: tuple[float | None, float | None]
) -> CheckedValue:
    scale = scale_of(spec.dimension, unit, currency)
    stored = scale.of(value)
    caution = bounded(spec, scale, stored)
    low, high = (None if end is None else scale.of(end) for end in band)
    if (low is None) != (high is None):
        raise BadParameter("low" if low is None else "high", "A band has two ends, or there is none.")
    if low is not None and high is not None:
        if not low <= stored <= high:
            raise BadParameter("low" if low > stored else "high", "The band does not hold the value.")
        for field, end in (("low", low), ("high", high)):
            try:
                bounded(spec, scale, end)
            except BadParameter as refused:
                raise BadParameter(field, refused.reason) from refused
    stated = " ".join(f"{value:.10g} {unit}".split())
    if currency and currency not in unit:
        stated = f"{stated} {currency}"
    return CheckedValue(stored, low, high, scale.currency, stated[:80], caution)


def _refuse_source(entry: StatedEntry, today: date) -> None:
    if not entry.source.strip():
        raise BadParameter("source", "Say where the value comes from.")
    for field, text in (("source", entry.source), ("note", entry.note)):
        if len(text) > 200:
            raise BadParameter(field, f"A {field} has 200 characters at most.")
    if entry.basis not in BASES:
        raise BadParameter("basis", f"{entry.basis[:20]!r} is none of {', '.join(BASES)}.")
    if entry.provenance not in LEAST_TRUSTED_LAST:
        known = ", ".join(LEAST_TRUSTED_LAST)
        raise BadParameter("provenance", f"{entry.provenance[:20]!r} is none of {known}.")
    for field, day in (("as_of_on", entry.as_of_on), ("until_on", entry.until_on)):
        if day is not None and abs(day - today) > FURTHEST:
            raise BadParameter(field, f"{day} is more than twenty years away.")
    if entry.until_on is not None and entry.until_on < entry.as_of_on:
        raise BadParameter("until_on", "It ends before it begins.")


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


def _entries[Item](
    content: bytes,
    needed: tuple[str, ...],
    columns: tuple[str, ...],
    read: Callable[[int, Mapping[str, str]], Item],
    *,
    most: int = 5_000,
) -> Iterator[Item]:
    errors = []
    try:
        for line, row in rows_of(content, needed=needed, columns=columns, headings=HEADINGS, most=most):
            if row.get("basis") in NOT_STORED:
                continue
            try:
                yield read(line, row)
            except BadParameter as refused:
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


def _rate(line: int, row: Mapping[str, str]) -> RateEntry:
    currency, to_currency = tidy(row["currency"]), tidy(row["to_currency"])
    sourced = _sourced(line, row)
    return RateEntry(**sourced, currency=currency, to_currency=to_currency, rate=_number(row, "rate"))


def _of_site(line: int, row: Mapping[str, str]) -> dict[str, Any]:
    band = {name: _optional(row, name) for name in ("low", "high")}
    return {**_sourced(line, row), "site": tidy(row["site"]), "value": _number(row, "value"), **band}


def _stated(line: int, row: Mapping[str, str]) -> SeriesRow:
    try:
        at = datetime.fromisoformat(row["at"])
    except ValueError as error:
        raise BadParameter("at", f"{tidy(row['at'])!r} is no instant in ISO 8601.") from error
    return SeriesRow(line, at, _optional(row, "value"))


def _sourced(line: int, row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "line": line,
        "basis": tidy(row.get("basis", "")) or "declared",
        "provenance": tidy(row.get("provenance", "")) or "declared",
        "source": tidy(row["source"]),
        "as_of_on": _day(row, "as_of_on"),
        "until_on": _day(row, "until_on") if row.get("until_on") else None,
        "note": tidy(row.get("note", "")),
    }


def _number(row: Mapping[str, str], field: str) -> float:
    number = number_of(row[field])
    if number is None:
        raise BadParameter(field, f"{tidy(row[field])!r} is no number; leave the row out if there is none.")
    return number


def _optional(row: Mapping[str, str], field: str) -> float | None:
    return _number(row, field) if row.get(field) else None


def _day(row: Mapping[str, str], field: str) -> date:
    try:
        return date.fromisoformat(row[field])
    except ValueError as error:
        raise BadParameter(field, f"{tidy(row[field])!r} is no day in ISO 8601.") from error
