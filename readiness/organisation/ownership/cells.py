"""Rows of the board: headings with shares, cells, the legend.

A board has thousands of cells, so they are plain values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from inventory.queries import site_facts
from readiness.organisation.ownership import gaps
from readiness.organisation.ownership.core.standing import OF_DOMAINS, Item, ItemStanding
from readiness.organisation.ownership.forms import ProposeForm
from readiness.organisation.ownership.gaps import BoardSite, OwnershipCounts
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.ownership.queries import OwnershipCell
from readiness.organisation.ownership.tables import (
    MEANING,
    SHORT,
    cell_label,
    cell_text,
    item_label,
    presence_words,
)
from readiness.organisation.people.core.coverage import Requirement, qualified
from readiness.organisation.people.facts import KnownPeople, requirements_of
from readiness.organisation.people.models import Person
from web.links import link
from web.tables import TablePage
from web.units import power

LOOKS = {
    ItemStanding.OWNED: "pass",
    ItemStanding.NO_DEPUTY: "warn",
    ItemStanding.OVERDUE: "stale",
    ItemStanding.AWAY: "fail",
    ItemStanding.UNANSWERED: "fail",
    ItemStanding.WAITING: "waived",
    ItemStanding.UNOWNED: "unknown",
}
"""How a cell looks: like a state in the matrix, whose colours and shapes readers know."""


FIRST = (Item.COMPUTE_NETWORK, Item.COMPUTE)
"""The board draws a line before these items."""


class BoardCell(NamedTuple):
    key: str
    look: str
    text: str
    label: str
    is_chosen: bool
    is_first: bool
    is_asked: bool
    others: tuple[str, ...] = ()
    """The keys of the further items that it stands for."""


@dataclass(frozen=True, slots=True)
class BoardRow:
    row: BoardSite
    url: str
    kw: str
    cells: list[BoardCell]


def headings(table: TablePage, items: Sequence[Item], counts: OwnershipCounts) -> list[dict[str, Any]]:
    by_key = {column.key: column for column in table.columns}
    sites = counts.items // len(Item)
    return [
        {
            "key": item.value,
            "label": SHORT[item],
            "title": item_label(item),
            "sort": by_key[item.value].sort,
            "sort_url": by_key[item.value].sort_url,
            "first": item in FIRST,
            "share": 100 * counts.owned[item] // sites if sites else 0,
            "share_label": f"{counts.owned[item]} of {sites} sites",
        }
        for item in items
    ]


def rows(
    table: TablePage, items: Sequence[Item], *, chosen_key: str, names: bool, now: datetime
) -> list[BoardRow]:
    return [
        BoardRow(
            row=each.object,
            url=link("site", each.object.site.slug),
            kw=power(each.object.kw, "kW").value or "",
            cells=_cells(each.object, items, chosen_key, names, now),
        )
        for each in table.rows
    ]


def _cells(
    row: BoardSite, items: Sequence[Item], chosen_key: str, names: bool, now: datetime
) -> list[BoardCell]:
    """One cell for each item; a single one where one person answers for all of them alike."""
    cells = [_cell(row, item, chosen_key, names, now) for item in items]
    holders = {(row.cells[item].standing, _holder(row.cells[item], names)) for item in items}
    [(_standing, holder), *others] = holders
    if others or not holder or len(items) == 1:
        return cells
    first_due = min((row.cells[item] for item in items), key=_due_at)
    return [
        cells[0]._replace(
            text=f"{cells[0].text}, all {len(items)} items",
            label=cell_label(
                row.site.name, first_due, names=names, now=now, subject=f"all {len(items)} items"
            ),
            is_chosen=any(cell.is_chosen for cell in cells),
            others=tuple(cell.key for cell in cells[1:]),
        )
    ]


def _holder(cell: OwnershipCell, names: bool) -> tuple[object, ...]:
    """The owner of the item, as far as the reader may know; () where nobody owns it or it changes hands."""
    if cell.current is None or cell.coming is not None:
        return ()
    words = presence_words(cell.current, names=names)
    return (cell.current.person_id, cell.current.answers, words) if names else (cell.current.team, words)


def _due_at(cell: OwnershipCell) -> datetime:
    due_at = cell.current.due_at if cell.current else None
    return due_at or datetime.max.replace(tzinfo=UTC)


def _cell(row: BoardSite, item: Item, chosen_key: str, names: bool, now: datetime) -> BoardCell:
    cell, key = row.cells[item], f"{row.site.slug}.{item}"
    return BoardCell(
        key=key,
        look=LOOKS[cell.standing],
        text=cell_text(cell, names=names),
        label=cell_label(row.site.name, cell, names=names, now=now),
        is_chosen=key == chosen_key,
        is_first=item in FIRST,
        is_asked=cell.current is not None and cell.coming is not None,
    )


def legend(counts: OwnershipCounts) -> list[tuple[str, str, int]]:
    return [(standing.value, LOOKS[standing], counts.standings[standing]) for standing in ItemStanding]


TERMS_SHOWN = 6


class NoSuchCell(ValueError):
    """A cell is named by a site's slug, a dot and an item; text after another dot says where it was chosen."""


def read(key: str) -> tuple[str, Item]:
    slug, _dot, rest = key.partition(".")
    try:
        return slug, Item(rest.partition(".")[0])
    except ValueError as error:
        raise NoSuchCell(key[:150]) from error


def assignments() -> QuerySet[Assignment]:
    return Assignment.objects.select_related(
        *("site", "accountable__user", "deputy__user", "team", "responsible", "proposed_by", "answered_by")
    ).order_by("-proposed_at", "-pk")


def panel(site_id: int, item: Item, *, may_propose: bool, names: bool, now: datetime) -> dict[str, Any]:
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
        "slug": site.site.slug,
        "cell": cell,
        "items": [(f"{site.site.slug}.{each}", SHORT[each], each is item) for each in Item],
        "sentence": MEANING[cell.standing],
        "presence": presence_words(cell.current_or_coming, names=names),
        "about": about,
        "coming": [coming] if coming and coming is not about else [],
        "terms": [each for each in newest if each not in (current, coming)],
        "fit": _fit(site_id, item, about, now) if about else None,
        "form": _form(about, now) if may_propose and coming is None else None,
        "form_title": "Hand it over" if current else "Propose somebody",
    }


SKILLS_OF = {Item.ORCHESTRATION: frozenset({"orchestration"})} | {
    item: domains for domains, item in OF_DOMAINS.items()
}
"""Domains of the skills that an item requires of its owner's team."""


@dataclass(frozen=True, slots=True)
class TeamFit:
    """Requirements of a site in some domains, and those of them that no member of the team is qualified for."""

    required: tuple[Requirement, ...]
    missing: tuple[Requirement, ...]


def _fit(site_id: int, item: Item, about: Assignment, now: datetime) -> TeamFit:
    [requirements] = requirements_of({site.id: site for site in site_facts([site_id])}, now=now).values()
    required = tuple(each for each in requirements if each.domain in SKILLS_OF[item])
    members = Person.objects.present(now).filter(memberships__team=about.team_id)
    known_people = KnownPeople(list(members.values_list("pk", flat=True)), now)
    holders = [
        holder
        for person_id, of_person in known_people.holders.items()
        for holder in of_person
        if holder.skill_id not in known_people.exempt.get(person_id, ())
    ]
    return TeamFit(required, tuple(each for each in required if not qualified(each, holders)))


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
