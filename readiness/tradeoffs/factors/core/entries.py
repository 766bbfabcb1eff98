"""Entered values: what is stored of each, or why it is refused.

All checks that need no database are here, so that a table of thousands of rows is checked without a query for each.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import date, datetime, timedelta
from types import NoneType
from typing import Any, get_args

from readiness.assessment.evidence.core.documents import number_of, tidy
from readiness.assessment.evidence.core.parsed import LEAST_TRUSTED_LAST, ParseError
from readiness.assessment.evidence.core.parsers.table import rows_of
from readiness.tradeoffs.factors.core.factors import ValueBasis
from readiness.tradeoffs.factors.core.series import MOST_POINTS, SeriesRow
from readiness.tradeoffs.units import CURRENCIES, KINDS, LATENCY, KindSpec, bounded, scale_of
from web.parameters import BadParameter

BASES = (ValueBasis.PUBLISHED.value, ValueBasis.DECLARED.value)
"""Bases that can be entered; the others are computed."""
FURTHEST = timedelta(days=366 * 20)
"""A date further away comes from a clock that was never set."""


@dataclass(frozen=True, slots=True)
class EntryError:
    """`line` is the line of the file, or the position in a list, from 1."""

    line: int
    field: str
    reason: str


class EntriesRefused(ValueError):
    """Nothing was stored; every wrong entry is named."""

    def __init__(self, errors: Iterable[EntryError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"line {each.line}, {each.field}: {each.reason}" for each in self.errors))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedEntry:
    """An entry with its source and the first day that its value holds."""

    line: int
    source: str
    as_of_on: date
    provenance: str = "declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEntry(StatedEntry):
    """`site` is a slug. The band is in the unit of the value; `until_on` is the last day that it holds."""

    site: str
    value: float
    low: float | None = None
    high: float | None = None
    basis: str = "declared"
    until_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorEntry(SiteEntry):
    kind: str
    unit: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyEntry(SiteEntry):
    """`user_region` and `other_site` are slugs; exactly one is given."""

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
    """Value and band in the stored unit; `stated` is the text as sent."""

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
    _refuse_validity(entry, today)
    return _checked(spec, entry.value, entry.unit, entry.currency, (entry.low, entry.high))


def checked_latency(entry: LatencyEntry, today: date) -> CheckedValue:
    _refuse_validity(entry, today)
    if bool(entry.user_region) == bool(entry.other_site):
        raise BadParameter("user_region", "A round trip is to one user region or to one other site.")
    if entry.other_site == entry.site:
        raise BadParameter("other_site", "A site has no round trip to itself.")
    if not 0 < entry.percentile < 100:
        raise BadParameter("percentile", f"{entry.percentile:g} is not a percentile; 50 is the median.")
    return _checked(LATENCY, entry.value, entry.unit, "", (entry.low, entry.high))


def checked_rate(entry: RateEntry, today: date) -> float:
    for field, code in (("currency", entry.currency), ("to_currency", entry.to_currency)):
        if code not in CURRENCIES:
            currencies = ", ".join(CURRENCIES)
            raise BadParameter(field, f"{code[:20]!r} is not a known currency; known are {currencies}.")
    if entry.currency == entry.to_currency:
        raise BadParameter("to_currency", "A rate is between two currencies.")
    if not 1e-9 < entry.rate < 1e9:
        raise BadParameter("rate", f"{entry.rate:g} is not a rate.")
    _refuse_source(entry, today)
    return entry.rate


def collected[Item, Stored](
    entries: Iterable[Item], line_of: Callable[[Item], int], check: Callable[[Item], Stored]
) -> list[tuple[Item, Stored]]:
    """Return the result of each entry; raises EntriesRefused with all wrong entries, not only the first."""
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
    stored = scale.stored(value)
    caution = bounded(spec, scale, stored)
    low, high = (None if end is None else scale.stored(end) for end in band)
    if (low is None) != (high is None):
        raise BadParameter("low" if low is None else "high", "Give both ends of the band, or neither.")
    if low is not None and high is not None:
        if not low <= stored <= high:
            raise BadParameter("low" if low > stored else "high", "The value is outside the band.")
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
        raise BadParameter("source", "Enter where the value comes from.")
    _refuse_long("source", entry.source)
    if entry.provenance not in LEAST_TRUSTED_LAST:
        provenances = ", ".join(LEAST_TRUSTED_LAST)
        raise BadParameter("provenance", f"{entry.provenance[:20]!r} is not one of {provenances}.")
    _refuse_far("as_of_on", entry.as_of_on, today)


def _refuse_validity(entry: SiteEntry, today: date) -> None:
    _refuse_source(entry, today)
    _refuse_long("note", entry.note)
    if entry.basis not in BASES:
        raise BadParameter("basis", f"{entry.basis[:20]!r} is not one of {', '.join(BASES)}.")
    if entry.until_on is not None:
        _refuse_far("until_on", entry.until_on, today)
        if entry.until_on < entry.as_of_on:
            raise BadParameter("until_on", "It ends before it begins.")


def _refuse_long(field: str, text: str) -> None:
    if len(text) > 200:
        raise BadParameter(field, f"A {field} has 200 characters at most.")


def _refuse_far(field: str, day: date, today: date) -> None:
    if abs(day - today) > FURTHEST:
        raise BadParameter(field, f"{day} is more than twenty years from today.")


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
"""Column names of exports, so that an exported file can be edited and sent back; columns without input are skipped."""
NOT_STORED = ("telemetry", "series", "computed", "great-circle", "design", "unknown")
"""Bases of exported rows that Muster computes: they are skipped, or they would become declared values."""


def factors(content: bytes) -> list[FactorEntry]:
    """Entries in the order of the file; raises EntriesRefused with line and field of each wrong one."""
    return _entries(content, FactorEntry)


def latencies(content: bytes) -> list[LatencyEntry]:
    return _entries(content, LatencyEntry)


def rates(content: bytes) -> list[RateEntry]:
    return _entries(content, RateEntry)


def series(content: bytes) -> list[SeriesRow]:
    """`at,value`; an empty value marks an unknown instant."""
    return _entries(content, SeriesRow, most=MOST_POINTS)


def _entries[Item](content: bytes, kind: type[Item], *, most: int = 5_000) -> list[Item]:
    """Rows whose columns are the fields of `kind`; an empty cell gives the field's default."""
    cells = [each for each in fields(kind) if each.name != "line"]  # type: ignore[arg-type]
    columns = tuple(each.name for each in cells)
    needed = tuple(each.name for each in cells if each.default is MISSING)
    entries, errors = [], []
    try:
        for line, row in rows_of(content, needed=needed, columns=columns, headings=HEADINGS, most=most):
            if row.get("basis") in NOT_STORED:
                continue
            try:
                values = {
                    each.name: _cell(each, row) for each in cells if row.get(each.name) or each.name in needed
                }
                entries.append(kind(line=line, **values))  # type: ignore[call-arg]
            except BadParameter as refused:
                errors.append(EntryError(line, refused.field, refused.reason))
    except ParseError as error:
        errors.append(EntryError(error.line, "file", error.reason))
    if errors:
        raise EntriesRefused(errors)
    return entries


def _cell(column: Field[Any], row: Mapping[str, str]) -> Any:
    kinds = get_args(column.type) or (column.type,)
    if str in kinds:
        return tidy(row[column.name]) or ("" if column.default is MISSING else column.default)
    if NoneType in kinds and not row[column.name]:
        return None
    reader = _number if float in kinds else _instant if datetime in kinds else _day
    return reader(row, column.name)


def _instant(row: Mapping[str, str], field: str) -> datetime:
    try:
        return datetime.fromisoformat(row[field])
    except ValueError as error:
        raise BadParameter(field, f"{tidy(row[field])!r} is not an ISO 8601 time.") from error


def _number(row: Mapping[str, str], field: str) -> float:
    number = number_of(row[field])
    if number is None:
        raise BadParameter(
            field, f"{tidy(row[field])!r} is not a number; leave the row out if there is none."
        )
    return number


def _day(row: Mapping[str, str], field: str) -> date:
    try:
        return date.fromisoformat(row[field])
    except ValueError as error:
        raise BadParameter(field, f"{tidy(row[field])!r} is not an ISO 8601 date.") from error
