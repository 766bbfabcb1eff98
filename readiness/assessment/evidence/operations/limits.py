"""Declare limits of a site or of a workload class."""

import math
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.assessment.evidence.core.limits import OF_CLASS, OF_PLATFORM, is_range, kind_of, presets_of
from readiness.assessment.evidence.models import DeclaredLimit
from readiness.assessment.evidence.refusals import OLDEST, EvidenceRefused, limit_in_unit, refuse_retired
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework, LimitKind
from readiness.demand.workloads.models import WorkloadClass
from web.units import day


@transaction.atomic
def declare_limit(
    *,
    limit: str,
    declared_on: date,
    source: str,
    by: User | None,
    now: datetime,
    site: Site | None = None,
    workload_class: WorkloadClass | None = None,
    value: float | None = None,
    unit: str = "",
    preset: str = "",
    note: str = "",
) -> DeclaredLimit:
    """Declare a limit from a day on; declaring it again for the same day corrects it.

    Raises EvidenceRefused for an unknown limit or preset, a wrong owner, a retired site, a wrong unit, or an impossible
    value.
    """
    _, framework = framework_queries.current()
    kind = _kind(framework, limit)
    _refuse_owner(kind, site, workload_class)
    _refuse_day(declared_on, now)
    if (value is None) == (preset == ""):
        raise EvidenceRefused("value", "Give a value or a preset, one of the two.")
    if value is None:
        _refuse_preset(framework, kind, preset, unit)
    else:
        value = _value(framework, kind, value, unit)
    same_limit = DeclaredLimit.objects.filter(
        site=site, workload_class=workload_class, limit_id=limit, declared_on=declared_on
    )
    declared = same_limit.select_for_update().first() or DeclaredLimit(
        site=site, workload_class=workload_class, limit_id=limit, declared_on=declared_on
    )
    declared.value, declared.preset = value, preset
    declared.source, declared.note, declared.by = source.strip(), note, by
    declared.full_clean(exclude=["site", "workload_class", "by"])
    declared.save()
    return declared


def _kind(framework: Framework, limit_id: str) -> LimitKind:
    kind = kind_of(framework, limit_id)
    limit_ids = ", ".join(each.id for each in framework.limits if each.declared_on != OF_PLATFORM)
    if kind is None:
        raise EvidenceRefused("limit", f"There is no limit {limit_id!r}; there are {limit_ids}.")
    if kind.declared_on == OF_PLATFORM:
        raise EvidenceRefused(
            "limit",
            f"{kind.name} is a limit of platforms: set a floor for it. Limits of sites and classes are {limit_ids}.",
        )
    return kind


def _refuse_owner(kind: LimitKind, site: Site | None, workload_class: WorkloadClass | None) -> None:
    if (site is None) == (workload_class is None):
        raise EvidenceRefused("site", "A limit is declared for one site or for one workload class.")
    if site is not None:
        refuse_retired(site)
    if workload_class is not None and kind.declared_on != OF_CLASS:
        raise EvidenceRefused("workload_class", f"{kind.name} is declared for a site.")


def _refuse_day(declared_on: date, now: datetime) -> None:
    """Future days are allowed: many targets are known years ahead."""
    if abs(declared_on - now.date()) > OLDEST:
        raise EvidenceRefused("declared_on", f"{day(declared_on)} is more than twenty years from today.")


def _refuse_preset(framework: Framework, kind: LimitKind, preset: str, unit: str) -> None:
    presets = presets_of(framework, kind.id)
    if preset not in presets:
        choices = f"there are {', '.join(presets)}" if presets else "it has none"
        raise EvidenceRefused("preset", f"{kind.name} has no preset {preset!r}; {choices}.")
    # The exported file states the unit also for presets.
    if unit not in {"", kind.unit}:
        raise EvidenceRefused("unit", "A preset has its own unit.")


def _value(framework: Framework, kind: LimitKind, value: float, unit: str) -> float:
    if is_range(framework, kind.id):
        preset_ids = ", ".join(presets_of(framework, kind.id))
        raise EvidenceRefused("value", f"{kind.name} is a range: choose a preset, one of {preset_ids}.")
    value = limit_in_unit(kind, value, unit)
    if not math.isfinite(value) or value < 0:
        raise EvidenceRefused("value", "A limit is a finite number of 0 or more.")
    if kind.unit == "%" and value > 100:
        raise EvidenceRefused("value", f"{kind.name} is a share: 100 % at most.")
    return value
