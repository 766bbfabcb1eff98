"""The law that the data of the demo's classes is under, and the bases on record for it."""

from datetime import date

from readiness.demo.core.plan import book
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from readiness.workloads.models import WorkloadClass


def write_footing(workload: WorkloadClass, *, since: date) -> None:
    """Write the footing of a class that the demo made; both go with it when the demo is taken out."""
    DataOrigin.objects.bulk_create(
        DataOrigin(workload_class=workload, country=country, note="Simulated")
        for country in book("footing")["origins"].get(workload.slug, ())
    )
    HeldBasis.objects.bulk_create(
        HeldBasis(workload_class=workload, basis=basis, held_from=since, reference=reference)
        for basis, reference in book("footing")["bases"].get(workload.slug, {}).items()
    )
