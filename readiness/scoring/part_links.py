"""Where a sub-measure on a check's page leads to: the form that declares the limit it lacks."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from readiness.evidence.core.limits import OF_PLATFORM
from readiness.scoring.core.states import ReasonCode
from readiness.scoring.queries.rows import PartRow

LACKS_LIMIT = frozenset({ReasonCode.NO_LIMIT.value, ReasonCode.CANNOT_JUDGE.value})


def limit_form(part: PartRow | None, declared_on: str, site_slug: str) -> tuple[str, str]:
    """Addresses of the form to declare the limit and of that to set a floor: one of them, where a limit is lacking."""
    if part is None or not part.limit_id or part.limit_source or part.code not in LACKS_LIMIT:
        return "", ""
    if declared_on == OF_PLATFORM:
        return "", reverse("floor-add")
    return f"{reverse('declared-limit-add')}?{urlencode({'site': site_slug, 'limit': part.limit_id})}", ""
