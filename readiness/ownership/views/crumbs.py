"""The place of the pages of ownership, and who may see them."""

from django.urls import reverse

from readiness.ownership import rules
from web.permissions import require
from web.visibility import SEES_NAMES

may_see = require("inventory.view_site", rules.MAY_SEE)
may_propose = require("inventory.view_site", rules.MAY_SEE, SEES_NAMES, rules.MAY_PROPOSE)
may_reassign = require("inventory.view_site", rules.MAY_SEE, SEES_NAMES, rules.MAY_PROPOSE, rules.MAY_END)
may_see_owners = require("inventory.view_site", rules.MAY_SEE, SEES_NAMES)


def breadcrumbs(*below: str) -> list[dict[str, str]]:
    first = {"label": "Ownership", "url": reverse("ownership") if below else ""}
    return [first, *({"label": each, "url": ""} for each in below)]
