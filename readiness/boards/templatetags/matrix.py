"""The cells of the readiness matrix: a page has thousands, and a template's own loop would take most of its time."""

from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from readiness.boards.matrix.lines import MARKED_TIERS, CellLine

register = template.Library()


@register.simple_tag
def matrix_cells(cells: Iterable[CellLine]) -> SafeString:
    """One `<td>` a check: a button that opens the evidence, or nothing where the check was never evaluated."""
    return SafeString("".join([_cell(cell) for cell in cells]))


def _cell(cell: CellLine) -> str:
    first = ' class="first"' if cell.begins_pillar else ""
    if not cell.state:
        return f'<td{first} data-state="none"><span class="visually-hidden">{escape(cell.label)}</span></td>'
    extra = " data-expires" if cell.expires else ""
    if cell.tier in MARKED_TIERS:
        extra += f' data-tier="{cell.tier}"'
    chosen = ' aria-current="true"' if cell.is_chosen else ""
    return (
        f'<td{first} data-state="{cell.state}"{extra}>'
        f'<button name="cell" value="{cell.key}"{chosen} aria-label="{escape(cell.label)}"></button></td>'
    )


@register.simple_tag
def report_letters(letters: Iterable[tuple[str, str]]) -> SafeString:
    """The same on paper: a state and its letter a check."""
    return SafeString("".join([f'<td data-state="{state}">{letter}</td>' for state, letter in letters]))
