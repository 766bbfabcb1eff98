"""The cells of the readiness matrix: a page has thousands, and a template's own loop would take most of its time."""

from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from readiness.boards.matrix.grid import MARKED_TIERS, CellLine, gap_note, short_name
from web.states import state
from web.units import power

register = template.Library()
register.filter("gap_note", gap_note)
register.filter("short_name", short_name)


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


@register.filter
def kw_number(power_kw: float) -> str:
    return power(power_kw, "kW").value or ""


@register.simple_tag
def verdicts_counted(verdicts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{state('verdict', verdict).word} {count}" for verdict, count in verdicts)
