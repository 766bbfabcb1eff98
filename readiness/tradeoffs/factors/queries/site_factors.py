"""Everything known about sites for a placement: each factor, or why it is unknown."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count

from inventory.models import Accelerator, Device, Link, Site
from readiness.assessment.evidence import queries as evidence
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.assessment.evidence.measures import ROUND_TRIP
from readiness.assessment.scoring.models import DomainHealth
from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.factors.core.factors import (
    Factor,
    KnownValue,
    Rates,
    SiteFactors,
    ValueBasis,
    accelerator_hour,
    converted_factors,
    settled,
)
from readiness.tradeoffs.factors.core.power import AcceleratorPower, NodeWatts, accelerator_power, node_watts
from readiness.tradeoffs.factors.core.published import SOURCE, estimated_round_trip, great_circles_km
from readiness.tradeoffs.factors.queries import stored
from readiness.tradeoffs.factors.queries.stored import known_rates
from readiness.tradeoffs.models import FactorKind
from readiness.tradeoffs.units import KINDS
from telemetry.queries import latest

LATENCY_DAYS = 7
"""The span of measured round trips, as in p2-placement-latency."""
IDLE_METRIC = "slurm_gpus_idle"
IDLE_WITHIN_S = 3_600
"""An hour after a scheduler's last sample its free capacity is unknown."""
_SCALES = {"pue": "pue", "headroom": "power_headroom_kw"}

type BySite = dict[int, dict[str, list[KnownValue]]]


def scored_figures(site_ids: Collection[int], at: datetime) -> BySite:
    site: BySite = defaultdict(lambda: defaultdict(list))
    energy_domains = DomainHealth.objects.filter(site_id__in=site_ids, domain="energy").order_by()
    for site_id, figures in energy_domains.values_list("site_id", "figures"):
        for key, kind in _SCALES.items():
            value = _value_of_figure(figures.get(key), "kW" if kind.endswith("_kw") else "")
            # A later figure does not apply to an earlier day. A PUE below 1 is impossible: such meters are not nested.
            if value is not None and value.as_of <= at and not (kind == "pue" and value.value < 1):
                site[site_id][kind].append(value)
    for site_id, idle in _idle_accelerators(site_ids, at):
        site[site_id]["accelerators_free"].append(idle)
    return site


def _value_of_figure(figure: dict[str, Any] | None, unit: str) -> KnownValue | None:
    if not figure:
        return None
    taken_at, detail = datetime.fromisoformat(figure["taken_at"]), figure.get("source", "")
    return _measured(figure["value"], unit, figure["provenance"], taken_at, detail)


def _measured(
    value: float, unit: str, provenance: str, as_of: datetime, detail: str, percentile: float | None = None
) -> KnownValue:
    return KnownValue(
        value=value,
        unit=unit,
        basis=ValueBasis.TELEMETRY,
        provenance=provenance,
        source="telemetry",
        as_of=as_of,
        detail=detail,
        percentile=percentile,
    )


def _idle_accelerators(site_ids: Collection[int], at: datetime) -> Iterator[tuple[int, KnownValue]]:
    samples = defaultdict(list)
    for sample in latest(site_ids, [IDLE_METRIC], now=at, within_s=IDLE_WITHIN_S):
        if sample.object_kind == "site":
            samples[sample.site_id].append(sample)
    for site_id, of_site in samples.items():
        total, oldest = sum(sample.value for sample in of_site), min(sample.ts for sample in of_site)
        provenance = worst_provenance(sample.provenance for sample in of_site)
        yield site_id, _measured(total, "", provenance, oldest, IDLE_METRIC)


def round_trips(site_ids: Collection[int], at: datetime, percentile: float) -> BySite:
    site: BySite = defaultdict(lambda: defaultdict(list))
    q = percentile / 100
    measured = evidence.quantiles(site_ids, {ROUND_TRIP.key}, q=q, days=LATENCY_DAYS, now=at)
    detail = f"p{percentile:g} of {LATENCY_DAYS} days"
    for site_id, of_site in measured.items():
        for trip in of_site:
            if trip.value is not None:
                value = _measured(trip.value, "ms", trip.provenance, trip.taken_at, detail, percentile)
                site[site_id][trip.part].append(value)
    return site


def design_latencies(site_ids: Collection[int], at: datetime) -> BySite:
    """Return the design latencies of links, by slug of the other site, from both ends; one statement.

    They are not measurements.
    """
    site: BySite = defaultdict(lambda: defaultdict(list))
    requested_ids = frozenset(site_ids)
    links = Link.objects.filter(kind=Link.Kind.WAN, design_latency_ms__gt=0).order_by("pk")
    ends = ("site_a_id", "site_a__slug", "site_b_id", "site_b__slug")
    for site_a, slug_a, site_b, slug_b, name, latency in links.values_list(
        *ends, "name", "design_latency_ms"
    ):
        value = KnownValue(
            value=float(latency or 0.0),
            unit="ms",
            basis=ValueBasis.DECLARED,
            provenance="declared",
            source=f"link {name}",
            as_of=at,
            percentile=50.0,
            detail="design latency of the link",
        )
        for end_id, other_slug in ((site_a, slug_b), (site_b, slug_a)):
            if end_id in requested_ids:
                site[end_id][other_slug].append(value)
    return site


_NODE = "device__device_type__"


@dataclass(frozen=True, slots=True)
class SiteHardware:
    """`counts` and `power` are by slug of the type of accelerator; a type whose nodes state no watts has no power."""

    counts: Mapping[str, int] = field(default_factory=dict)
    power: Mapping[str, AcceleratorPower] = field(default_factory=dict)


NO_HARDWARE = SiteHardware()


def site_hardware(site_ids: Collection[int]) -> dict[int, SiteHardware]:
    """One statement for any number of sites."""
    rows = (
        Accelerator.objects.filter(device__site_id__in=site_ids, device__status=Device.Status.ACTIVE)
        .order_by("device__site_id", "device_type__slug", f"{_NODE}slug")
        .values_list(
            *("device__site_id", "device_type__slug", f"{_NODE}model", f"{_NODE}attributes"),
            f"{_NODE}nameplate_w",
        )
        .annotate(count=Count("pk"), nodes=Count("device", distinct=True))
    )
    products: dict[int, dict[str, list[NodeWatts]]] = defaultdict(lambda: defaultdict(list))
    for site_id, slug, model, attributes, nameplate_w, count, nodes in rows:
        products[site_id][slug].append(node_watts(model, attributes or {}, nameplate_w, count, nodes))
    return {site_id: _hardware(by_type) for site_id, by_type in products.items()}


def _hardware(by_type: Mapping[str, list[NodeWatts]]) -> SiteHardware:
    power = {slug: accelerator_power(nodes) for slug, nodes in by_type.items()}
    return SiteHardware(
        counts={slug: sum(node.accelerators for node in nodes) for slug, nodes in by_type.items()},
        power={slug: each for slug, each in power.items() if each is not None},
    )


def stored_sites(site_ids: Iterable[int] | None) -> list[dict[str, Any]]:
    sites = Site.objects.exclude(stage=Site.Stage.RETIRED)
    if site_ids is not None:
        sites = Site.objects.filter(pk__in=list(site_ids))
    columns = (
        *("id", "slug", "name", "country", "operator_country", "region__name", "stage"),
        *("latitude", "longitude"),
    )
    return list(
        sites.order_by("name", "pk").values(*columns, "score__verdict", "score__failed_at", "score__score")
    )


_PARTS = ("accelerator_capex", "depreciation_years", "accelerator_power_kw", "electricity_price", "pue")
_WHY_NOT = {
    "pue": "No meter covers the whole site, and nobody entered a value.",
    "power_headroom_kw": "No meter covers the whole site, or nobody entered its contracted power.",
    "accelerators_free": "No scheduler reports what is idle, and nobody entered a value.",
    "network_free_gbps": "Nobody entered a value.",
    "staffing_cover": "Nobody entered a value; rotations do not provide it.",
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
    rates: Rates | None = None,
) -> tuple[SiteFactors, ...]:
    """Return the factors of these sites (None: all except retired ones) at an instant, by name.

    `percentile` is that of measured round trips. With a `currency`, all money is converted to it; without a rate it is
    unknown. `kinds` and `regions` (slugs) limit the result, and `rates` are those in force if they
    are known already. The number of statements does not depend on the sites.
    """
    sites, places = stored_sites(site_ids), _regions(regions)
    if not sites:
        return ()
    ids = [site["id"] for site in sites]
    entered, series, to_regions, to_sites = stored.stored_values(
        ids, _wanted(kinds), [slug for slug, _ in places], at
    )
    figures, trips = scored_figures(ids, at), round_trips(ids, at, percentile)
    designed, hardware = design_latencies(ids, at), site_hardware(ids)
    rates = known_rates(at) if rates is None else rates

    def known_of(site: Mapping[str, Any], distances: Mapping[str, float | str]) -> SiteFactors:
        key = site["id"]
        sources = [figures.get(key, {}), series.values.get(key, {}), entered.values.get(key, {})]
        return _site(
            site,
            hardware,
            factors=_factors(kinds, sources, entered.ended.get(key, {}), rates),
            latency=_latencies(distances, trips.get(key, {}), to_regions, key, at),
            between=_site_latencies(to_sites.values.get(key, {}), designed.get(key, {})),
        )

    results = tuple(map(known_of, sites, _distances(sites, places)))
    return tuple(converted_factors(each, rates, currency) for each in results) if currency else results


def sites_without_factors() -> tuple[SiteFactors, ...]:
    """Return all sites except retired ones, by name, with only their accelerators; two statements."""
    sites = stored_sites(None)
    hardware = site_hardware([site["id"] for site in sites])
    return tuple(_site(site, hardware, factors={}) for site in sites)


def _site(site: Mapping[str, Any], hardware: Mapping[int, SiteHardware], **parts: Any) -> SiteFactors:
    installed = hardware.get(site["id"], NO_HARDWARE)
    return SiteFactors(
        site_id=site["id"],
        **{name: site[name] for name in ("slug", "name", "country", "operator_country", "stage")},
        region=site["region__name"],
        verdict="" if site["score__failed_at"] else site["score__verdict"] or "",
        score=site["score__score"],
        accelerators=dict(installed.counts),
        power=dict(installed.power),
        **parts,
    )


def region_names() -> dict[str, str]:
    return dict(UserRegion.objects.order_by("name").values_list("slug", "name"))


def site_names(slugs: Collection[str]) -> dict[str, str]:
    return dict(Site.objects.filter(slug__in=slugs).values_list("slug", "name"))


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
        values = [each for source in sources for each in source.get(kind, ())]
        factors[kind] = settled(kind, values, ended.get(kind) or _WHY_NOT.get(kind, NOT_ENTERED))
    if "accelerator_hour_cost" not in factors:
        return factors
    cost = factors["accelerator_hour_cost"]
    computed = _hour_of_parts(factors, rates)
    if isinstance(computed, KnownValue):
        factors[cost.kind] = settled(cost.kind, [*cost.values, computed], "")
    elif not cost.values and cost.kind not in ended:
        factors[cost.kind] = Factor(cost.kind, unknown=computed)
    return factors if kinds is None else {kind: factors[kind] for kind in kinds}


def _hour_of_parts(factors: Mapping[str, Factor], rates: Rates) -> KnownValue | str:
    parts = {part: factors[part].best for part in _PARTS}
    unknown_parts = [str(FactorKind(part).label) for part, value in parts.items() if value is None]
    if unknown_parts:
        return f"No source has a value for it, and computing it needs these: {', '.join(unknown_parts)}."
    capex, years, power_kw, price, pue = (value for value in parts.values() if value is not None)
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
    """Round trips to each user region.

    The great circle is used only if nobody measured, published or declared one. `distances` are km by slug of the
    region, or the name of the end without a position.
    """
    factors = {}
    for slug, distance in distances.items():
        values = [*trips.get(slug, ()), *entered.values_of(site_id, slug)]
        if values:
            factors[slug] = settled("latency", values, "")
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
        detail=f"{distance_km:,.0f} km",
    )


type Position = tuple[float, float] | None


def _regions(slugs: Collection[str] | None) -> list[tuple[str, Position]]:
    rows = UserRegion.objects.order_by("slug")
    if slugs is not None:
        rows = rows.filter(slug__in=list(slugs))
    return [(slug, _position(*where)) for slug, *where in rows.values_list("slug", "latitude", "longitude")]


def _position(latitude: Any, longitude: Any) -> Position:
    return None if latitude is None or longitude is None else (float(latitude), float(longitude))


def _distances(
    sites: Sequence[Mapping[str, Any]], regions: Sequence[tuple[str, Position]]
) -> list[dict[str, float | str]]:
    nowhere = (np.nan, np.nan)
    site_positions = np.array([_position(site["latitude"], site["longitude"]) or nowhere for site in sites])
    region_positions = np.array([where or nowhere for _, where in regions]).reshape(-1, 2)
    km = great_circles_km(site_positions, region_positions).tolist()
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


def _site_latencies(
    entered: Mapping[str, list[KnownValue]], designed: Mapping[str, list[KnownValue]]
) -> dict[str, Factor]:
    return {
        slug: settled("latency", [*entered.get(slug, ()), *designed.get(slug, ())], NOT_ENTERED)
        for slug in sorted({*entered, *designed})
    }
