"""Everything that is known of sites for a placement, put together: one factor of each kind, or why it is unknown."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from readiness.tradeoffs.core.factors import (
    Factor,
    KnownValue,
    Rates,
    SiteFactors,
    ValueBasis,
    accelerator_hour,
    in_currency,
    settled,
)
from readiness.tradeoffs.core.published import SOURCE, estimated_round_trip, great_circles_km
from readiness.tradeoffs.core.units import KINDS
from readiness.tradeoffs.models import FactorKind
from readiness.tradeoffs.queries import measured, stored
from readiness.workloads.models import UserRegion

_PARTS = ("accelerator_capex", "depreciation_years", "accelerator_power_kw", "electricity_price", "pue")
_WHY_NOT = {
    "pue": "No meter sees all of the site, and nobody entered it.",
    "power_headroom_kw": "No meter sees all of the site, or its contracted power is not entered.",
    "accelerators_free": "No scheduler says what is idle, and nobody entered it.",
    "network_free_gbps": "Nobody entered it.",
    "staffing_cover": "Shifts are not in Muster yet, so nobody can say how far they cover the site.",
}
NOT_ENTERED = "No source has a value for it."


def factors_of(
    site_ids: Collection[int] | None,
    at: datetime,
    *,
    percentile: float = 99.0,
    currency: str = "",
    kinds: Collection[str] | None = None,
    regions: Collection[str] | None = None,
) -> tuple[SiteFactors, ...]:
    """Return the factors of these sites (None: all but the retired) at an instant, by name.

    `percentile` is that of measured round trips. With a `currency` all money is in that one; what has no rate is
    unknown. `kinds` and `regions` (slugs) are those that are wanted. Statements do not grow with the sites.
    """
    sites, places = measured.sites(site_ids), _regions(regions)
    if not sites:
        return ()
    ids = [site["id"] for site in sites]
    entered, series, paths = stored.held(ids, _wanted(kinds), [slug for slug, _ in places], at)
    figures, trips = measured.figures(ids, at), measured.round_trips(ids, at, percentile)
    designed, hardware = measured.design_latencies(ids, at), measured.accelerators_by_type(ids)
    rates = known_rates(at)

    def known_of(site: Mapping[str, Any], distances: Mapping[str, float | str]) -> SiteFactors:
        key = site["id"]
        sources = [figures.get(key, {}), series.known.get(key, {}), entered.known.get(key, {})]
        return SiteFactors(
            site_id=key,
            **{name: site[name] for name in ("slug", "name", "country", "operator_country", "stage")},
            region=site["region__name"],
            verdict="" if site["score__failed_at"] else site["score__verdict"] or "",
            score=site["score__score"],
            accelerators=dict(hardware.get(key, {})),
            factors=_factors(kinds, sources, entered.ended.get(key, {}), rates),
            latency=_latencies(distances, trips.get(key, {}), paths.to_regions, key, at),
            between=_between(paths.to_sites.known.get(key, {}), designed.get(key, {})),
        )

    known = tuple(map(known_of, sites, _distances(sites, places)))
    return tuple(in_currency(each, rates, currency) for each in known) if currency else known


def known_rates(at: datetime) -> Rates:
    return stored.rates(at)


def region_names() -> dict[str, str]:
    return dict(UserRegion.objects.order_by("name").values_list("slug", "name"))


def _wanted(kinds: Collection[str] | None) -> Collection[str]:
    if kinds is None:
        return KINDS
    return {*kinds, *_PARTS} if "accelerator_hour_cost" in kinds else kinds


def _factors(
    kinds: Collection[str] | None,
    sources: Sequence[Mapping[str, list[KnownValue]]],
    ended: Mapping[str, str],
    rates: Rates,
) -> dict[str, Factor]:
    factors = {}
    for kind in _wanted(kinds):
        known = [each for source in sources for each in source.get(kind, ())]
        factors[kind] = settled(kind, known, ended.get(kind) or _WHY_NOT.get(kind, NOT_ENTERED))
    if "accelerator_hour_cost" not in factors:
        return factors
    cost = factors["accelerator_hour_cost"]
    computed = _hour_of_parts(factors, rates)
    if isinstance(computed, KnownValue):
        factors[cost.kind] = settled(cost.kind, [*cost.known, computed], "")
    elif not cost.known and cost.kind not in ended:
        factors[cost.kind] = Factor(cost.kind, unknown=computed)
    return factors if kinds is None else {kind: factors[kind] for kind in kinds}


def _hour_of_parts(factors: Mapping[str, Factor], rates: Rates) -> KnownValue | str:
    parts = {part: factors[part].best for part in _PARTS}
    missing = [str(FactorKind(part).label) for part, known in parts.items() if known is None]
    if missing:
        return f"No source has a value for it, and it is not computed without these: {', '.join(missing)}."
    capex, years, power_kw, price, pue = (known for known in parts.values() if known is not None)
    converted = rates.converted(price, capex.currency)
    if converted is None:
        return f"No rate from {price.currency} to {capex.currency} is known."
    computed = accelerator_hour(capex, years, power_kw, converted, pue)
    return NOT_ENTERED if computed is None else computed


def _latencies(
    distances: Mapping[str, float | str],
    trips: Mapping[str, list[KnownValue]],
    entered: stored.StoredValues,
    site_id: int,
    at: datetime,
) -> dict[str, Factor]:
    """To each user region. The great circle is asked only where nobody measured, published or declared a round trip.

    `distances` are km by slug of the region, or who has no position.
    """
    factors = {}
    for slug, distance in distances.items():
        known = [*trips.get(slug, ()), *entered.of(site_id, slug)]
        if known:
            factors[slug] = settled("latency", known, "")
        elif isinstance(distance, float):
            factors[slug] = Factor("latency", (_estimate(distance, at),))
        else:
            message = f"Nobody measured or published it, and {distance} has no position to estimate it from."
            factors[slug] = Factor("latency", unknown=f"{entered.why_not(site_id, slug)} {message}".strip())
    return factors


def _estimate(distance_km: float, at: datetime) -> KnownValue:
    estimate = estimated_round_trip(distance_km)
    return KnownValue(
        value=estimate.value,
        unit="ms",
        basis=ValueBasis.GREAT_CIRCLE,
        provenance="estimated",
        source=SOURCE,
        as_of=at,
        low=estimate.low,
        high=estimate.high,
        percentile=50.0,
        detail=f"{distance_km:.0f} km",
    )


type Position = tuple[float, float] | None


def _regions(wanted: Collection[str] | None) -> list[tuple[str, Position]]:
    rows = UserRegion.objects.order_by("slug")
    if wanted is not None:
        rows = rows.filter(slug__in=list(wanted))
    return [(slug, _position(*where)) for slug, *where in rows.values_list("slug", "latitude", "longitude")]


def _position(latitude: Any, longitude: Any) -> Position:
    return None if latitude is None or longitude is None else (float(latitude), float(longitude))


def _distances(
    sites: Sequence[Mapping[str, Any]], regions: Sequence[tuple[str, Position]]
) -> list[dict[str, float | str]]:
    nowhere = (np.nan, np.nan)
    here = np.array([_position(site["latitude"], site["longitude"]) or nowhere for site in sites])
    there = np.array([where or nowhere for _, where in regions]).reshape(-1, 2)
    km = great_circles_km(here, there).tolist()
    distances: list[dict[str, float | str]] = []
    for site, row in zip(sites, km, strict=True):
        lacking = "the site" if site["latitude"] is None else "the user region"
        distances.append(
            {
                slug: lacking if math.isnan(distance) else distance
                for (slug, _), distance in zip(regions, row, strict=True)
            }
        )
    return distances


def _between(
    entered: Mapping[str, list[KnownValue]], designed: Mapping[str, list[KnownValue]]
) -> dict[str, Factor]:
    return {
        slug: settled("latency", [*entered.get(slug, ()), *designed.get(slug, ())], NOT_ENTERED)
        for slug in sorted({*entered, *designed})
    }
