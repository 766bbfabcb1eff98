"""The cells of the board: a page has hundreds, and a template loop would take most of its time."""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from readiness.organisation.ownership.cells import BoardCell
from readiness.organisation.ownership.tables import due
from readiness.organisation.people.models import Person

register = template.Library()


register.filter("due", due)


@register.filter
def left_by(person: Person | None, at: datetime) -> bool:
    return person is not None and person.left_by(at)


@register.simple_tag
def board_cells(cells: Iterable[BoardCell]) -> SafeString:
    return SafeString("".join([_cell(cell) for cell in cells]))


def _cell(cell: BoardCell) -> str:
    first = ' class="first"' if cell.is_first else ""
    expires_attribute = " data-expires" if cell.is_asked else ""
    current_attribute = ' aria-current="true"' if cell.is_chosen else ""
    return (
        f'<td{first} data-state="{cell.look}"{expires_attribute}>'
        f'<button name="cell" value="{cell.key}"{current_attribute} aria-label="{escape(cell.label)}">'
        f"<span>{escape(cell.text)}</span></button></td>"
    )
