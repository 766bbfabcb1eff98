"""What a what-if makes of an envelope, and which of it names something that is not there."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from readiness.tradeoffs.placing.params import BadTradeoffQuestion, SlowerLink, WhatIf
from readiness.workloads.core.envelope import CostUnit, Envelope
from readiness.workloads.core.jurisdictions import COUNTRIES, unknown_codes


def with_levers(envelope: Envelope, what_if: WhatIf, currency: str) -> Envelope:
    """The envelope as it is asked: demand times what it is, limits as they are tried. Part of an accelerator is one."""
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
        told = f"No country or group of countries is called {limits['residency']}."
        raise BadTradeoffQuestion("what_if.limits.residency", told)
    if "cost_ceiling" in limits and limits["cost_ceiling"] is not None and envelope.cost_unit is None:
        limits |= {"cost_unit": CostUnit.MONTH, "cost_currency": currency}
    return replace(envelope, **limits)


def _times(figure: float | None, factor: float) -> float | None:
    return None if figure is None else figure * factor


def refuse_unknown(
    what_if: WhatIf, sites: Collection[str], regions: Collection[str], bases: Collection[str]
) -> None:
    """Raises BadTradeoffQuestion for a site, a user region, a country or a basis that nobody knows."""
    for slug in sorted(what_if.sites_lost - set(sites)):
        raise BadTradeoffQuestion("what_if.sites_lost", f"No site is called {slug}.")
    for place, slower in enumerate(what_if.links_slower):
        where = f"what_if.links_slower[{place}]"
        if slower.site not in sites:
            raise BadTradeoffQuestion(f"{where}.site", f"No site is called {slower.site}.")
        if slower.region and slower.region not in regions:
            raise BadTradeoffQuestion(f"{where}.region", f"No user region is called {slower.region}.")
    if what_if.data_origin and what_if.data_origin not in COUNTRIES:
        raise BadTradeoffQuestion(
            "what_if.data_origin", f"{what_if.data_origin} is no country of ISO 3166-1."
        )
    for basis in sorted(what_if.bases - set(bases)):
        raise BadTradeoffQuestion("what_if.bases", f"The rules in force know no basis called {basis}.")


def added_ms(slower: Collection[SlowerLink], site: str, region: str) -> float:
    return sum(one.add_ms for one in slower if one.site == site and one.region in ("", region))
