"""Pages of ownership: the board, queues and owners, one assignment, proposing and reassigning, files."""

from django.urls import reverse

from readiness.ownership import operations
from web.visibility import SEES_NAMES

SEE = ("inventory.view_site", operations.MAY_SEE)

SEE_OWNERS = (*SEE, SEES_NAMES)
PROPOSE = (*SEE, SEES_NAMES, operations.MAY_PROPOSE)
REASSIGN = (*SEE, SEES_NAMES, operations.MAY_PROPOSE, operations.MAY_END)


def breadcrumbs(*below: str) -> list[dict[str, str]]:
    first = {"label": "Ownership", "url": reverse("ownership") if below else ""}
    return [first, *({"label": each, "url": ""} for each in below)]
