"""Levers of a placement: what is tried otherwise than it is, and the envelope that follows from it."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.workloads.core.countries import COUNTRIES, unknown_codes
from readiness.workloads.core.envelope import CostUnit, Envelope


@dataclass(frozen=True, slots=True)
class SlowerLink:
    """A link that takes `add_ms` longer between a site and a user region; "" is every region."""

    site: str
    region: str
    add_ms: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Levers. `demand` and `electricity_price` are times what they are; `carbon_price` is money a tonne of CO2e,
    added to cost; `pue` stands for that of every site. `limits` has fields of the envelope with other values, None for
    no limit. `data_origin` is the country under whose law the data is, `bases` what is on record for transfers.
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

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"sites_lost": sorted(self.sites_lost), "bases": sorted(self.bases)}

    def changes(self) -> dict[str, Any]:
        usual = WhatIf().as_json()
        return {name: value for name, value in self.as_json().items() if value != usual[name]}

    def added_ms(self, site: str, region: str) -> float:
        return sum(
            link.add_ms for link in self.links_slower if link.site == site and link.region in ("", region)
        )


def with_levers(envelope: Envelope, what_if: WhatIf, currency: str) -> Envelope:
    """Return the envelope with demand and limits as they are tried. Part of an accelerator counts as one."""
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
        raise BadTradeoffQuestion("what_if.limits.residency", reason)
    if "cost_ceiling" in limits and limits["cost_ceiling"] is not None and envelope.cost_unit is None:
        limits |= {"cost_unit": CostUnit.MONTH, "cost_currency": currency}
    return replace(envelope, **limits)


def _times(figure: float | None, factor: float) -> float | None:
    return None if figure is None else figure * factor


def refuse_unknown(
    what_if: WhatIf, sites: Collection[str], regions: Collection[str], bases: Collection[str]
) -> None:
    for slug in sorted(what_if.sites_lost - set(sites)):
        raise BadTradeoffQuestion("what_if.sites_lost", f"No site is called {slug}.")
    for place, link in enumerate(what_if.links_slower):
        where = f"what_if.links_slower[{place}]"
        if link.site not in sites:
            raise BadTradeoffQuestion(f"{where}.site", f"No site is called {link.site}.")
        if link.region and link.region not in regions:
            raise BadTradeoffQuestion(f"{where}.region", f"No user region is called {link.region}.")
    if what_if.data_origin and what_if.data_origin not in COUNTRIES:
        raise BadTradeoffQuestion(
            "what_if.data_origin", f"{what_if.data_origin} is no country of ISO 3166-1."
        )
    for basis in sorted(what_if.bases - set(bases)):
        raise BadTradeoffQuestion("what_if.bases", f"The rules in force know no basis called {basis}.")
