"""The cells of the board: a page has hundreds, and a template loop would take most of its time."""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from readiness.organisation.ownership import deputies
from readiness.organisation.ownership.cells import BoardCell
from readiness.organisation.ownership.core.standing import Gone, Hindrance
from readiness.organisation.ownership.deputies import Presence
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.ownership.tables import GONE, HINDRANCES, due
from readiness.organisation.people.models import Person

register = template.Library()


register.filter("due", due)


@register.filter
def left_by(person: Person | None, at: datetime) -> bool:
    return person is not None and person.left_by(at)


@register.filter("standing")
def standing_at(assignment: Assignment, at: datetime) -> str:
    return assignment.standing_at(at).value


@register.filter
def presence(assignment: Assignment, at: datetime) -> Presence:
    return deputies.presence_of(assignment, at=at)


@register.filter
def confirmed_as_deputy(assignment: Assignment) -> bool:
    """Whether the newest confirmation is the deputy's."""
    newest = assignment.confirmations.order_by("-confirmed_at", "-pk").first()
    return newest is not None and newest.as_deputy


@register.filter
def hindrance(value: Hindrance) -> str:
    return HINDRANCES[value]


@register.filter
def gone(person: Person, at: datetime) -> str:
    """Why a person cannot answer, to go on with "the owner"; needs the user joined in."""
    if person.left_at is not None and person.left_at <= at:
        return GONE[Gone.LEFT]
    if person.user is None:
        return GONE[Gone.NO_ACCOUNT]
    return "" if person.user.is_active else GONE[Gone.DISABLED]


@register.simple_tag
def board_cells(cells: Iterable[BoardCell]) -> SafeString:
    return SafeString("".join([_cell(cell) for cell in cells]))


def _cell(cell: BoardCell) -> str:
    first = ' class="first"' if cell.is_first else ""
    expires_attribute = " data-expires" if cell.is_asked else ""
    current_attribute = ' aria-current="true"' if cell.is_chosen else ""
    span, others = "", ""
    if cell.others:
        span, others = f' colspan="{1 + len(cell.others)}"', f' data-others="{" ".join(cell.others)}"'
    return (
        f'<td{first}{span} data-state="{cell.look}"{expires_attribute}>'
        f'<button name="cell" value="{cell.key}"{others}{current_attribute} aria-label="{escape(cell.label)}">'
        f"<span>{escape(cell.text)}</span></button></td>"
    )
