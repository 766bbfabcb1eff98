"""The cells of a table: a page has hundreds, and template branches would take most of its time."""

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.template import Context
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from web.states import ATTRIBUTES
from web.tables.grids import GridCell
from web.tables.menus import MenuAction
from web.templatetags import kit

register = template.Library()

# Number of characters of a cell that stay on one line.
WHOLE = 28
# Names of sites, devices and standards, which would break at hyphens; tags stay as they are.
ID = re.compile(r"<[^>]*>|\b([A-Za-z]\w*(?:-\w+)*-\w*\d\w*(?:-\w+)*)\b")
NO_LABEL = {"title", "status", "mark"}
"""On a phone these cells are clear without the column's name."""
SPARED = {"", "pair", "full", "row"}


@register.filter
def whole_ids(text: str) -> SafeString:
    return SafeString(ID.sub(_whole, conditional_escape(text)))


@register.filter
def cut(text: Any, most: int) -> SafeString:
    """The text with at most so many characters; whoever points at one that is cut reads the whole."""
    whole = str(text)
    if len(whole) <= most:
        return conditional_escape(text)
    return format_html('<span title="{}">{}…</span>', whole, whole[: most - 1].rstrip())


@register.simple_tag(takes_context=True)
def table_cell(context: Context, row: Any, cell: Any) -> SafeString:
    """One `<td>`. A cell's own template sees `cell`, `row`, `column` and `value`."""
    column = cell.column
    menu = _row_menu(row, context["table"].id) if row.menu and _has_name(row, cell) else ""
    # A phone has no heading row, so the unit goes with the name.
    label = f"{column.label} {column.unit}" if column.unit else str(column.label)
    # Days, ids, names and other short texts stay on one line.
    width = " nowrap" if type(cell.value) is date else _width(cell.text)
    classes = f"{' numeric' if column.numeric else width}{' has-menu' if menu else ''}{' acts' if column.acts else ''}"
    # A phone leaves out empty cells, except names and states.
    phone = "hide" if _is_spared(cell) else column.phone or "pair"
    opening = _opening(phone, classes, label, cell.tone)
    return SafeString(f"{opening}{_content(context, row, cell)}{menu}</td>")


def _has_name(row: Any, cell: Any) -> bool:
    """Whether the cell names the row; the first one does where none is the title of a phone's card."""
    return bool(cell is next((each for each in row.cells if each.column.phone == "title"), row.cells[0]))


def _row_menu(row: Any, table_id: str) -> SafeString:
    """A row's actions beside its name, where they cover no other cell; a popover, which nothing around clips."""
    menu_id = f"menu-{table_id}-{row.id}"
    return format_html(
        '<button class="button small icon-only ghost row-menu" type="button" popovertarget="{}"'
        ' aria-label="Actions for {}">{}</button><div class="menu-body row-actions" id="{}" popover>{}</div>',
        menu_id,
        row.name,
        kit.icon("dots", "small"),
        menu_id,
        SafeString("".join(map(_action, row.menu))),
    )


def _whole(match: re.Match[str]) -> str:
    return f'<span class="nowrap">{match[1]}</span>' if match[1] else match[0]


def _action(action: MenuAction) -> SafeString:
    drawn = kit.icon(action.icon, "small")
    if action.copies:
        return format_html(
            '<button class="menu-item" type="button" data-copy-address="{}">{}'
            '<span data-copy-label data-copied="Copied" aria-live="polite">{}</span></button>',
            action.url,
            drawn,
            action.label,
        )
    return format_html('<a class="menu-item" href="{}">{}{}</a>', action.url, drawn, action.label)


def _content(context: Context, row: Any, cell: Any) -> str:
    if cell.template:
        if context.template is None:
            raise RuntimeError("A cell is rendered by a template.")
        drawn = context.template.engine.get_template(cell.template)
        with context.push(row=row, cell=cell, column=cell.column, value=cell.value):
            return drawn.render(context).strip()
    if cell.column.states and cell.value:
        return kit.pill(cell.column.states, cell.value)
    text = conditional_escape(cell.text)
    if cell.missing:
        return f'<span class="muted">{text or "–"}</span>'
    if "-" in text and (len(text) > WHOLE or cell.column.phone == "title"):
        text = whole_ids(text)
    if cell.code:
        text = format_html("<code>{}</code>", text)
    if cell.url:
        first = ' class="row-link"' if row.cells[0] is cell else ""
        return f'<a href="{conditional_escape(cell.url)}"{first}>{text}</a>'
    return f'<span class="text-tone">{text}</span>' if cell.tone else text


def _width(text: str) -> str:
    return "" if not text else " whole" if len(text) <= WHOLE else " long"


def _is_spared(cell: Any) -> bool:
    return cell.missing and not (cell.text or cell.template) and cell.column.phone in SPARED


@lru_cache(maxsize=1024)
def _opening(phone: str, classes: str, label: str, tone: str) -> SafeString:
    return format_html(
        '<td class="on-phone-{}{}"{}{}>',
        phone,
        classes,
        "" if phone in NO_LABEL else format_html(' data-label="{}"', label),
        format_html(' data-tone="{}"', tone) if tone else "",
    )


@register.simple_tag
def grid_cells(kind: str, cells: Iterable[GridCell]) -> SafeString:
    """The cells of one row of a matrix, whose states are of a kind of web/states.yaml."""
    attribute = ATTRIBUTES[kind]
    return SafeString("".join([_grid_cell(attribute, cell) for cell in cells]))


def _grid_cell(attribute: str, cell: GridCell) -> str:
    opening = "<td" + (' class="first"' if cell.is_first else "")
    if cell.state:
        opening += f' {attribute}="{cell.state}"' + (" data-next" if cell.is_next else "")
    if not cell.key:
        text = f'<span aria-hidden="true">{escape(cell.text)}</span>' if cell.text else ""
        return f'{opening}>{text}<span class="visually-hidden">{escape(cell.label)}</span></td>'
    current = ' aria-current="true"' if cell.is_current else ""
    return (
        f'{opening}><button name="cell" value="{escape(cell.key)}"{current} aria-label="{escape(cell.label)}">'
        f"{escape(cell.text)}</button></td>"
    )
