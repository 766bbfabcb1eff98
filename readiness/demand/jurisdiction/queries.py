"""The rules in force and others, as rows for lists and as frozen values for decisions."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet

from readiness.demand.jurisdiction.core.deciding import CaseDecision, Footing, Request, decide
from readiness.demand.jurisdiction.core.pack import RulePackDocument
from readiness.demand.jurisdiction.models import CountryGroup, DataOrigin, HeldBasis, Rule, RulePack
from readiness.demand.jurisdiction.operations import VERSIONS
from readiness.demand.workloads.models import WorkloadClass

in_force, current, content_of = VERSIONS.version_in_force, VERSIONS.current, VERSIONS.content


def content_in_force() -> RulePackDocument | None:
    row = in_force()
    return None if row is None else content_of(row)


def case_of(case: Mapping[str, Any], *, today: date) -> dict[str, Any]:
    """Return the arguments of `decision` from a form or a body."""
    request = Request(
        origin=case["origin"].upper(),
        categories=frozenset(case["data_categories"]),
        destination=case["destination"].upper(),
        operator=case.get("operator", "").upper(),
        bases=frozenset(case.get("bases", ())),
    )
    return {"request": request, "on": case.get("on") or today, "pack": case.get("pack")}


def decision(request: Request, *, on: date, pack: RulePack | None = None) -> tuple[RulePack, CaseDecision]:
    """Decide by the given pack, else by the pack in force. Raises NothingPublished."""
    row = pack if pack is not None else current()[0]
    return row, decide(content_of(row), request, on)


def rules() -> QuerySet[Rule]:
    return Rule.objects.select_related("pack").order_by("jurisdiction", "pack", "position", "slug")


def rules_in_force() -> QuerySet[Rule]:
    return Rule.objects.filter(pack__status=RulePack.Status.PUBLISHED)


def groups(pack: RulePack) -> list[CountryGroup]:
    return list(pack.groups.prefetch_related("members").order_by("position", "slug"))


def versions_of(rule: Rule, *, limit: int = 20) -> list[Rule]:
    versions = Rule.objects.filter(slug=rule.slug).select_related("pack", "pack__published_by")
    return list(versions.order_by("-pack__created_at", "-pack_id")[:limit])


def origins_of(workload: WorkloadClass) -> list[str]:
    return list(
        DataOrigin.objects.filter(workload_class=workload)
        .order_by("country")
        .values_list("country", flat=True)
    )


def bases_of(workload: WorkloadClass) -> list[HeldBasis]:
    return list(HeldBasis.objects.filter(workload_class=workload).order_by("basis", "pk"))


def footings(slugs: Collection[str], *, day: date) -> dict[str, Footing]:
    """Return footings by slug for all named classes; two statements."""
    origins: dict[str, set[str]] = {slug: set() for slug in slugs}
    bases: dict[str, set[tuple[str, str]]] = {slug: set() for slug in slugs}
    condition = {"workload_class__slug__in": slugs}
    declared = DataOrigin.objects.filter(**condition).order_by()
    for slug, country in declared.values_list("workload_class__slug", "country"):
        origins[slug].add(country)
    held_bases = HeldBasis.objects.holding_on(day).filter(**condition).order_by()
    for slug, basis, destination in held_bases.values_list("workload_class__slug", "basis", "destination"):
        bases[slug].add((basis, destination))
    return {slug: Footing(frozenset(origins[slug]), frozenset(bases[slug])) for slug in slugs}
