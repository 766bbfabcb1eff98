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
    """`value` is the value of the row, None if unknown; `factor` has the other sources."""

    site: SiteFactors
    kind: str
    label: str
    factor: Factor
    value: KnownValue | None
    at: datetime

    @property
    def id(self) -> str:
        return f"{self.site.slug}:{self.kind}"

    @property
    def counts(self) -> bool:
        return self.value is not None and self.value is self.factor.best

    @property
    def text(self) -> str:
        return "" if self.value is None else value_text(self.value)

    @property
    def band(self) -> str:
        value = self.value
        if value is None or value.low is None or value.high is None:
            return ""
        return f"{_digits(value, value.low)} – {_digits(value, value.high)}"

    @property
    def basis(self) -> str:
        return UNKNOWN if self.value is None else self.value.basis.value

    @property
    def basis_label(self) -> str:
        return BASES[self.basis]

    @property
    def basis_in_file(self) -> str:
        if self.value is None or self.value.basis not in STATED:
            return self.basis
        if self.value.coverage is not None:
            return SERIES
        return self.basis if self.value.as_of_on is not None else DESIGN

    @property
    def provenance(self) -> str:
        return UNKNOWN if self.value is None else self.value.provenance

    @property
    def source(self) -> str:
        return self.factor.unknown if self.value is None else self.value.source

    @property
    def others(self) -> str:
        return "; ".join(f"{value_text(value)}, {value.source}" for value in self.factor.others)

    @property
    def agreement(self) -> str:
        if self.value is None:
            return "none"
        if not self.factor.others:
            return "one"
        return "disagree" if self.factor.disagrees else "agree"

    @property
    def notes(self) -> str:
        value = self.value
        if value is None:
            return ""
        at_percentile = "" if value.percentile is None else f"p{value.percentile:g}"
        coverage = "" if value.coverage is None else f"{percent(value.coverage)} of it known"
        notes = (at_percentile, coverage, value.detail, value.caution)
        return " · ".join(dict.fromkeys(note for note in notes if note))

    @property
    def age_s(self) -> float | None:
        """An estimate from distance has no age."""
        if self.value is None or self.value.basis is ValueBasis.GREAT_CIRCLE:
            return None
        return self.value.age_s(self.at)

    @property
    def outdated(self) -> str:
        if self.value is None:
            return ""
        return outdated("latency" if self.kind not in KINDS else self.kind, self.value, self.at)

    @property
    def age_state(self) -> str:
        return "old" if self.outdated else "within" if self.age_s is not None else "none"

    @property
    def age_text(self) -> str:
        return "" if self.value is None or self.age_s is None else age(self.value.as_of, now=self.at)


def value_text(value: KnownValue) -> str:
    return f"{_digits(value, value.value)} {value.unit}".strip()


def _digits(stated: KnownValue, value: float) -> str:
    """Return entered values as entered, and computed values to four digits."""
    return exact(value if stated.as_of_on is not None else float(f"{value:.4g}"))


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
        values = factor.values if every_source else factor.values[:1]
        for value in values or (None,):
            yield FactorRow(site, kind, labels.get(kind, kind), factor, value, at)


def site_address(row: FactorRow) -> str:
    return link("factor-site", row.site.slug)


def _columns_of_page(subject: Column) -> tuple[Column, ...]:
    return (
        Column("site", "Site", value=lambda row: row.site.name, url=site_address, sort=True, locked=True,
               phone="title"),
        subject,
        Column("value", "Value", value="value.value", text="text", sort=True, numeric=True, phone="status",
               template="readiness/tradeoffs/value_cell.html"),
        Column("band", "Band", numeric=True),
        Column("provenance", "Provenance", sort=True, template="readiness/tradeoffs/provenance_cell.html"),
        Column("basis", "Basis", text="basis_label", sort=True, default=False),
        Column("source", "Source", value=lambda row: row.value.source if row.value else "", sort=True,
               template="readiness/tradeoffs/source_cell.html", phone="row"),
        Column("age", "Age", value="age_s", sort=True, template="readiness/tradeoffs/age_cell.html"),
        Column("others", "Other sources", template="readiness/tradeoffs/others_cell.html", phone="full"),
    )  # fmt: skip


def _columns_of_file(*subject: Column) -> tuple[Column, ...]:
    return (
        Column("site", "Site", value="site.slug"),
        *subject,
        Column("value", "Value", value="value.value"),
        Column("unit", "Unit", value="value.unit"),
        Column("currency", "Currency", value="value.currency"),
        Column("low", "Low", value="value.low"),
        Column("high", "High", value="value.high"),
        Column("basis", "Basis", value="basis_in_file"),
        Column("provenance", "Provenance"),
        Column("source", "Source"),
        Column("as_of_on", "As of", value="value.as_of_on"),
        Column("until_on", "Until", value="value.until_on"),
        Column("note", "Note", value="value.detail"),
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
        Column("percentile", "Percentile", value="value.percentile"),
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
    known_count = sum(factor.best is not None for _, factor in factors)
    clauses = [f"{known_count} of {len(factors)} factors are known"]
    old = [label for label, factor in factors if factor.best and outdated(factor.kind, factor.best, at)]
    if old:
        clauses.append(f"older than they should be: {', '.join(old)}")
    if disputed := [label for label, factor in factors if factor.disagrees]:
        clauses.append(f"sources disagree on {', '.join(disputed)}")
    return f"{'; '.join(clauses)}."


def hours_finding(series: Sequence[SourceSeries], title: str) -> str:
    sentences = []
    for each in series:
        values = each.series.values[~np.isnan(each.series.values)]
        if len(values):
            mean, lowest, highest = (
                exact(float(value)) for value in (values.mean(), values.min(), values.max())
            )
            sentences.append(f"{each.source}: mean {mean} {each.unit}, lowest {lowest}, highest {highest}")
    return f"{title}. {'; '.join(sentences)}." if sentences else "No hour is known."
