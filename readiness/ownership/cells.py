"""One cell of the board: its name in addresses, and what the panel beside the board shows of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from readiness.ownership import gaps
from readiness.ownership.core.standing import Item
from readiness.ownership.forms import ProposeForm
from readiness.ownership.models import Assignment
from readiness.ownership.sentences import MEANING, item_label

TERMS_SHOWN = 6


class NoSuchCell(ValueError):
    """The name of a cell is a site's slug, a dot and an item; what follows another dot says where it was chosen."""


def read(key: str) -> tuple[str, Item]:
    slug, _dot, rest = key.partition(".")
    try:
        return slug, Item(rest.partition(".")[0])
    except ValueError as error:
        raise NoSuchCell(key[:150]) from error


def assignments() -> QuerySet[Assignment]:
    """Assignments with all that a page says of one, the newest first."""
    return Assignment.objects.select_related(
        *("site", "accountable__user", "deputy__user", "team", "responsible", "proposed_by", "answered_by")
    ).order_by("-proposed_at", "-pk")


def panel(site_id: int, item: Item, *, may_propose: bool, now: datetime) -> dict[str, Any]:
    """Raises NoSuchCell for a retired site."""
    fleet = gaps.fleet(now=now, site_ids=[site_id])
    if not fleet.sites:
        raise NoSuchCell(str(item))
    [site] = fleet.sites
    cell = site.cells[item]
    newest = list(assignments().filter(site=site_id, item=item)[:TERMS_SHOWN])
    by_id = {each.pk: each for each in newest}
    current = by_id.get(cell.current.id) if cell.current else None
    coming = by_id.get(cell.coming.id) if cell.coming else None
    about = current or coming
    return {
        "title": f"{site.site.name} · {item_label(item)}",
        "key": f"{site.site.slug}.{item}",
        "cell": cell,
        "sentence": MEANING[cell.standing],
        "about": about,
        "coming": [coming] if coming and coming is not about else [],
        "terms": [each for each in newest if each not in (current, coming)],
        "form": _form(about, now) if may_propose and coming is None else None,
        "form_title": "Hand it over" if current else "Propose somebody",
    }


def _form(about: Assignment | None, now: datetime) -> ProposeForm:
    initial: dict[str, Any] = {}
    if about is not None:
        initial = {
            "team": about.team.slug,
            "responsible": about.responsible.slug if about.responsible else None,
            "decision_rights": about.decision_rights,
            "escalation": about.escalation,
        }
    return ProposeForm(initial=initial, now=now)
