"""What a decision takes from a placement: the options with their figures, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from readiness.scoring.core.states import Provenance
from readiness.tradeoffs.core.objectives import ObjectiveDirection
from readiness.tradeoffs.core.options import BandedFigure
from readiness.workloads.models import WorkloadClass


class Placing(Protocol):
    """Places a workload as of `now`; the answer is that of `POST /api/tradeoffs/placements/`, of JSON values alone.

    Money is in `currency`, "" for the usual one; `carbon` is average, marginal or market, `today` the slug of the
    site that changes are counted from, "" for the first.
    """

    def __call__(
        self,
        *,
        workload: WorkloadClass,
        weights: Mapping[str, float],
        what_if: Mapping[str, Any],
        currency: str,
        carbon: str,
        today: str,
        now: datetime,
    ) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Expected:
    """One objective at one site as the answer states it."""

    objective: str
    figure: BandedFigure
    direction: ObjectiveDirection


def option_of(answer: Mapping[str, Any], slug: str) -> Mapping[str, Any] | None:
    """The option of a site; None where the answer does not have it."""
    return next((one for one in answer["options"] if one["site"] == slug), None)


def reasons_of(option: Mapping[str, Any]) -> list[str]:
    """Why a site is no option, each in words."""
    return [str(one["words"]) for one in option["reasons"]]


def figure_of(stated: Mapping[str, Any]) -> BandedFigure:
    """What has no value says in its source why not."""
    as_of = stated["as_of"]
    return BandedFigure(
        stated["value"],
        stated["unit"],
        Provenance(stated["provenance"]) if stated["provenance"] else None,
        datetime.fromisoformat(as_of) if as_of else None,
        stated["low"],
        stated["high"],
        stated["source"] or stated.get("unknown") or "",
    )


def expected_of(answer: Mapping[str, Any], option: Mapping[str, Any]) -> list[Expected]:
    """In the order of the answer."""
    return [
        Expected(
            one["name"], figure_of(option["objectives"][one["name"]]), ObjectiveDirection(one["direction"])
        )
        for one in answer["objectives"]
    ]
