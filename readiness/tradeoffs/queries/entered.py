"""Entries of sites, and what one would be kept as before anybody says yes to it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from inventory.models import Site
from readiness.tradeoffs.core.entries import CheckedValue, FactorEntry, checked_factor, collected
from readiness.tradeoffs.core.kinds import KINDS
from readiness.tradeoffs.core.units import stored_unit
from readiness.tradeoffs.models import ExchangeRate, FactorDay, SiteFactor


def entries(site: Site | None = None) -> QuerySet[SiteFactor]:
    rows = SiteFactor.objects.select_related("site", "by")
    return rows if site is None else rows.filter(site=site)


def exchange_rates() -> QuerySet[ExchangeRate]:
    return ExchangeRate.objects.select_related("by")


def hourly_kinds(site: Site) -> list[str]:
    """Factors of which the site has hours."""
    kinds = FactorDay.objects.filter(site=site).order_by("kind").values_list("kind", flat=True)
    return list(kinds.distinct())


@dataclass(frozen=True, slots=True)
class Preview:
    """`corrects` is what the source said of that day so far, None where it said nothing."""

    checked: CheckedValue
    unit: str
    corrects: SiteFactor | None


def preview(entry: FactorEntry, *, now: datetime) -> Preview:
    """One statement; EntriesRefused where it cannot be stored."""
    ((_, checked),) = collected(
        [entry], lambda each: each.line, lambda each: checked_factor(each, now.date())
    )
    corrects = SiteFactor.objects.filter(
        site__slug=entry.site,
        kind=entry.kind,
        source=entry.sourcing.source.strip(),
        as_of_on=entry.sourcing.as_of_on,
    ).first()
    unit = stored_unit(KINDS[entry.kind].dimension, checked.currency)
    return Preview(checked, unit, corrects)
