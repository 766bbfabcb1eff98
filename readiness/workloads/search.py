"""Search for workload classes."""

from django.urls import reverse

from accounts.models import User
from inventory.search import best_first
from readiness.workloads.models import WorkloadClass
from web.search import Hit


def find_workloads(query: str, *, user: User, limit: int) -> list[Hit]:
    workloads = best_first(WorkloadClass.objects.all(), query, name="name", others=["slug", "description"])[
        :limit
    ]
    return [
        Hit(title=workload.name, url=reverse("workload", args=[workload.slug]), detail=workload.description)
        for workload in workloads
    ]
