"""The envelope of a workload class: the demand of one placement, and the limits it has to keep."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import combinations
from math import asin, cos, radians, sin, sqrt

from readiness.demand.workloads.core.countries import WORLD, countries_of

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG R1)."""
VACUUM_KM_PER_S = 299_792.458
"""Speed of light in vacuum, exact by the definition of the metre."""
FIBRE_KM_PER_S = VACUUM_KM_PER_S / 1.468
"""Speed of light in single-mode fibre: group index 1.468 at 1550 nm, as in data sheets of ITU-T G.652.D fibre."""

type Point = tuple[float, float]
"""Latitude and longitude in degrees."""


def distance_km(point: Point, other: Point) -> float:
    """Distance along the great circle (haversine)."""
    (lat_1, lon_1), (lat_2, lon_2) = ((radians(lat), radians(lon)) for lat, lon in (point, other))
    half = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))


def shared_floor_ms(apart_km: float, km_per_s: float) -> float:
    """The shortest round trip with which one place reaches two others that are `apart_km` apart.

    The best place is half way, so this is twice half the distance.
    """
    return 1000 * apart_km / km_per_s


class WorkloadKind(StrEnum):
    """How the work runs: interactively, as a batch, or as training."""

    INTERACTIVE = "interactive"
    BATCH = "batch"
    TRAINING = "training"


class Criticality(StrEnum):
    """Levels from the worst to lose on."""

    CRITICAL = "critical"
    IMPORTANT = "important"
    STANDARD = "standard"
    BEST_EFFORT = "best-effort"


class CostUnit(StrEnum):
    """Units of a unit-cost ceiling."""

    ACCELERATOR_HOUR = "accelerator-hour"
    MILLION_TOKENS = "million-tokens"
    MILLION_REQUESTS = "million-requests"
    MONTH = "month"


class DataCategory(StrEnum):
    PUBLIC = "public"
    CONFIDENTIAL = "confidential"
    PERSONAL = "personal"
    SPECIAL_CATEGORY = "special-category"
    HEALTH = "health"
    FINANCIAL = "financial"
    EXPORT_CONTROLLED = "export-controlled"


class EnvelopePart(StrEnum):
    """The four parts that a declared envelope has."""

    LATENCY = "latency"
    COST = "cost"
    JURISDICTION = "jurisdiction"
    CARBON = "carbon"


@dataclass(frozen=True, slots=True)
class AcceleratorNeed:
    """`count` accelerators of one type; `type` is the slug of the product, None for any type."""

    count: int
    type: str | None = None
    name: str = ""
    tdp_w: float | None = None


@dataclass(frozen=True, slots=True)
class UserDemand:
    """Users of one region, by its slug; `requests_per_s` is None if unknown."""

    region: str
    name: str = ""
    requests_per_s: float | None = None
    place: Point | None = None


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Demand is that of one placement.

    A limit that is None, "" or empty was not declared, which is not "no limit". `latency_limit_ms` bounds the round
    trip to each of `users` at `latency_percentile`. `cost_ceiling` is in `cost_currency` for one `cost_unit`. `allowed`
    and `forbidden` are countries or groups, `residency` the one where the data has to stay ("" : none).
    `carbon_g_per_kwh` bounds the intensity of the electricity in gCO2e/kWh, `carbon_kg_per_month` the emissions of a
    placement in kgCO2e. `min_verdict` is "", conditional or ready, `min_score` from 0 to 1. Work may be delayed for
    `deferrable_h` hours. `provenance` covers all figures.
    """

    slug: str = ""
    name: str = ""
    kind: WorkloadKind | None = None
    criticality: Criticality = Criticality.STANDARD
    accelerators: tuple[AcceleratorNeed, ...] = ()
    it_kw: float | None = None
    bandwidth_gbps: float | None = None
    users: tuple[UserDemand, ...] = ()
    latency_limit_ms: float | None = None
    latency_percentile: float = 99.0
    cost_ceiling: float | None = None
    cost_currency: str = ""
    cost_unit: CostUnit | None = None
    allowed: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    residency: str = ""
    data_categories: frozenset[DataCategory] = frozenset()
    carbon_g_per_kwh: float | None = None
    carbon_kg_per_month: float | None = None
    min_verdict: str = ""
    min_score: float | None = None
    deferrable_h: float = 0.0
    provenance: str = "declared"
    declared_on: date | None = None
    confirmed_on: tuple[date, ...] = ()

    @cached_property
    def accelerator_count(self) -> int:
        return sum(need.count for need in self.accelerators)

    @property
    def accelerators_kw(self) -> float | None:
        watts = [None if need.tdp_w is None else need.count * need.tdp_w for need in self.accelerators]
        known_watts = [each for each in watts if each is not None]
        return sum(known_watts) / 1000 if known_watts and len(known_watts) == len(watts) else None

    @property
    def requests_per_s(self) -> float | None:
        rates = [user.requests_per_s for user in self.users]
        known_rates = [each for each in rates if each is not None]
        return sum(known_rates) if known_rates and len(known_rates) == len(rates) else None

    @property
    def countries(self) -> frozenset[str] | None:
        if not self.allowed:
            return None
        left = countries_of(self.allowed) - countries_of(self.forbidden)
        return left & countries_of((self.residency,)) if self.residency else left

    @property
    def missing(self) -> tuple[EnvelopePart, ...]:
        declared = {
            EnvelopePart.LATENCY: self.latency_limit_ms is not None,
            EnvelopePart.COST: self.cost_ceiling is not None,
            EnvelopePart.JURISDICTION: bool(self.allowed),
            EnvelopePart.CARBON: self.carbon_g_per_kwh is not None or self.carbon_kg_per_month is not None,
        }
        return tuple(part for part, is_there in declared.items() if not is_there)

    def vouched_on(self, day: date) -> date | None:
        """The last day up to `day` on which it was declared or confirmed; None if it was not declared by then."""
        if self.declared_on is None or self.declared_on > day:
            return None
        return max(each for each in (self.declared_on, *self.confirmed_on) if each <= day)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two values of an envelope that exclude each other. A hard one can never hold; others should be checked."""

    field: str
    reason: str
    is_hard: bool = True


def contradictions(envelope: Envelope) -> list[Contradiction]:
    contradictory = [
        *_place_contradictions(envelope),
        *_demand_contradictions(envelope),
        *_waiting_contradictions(envelope),
        *_light_contradictions(envelope),
    ]
    return sorted(contradictory, key=lambda each: not each.is_hard)


def _place_contradictions(envelope: Envelope) -> Iterator[Contradiction]:
    both = sorted(envelope.allowed & envelope.forbidden)
    if both:
        yield Contradiction("forbidden_jurisdictions", f"{_listed(both)} is allowed and forbidden.")
    if envelope.allowed and not both:
        left = countries_of(envelope.allowed) - countries_of(envelope.forbidden)
        if not left:
            yield Contradiction("forbidden_jurisdictions", "Every country that is allowed is forbidden too.")
        elif envelope.residency and not envelope.countries:
            reason = f"The data has to stay in {envelope.residency}, where no country is allowed."
            yield Contradiction("residency", reason)
    if WORLD in envelope.allowed and DataCategory.EXPORT_CONTROLLED in envelope.data_categories:
        reason = "Any country is allowed, and some of the data is export-controlled."
        yield Contradiction("allowed_jurisdictions", reason, is_hard=False)
    if DataCategory.PUBLIC in envelope.data_categories and len(envelope.data_categories) > 1:
        others = sorted(envelope.data_categories - {DataCategory.PUBLIC})
        reason = f"Data that is public is not {_listed(others, 'or')} as well, unless there are several sets."
        yield Contradiction("data_categories", reason, is_hard=False)


def _demand_contradictions(envelope: Envelope) -> Iterator[Contradiction]:
    count, it_kw, needed_kw = envelope.accelerator_count, envelope.it_kw, envelope.accelerators_kw
    if count and it_kw == 0:
        yield Contradiction("it_kw", f"It needs {count} accelerators and no power.")
    elif it_kw is not None and needed_kw is not None and it_kw < needed_kw:
        reason = f"{count} accelerators draw {needed_kw:g} kW at their TDP; with {it_kw:g} kW they have to be capped."
        yield Contradiction("it_kw", reason, is_hard=False)
    if envelope.cost_unit is CostUnit.ACCELERATOR_HOUR and envelope.it_kw is not None and not count:
        reason = "The ceiling is for an accelerator-hour, and no accelerators are needed."
        yield Contradiction("cost_unit", reason, is_hard=False)


def _waiting_contradictions(envelope: Envelope) -> Iterator[Contradiction]:
    is_interactive = envelope.kind is WorkloadKind.INTERACTIVE
    if is_interactive and envelope.deferrable_h > 0:
        has_limit = envelope.latency_limit_ms is not None
        reason = f"It may wait {envelope.deferrable_h:g} h, and people wait for it"
        reason += (
            f" {envelope.latency_limit_ms:g} ms at p{envelope.latency_percentile:g}." if has_limit else "."
        )
        yield Contradiction("deferrable_h", reason, is_hard=has_limit)
    if is_interactive and envelope.latency_limit_ms is None:
        yield Contradiction(
            "latency_limit_ms", "People wait for it, and no limit says how long.", is_hard=False
        )
    if envelope.latency_limit_ms is not None and not envelope.users:
        reason = "The limit holds to no user region, so nothing can be measured against it."
        yield Contradiction("users", reason, is_hard=False)


def _light_contradictions(envelope: Envelope) -> Iterator[Contradiction]:
    """One placement reaches all its users: it cannot be nearer to both of two regions than half their distance."""
    limit_ms = envelope.latency_limit_ms
    located = [(user.name or user.region, user.place) for user in envelope.users if user.place is not None]
    if limit_ms is None or len(located) < 2:
        return
    pairs = combinations(located, 2)
    apart_km, first, other = max(
        (distance_km(place, other_place), first, other) for (first, place), (other, other_place) in pairs
    )
    between = f"{first} and {other} are {apart_km:,.0f} km apart"
    vacuum_ms, fibre_ms = (shared_floor_ms(apart_km, speed) for speed in (VACUUM_KM_PER_S, FIBRE_KM_PER_S))
    if limit_ms < vacuum_ms:
        reason = f"{between}: from half way light itself takes {vacuum_ms:.1f} ms to each and back."
        yield Contradiction("latency_limit_ms", reason)
    elif limit_ms < fibre_ms:
        reason = f"{between}: from half way light in straight fibre takes {fibre_ms:.1f} ms to each and back."
        yield Contradiction("latency_limit_ms", reason, is_hard=False)


def _listed(names: list[str] | list[DataCategory], last: str = "and") -> str:
    texts = [str(name) for name in names]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {last} {texts[-1]}"
