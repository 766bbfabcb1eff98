"""The items of ownership that a check is computed from, for its pages."""

from datetime import datetime
from typing import Any

from inventory.models import Site
from readiness.ownership import queries as ownership
from readiness.ownership.queries import UNOWNED
from readiness.ownership.sentences import cell_label, cell_text, item_label
from readiness.scoring.checks import FROM_OWNERSHIP
from web.links import link


def of_check(site: Site, check_id: str, *, names: bool, now: datetime) -> dict[str, Any] | None:
    """The seven items, for the page of a check that is computed from them; None for other checks."""
    if check_id not in FROM_OWNERSHIP:
        return None
    cells = ownership.cells(now=now, site_ids=[site.pk]).get(site.pk, UNOWNED)
    return {
        "cells": [
            {
                "item": item_label(item),
                "standing": cell.standing.value,
                "who": cell_text(cell, names=names),
                "label": cell_label(site.name, cell, names=names, now=now),
                "url": link("ownership", cell=f"{site.slug}.{item}"),
            }
            for item, cell in cells.items()
        ],
    }
