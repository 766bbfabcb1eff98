"""The question of a portfolio, read from a request."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rest_framework import serializers

from readiness.tradeoffs import params
from readiness.tradeoffs.moves.options import CarbonKind
from readiness.tradeoffs.portfolios.inputs import (
    CURRENCY,
    MOST_POINTS,
    MOST_WORKLOADS,
    OBJECTIVES,
    POINTS,
    WEIGHTS,
    PortfolioQuestion,
)
from web.parameters import BadParameter
from web.rest import parameters
from web.rest.serializers import BodySerializer


class PortfolioQuestionSerializer(BodySerializer):
    workloads = parameters.slugs(MOST_WORKLOADS, help_text="Slugs; all declared classes unless given")
    left_out = parameters.slugs(MOST_WORKLOADS, help_text="Slugs; these stay and keep their capacity")
    pins = serializers.DictField(
        child=serializers.CharField(allow_null=True),
        help_text="Site of each pinned workload; null: where it runs today",
        **parameters.OPTIONAL,
    )
    weights = params.weights("PortfolioWeightsSerializer", OBJECTIVES)
    points = serializers.IntegerField(
        min_value=1, max_value=MOST_POINTS, help_text=f"{POINTS} unless given", **parameters.OPTIONAL
    )
    currency = parameters.currency(
        help_text="ISO 4217; that of the workloads' ceilings unless given, EUR if they differ"
    )
    carbon = params.carbon()


def question_of(
    body: Mapping[str, Any],
    *,
    workloads: Collection[str],
    sites: Collection[str],
    running: Mapping[str, Sequence[str]],
) -> PortfolioQuestion:
    """`workloads` and `sites` are the existing ones, `running` the sites of each workload.

    Raises BadParameter with the wrong field.
    """
    values = parameters.read_question(PortfolioQuestionSerializer(data=body))
    requested_slugs = _known("workloads", values.get("workloads", ()), workloads)
    left_out = _known("left_out", values.get("left_out", ()), workloads)
    workloads_to_place = sorted(set(requested_slugs or workloads) - set(left_out))
    if not workloads_to_place:
        raise BadParameter("workloads", "No workload is left to place.")
    if len(workloads_to_place) > MOST_WORKLOADS:
        raise BadParameter("workloads", f"{MOST_WORKLOADS} at most.")
    stated = values.get("weights") or WEIGHTS
    weights = {name: weight for name, weight in stated.items() if weight > 0}
    return PortfolioQuestion(
        tuple(workloads_to_place),
        tuple(sorted(left_out)),
        _pins(values.get("pins", {}), workloads_to_place, workloads, sites, running),
        weights,
        # Different weights mean the same if only one objective counts.
        values.get("points", POINTS) if len(weights) > 1 else 1,
        values.get("currency", CURRENCY),
        CarbonKind(values.get("carbon", CarbonKind.AVERAGE)),
    )


def _known(field: str, slugs: Sequence[str], existing: Collection[str]) -> list[str]:
    for place, slug in enumerate(slugs):
        if slug not in existing:
            raise BadParameter(f"{field}[{place}]", f"No workload class is called {slug}.")
    return list(dict.fromkeys(slugs))


def _pins(
    requested_pins: Mapping[str, str | None],
    workloads_to_place: Collection[str],
    workloads: Collection[str],
    sites: Collection[str],
    running: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """Site by workload. None means its present site, which is stored by name: the workload may move until the next
    request.
    """
    pins = {}
    for workload, site in requested_pins.items():
        name = workload[:100]
        where = f"pins.{name}"
        if workload not in workloads:
            raise BadParameter(where, f"No workload class is called {name}.")
        if workload not in workloads_to_place:
            raise BadParameter(where, f"{name} is not among the workloads that are placed.")
        pins[workload] = _runs_at(where, workload, running) if site is None else site
        if pins[workload] not in sites:
            message = f"{name} cannot be pinned: no site in service is called {pins[workload][:100]}."
            raise BadParameter(where, message)
    return {workload: pins[workload] for workload in sorted(pins)}


def _runs_at(where: str, workload: str, running: Mapping[str, Sequence[str]]) -> str:
    present_sites = running.get(workload, ())
    if not present_sites:
        raise BadParameter(where, f"{workload} runs nowhere today. Name the site that it is pinned to.")
    if len(present_sites) > 1:
        raise BadParameter(
            where, f"{workload} runs at {', '.join(present_sites)}. Name the site that it is pinned to."
        )
    return present_sites[0]
