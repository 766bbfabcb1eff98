"""Workload classes as a YAML download, which the import reads back."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

from readiness.workloads.core.document import dump
from readiness.workloads.models import WorkloadClass
from readiness.workloads.operations.declaring import COLUMNS


def exported(classes: Iterable[WorkloadClass], name: str) -> HttpResponse:
    """Export classes that were read with `queries.whole`."""
    return HttpResponse(
        dump(map(values_of, classes)),
        content_type="application/yaml",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.yaml"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def values_of(workload: WorkloadClass) -> dict[str, Any]:
    """All fields by name, with its rows as a document has them."""
    needs = [
        {"type": row.device_type.slug if row.device_type else "", "count": row.count}
        for row in workload.accelerators.all()
    ]
    users = [
        {"region": row.user_region.slug, "requests_per_s": row.requests_per_s}
        for row in workload.served.all()
    ]
    return {**{name: getattr(workload, name) for name in COLUMNS}, "accelerators": needs, "users": users}
