"""The law that the data of the demo's classes is under, and the bases on record for it."""

from datetime import date
from functools import cache
from typing import Any

from readiness.demo.core.plan import DATA
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from readiness.workloads.models import WorkloadClass
from web import yaml_documents


@cache
def book() -> dict[str, Any]:
    document: dict[str, Any] = yaml_documents.read((DATA / "footing.yaml").read_text(encoding="utf-8"))
    return document


def write_footing(workload: WorkloadClass, *, since: date) -> None:
    """Write the footing of a class that the demo made; both go with it when the demo is taken out."""
    DataOrigin.objects.bulk_create(
        DataOrigin(workload_class=workload, country=country, note="Simulated")
        for country in book()["origins"].get(workload.slug, ())
    )
    HeldBasis.objects.bulk_create(
        HeldBasis(workload_class=workload, basis=basis, held_from=since, reference=reference)
        for basis, reference in book()["bases"].get(workload.slug, {}).items()
    )
