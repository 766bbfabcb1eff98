"""Lists of factors as data: what is known of each site, what was entered, and exchange rates.

Columns of files are named as the imports read them, so that a list can be changed and sent back.
"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from readiness.evidence.tables import exact
from readiness.tradeoffs.core.factors import ValueBasis
from readiness.tradeoffs.filters import RateFilters, SiteFactorFilters
from readiness.tradeoffs.models import FactorKind, SiteFactor
from readiness.tradeoffs.rows import UNKNOWN, FactorRow, band_text, value_text
from telemetry.models import SourceProvenance
from web.tables import Column, RowFilter, Table

BASES = (
    (ValueBasis.TELEMETRY.value, _("Telemetry")),
    (ValueBasis.PUBLISHED.value, _("Published")),
    (ValueBasis.DECLARED.value, _("Declared")),
    (ValueBasis.COMPUTED.value, _("Computed")),
    (ValueBasis.GREAT_CIRCLE.value, _("Great circle")),
    (UNKNOWN, _("Unknown")),
)
BASIS_LABELS = dict(BASES)
AGES = (
    ("old", _("Older than its kind may be")),
    ("within", _("Within its limit")),
    ("none", _("No age")),
)
AGREEMENTS = (
    ("disagree", _("Sources disagree")),
    ("agree", _("Sources agree")),
    ("one", _("One source")),
    ("none", _("No source")),
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
            _("Site"),
            value=lambda row: row.site.name,
            url=site_address,
            sort=True,
            locked=True,
            phone="title",
        ),
        subject,
        Column(
            "value",
            _("Value"),
            text=_shown_value,
            sort=True,
            numeric=True,
            template="readiness/tradeoffs/value_cell.html",
            phone="status",
        ),
        Column("band", _("Band"), value=lambda row: band_text(row.known), numeric=True),
        Column(
            "provenance",
            _("Provenance"),
            sort=True,
            template="readiness/tradeoffs/provenance_cell.html",
        ),
        Column("basis", _("Basis"), text=lambda row: str(BASIS_LABELS[row.basis]), sort=True, default=False),
        Column(
            "source",
            _("Source"),
            value=lambda row: row.known.source if row.known else "",
            sort=True,
            template="readiness/tradeoffs/source_cell.html",
            phone="full",
        ),
        Column("age", _("Age"), value="age_s", sort=True, template="readiness/tradeoffs/age_cell.html"),
        Column(
            "others",
            _("Other sources"),
            value=_others,
            template="readiness/tradeoffs/others_cell.html",
            phone="full",
        ),
    )


def _columns_of_file(subject: tuple[Column, ...]) -> tuple[Column, ...]:
    return (
        Column("site", _("Site"), value="site.slug"),
        *subject,
        Column("value", _("Value")),
        Column("unit", _("Unit"), value=lambda row: row.known.unit if row.known else ""),
        Column("currency", _("Currency"), value=lambda row: row.known.currency if row.known else ""),
        Column("low", _("Low"), value=lambda row: row.known.low if row.known else None),
        Column("high", _("High"), value=lambda row: row.known.high if row.known else None),
        Column("basis", _("Basis"), value="basis_in_file"),
        Column("provenance", _("Provenance")),
        Column(
            "source", _("Source"), value=lambda row: row.known.source if row.known else row.factor.unknown
        ),
        Column("as_of_on", _("As of"), value=lambda row: row.known.as_of_on if row.known else None),
        Column("until_on", _("Until"), value=lambda row: row.known.until_on if row.known else None),
        Column("note", _("Note"), value=lambda row: row.known.detail if row.known else ""),
    )


_FILTERS = (
    RowFilter("basis", _("Basis"), "basis", BASES),
    RowFilter(
        "provenance", _("Provenance"), "provenance", (*SourceProvenance.choices, (UNKNOWN, _("Unknown")))
    ),
    RowFilter("sources", _("Sources"), "agreement", AGREEMENTS),
    RowFilter("old", _("Age"), "age_state", AGES),
)
_EMPTY = {
    "title": _("No sites yet"),
    "text": _("What a place costs, emits and how far it is from users is known of sites; add one first."),
    "icon": "scale",
    "action_url": "/inventory/sites/",
    "action_label": _("Go to the inventory"),
}


def factors(*, in_file: bool) -> Table:
    subject = Column("kind", _("Factor"), value="label", sort=True, locked=True)
    return Table(
        id="factors",
        label=_("Site factors"),
        noun=(_("factor"), _("factors")),
        columns=_columns_of_file((Column("kind", _("Factor")),)) if in_file else _columns_of_page(subject),
        filters=(RowFilter("kind", _("Factor"), "kind", FactorKind.choices), *_FILTERS),
        default_sort="" if in_file else "site",
        row_url=site_address,
        row_name=lambda row: f"{row.site.name}, {row.label}",
        empty=_EMPTY,
    )


def latencies(regions: dict[str, str], *, in_file: bool) -> Table:
    subject = Column("user_region", _("User region"), value="label", sort=True, locked=True)
    of_file = (
        Column("user_region", _("User region"), value="kind"),
        Column("percentile", _("Percentile"), value=lambda row: row.known.percentile if row.known else None),
    )
    columns = _columns_of_file(of_file) if in_file else _columns_of_page(subject)
    return Table(
        id="latencies",
        label=_("Round trips"),
        noun=(_("round trip"), _("round trips")),
        # A round trip is no money, and its file has no column for it.
        columns=[column for column in columns if column.key != "currency"],
        filters=(RowFilter("user_region", _("User region"), "kind", list(regions.items())), *_FILTERS),
        default_sort="" if in_file else "site",
        row_url=site_address,
        row_name=lambda row: f"{row.site.name}, {row.label}",
        empty={
            "title": _("No round trips yet"),
            "text": _("A round trip is between a site and a user region; there is none of one of them."),
            "icon": "route",
        },
    )


def _entry_address(entry: SiteFactor) -> str:
    return reverse("site-factor-detail", args=[entry.pk])


ENTRIES = Table(
    id="entries",
    label=_("What was entered"),
    noun=(_("entry"), _("entries")),
    columns=(
        Column(
            "kind",
            _("Factor"),
            text=lambda entry: entry.get_kind_display(),
            url=_entry_address,
            sort="kind",
            locked=True,
            phone="title",
        ),
        Column(
            "value",
            _("Value"),
            text=lambda entry: f"{exact(entry.value)} {entry.unit}".strip(),
            unit_of=lambda entry: entry.unit,
            sort="value",
            numeric=True,
        ),
        Column("stated", _("As stated"), default=False),
        Column("as_of_on", _("As of"), sort="as_of_on"),
        Column("until_on", _("Until"), sort="until_on", default=False),
        Column(
            "provenance",
            _("Provenance"),
            text=lambda entry: entry.get_provenance_display(),
            template="readiness/tradeoffs/provenance_cell.html",
            sort="provenance",
        ),
        Column("source", _("Source"), sort="source"),
        Column("by", _("Entered by"), value="by.username", sort="by__username"),
        Column("caution", _("Caution"), sort="caution"),
    ),
    filterset=SiteFactorFilters,
    default_sort="-as_of_on",
    row_url=_entry_address,
    api="tradeoffs-api-site-factor-list",
    empty={
        "title": _("Nothing was entered of this site"),
        "text": _("What is known of it comes from telemetry and the inventory."),
        "icon": "scale",
    },
)

RATES = Table(
    id="rates",
    label=_("Exchange rates"),
    noun=(_("rate"), _("rates")),
    columns=(
        Column("currency", _("Currency"), sort="currency", locked=True, phone="title"),
        Column("to_currency", _("In currency"), sort="to_currency"),
        Column("rate", _("Rate"), text=lambda rate: exact(rate.rate), sort="rate", numeric=True),
        Column("as_of_on", _("As of"), sort="as_of_on"),
        Column("source", _("Source"), sort="source"),
        Column(
            "provenance",
            _("Provenance"),
            template="readiness/tradeoffs/provenance_cell.html",
            sort="provenance",
        ),
        Column("by", _("Entered by"), value="by.username", sort="by__username", default=False),
    ),
    filterset=RateFilters,
    default_sort="-as_of_on",
    api="tradeoffs-api-exchange-rate-list",
    empty={
        "title": _("No rate yet"),
        "text": _("Prices of two currencies are compared only by a rate that somebody entered."),
        "icon": "coin",
    },
)
