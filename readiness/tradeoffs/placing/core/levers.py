"""The question of a placement: weights, levers, and what they change of the envelope."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from readiness.demand.workloads.core.countries import COUNTRIES, unknown_codes
from readiness.demand.workloads.core.envelope import CostUnit, Envelope
from readiness.tradeoffs.factors.core.factors import SiteFactors
from readiness.tradeoffs.moves.options import CarbonKind
from readiness.tradeoffs.placing.core.objectives import Objective, ObjectiveDirection
from web.parameters import BadParameter


@dataclass(frozen=True, slots=True)
class SlowerLink:
    """A link that takes `add_ms` longer between a site and a user region; "" means every region."""

    site: str
    region: str
    add_ms: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Levers. `demand` and `electricity_price` are factors; `carbon_price` is money per tonne of CO2e, added to cost;
    `pue` replaces that of every site. `limits` has other values for fields of the envelope, None for no limit.
    `data_origin` is the country whose law the data is under, `bases` are the bases on record for transfers.
    """

    demand: float = 1.0
    electricity_price: float = 1.0
    carbon_price: float = 0.0
    pue: float | None = None
    sites_lost: frozenset[str] = frozenset()
    links_slower: tuple[SlowerLink, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    data_origin: str = ""
    bases: frozenset[str] = frozenset()

    def json_values(self) -> dict[str, Any]:
        return asdict(self) | {"sites_lost": sorted(self.sites_lost), "bases": sorted(self.bases)}

    def changes(self) -> dict[str, Any]:
        usual = WhatIf().json_values()
        return {name: value for name, value in self.json_values().items() if value != usual[name]}

    def added_ms(self, site: str, region: str) -> float:
        return sum(
            link.add_ms for link in self.links_slower if link.site == site and link.region in ("", region)
        )


def apply_levers(envelope: Envelope, what_if: WhatIf, currency: str) -> Envelope:
    """Return the envelope with the tried demand and limits. A fraction of an accelerator counts as one."""
    if what_if.demand != 1:
        envelope = replace(
            envelope,
            accelerators=tuple(
                replace(need, count=math.ceil(need.count * what_if.demand - 1e-9))
                for need in envelope.accelerators
            ),
            it_kw=_times(envelope.it_kw, what_if.demand),
            bandwidth_gbps=_times(envelope.bandwidth_gbps, what_if.demand),
            users=tuple(
                replace(user, requests_per_s=_times(user.requests_per_s, what_if.demand))
                for user in envelope.users
            ),
        )
    limits: dict[str, Any] = dict(what_if.limits)
    if not limits:
        return envelope
    if limits.get("residency") and unknown_codes([limits["residency"]]):
        reason = f"No country or group of countries is called {limits['residency']}."
        raise BadParameter("what_if.limits.residency", reason)
    if "cost_ceiling" in limits and limits["cost_ceiling"] is not None and envelope.cost_unit is None:
        limits |= {"cost_unit": CostUnit.MONTH, "cost_currency": currency}
    return replace(envelope, **limits)


def _times(figure: float | None, factor: float) -> float | None:
    return None if figure is None else figure * factor


def refuse_unknown(what_if: WhatIf, sites: Sequence[SiteFactors], bases: Collection[str]) -> None:
    """Raises BadParameter for a site, user region, country or basis that does not exist."""
    slugs = {site.slug for site in sites}
    for slug in sorted(what_if.sites_lost - slugs):
        raise BadParameter("what_if.sites_lost", f"No site is called {slug}.")
    for place, link in enumerate(what_if.links_slower):
        where = f"what_if.links_slower[{place}]"
        if link.site not in slugs:
            raise BadParameter(f"{where}.site", f"No site is called {link.site}.")
        # Every site has a round trip to each region, be it unknown.
        if link.region and link.region not in sites[0].latency:
            raise BadParameter(f"{where}.region", f"No user region is called {link.region}.")
    if what_if.data_origin and what_if.data_origin not in COUNTRIES:
        raise BadParameter("what_if.data_origin", f"{what_if.data_origin} is not a country of ISO 3166-1.")
    for basis in sorted(what_if.bases - set(bases)):
        raise BadParameter("what_if.bases", f"The rules in force have no basis called {basis}.")


OBJECTIVES = (
    Objective("cost"),
    Objective("latency"),
    Objective("energy"),
    Objective("carbon"),
    Objective("readiness", ObjectiveDirection.MAX, scale=100.0),
    Objective("compliance", ObjectiveDirection.MAX, scale=100.0),
)
NAMES = tuple(objective.name for objective in OBJECTIVES)
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"cost": 60.0, "latency": 50.0, "energy": 0.0, "carbon": 40.0, "readiness": 30.0, "compliance": 0.0}
)
"""Default weights. Cost and carbon already include energy, and the limits include compliance."""


@dataclass(frozen=True, slots=True)
class PlacementQuestion:
    """`today` is the site to count changes from, if the class runs at several; "" means the first by name."""

    weights: Mapping[str, float] = WEIGHTS
    what_if: WhatIf = field(default_factory=WhatIf)
    currency: str = ""
    carbon: CarbonKind = CarbonKind.AVERAGE
    today: str = ""

    def body(self, workload: str) -> dict[str, Any]:
        carbon = "" if self.carbon is CarbonKind.AVERAGE else self.carbon.value
        set_otherwise = {"currency": self.currency, "carbon": carbon, "today": self.today}
        return {
            "workload": workload,
            "weights": dict(self.weights),
            "what_if": self.what_if.changes(),
            **{name: value for name, value in set_otherwise.items() if value},
        }


USUAL_QUESTION = PlacementQuestion()


def sites_of_today(first: str, placed_at: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sites where a class runs; that which changes are counted from stands first."""
    if first and first not in placed_at:
        raise BadParameter("today", f"The workload does not run at {first} today.")
    return tuple(sorted(placed_at, key=lambda site: site != first)) if first else placed_at
