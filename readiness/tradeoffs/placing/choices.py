"""What can be chosen on the page: workload classes, user regions, and bases that the rules in force know."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.workloads import queries as workloads
from readiness.workloads.core.envelope import Criticality, Envelope
from readiness.workloads.jurisdiction import queries as jurisdiction
from readiness.workloads.jurisdiction.refusals import NothingPublished
from readiness.workloads.models import UserRegion


def classes() -> tuple[Envelope, ...]:
    """The worst to lose first, then by name."""
    order = list(Criticality)
    return tuple(
        sorted(workloads.envelopes(), key=lambda one: (order.index(one.criticality), one.name, one.slug))
    )


def chosen_class(found: Sequence[Envelope], slug: str) -> Envelope | None:
    """The class of this slug, the first where none is named; None where there is none."""
    if not slug:
        return found[0] if found else None
    return next((one for one in found if one.slug == slug), None)


def regions() -> dict[str, str]:
    return dict(UserRegion.objects.order_by("name").values_list("slug", "name"))


def bases() -> list[tuple[str, str]]:
    try:
        _row, pack = jurisdiction.current()
    except NothingPublished:
        return []
    return [(basis.id, basis.name) for basis in pack.bases]
