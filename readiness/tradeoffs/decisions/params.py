"""What the address of the record form asks: the state of the explorer as it stood there, and the chosen site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from inventory.models import Site
from readiness.tradeoffs.placing.asking import from_address
from readiness.tradeoffs.placing.document import body
from readiness.tradeoffs.placing.params import BadTradeoffQuestion
from readiness.workloads.models import WorkloadClass


@dataclass(frozen=True, slots=True)
class DecisionParams:
    """`asked` is the body of the same question to the endpoint; `refusal` says what of the address cannot be read.

    `site` is the one that the form begins with, None where the address names none.
    """

    workload: WorkloadClass | None = None
    site: Site | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.refusal

    @property
    def weights(self) -> Mapping[str, float]:
        return self.asked.get("weights", {})

    @property
    def what_if(self) -> Mapping[str, Any]:
        return self.asked.get("what_if", {})

    def given(self) -> dict[str, Any]:
        """What the operation takes of it, beside the site."""
        return dict(self.asked) | {"workload": self.workload}


def of_address(query: QueryDict) -> DecisionParams:
    """`workload` and `site` by slug; all else as readiness.tradeoffs.placing.asking.from_address reads it."""
    workload = WorkloadClass.objects.filter(slug=_slug(query, "workload")).first()
    site = Site.objects.filter(slug=_slug(query, "site")).first()
    if workload is None:
        return DecisionParams(refusal=_("The address names no workload that there is."))
    try:
        asked = body(workload.slug, from_address(query))
    except BadTradeoffQuestion as error:
        return DecisionParams(workload, site, refusal=str(error))
    return DecisionParams(workload, site, asked)


def _slug(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\x00", "")[:100]
