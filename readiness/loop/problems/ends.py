"""Read what became of the subjects of problems that no fact shows any more."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model, Q

from inventory.models import Accelerator, CoolingUnit, Device, Link, Port, PowerFeed
from readiness.assessment.evidence.operations.meters import comparison_places
from readiness.assessment.scoring.models import CheckResult, HealthReason, ReasonEnd
from readiness.loop.problems.core.ending import EndFacts, nodes_of
from readiness.loop.problems.core.folding import Node
from readiness.loop.problems.core.site import ProblemFacts
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.gather import sites_served
from readiness.loop.problems.measurements import METERS, meter_key
from readiness.loop.problems.models import Problem
from telemetry.core.matching import ObjectKind
from telemetry.models import InventoryDrift, Source

_ACTIVE = Device.Status.ACTIVE
_AT_DEVICE = Q(status=_ACTIVE, device__status=_ACTIVE)
_IN_SERVICE: Mapping[str, tuple[type[Model], tuple[str, ...], Q]] = {
    ObjectKind.DEVICE: (Device, ("site_id",), Q(status=_ACTIVE)),
    ObjectKind.ACCELERATOR: (Accelerator, ("site_id",), _AT_DEVICE),
    ObjectKind.PORT: (Port, ("device__site_id",), _AT_DEVICE),
    ObjectKind.FEED: (PowerFeed, ("site_id",), Q()),
    ObjectKind.COOLING_UNIT: (CoolingUnit, ("site_id",), Q()),
    ObjectKind.LINK: (Link, ("site_a_id", "site_b_id"), Q()),
}
"""The model of each kind of object, the paths to its sites, and when it is in service. A site is no row of it."""


def end_facts(
    vanished: Mapping[int, Sequence[Problem]], facts: Mapping[int, ProblemFacts]
) -> dict[int, EndFacts]:
    """Read the facts by site for problems that are no longer shown; a statement for each kind of subject among them."""
    by_kind: dict[ProblemKind, list[Problem]] = defaultdict(list)
    for problem in (each for several in vanished.values() for each in several):
        by_kind[ProblemKind(problem.kind)].append(problem)
    in_service = _keys_in_service([*by_kind[ProblemKind.HEALTH], *by_kind[ProblemKind.MEASUREMENT]])
    unwell = _unwell(by_kind[ProblemKind.HEALTH])
    ended_by_hand = _ended_by_hand(by_kind[ProblemKind.HEALTH])
    sources = _source_states([*by_kind[ProblemKind.SOURCE], *by_kind[ProblemKind.INTAKE]])
    checks = _check_states(by_kind[ProblemKind.CHECK])
    drifts = _drift_states(by_kind[ProblemKind.INVENTORY])
    parted_meters = _parted_meters(by_kind[ProblemKind.MEASUREMENT])
    return {
        site_id: EndFacts(
            is_retired=facts[site_id].is_retired,
            domains={domain.domain: domain for domain in facts[site_id].domains},
            in_service=in_service[site_id],
            unwell=unwell[site_id],
            ended_by_hand=ended_by_hand[site_id],
            source_states=sources[site_id],
            check_states=checks[site_id],
            drift_states=drifts[site_id],
            parted_meters=parted_meters[site_id],
        )
        for site_id in vanished
    }


def end_facts_of_no_site(vanished: Sequence[Problem]) -> EndFacts:
    ids = _subjects(problem for problem in vanished if problem.kind == ProblemKind.INTAKE)
    states = Source.objects.filter(pk__in=ids).order_by().values_list("pk", "status__state") if ids else ()
    return EndFacts(source_states={str(pk): state or "" for pk, state in states})


def _parted_meters(problems: Sequence[Problem]) -> dict[int, set[str]]:
    """Keys of problems of meters that the inventory no longer compares."""
    keys: dict[int, set[str]] = defaultdict(set)
    for problem in problems:
        if problem.subject == METERS and problem.site_id is not None:
            keys[problem.site_id].add(problem.key)
    for site_id, places in (comparison_places(keys) if keys else {}).items():
        keys[site_id] -= {meter_key(*place) for place in places}
    return keys


def _keys_in_service(problems: Iterable[Problem]) -> dict[int, set[Node]]:
    ids: dict[str, set[int]] = defaultdict(set)
    keys: dict[int, set[Node]] = defaultdict(set)
    for problem in problems:
        for kind, pk in nodes_of(problem):
            if kind == ObjectKind.SITE and pk == problem.site_id:
                keys[pk].add((kind, pk))
            elif kind in _IN_SERVICE:
                ids[kind].add(pk)
    for kind, of_kind in ids.items():
        model, sites, condition = _IN_SERVICE[kind]
        rows = model._default_manager.filter(condition, pk__in=of_kind).order_by()
        for pk, *site_ids in rows.values_list("pk", *sites):
            for site_id in site_ids:
                keys[site_id].add((kind, pk))
    return keys


def _unwell(problems: Sequence[Problem]) -> dict[int, set[tuple[str, Node]]]:
    """Objects of which a domain still has reasons that count."""
    unwell: dict[int, set[tuple[str, Node]]] = defaultdict(set)
    if problems:
        rows = HealthReason.objects.counting().filter(_object_condition(problems)).order_by()
        for site_id, domain, kind, pk in rows.values_list("site_id", "domain", "object_kind", "object_id"):
            unwell[site_id].add((domain, (kind, pk)))
    return unwell


def _ended_by_hand(problems: Sequence[Problem]) -> dict[int, dict[tuple[str, Node, str], datetime]]:
    ended: dict[int, dict[tuple[str, Node, str], datetime]] = defaultdict(dict)
    if problems:
        since = min(problem.first_seen_at for problem in problems)
        rows = ReasonEnd.objects.filter(_object_condition(problems), ended_at__gte=since)
        columns = ("site_id", "domain", "object_kind", "object_id", "metric", "ended_at")
        for site_id, domain, kind, pk, metric, at in rows.order_by("ended_at").values_list(*columns):
            ended[site_id][domain, (kind, pk), metric] = at
    return ended


def _object_condition(problems: Sequence[Problem]) -> Q:
    nodes = {node for problem in problems for node in nodes_of(problem)}
    return Q(
        site__in=_sites(problems),
        object_kind__in={kind for kind, _ in nodes},
        object_id__in={pk for _, pk in nodes},
    )


def _source_states(problems: Sequence[Problem]) -> dict[int, dict[str, str]]:
    states: dict[int, dict[str, str]] = defaultdict(dict)
    if not problems:
        return states
    rows = Source.objects.filter(pk__in=_subjects(problems)).select_related("status").order_by("pk")
    sources = {source.pk: source for source in rows}
    for source_id, site_ids in sites_served(sources, _sites(problems)).items():
        for site_id in site_ids:
            states[site_id][str(source_id)] = sources[source_id].status.state
    return states


def _check_states(problems: Sequence[Problem]) -> dict[int, dict[str, str]]:
    return _group_by_site(
        CheckResult.objects.filter(
            site__in=_sites(problems), check_id__in=[each.subject for each in problems]
        )
        .exclude(gate="INFO")
        .order_by()
        .values_list("site_id", "check_id", "state")
        if problems
        else ()
    )


def _drift_states(problems: Sequence[Problem]) -> dict[int, dict[str, set[str]]]:
    states: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    if problems:
        rows = InventoryDrift.objects.filter(site__in=_sites(problems), device__in=_subjects(problems))
        for site_id, device_id, state in rows.order_by().values_list("site_id", "device_id", "state"):
            states[site_id][str(device_id)].add(state)
    return states


def _group_by_site(rows: Iterable[Any]) -> dict[int, dict[str, str]]:
    by_site: dict[int, dict[str, str]] = defaultdict(dict)
    for site_id, subject, state in rows:
        by_site[site_id][subject] = state
    return by_site


def _sites(problems: Iterable[Problem]) -> Collection[int]:
    return {problem.site_id for problem in problems if problem.site_id is not None}


def _subjects(problems: Iterable[Problem]) -> list[int]:
    return [int(problem.subject) for problem in problems]
