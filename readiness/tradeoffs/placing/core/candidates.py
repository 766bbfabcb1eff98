"""Build the values for placing from envelope, site factors, stored verdict and the rules' answer.

Candidates are sites in commissioning or production. Missing values stay unknown with a reason, and are never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from readiness.assessment.scoring.core.states import Provenance, Verdict
from readiness.demand.workloads.core.countries import COUNTRIES, countries_of
from readiness.demand.workloads.core.envelope import AcceleratorNeed, CostUnit, Envelope
from readiness.tradeoffs.factors.core.factors import HOURS_A_MONTH, Factor, Rates, SiteFactors
from readiness.tradeoffs.moves.options import (
    BandedFigure,
    CandidateSite,
    CarbonKind,
    Demand,
    Latency,
    LatencyLimit,
    LimitBound,
    Limits,
)
from readiness.tradeoffs.placing.core import figures
from readiness.tradeoffs.placing.core.inputs import (
    ACCELERATORS,
    ANY,
    FleetFacts,
    PlacementInputs,
    free_accelerators,
)
from readiness.tradeoffs.placing.core.law import Laws
from readiness.tradeoffs.placing.core.levers import WhatIf
from readiness.tradeoffs.placing.core.power import ItPower, it_power
from readiness.tradeoffs.units import book, device_count, equivalents, only_type
from web.parameters import BadParameter

SECONDS_AN_HOUR = 3_600
COST = ("electricity_price", "accelerator_hour_cost", "accelerator_capex", "depreciation_years")
USED = (
    *("electricity_price", "pue", "accelerator_hour_cost", "accelerator_capex", "depreciation_years"),
    *("accelerator_utilisation", "accelerator_idle_kw", "accelerators_free"),
    *("power_headroom_kw", "network_free_gbps"),
)
"""Kinds of factors that a placement uses, besides the chosen carbon intensity."""


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """Builds the candidates of one question, asked `at` an instant. `envelope` includes the levers; `plain` is the
    envelope without them, if they change it: it describes what runs `today`, at the sites by slug. `home` is the site
    that changes are counted from, `rules` the version and digest of the pack in force.
    """

    envelope: Envelope
    plain: Envelope | None = None
    currency: str
    facts: FleetFacts
    inputs: Mapping[str, PlacementInputs]
    laws: Laws
    what_if: WhatIf = field(default_factory=WhatIf)
    carbon: CarbonKind = CarbonKind.AVERAGE
    today: tuple[str, ...] = ()
    home: str = ""
    rules: Mapping[str, str] | None = None
    at: datetime

    def candidate(self, site: SiteFactors) -> CandidateSite:
        envelope, count, power = self.envelope, self.devices(site), self.power(site)
        parts = self.inputs.get(site.slug) or PlacementInputs(site, self.facts, self.currency, self.carbon)
        pue = parts.pue if self._pue is None else self._pue
        drawn_kw = figures.drawn_kw(power.drawn.value, count or 0, parts.idle)
        energy = figures.energy(drawn_kw, pue, power.rests_on)
        emitted = figures.carbon(energy, parts.intensity)
        cost = self._cost(parts, count, drawn_kw, energy, emitted)
        own = self._own(site)
        own_kw = self._own_kw(site)
        free = free_accelerators(site, own) if own else parts.free_accelerators
        return CandidateSite(
            site=site.slug,
            country=site.country if site.country in COUNTRIES else None,
            region=site.region,
            jurisdiction=self.laws.jurisdiction(site.country, site.operator_country),
            latency=self._latency(parts),
            unit_cost=self._unit_cost(cost),
            monthly_cost=cost,
            energy=energy,
            carbon=emitted,
            carbon_intensity=parts.intensity,
            verdict=parts.verdict,
            readiness=parts.readiness,
            free_accelerators=self._comparable(lacking_types(free, site, envelope), site),
            headroom=figures.it_headroom(parts.headroom, pue, own_kw),
            it_power=power.drawn,
            peak_power=power.peak,
            free_bandwidth=figures.moved(parts.free_bandwidth, (own.bandwidth_gbps or 0.0) if own else 0.0),
            residency=self._zones.get(site.country, frozenset()),
            feed_load=self._feed_load(site.slug, power, own_kw),
        )

    @cached_property
    def basis(self) -> str:
        """The type in which accelerators of any type are counted: that of today's site. Empty if the class runs
        nowhere, asks for a type, or runs at a site with none or several types: then any accelerator counts as one.
        """
        home = next((site for site in self.facts.sites if site.slug == self.home), None)
        if home is None or any(need.type for need in self.envelope.accelerators):
            return ""
        return only_type(home.accelerators)

    def devices(self, site: SiteFactors, envelope: Envelope | None = None) -> int | None:
        """The site's accelerators that the envelope needs there; None if its type does not compare."""
        count = (envelope or self.envelope).accelerator_count
        if not self.basis or not count:
            return count
        return device_count(count, self.basis, only_type(site.accelerators))

    def power(self, site: SiteFactors) -> ItPower:
        if site.slug not in self._powers:
            self._powers[site.slug] = it_power(self.envelope, site, self.devices(site))
        return self._powers[site.slug]

    @cached_property
    def _powers(self) -> dict[str, ItPower]:
        return {}

    def _own(self, site: SiteFactors) -> Envelope | None:
        """The envelope that runs at the site today, its accelerators counted in the site's; None if nothing runs."""
        if site.slug not in self.today:
            return None
        plain = self.plain or self.envelope
        count = self.devices(site, plain)
        if not self.basis or not count or count == plain.accelerator_count:
            return plain
        return replace(plain, accelerators=(AcceleratorNeed(count),))

    def _own_kw(self, site: SiteFactors) -> float:
        """The room that its own placement there leaves as it goes."""
        if site.slug not in self.today:
            return 0.0
        plain = self.plain or self.envelope
        return it_power(plain, site, self.devices(site, plain)).peak.value or 0.0

    def _comparable(self, free: dict[str, BandedFigure], site: SiteFactors) -> dict[str, BandedFigure]:
        here, basis = only_type(site.accelerators), self.basis
        if not basis or here == basis or not self.envelope.accelerator_count:
            return free
        equivalents_here, equivalents_basis = equivalents(here), equivalents(basis)
        if equivalents_here is None or equivalents_basis is None:
            return free | {ANY: BandedFigure(None, ACCELERATORS, low=0.0, source=incomparable(basis, here))}
        source = f"{here} counted in {basis} by published {book().precision}"
        return free | {ANY: figures.scaled(free[ANY], equivalents_here / equivalents_basis, source)}

    def _feed_load(self, slug: str, power: ItPower, own_kw: float) -> dict[str, BandedFigure]:
        """The most loaded circuit with the workload there; empty if the power or a load is unknown."""
        loads, more = self.facts.circuits.get(slug), power.peak.value
        if loads is None or more is None or not loads.load_kw:
            return {}
        return {loads.highest: figures.circuit(loads, more - own_kw)}

    @cached_property
    def _pue(self) -> BandedFigure | None:
        pue = self.what_if.pue
        if pue is None:
            return None
        return BandedFigure(pue, "", Provenance.ESTIMATED, self.facts.at, source=figures.WHAT_IF)

    def _cost(
        self,
        parts: PlacementInputs,
        count: int | None,
        drawn_kw: float | None,
        energy: BandedFigure,
        emitted: BandedFigure,
    ) -> BandedFigure:
        what_if, currency = self.what_if, self.currency
        if count and parts.contract.value is not None:
            cost = self._contract_cost(parts, count, drawn_kw, energy)
        else:
            bill = self._bill(parts, energy)
            if count is None:
                why = incomparable(self.basis, only_type(parts.site.accelerators))
                return figures.least_cost(f"the number of accelerators is unknown: {why}", bill, currency)
            if not count:
                cost = bill
            elif parts.capital.value is not None:
                cost = figures.summed_cost(parts.capital_of(count), bill)
            else:
                cost = figures.least_cost(parts.contract.source or parts.capital.source, bill, currency)
        if not what_if.carbon_price:
            return cost
        priced = figures.carbon_at_price(emitted, what_if.carbon_price, currency)
        return figures.added(cost, priced, f"{cost.source}; with carbon at its price")

    def _bill(self, parts: PlacementInputs, energy: BandedFigure) -> BandedFigure:
        price = figures.tried(parts.price, self.what_if.electricity_price)
        return figures.energy_bill(energy, price, self.currency)

    def _contract_cost(
        self, parts: PlacementInputs, count: int, drawn_kw: float | None, energy: BandedFigure
    ) -> BandedFigure:
        """The cost at a stated hourly cost, which includes energy: levers only change that energy."""
        cost = figures.held_cost(count, parts.contract, self.currency)
        if self.what_if.electricity_price == 1 and self.what_if.pue is None:
            return cost
        before = figures.energy_bill(figures.energy(drawn_kw, parts.pue), parts.price, self.currency)
        return figures.energy_changed_cost(cost, self._bill(parts, energy), before)

    def _unit_cost(self, cost: BandedFigure) -> BandedFigure:
        """Cost of one unit of the ceiling. For requests only the least cost is known: at the peak rate all month."""
        envelope, unit = self.envelope, self._unit
        if envelope.cost_unit is CostUnit.ACCELERATOR_HOUR:
            accelerator_hours = envelope.accelerator_count * HOURS_A_MONTH
            if not accelerator_hours:
                return BandedFigure(None, unit, source="the envelope asks for no accelerators")
            return figures.shared(cost, accelerator_hours, unit, "cost of a month / accelerator-hours held")
        if envelope.cost_unit is CostUnit.MILLION_REQUESTS and envelope.requests_per_s:
            most = envelope.requests_per_s * HOURS_A_MONTH * SECONDS_AN_HOUR / 1e6
            low = None if cost.value is None and cost.low is None else cost.least / most
            message = "the number of requests a month is unknown; this is the least cost, at the peak rate all month"
            return BandedFigure(None, unit, low=low, source=message)
        return BandedFigure(None, unit, source="the number of units a month is unknown")

    @cached_property
    def _unit(self) -> str:
        return unit_of(self.envelope, self.currency)

    def _latency(self, parts: PlacementInputs) -> tuple[Latency, ...]:
        latencies: list[Latency] = []
        for user in self.envelope.users:
            more = self.what_if.links_slower and self.what_if.added_ms(parts.site.slug, user.region)
            trips = parts.latency(user.region)
            latencies += (
                [replace(each, figure=figures.moved(each.figure, more)) for each in trips] if more else trips
            )
        return tuple(latencies)

    def outdated(self, by_kind: Mapping[str, str]) -> dict[str, str]:
        return {
            objective: "; ".join(old)
            for objective, kinds in self._kinds.items()
            if (old := [by_kind[kind] for kind in kinds if kind in by_kind])
        }

    @cached_property
    def _kinds(self) -> Mapping[str, Sequence[str]]:
        cost = COST if self.envelope.accelerator_count else ("electricity_price",)
        return {
            "cost": (*cost, "pue"),
            "energy": ("pue",),
            "carbon": ("pue", f"carbon_{self.carbon}"),
            "latency": [f"latency.{user.region}" for user in self.envelope.users],
        }

    @cached_property
    def _zones(self) -> Mapping[str, frozenset[str]]:
        zone = self.envelope.residency or "EU"
        return dict.fromkeys(countries_of((zone,)), frozenset({zone}))


def incomparable(basis: str, here: str) -> str:
    lacking = [slug for slug in dict.fromkeys((basis, here)) if slug and equivalents(slug) is None]
    if not here:
        return f"the site has no type or several types, and the workload asks for {basis}"
    return f"{here} and {basis} do not compare: no {book().precision} is published of {' and '.join(lacking)}"


def lacking_types(
    free: dict[str, BandedFigure], site: SiteFactors, envelope: Envelope
) -> dict[str, BandedFigure]:
    if not site.accelerators:
        return free
    lacking = [need.type for need in envelope.accelerators if need.type and need.type not in free]
    none = BandedFigure(0.0, ACCELERATORS, Provenance.DECLARED, source="inventory")
    return free | dict.fromkeys(lacking, none) if lacking else free


def demand_of(envelope: Envelope) -> Demand:
    counts: dict[str, int] = {}
    for need in envelope.accelerators:
        counts[need.type or ANY] = counts.get(need.type or ANY, 0) + need.count
    if ANY in counts or len(counts) > 1:
        counts[ANY] = envelope.accelerator_count
    return Demand(counts, envelope.it_kw, power_by_site=True, bandwidth_gbps=envelope.bandwidth_gbps)


def latency_limits(envelope: Envelope, limit_ms: float) -> tuple[LatencyLimit, ...]:
    return tuple(LatencyLimit(user.region, envelope.latency_percentile, limit_ms) for user in envelope.users)


def limits_of(envelope: Envelope, currency: str, rates: Rates) -> Limits:
    """Raises BadParameter without an exchange rate from the ceiling's currency to the requested one."""
    is_monthly = envelope.cost_unit is CostUnit.MONTH
    ceiling = None
    if envelope.cost_ceiling is not None:
        unit = f"{currency}/month" if is_monthly else unit_of(envelope, currency)
        ceiling = LimitBound(_converted(envelope, currency, rates), unit)
    kg, grams, score = envelope.carbon_kg_per_month, envelope.carbon_g_per_kwh, envelope.min_score
    # The rules' answer covers residency.
    allowed = countries_of(envelope.allowed) if envelope.allowed else None
    limit_ms = envelope.latency_limit_ms
    return Limits(
        latency=() if limit_ms is None else latency_limits(envelope, limit_ms),
        unit_cost=None if is_monthly else ceiling,
        monthly_cost=ceiling if is_monthly else None,
        carbon=None if kg is None else LimitBound(kg, figures.CARBON_UNIT),
        carbon_intensity=None if grams is None else LimitBound(grams, "gCO2e/kWh"),
        verdict=Verdict(envelope.min_verdict) if envelope.min_verdict else None,
        readiness=None if score is None else LimitBound(score * 100, "points"),
        allowed_countries=allowed,
        forbidden_countries=countries_of(envelope.forbidden),
    )


def monthly_limits(envelope: Envelope, limits: Limits) -> dict[str, float]:
    """Declared limits by objective, in the unit of its figures: the references for scores.

    A ceiling per accelerator-hour becomes a monthly one for the hours held; ceilings per token or request have no
    monthly value.
    """
    by_objective = {}
    if envelope.latency_limit_ms is not None:
        by_objective["latency"] = envelope.latency_limit_ms
    if limits.monthly_cost is not None:
        by_objective["cost"] = limits.monthly_cost.value
    elif limits.unit_cost is not None and envelope.cost_unit is CostUnit.ACCELERATOR_HOUR:
        by_objective["cost"] = limits.unit_cost.value * envelope.accelerator_count * HOURS_A_MONTH
    if limits.carbon is not None:
        by_objective["carbon"] = limits.carbon.value
    return by_objective


def limited(limits: Limits) -> frozenset[str]:
    declared = {
        "latency": bool(limits.latency),
        "carbon": limits.carbon is not None or limits.carbon_intensity is not None,
        "readiness": limits.readiness is not None or limits.verdict not in (None, Verdict.NOT_READY),
    }
    return frozenset(name for name, is_declared in declared.items() if is_declared)


def unit_of(envelope: Envelope, currency: str) -> str:
    units = {
        CostUnit.ACCELERATOR_HOUR: "h",
        CostUnit.MILLION_TOKENS: "1 M tokens",
        CostUnit.MILLION_REQUESTS: "1 M requests",
    }
    return f"{currency}/{units.get(envelope.cost_unit or CostUnit.MONTH, 'month')}"


def _converted(envelope: Envelope, currency: str, rates: Rates) -> float:
    ceiling = envelope.cost_ceiling or 0.0
    if envelope.cost_currency in ("", currency):
        return ceiling
    rate = rates.rate_between(envelope.cost_currency, currency)
    if rate is None:
        message = f"No rate from {envelope.cost_currency} to {currency} is known"
        raise BadParameter("currency", f"{message}, so the cost ceiling cannot be checked.")
    return ceiling * rate.rate


def capacity_after(candidate: CandidateSite, demand: Demand) -> dict[str, BandedFigure]:
    count = demand.accelerators.get(ANY, sum(demand.accelerators.values()))
    free = candidate.free_accelerators.get(ANY, BandedFigure(None, ACCELERATORS))
    return {
        ACCELERATORS: figures.moved(free, -count),
        "power": figures.moved(candidate.headroom, -(demand.power_at(candidate) or 0.0)),
        "bandwidth": figures.moved(candidate.free_bandwidth, -(demand.bandwidth_gbps or 0.0)),
    }


def used_factors(site: SiteFactors, carbon: CarbonKind, regions: Sequence[str]) -> dict[str, Factor | None]:
    factors = {kind: site.factors.get(kind) for kind in (*USED, f"carbon_{carbon}")}
    return factors | {f"latency.{region}": site.latency.get(region) for region in regions}
