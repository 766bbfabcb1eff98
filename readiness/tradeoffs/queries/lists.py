"""Rows of lists that are no arithmetic: entries of a site, rates, names of user regions."""

from __future__ import annotations

from django.db.models import QuerySet

from inventory.models import Site
from readiness.tradeoffs.models import ExchangeRate, FactorDay, SiteFactor
from readiness.workloads.models import UserRegion


def entries(site: Site | None = None) -> QuerySet[SiteFactor]:
    """Return what was entered, of one site or of all."""
    found = SiteFactor.objects.select_related("site", "by")
    return found if site is None else found.filter(site=site)


def exchange_rates() -> QuerySet[ExchangeRate]:
    return ExchangeRate.objects.select_related("by")


def region_names() -> dict[str, str]:
    """Names of user regions by slug."""
    return dict(UserRegion.objects.order_by("name").values_list("slug", "name"))


def hourly_kinds(site: Site) -> list[str]:
    """Factors of which the site has hours."""
    kinds = FactorDay.objects.filter(site=site).order_by("kind").values_list("kind", flat=True)
    return list(kinds.distinct())
