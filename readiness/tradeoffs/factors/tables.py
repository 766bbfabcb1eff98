"""Lists of factors: known factors of each site, entered values, and exchange rates.

A page has one row for a site and factor, a file one for each source. Columns of files have the names that imports read,
so that an export can be edited and sent back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from readiness.assessment.evidence.tables import exact
from readiness.tradeoffs.factors.core.factors import Factor, KnownValue, SiteFactors, ValueBasis, outdated
from readiness.tradeoffs.factors.queries.stored import SourceSeries
from readiness.tradeoffs.models import ExchangeRate, FactorKind, LatencyFactor, SiteFactor
from readiness.tradeoffs.units import KINDS
from telemetry.models import SourceProvenance
from web.kinds.rest import filters_of
from web.links import link
from web.tables import Column, RowFilter, Table
from web.units import age, percent

UNKNOWN = "unknown"
"""The basis of an unknown factor."""
SERIES, DESIGN = "series", "design"
"""Bases that only files show: derived from hours, or taken from a link, so nobody stated the value."""
STATED = (ValueBasis.PUBLISHED, ValueBasis.DECLARED)
BASES = {
    ValueBasis.TELEMETRY.value: "Telemetry",
    ValueBasis.PUBLISHED.value: "Published",
    ValueBasis.DECLARED.value: "Declared",
    ValueBasis.COMPUTED.value: "Computed",
    ValueBasis.GREAT_CIRCLE.value: "Great circle",
    UNKNOWN: "Unknown",
}
AGES = {"old": "Outdated", "within": "Within its limit", "none": "No age"}
AGREEMENTS = {
    "disagree": "Sources disagree",
    "agree": "Sources agree",
    "one": "One source",
    "none": "No source",
}
_SOURCED = ("basis", "provenance", "source", "as_of_on", "until_on")
SiteFactorFilters = filters_of(
    SiteFactor,
    ["site", "kind", "value", "currency", *_SOURCED],
    search=["site__name", "source", "note"],
    panel=["site", "kind", "basis", "provenance"],
)
LatencyFactorFilters = filters_of(
    LatencyFactor,
    ["site", "user_region", "other_site", "value_ms", "percentile", *_SOURCED],
    search=["site__name", "user_region__name", "other_site__name", "source", "note"],
    panel=["site", "user_region", "other_site", "basis"],
)
ExchangeRateFilters = filters_of(
    ExchangeRate,
    ["currency", "to_currency", "rate", "as_of_on", "source", "provenance"],
    search=["currency", "to_currency", "source"],
    panel=["currency", "to_currency"],
)


@dataclass(frozen=True, slots=True)
class FactorRow:
    """`known` is the value of the row, None if unknown; `factor` has the other sources."""

    site: SiteFactors
    kind: str
    label: str
    factor: Factor
    known: KnownValue | None
    at: datetime

    @property
    def id(self) -> str:
        return f"{self.site.slug}:{self.kind}"

    @property
    def counts(self) -> bool:
        return self.known is not None and self.known is self.factor.best

    @property
    def text(self) -> str:
        return "" if self.known is None else value_text(self.known)

    @property
    def band(self) -> str:
        known = self.known
        if known is None or known.low is None or known.high is None:
            return ""
        return f"{_digits(known, known.low)} – {_digits(known, known.high)}"

    @property
    def basis(self) -> str:
        return UNKNOWN if self.known is None else self.known.basis.value

    @property
    def basis_label(self) -> str:
        return BASES[self.basis]

    @property
    def basis_in_file(self) -> str:
        if self.known is None or self.known.basis not in STATED:
            return self.basis
        if self.known.coverage is not None:
            return SERIES
        return self.basis if self.known.as_of_on is not None else DESIGN

    @property
    def provenance(self) -> str:
        return UNKNOWN if self.known is None else self.known.provenance

    @property
    def source(self) -> str:
        return self.factor.unknown if self.known is None else self.known.source

    @property
    def others(self) -> str:
        return "; ".join(f"{value_text(known)}, {known.source}" for known in self.factor.others)

    @property
    def agreement(self) -> str:
        if self.known is None:
            return "none"
        if not self.factor.others:
            return "one"
        return "disagree" if self.factor.disagrees else "agree"

    @property
    def notes(self) -> str:
        known = self.known
        if known is None:
            return ""
        at_percentile = "" if known.percentile is None else f"p{known.percentile:g}"
        coverage = "" if known.coverage is None else f"{percent(known.coverage)} of it known"
        notes = (at_percentile, coverage, known.detail, known.caution)
        return " · ".join(dict.fromkeys(note for note in notes if note))

    @property
    def age_s(self) -> float | None:
        """An estimate from distance has no age."""
        if self.known is None or self.known.basis is ValueBasis.GREAT_CIRCLE:
            return None
        return self.known.age_s(self.at)

    @property
    def outdated(self) -> str:
        if self.known is None:
            return ""
        return outdated("latency" if self.kind not in KINDS else self.kind, self.known, self.at)

    @property
    def age_state(self) -> str:
        return "old" if self.outdated else "within" if self.age_s is not None else "none"

    @property
    def age_text(self) -> str:
        return "" if self.known is None or self.age_s is None else age(self.known.as_of, now=self.at)


def value_text(known: KnownValue) -> str:
    return f"{_digits(known, known.value)} {known.unit}".strip()


def _digits(known: KnownValue, value: float) -> str:
    """Return entered values as entered, and computed values to four digits."""
    return exact(value if known.as_of_on is not None else float(f"{value:.4g}"))


def factor_rows(sites: Sequence[SiteFactors], at: datetime, *, every_source: bool) -> list[FactorRow]:
    labels = dict(FactorKind.choices)
    by_kind = ({kind: site.factors[kind] for kind in labels} for site in sites)
    pairs = zip(sites, by_kind, strict=True)
    return [row for site, factors in pairs for row in rows_of(site, factors, labels, at, every_source)]


def latency_rows(
    sites: Iterable[SiteFactors], regions: Mapping[str, str], at: datetime, *, every_source: bool
) -> list[FactorRow]:
    return [row for site in sites for row in rows_of(site, site.latency, regions, at, every_source)]


def rows_of(
    site: SiteFactors,
    factors: Mapping[str, Factor],
    labels: Mapping[str, str],
    at: datetime,
    every_source: bool,
) -> Iterator[FactorRow]:
    for kind, factor in factors.items():
        shown = factor.known if every_source else factor.known[:1]
        for known in shown or (None,):
            yield FactorRow(site, kind, labels.get(kind, kind), factor, known, at)


def site_address(row: FactorRow) -> str:
    return link("factor-site", row.site.slug)


def _columns_of_page(subject: Column) -> tuple[Column, ...]:
    return (
        Column("site", "Site", value=lambda row: row.site.name, url=site_address, sort=True, locked=True,
               phone="title"),
        subject,
        Column("value", "Value", value="known.value", text="text", sort=True, numeric=True, phone="status",
               template="readiness/tradeoffs/value_cell.html"),
        Column("band", "Band", numeric=True),
        Column("provenance", "Provenance", sort=True, template="readiness/tradeoffs/provenance_cell.html"),
        Column("basis", "Basis", text="basis_label", sort=True, default=False),
        Column("source", "Source", value=lambda row: row.known.source if row.known else "", sort=True,
               template="readiness/tradeoffs/source_cell.html", phone="full"),
        Column("age", "Age", value="age_s", sort=True, template="readiness/tradeoffs/age_cell.html"),
        Column("others", "Other sources", template="readiness/tradeoffs/others_cell.html", phone="full"),
    )  # fmt: skip


def _columns_of_file(*subject: Column) -> tuple[Column, ...]:
    return (
        Column("site", "Site", value="site.slug"),
        *subject,
        Column("value", "Value", value="known.value"),
        Column("unit", "Unit", value="known.unit"),
        Column("currency", "Currency", value="known.currency"),
        Column("low", "Low", value="known.low"),
        Column("high", "High", value="known.high"),
        Column("basis", "Basis", value="basis_in_file"),
        Column("provenance", "Provenance"),
        Column("source", "Source"),
        Column("as_of_on", "As of", value="known.as_of_on"),
        Column("until_on", "Until", value="known.until_on"),
        Column("note", "Note", value="known.detail"),
    )


_FILTERS = (
    RowFilter("basis", "Basis", "basis", [*BASES.items()]),
    RowFilter("provenance", "Provenance", "provenance", (*SourceProvenance.choices, (UNKNOWN, "Unknown"))),
    RowFilter("sources", "Sources", "agreement", [*AGREEMENTS.items()]),
    RowFilter("old", "Age", "age_state", [*AGES.items()]),
)


def factors(*, in_file: bool) -> Table:
    subject = Column("kind", "Factor", value="label", sort=True, locked=True)
    return Table(
        id="factors",
        label="Site factors",
        noun=("factor", "factors"),
        columns=_columns_of_file(Column("kind", "Factor")) if in_file else _columns_of_page(subject),
        filters=(RowFilter("kind", "Factor", "kind", FactorKind.choices), *_FILTERS),
        default_sort="" if in_file else "site",
        row_url=site_address,
        row_name=lambda row: f"{row.site.name}, {row.label}",
        empty={
            "title": "No sites yet",
            "text": "Factors describe what a site costs and emits and how far it is from users. Add a site first.",
            "icon": "scale",
            "action_url": "/inventory/sites/",
            "action_label": "Go to the inventory",
        },
    )


def latencies(regions: dict[str, str], *, in_file: bool) -> Table:
    subject = Column("user_region", "User region", value="label", sort=True, locked=True)
    of_file = (
        Column("user_region", "User region", value="kind"),
        Column("percentile", "Percentile", value="known.percentile"),
    )
    columns = _columns_of_file(*of_file) if in_file else _columns_of_page(subject)
    return Table(
        id="latencies",
        label="Round trips",
        noun=("round trip", "round trips"),
        # A round trip is not money, so its file has no currency column.
        columns=[column for column in columns if column.key != "currency"],
        filters=(RowFilter("user_region", "User region", "kind", list(regions.items())), *_FILTERS),
        default_sort="" if in_file else "site",
        row_url=site_address,
        row_name=lambda row: f"{row.site.name}, {row.label}",
        empty={
            "title": "No round trips yet",
            "text": "A round trip is between a site and a user region. Add both first.",
            "icon": "route",
        },
    )


def _entry_address(entry: SiteFactor) -> str:
    return link("site-factor-detail", entry.pk)


ENTRIES = Table(
    id="entries",
    label="Entered values",
    noun=("entry", "entries"),
    columns=(
        Column("kind", "Factor", text=lambda entry: entry.get_kind_display(), url=_entry_address, sort="kind",
               locked=True, phone="title"),
        Column("value", "Value", text=lambda entry: f"{exact(entry.value)} {entry.unit}".strip(), unit_of="unit",
               sort="value", numeric=True),
        Column("stated", "As stated", default=False),
        Column("as_of_on", "As of", sort="as_of_on"),
        Column("until_on", "Until", sort="until_on", default=False),
        Column("provenance", "Provenance", template="readiness/tradeoffs/provenance_cell.html", sort="provenance"),
        Column("source", "Source", sort="source"),
        Column("by", "Entered by", value="by.username", sort="by__username"),
        Column("caution", "Caution", sort="caution"),
    ),
    filterset=SiteFactorFilters,
    default_sort="-as_of_on",
    row_url=_entry_address,
    api="tradeoffs-api-site-factor-list",
    empty={
        "title": "No value is entered for this site",
        "text": "Its factors come from telemetry and the inventory.",
        "icon": "scale",
    },
)  # fmt: skip

RATES = Table(
    id="rates",
    label="Exchange rates",
    noun=("rate", "rates"),
    columns=(
        Column("currency", "Currency", sort="currency", locked=True, phone="title"),
        Column("to_currency", "In currency", sort="to_currency"),
        Column("rate", "Rate", text=lambda rate: exact(rate.rate), sort="rate", numeric=True),
        Column("as_of_on", "As of", sort="as_of_on"),
        Column("source", "Source", sort="source"),
        Column("provenance", "Provenance", template="readiness/tradeoffs/provenance_cell.html", sort="provenance"),
        Column("by", "Entered by", value="by.username", sort="by__username", default=False),
    ),
    filterset=ExchangeRateFilters,
    default_sort="-as_of_on",
    api="tradeoffs-api-exchange-rate-list",
    empty={
        "title": "No rate yet",
        "text": "Muster compares prices of two currencies only if somebody entered an exchange rate.",
        "icon": "coin",
    },
)  # fmt: skip


def finding(site: SiteFactors, at: datetime) -> str:
    factors = [(str(kind.label), site.factors[kind.value]) for kind in FactorKind]
    known = sum(factor.best is not None for _, factor in factors)
    clauses = [f"{known} of {len(factors)} factors are known"]
    old = [label for label, factor in factors if factor.best and outdated(factor.kind, factor.best, at)]
    if old:
        clauses.append(f"older than they should be: {', '.join(old)}")
    if apart := [label for label, factor in factors if factor.disagrees]:
        clauses.append(f"sources disagree on {', '.join(apart)}")
    return f"{'; '.join(clauses)}."


def hours_finding(series: Sequence[SourceSeries], title: str) -> str:
    sentences = []
    for each in series:
        known = each.series.values[~np.isnan(each.series.values)]
        if len(known):
            mean, lowest, highest = (
                exact(float(value)) for value in (known.mean(), known.min(), known.max())
            )
            sentences.append(f"{each.source}: mean {mean} {each.unit}, lowest {lowest}, highest {highest}")
    return f"{title}. {'; '.join(sentences)}." if sentences else "No hour is known."
