"""The panel beside the board for one cell: who answers for it, who is asked, and the form to ask somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from readiness.ownership import gaps, lines
from readiness.ownership.core.standing import Item
from readiness.ownership.forms import ProposeForm
from readiness.ownership.models import Assignment
from readiness.ownership.sentences import item_label, standing_sentence
from web.links import link

TERMS_SHOWN = 6


class NoSuchCell(ValueError):
    """The name of a cell is a site's slug, a dot and an item; what follows another dot says where it was chosen."""


def read(key: str) -> tuple[str, Item]:
    slug, _dot, rest = key.partition(".")
    try:
        return slug, Item(rest.partition(".")[0])
    except ValueError as error:
        raise NoSuchCell(key[:150]) from error


def panel(site_id: int, item: Item, *, names: bool, may_propose: bool, now: datetime) -> dict[str, Any]:
    """Raises NoSuchCell for a retired site."""
    fleet = gaps.fleet(now=now, site_ids=[site_id])
    if not fleet.sites:
        raise NoSuchCell(str(item))
    [site] = fleet.sites
    cell = site.cells[item]
    joined = (
        *("site", "accountable__user", "deputy__user", "team", "responsible"),
        *("proposed_by", "answered_by"),
    )
    assignments = list(
        Assignment.objects.filter(site=site_id, item=item)
        .select_related(*joined)
        .order_by("-proposed_at", "-pk")[:TERMS_SHOWN]
    )
    by_id = {each.pk: each for each in assignments}
    current = by_id.get(cell.current.id) if cell.current else None
    coming = by_id.get(cell.coming.id) if cell.coming else None
    about = current or coming
    return {
        "site": site.site,
        "title": f"{site.site.name} · {item_label(item)}",
        "key": f"{site.site.slug}.{item}",
        "cell": cell,
        "sentence": standing_sentence(cell, now),
        "kw": site.kw,
        "facts": lines.facts(about, names=names, now=now) if about else [],
        "rights": about.decision_rights if about else "",
        "escalation": about.escalation if about else "",
        "open_url": link("assignment", about.pk) if about else "",
        "coming": lines.terms([coming], names=names, now=now)[0] if coming and coming is not about else None,
        "terms": lines.terms(
            [each for each in assignments if each not in (current, coming)], names=names, now=now
        ),
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
