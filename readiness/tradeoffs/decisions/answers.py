"""What a decision takes from a placement: the options with their figures, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from readiness.tradeoffs.core.objectives import Direction
from readiness.tradeoffs.core.options import Figure, Provenance
from readiness.workloads.models import WorkloadClass


class Placing(Protocol):
    """Places a workload as of `now`; the answer is that of `POST /api/tradeoffs/placements/`, of JSON values alone.

    Money is in `currency`, "" for the usual one; `carbon` is average, marginal or market.
    """

    def __call__(
        self,
        *,
        workload: WorkloadClass,
        weights: Mapping[str, float],
        what_if: Mapping[str, Any],
        currency: str,
        carbon: str,
        now: datetime,
    ) -> Mapping[str, Any]: ...


MORE_IS_BETTER = frozenset({"readiness", "compliance"})
"""Of objectives of which an answer does not say it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One objective at one site as the answer states it."""

    objective: str
    figure: Figure
    direction: Direction


def option_of(options: Sequence[Mapping[str, Any]], slug: str) -> Mapping[str, Any] | None:
    """The option of a site; None where the answer does not have it."""
    return next((one for one in options if site_of(one) == slug), None)


def site_of(option: Mapping[str, Any]) -> str:
    """The slug of an option's site."""
    site = option["site"]
    return str(site["slug"] if isinstance(site, Mapping) else site)


def site_name_of(option: Mapping[str, Any]) -> str:
    site = option["site"]
    return (
        str(site.get("name") or site["slug"]) if isinstance(site, Mapping) else str(option.get("name", site))
    )


def reasons_of(option: Mapping[str, Any]) -> list[str]:
    """Why a site is no option, each in words."""
    return [
        str(one.get("words", one.get("reason", ""))) if isinstance(one, Mapping) else str(one)
        for one in option.get("reasons", ())
    ]


def figure_of(stated: Mapping[str, Any]) -> Figure:
    provenance, as_of = stated.get("provenance"), stated.get("as_of")
    return Figure(
        stated.get("value"),
        stated.get("unit") or "",
        Provenance(provenance) if provenance else None,
        datetime.fromisoformat(as_of) if as_of else None,
        stated.get("low"),
        stated.get("high"),
        stated.get("source") or "",
    )


def expected_of(option: Mapping[str, Any]) -> list[Expected]:
    """In the order of the answer."""
    return [
        Expected(name, figure_of(stated), Direction(stated.get("direction") or _direction(name)))
        for name, stated in option["objectives"].items()
    ]


def _direction(name: str) -> Direction:
    return Direction.MAX if name in MORE_IS_BETTER else Direction.MIN
