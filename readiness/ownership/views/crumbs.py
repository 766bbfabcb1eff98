"""The place of the pages of ownership, and who may see them."""

from django.urls import reverse

from readiness.ownership import rules
from web.visibility import SEES_NAMES

SEE = ("inventory.view_site", rules.MAY_SEE)

SEE_OWNERS = (*SEE, SEES_NAMES)
PROPOSE = (*SEE, SEES_NAMES, rules.MAY_PROPOSE)
REASSIGN = (*SEE, SEES_NAMES, rules.MAY_PROPOSE, rules.MAY_END)


def breadcrumbs(*below: str) -> list[dict[str, str]]:
    first = {"label": "Ownership", "url": reverse("ownership") if below else ""}
    return [first, *({"label": each, "url": ""} for each in below)]
