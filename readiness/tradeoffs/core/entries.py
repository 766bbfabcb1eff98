"""Values as somebody enters them, and what of each is stored, or why it is refused.

Everything that can be said of an entry without the database is said here, so that a table of thousands of rows is read
without asking it once for each.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from readiness.evidence.core.parsed import LEAST_TRUSTED_LAST
from readiness.tradeoffs.core.factors import ValueBasis
from readiness.tradeoffs.core.kinds import CURRENCIES, KINDS, LATENCY, KindSpec
from readiness.tradeoffs.core.units import UnitRefused, bounded, scale_of

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
class Sourcing:
    """The source of an entry's value, and the days that it holds."""

    basis: str = "declared"
    provenance: str = "declared"
    source: str
    as_of_on: date
    until_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SiteEntry:
    """`site` is a slug. The band is in the unit of the value."""

    line: int
    site: str
    value: float
    low: float | None = None
    high: float | None = None
    sourcing: Sourcing


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
class RateEntry:
    line: int
    currency: str
    to_currency: str
    rate: float
    as_of_on: date
    source: str
    provenance: str = "declared"


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
        raise UnitRefused("kind", f"There is no factor {entry.kind[:40]!r}; there are {', '.join(KINDS)}.")
    _refuse_sourcing(entry.sourcing, today)
    return _checked(spec, entry.value, entry.unit, entry.currency, (entry.low, entry.high))


def checked_latency(entry: LatencyEntry, today: date) -> CheckedValue:
    """Check it like a factor. A pair of sites is entered from either end."""
    _refuse_sourcing(entry.sourcing, today)
    if bool(entry.user_region) == bool(entry.other_site):
        raise UnitRefused("user_region", "A round trip is to one user region or to one other site.")
    if entry.other_site == entry.site:
        raise UnitRefused("other_site", "A site has no round trip to itself.")
    if not 0 < entry.percentile < 100:
        raise UnitRefused("percentile", f"{entry.percentile:g} is no percentile; 50 is the median.")
    return _checked(LATENCY, entry.value, entry.unit, "", (entry.low, entry.high))


def checked_rate(entry: RateEntry, today: date) -> float:
    for field, code in (("currency", entry.currency), ("to_currency", entry.to_currency)):
        if code not in CURRENCIES:
            known = ", ".join(CURRENCIES)
            raise UnitRefused(field, f"{code[:20]!r} is no currency that is known: {known}.")
    if entry.currency == entry.to_currency:
        raise UnitRefused("to_currency", "A rate is between two currencies.")
    if not 1e-9 < entry.rate < 1e9:
        raise UnitRefused("rate", f"{entry.rate:g} is no rate.")
    sourcing = Sourcing(provenance=entry.provenance, source=entry.source, as_of_on=entry.as_of_on)
    _refuse_sourcing(sourcing, today)
    return entry.rate


def collected[Entry, Stored](
    entries: Iterable[Entry], line_of: Callable[[Entry], int], check: Callable[[Entry], Stored]
) -> list[tuple[Entry, Stored]]:
    """Return what comes of each entry; EntriesRefused with every one that is wrong, not the first alone."""
    checked, errors = [], []
    for entry in entries:
        try:
            checked.append((entry, check(entry)))
        except UnitRefused as refused:
            errors.append(EntryError(line_of(entry), refused.field, refused.reason))
    if errors:
        raise EntriesRefused(errors)
    return checked


def _checked(
    spec: KindSpec, value: float, unit: str, currency: str, band: tuple[float | None, float | None]
) -> CheckedValue:
    scale = scale_of(spec.dimension, unit, currency)
    stored = bounded(spec, scale, scale.of(value))
    low, high = (None if end is None else scale.of(end) for end in band)
    if (low is None) != (high is None):
        raise UnitRefused("low" if low is None else "high", "A band has two ends, or there is none.")
    if low is not None and high is not None:
        if not low <= stored.value <= high:
            raise UnitRefused("low" if low > stored.value else "high", "The band does not hold the value.")
        for field, end in (("low", low), ("high", high)):
            try:
                bounded(spec, scale, end)
            except UnitRefused as refused:
                raise UnitRefused(field, refused.reason) from refused
    stated = " ".join(f"{value:.10g} {unit}".split())
    if currency and currency not in unit:
        stated = f"{stated} {currency}"
    return CheckedValue(stored.value, low, high, stored.currency, stated[:80], stored.caution)


def _refuse_sourcing(sourcing: Sourcing, today: date) -> None:
    if not sourcing.source.strip():
        raise UnitRefused("source", "Say where the value comes from.")
    for field, text in (("source", sourcing.source), ("note", sourcing.note)):
        if len(text) > 200:
            raise UnitRefused(field, f"A {field} has 200 characters at most.")
    if sourcing.basis not in BASES:
        raise UnitRefused("basis", f"{sourcing.basis[:20]!r} is none of {', '.join(BASES)}.")
    if sourcing.provenance not in LEAST_TRUSTED_LAST:
        known = ", ".join(LEAST_TRUSTED_LAST)
        raise UnitRefused("provenance", f"{sourcing.provenance[:20]!r} is none of {known}.")
    for field, day in (("as_of_on", sourcing.as_of_on), ("until_on", sourcing.until_on)):
        if day is not None and abs(day - today) > FURTHEST:
            raise UnitRefused(field, f"{day} is more than twenty years away.")
    if sourcing.until_on is not None and sourcing.until_on < sourcing.as_of_on:
        raise UnitRefused("until_on", "It ends before it begins.")
