"""`/standards/duties/energy-report/`: what Delegated Regulation (EU) 2024/1364 asks of each site that it applies to, as
a table and a file, with the four indicators of its Annex III."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Count, F, FloatField, Max, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest

from inventory.models import Site
from readiness.assessment.duties.models import EnergyFigure
from web import clock
from web import tables as table_kit
from web.links import link
from web.reports import Report, choices
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table, TablePage
from web.timerange import BadParameter

DUTY = "eu-energy-report"
"""The slug of the seeded duty; sites whose register has it are in the report."""
YEARS_BACK = 4
Figure = EnergyFigure.Figure
INDICATORS = (
    ("pue", "PUE", Figure.E_DC, Figure.E_IT, 1.0, "Total energy over energy of IT equipment"),
    ("wue", "WUE", Figure.W_IN, Figure.E_IT, 1000.0, "Water input over energy of IT equipment, m³/MWh"),
    ("erf", "ERF", Figure.E_REUSE, Figure.E_DC, 1.0, "Waste heat reused over total energy"),
    ("ref", "REF", Figure.E_RES_TOT, Figure.E_DC, 1.0, "Renewable energy over total energy"),
)
"""Indicators of Annex III, each with the factor of its unit: it takes the energy of IT equipment in MWh for WUE."""
SHOWN = frozenset({Figure.PD_IT, Figure.E_DC, Figure.E_IT, Figure.W_IN, Figure.E_REUSE, Figure.E_RES_TOT})
REPORT = Report(
    "readiness/duties/energy_report.html",
    "inventory.view_site",
    "duties.view_dutyentry",
    "duties.view_energyfigure",
)


class ReportedSites(ObjectFilterSet):
    class Meta:
        model = Site
        fields = ("region", "country")
        search_fields = ("name", "slug", "city")
        panel = ("region", "country")


def _key(figure: str) -> str:
    return f"figure_{figure.replace('-', '_')}"


def reported_sites(year: int) -> QuerySet[Any]:
    """Sites with a column for each figure of the year, null where nobody entered it. The profile's power stands in for
    the installed one."""
    figures = {
        _key(figure): Max(
            "energy_figures__value", filter=Q(energy_figures__year=year, energy_figures__figure=figure)
        )
        for figure in Figure.values
    }
    rows: QuerySet[Any] = Site.objects.filter(
        pk__in=Site.objects.filter(duty_entries__duty__slug=DUTY, duty_entries__applies=True).values("pk")
    )
    rows = rows.annotate(
        **figures,
        entered=Count("energy_figures", filter=Q(energy_figures__year=year)),
    )
    ratios = {
        name: Value(factor) * F(_key(above)) / NullIf(F(_key(below)), 0.0, output_field=FloatField())
        for name, _label, above, below, factor, _hint in INDICATORS
    }
    return rows.annotate(installed_kw=Coalesce(_key(Figure.PD_IT), "duty_profile__it_kw"), **ratios).order_by(
        "name", "pk"
    )


def _figure_columns() -> list[Column]:
    columns = []
    for figure in Figure:
        label, _, unit = str(figure.label).partition(", ")
        key = "installed_kw" if figure is Figure.PD_IT else _key(figure)
        columns.append(
            Column(
                figure.value,
                label,
                key,
                _figure_words(key),
                sort=key,
                numeric=True,
                unit=unit,
                default=figure in SHOWN,
            )
        )
    return columns


def _figure_words(key: str) -> Callable[[Any], str]:
    def words(site: Any) -> str:
        value = getattr(site, key)
        return "not entered" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:g}"

    return words


def _ratio(key: str) -> Callable[[Any], str]:
    def words(site: Any) -> str:
        value = getattr(site, key)
        return "" if value is None else f"{value:.3g}"

    return words


def table(year: int) -> Table:
    return Table(
        id="energy-report",
        noun=("site", "sites"),
        label=f"Figures of {year} by site",
        columns=(
            Column("name", "Site", "name", sort="name", url=lambda site: link("site", site.slug), export="slug",
                   locked=True, phone="title"),
            Column("country", "Country", sort="country"),
            Column("entered", "Figures", "entered", lambda site: f"{site.entered} of {len(Figure)}", sort="entered",
                   phone="status", url=lambda site: link("energy-figure-list", site=site.slug, year=year)),
            *_figure_columns(),
            *(Column(key, label, key, _ratio(key), sort=key, numeric=True, hint=hint)
              for key, label, _above, _below, _factor, hint in INDICATORS),
        ),
        filterset=ReportedSites,
        default_sort="name",
        empty={
            "title": "No site reports",
            "text": "The report holds sites in the EU from 500 kW of installed IT power: those whose register has the"
            " duty. Enter their power in their profiles.",
            "icon": "bolt",
        },
    )  # fmt: skip


def years_of(now: datetime) -> list[int]:
    """The years that can be chosen, the newest first."""
    return list(range(now.year, now.year - YEARS_BACK - 1, -1))


def year_of(request: HttpRequest, now: datetime) -> int:
    """The year in the address; by default the last one, which is reported by 15 May."""
    text, years = request.GET.get("year", "") or str(now.year - 1), years_of(now)
    if text not in map(str, years):
        raise BadParameter("year", f"is a year from {years[-1]} to {years[0]}")
    return int(text)


@REPORT.page
def energy_report(request: HttpRequest) -> tuple[TablePage, Any]:
    at = clock.now()
    year = year_of(request, at)
    years = [(str(each), str(each)) for each in years_of(at)]
    return table_kit.page(request, table(year), reported_sites(year)), lambda: {
        "year": year,
        "years": choices(years, year, lambda each: link("energy-report", year=each)),
        "may_add": request.user.has_perm("duties.add_energyfigure"),
    }
