"""Everything that is known of sites for a placement, put together: one factor of each kind, or why it is unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from readiness.tradeoffs.core.distance import SOURCE, estimated_round_trip, great_circle_km
from readiness.tradeoffs.core.factors import (
    Basis,
    CostParts,
    Factor,
    Known,
    Rates,
    SiteFactors,
    accelerator_hour,
    settled,
)
from readiness.tradeoffs.core.kinds import KINDS
from readiness.tradeoffs.queries import measured, stored
from readiness.workloads.models import UserRegion

_PARTS = (
    "accelerator_capex",
    "depreciation_years",
    "accelerator_utilisation",
    "accelerator_power_kw",
    "electricity_price",
    "pue",
)
_WHY_NOT = {
    "pue": "No meter sees all of the site, and nobody entered it.",
    "power_headroom_kw": "No meter sees all of the site, or its contracted power is not entered.",
    "accelerators_free": "No scheduler says what is idle, and nobody entered it.",
    "network_free_gbps": "Nobody entered it.",
    "staffing_cover": "People and their shifts are not in Muster yet.",
}
NOT_ENTERED = "No source has a value for it."


def factors_of(
    site_ids: Collection[int] | None, at: datetime, *, percentile: float = 99.0
) -> tuple[SiteFactors, ...]:
    """What is known of these sites (None: all but the retired) at an instant, by name.

    `percentile` is that of measured round trips. The number of statements does not grow with the sites. A factor that
    nobody knows is unknown with the reason; several sources stand beside each other, the one that counts first.
    """
    sites = measured.sites(site_ids)
    ids = [site["id"] for site in sites]
    if not ids:
        return ()
    entered = stored.factors(ids, at)
    series = stored.series_means(ids, at)
    figures = measured.figures(ids, at)
    idle = measured.idle_accelerators(ids, at)
    paths = stored.latencies(ids, at)
    trips = measured.round_trips(ids, at, percentile)
    designed = measured.design_latencies(ids, at)
    hardware = measured.accelerators_by_type(ids)
    regions = _regions()
    found = []
    for site in sites:
        key = site["id"]
        sources = [figures.get(key, {}), series.known.get(key, {}), entered.known.get(key, {})]
        if key in idle:
            sources.append({"accelerators_free": [idle[key]]})
        found.append(
            SiteFactors(
                site_id=key,
                slug=site["slug"],
                name=site["name"],
                country=site["country"],
                region=site["region__name"],
                stage=site["stage"],
                verdict=site["score__verdict"] or "",
                score=site["score__score"],
                accelerators=dict(hardware.get(key, {})),
                factors=_factors(sources, entered.ended.get(key, {})),
                latency=_latencies(site, regions, trips.get(key, {}), paths.to_regions, at),
                between=_between(paths.to_sites.known.get(key, {}), designed.get(key, {})),
            )
        )
    return tuple(found)


def known_rates(at: datetime) -> Rates:
    """Exchange rates in force at an instant; one statement."""
    return stored.rates(at)


def latency_between(
    site: tuple[float, float] | None, place: tuple[float, float] | None, at: datetime
) -> Known | None:
    """The great-circle band between two places (latitude, longitude); None where either has no position."""
    if site is None or place is None:
        return None
    estimate = estimated_round_trip(great_circle_km(*site, *place))
    return Known(
        value=estimate.value,
        unit="ms",
        basis=Basis.GREAT_CIRCLE,
        provenance="estimated",
        source=SOURCE,
        as_of=at,
        low=estimate.low,
        high=estimate.high,
        percentile=50.0,
        detail=f"{estimate.distance_km:.0f} km",
    )


def _factors(sources: Sequence[Mapping[str, list[Known]]], ended: Mapping[str, str]) -> dict[str, Factor]:
    found = {}
    for kind in KINDS:
        known = [each for source in sources for each in source.get(kind, ())]
        found[kind] = settled(kind, known, ended.get(kind) or _WHY_NOT.get(kind, NOT_ENTERED))
    best = [found[part].best for part in _PARTS]
    parts = [part for part in best if part is not None]
    if len(parts) == len(_PARTS):
        computed = accelerator_hour(CostParts(*parts))
        if computed is not None:
            held = found["accelerator_hour_cost"].known
            found["accelerator_hour_cost"] = settled("accelerator_hour_cost", [*held, computed], "")
    return found


def _latencies(
    site: Mapping[str, Any],
    regions: list[tuple[str, tuple[float, float] | None]],
    trips: Mapping[str, list[Known]],
    entered: stored.Held,
    at: datetime,
) -> dict[str, Factor]:
    """To each user region. The great circle is asked only where nobody measured, published or declared a round trip."""
    here = _position(site["latitude"], site["longitude"])
    found = {}
    for slug, there in regions:
        known = [*trips.get(slug, ()), *entered.of(site["id"], slug)]
        if not known:
            estimate = latency_between(here, there, at)
            known = [estimate] if estimate is not None else []
        why = entered.why_not(site["id"], slug)
        lacking = "the site" if here is None else "the user region"
        unknown = f"{why} " if why else ""
        found[slug] = settled(
            "latency",
            known,
            f"{unknown}Nobody measured or published it, and {lacking} has no position to estimate it from.",
        )
    return found


def _regions() -> list[tuple[str, tuple[float, float] | None]]:
    rows = UserRegion.objects.order_by("slug").values_list("slug", "latitude", "longitude")
    return [(slug, _position(latitude, longitude)) for slug, latitude, longitude in rows]


def _position(latitude: Any, longitude: Any) -> tuple[float, float] | None:
    if latitude is None or longitude is None:
        return None
    return float(latitude), float(longitude)


def _between(entered: Mapping[str, list[Known]], designed: Mapping[str, list[Known]]) -> dict[str, Factor]:
    """To other sites, by slug: those alone of which anything is known."""
    return {
        slug: settled("latency", [*entered.get(slug, ()), *designed.get(slug, ())], NOT_ENTERED)
        for slug in sorted({*entered, *designed})
    }
