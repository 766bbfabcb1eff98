"""Lists of factors as data: what is known of each site, what was entered, and exchange rates.

Columns of files are named as the imports read them, so that a list can be changed and sent back.
"""

from __future__ import annotations

from django.urls import reverse

from readiness.evidence.tables import exact
from readiness.tradeoffs.core.factors import ValueBasis
from readiness.tradeoffs.filters import RateFilters, SiteFactorFilters
from readiness.tradeoffs.models import FactorKind, SiteFactor
from readiness.tradeoffs.rows import UNKNOWN, FactorRow, band_text, value_text
from telemetry.models import SourceProvenance
from web.tables import Column, RowFilter, Table

BASES = (
    (ValueBasis.TELEMETRY.value, "Telemetry"),
    (ValueBasis.PUBLISHED.value, "Published"),
    (ValueBasis.DECLARED.value, "Declared"),
    (ValueBasis.COMPUTED.value, "Computed"),
    (ValueBasis.GREAT_CIRCLE.value, "Great circle"),
    (UNKNOWN, "Unknown"),
)
BASIS_LABELS = dict(BASES)
AGES = (
    ("old", "Older than its kind may be"),
    ("within", "Within its limit"),
    ("none", "No age"),
)
AGREEMENTS = (
    ("disagree", "Sources disagree"),
    ("agree", "Sources agree"),
    ("one", "One source"),
    ("none", "No source"),
)


def site_address(row: FactorRow) -> str:
    return reverse("factor-site", args=[row.site.slug])


def _shown_value(row: FactorRow) -> str:
    return value_text(row.known) if row.known else ""


def _others(row: FactorRow) -> str:
    return "; ".join(f"{value_text(known)}, {known.source}" for known in row.factor.others)


def _columns_of_page(subject: Column) -> tuple[Column, ...]:
    return (
        Column(
            "site",
            "Site",
            value=lambda row: row.site.name,
            url=site_address,
            sort=True,
            locked=True,
            phone="title",
        ),
        subject,
        Column(
            "value",
            "Value",
            text=_shown_value,
            sort=True,
            numeric=True,
            template="readiness/tradeoffs/value_cell.html",
            phone="status",
        ),
        Column("band", "Band", value=lambda row: band_text(row.known), numeric=True),
        Column(
            "provenance",
            "Provenance",
            sort=True,
            template="readiness/tradeoffs/provenance_cell.html",
        ),
        Column("basis", "Basis", text=lambda row: str(BASIS_LABELS[row.basis]), sort=True, default=False),
        Column(
            "source",
            "Source",
            value=lambda row: row.known.source if row.known else "",
            sort=True,
            template="readiness/tradeoffs/source_cell.html",
            phone="full",
        ),
        Column("age", "Age", value="age_s", sort=True, template="readiness/tradeoffs/age_cell.html"),
        Column(
            "others",
            "Other sources",
            value=_others,
            template="readiness/tradeoffs/others_cell.html",
            phone="full",
        ),
    )


def _columns_of_file(subject: tuple[Column, ...]) -> tuple[Column, ...]:
    return (
        Column("site", "Site", value="site.slug"),
        *subject,
        Column("value", "Value"),
        Column("unit", "Unit", value=lambda row: row.known.unit if row.known else ""),
        Column("currency", "Currency", value=lambda row: row.known.currency if row.known else ""),
        Column("low", "Low", value=lambda row: row.known.low if row.known else None),
        Column("high", "High", value=lambda row: row.known.high if row.known else None),
        Column("basis", "Basis", value="basis_in_file"),
        Column("provenance", "Provenance"),
        Column("source", "Source", value=lambda row: row.known.source if row.known else row.factor.unknown),
        Column("as_of_on", "As of", value=lambda row: row.known.as_of_on if row.known else None),
        Column("until_on", "Until", value=lambda row: row.known.until_on if row.known else None),
        Column("note", "Note", value=lambda row: row.known.detail if row.known else ""),
    )


_FILTERS = (
    RowFilter("basis", "Basis", "basis", BASES),
    RowFilter("provenance", "Provenance", "provenance", (*SourceProvenance.choices, (UNKNOWN, "Unknown"))),
    RowFilter("sources", "Sources", "agreement", AGREEMENTS),
    RowFilter("old", "Age", "age_state", AGES),
)
_EMPTY = {
    "title": "No sites yet",
    "text": "What a place costs, emits and how far it is from users is known of sites; add one first.",
    "icon": "scale",
    "action_url": "/inventory/sites/",
    "action_label": "Go to the inventory",
}


def factors(*, in_file: bool) -> Table:
    subject = Column("kind", "Factor", value="label", sort=True, locked=True)
    return Table(
        id="factors",
        label="Site factors",
        noun=("factor", "factors"),
        columns=_columns_of_file((Column("kind", "Factor"),)) if in_file else _columns_of_page(subject),
        filters=(RowFilter("kind", "Factor", "kind", FactorKind.choices), *_FILTERS),
        default_sort="" if in_file else "site",
        row_url=site_address,
        row_name=lambda row: f"{row.site.name}, {row.label}",
        empty=_EMPTY,
    )


def latencies(regions: dict[str, str], *, in_file: bool) -> Table:
    subject = Column("user_region", "User region", value="label", sort=True, locked=True)
    of_file = (
        Column("user_region", "User region", value="kind"),
        Column("percentile", "Percentile", value=lambda row: row.known.percentile if row.known else None),
    )
    columns = _columns_of_file(of_file) if in_file else _columns_of_page(subject)
    return Table(
        id="latencies",
        label="Round trips",
        noun=("round trip", "round trips"),
        # A round trip is no money, and its file has no column for it.
        columns=[column for column in columns if column.key != "currency"],
        filters=(RowFilter("user_region", "User region", "kind", list(regions.items())), *_FILTERS),
        default_sort="" if in_file else "site",
        row_url=site_address,
        row_name=lambda row: f"{row.site.name}, {row.label}",
        empty={
            "title": "No round trips yet",
            "text": "A round trip is between a site and a user region; there is none of one of them.",
            "icon": "route",
        },
    )


def _entry_address(entry: SiteFactor) -> str:
    return reverse("site-factor-detail", args=[entry.pk])


ENTRIES = Table(
    id="entries",
    label="What was entered",
    noun=("entry", "entries"),
    columns=(
        Column(
            "kind",
            "Factor",
            text=lambda entry: entry.get_kind_display(),
            url=_entry_address,
            sort="kind",
            locked=True,
            phone="title",
        ),
        Column(
            "value",
            "Value",
            text=lambda entry: f"{exact(entry.value)} {entry.unit}".strip(),
            unit_of=lambda entry: entry.unit,
            sort="value",
            numeric=True,
        ),
        Column("stated", "As stated", default=False),
        Column("as_of_on", "As of", sort="as_of_on"),
        Column("until_on", "Until", sort="until_on", default=False),
        Column(
            "provenance",
            "Provenance",
            text=lambda entry: entry.get_provenance_display(),
            template="readiness/tradeoffs/provenance_cell.html",
            sort="provenance",
        ),
        Column("source", "Source", sort="source"),
        Column("by", "Entered by", value="by.username", sort="by__username"),
        Column("caution", "Caution", sort="caution"),
    ),
    filterset=SiteFactorFilters,
    default_sort="-as_of_on",
    row_url=_entry_address,
    api="tradeoffs-api-site-factor-list",
    empty={
        "title": "Nothing was entered of this site",
        "text": "What is known of it comes from telemetry and the inventory.",
        "icon": "scale",
    },
)

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
        Column(
            "provenance",
            "Provenance",
            template="readiness/tradeoffs/provenance_cell.html",
            sort="provenance",
        ),
        Column("by", "Entered by", value="by.username", sort="by__username", default=False),
    ),
    filterset=RateFilters,
    default_sort="-as_of_on",
    api="tradeoffs-api-exchange-rate-list",
    empty={
        "title": "No rate yet",
        "text": "Prices of two currencies are compared only by a rate that somebody entered.",
        "icon": "coin",
    },
)
