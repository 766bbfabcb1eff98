"""Cells of a matrix of buttons, as templates/web/tables tags draw them: a page has thousands, so they are plain values."""

from typing import NamedTuple


class GridCell(NamedTuple):
    """`key` names the cell in the address, "" where there is nothing to open; `state` is of the grid's kind of states, or
    "". `label` is read aloud, `text` is drawn. `is_next` marks what needs attention, `is_first` a line before it."""

    key: str
    state: str
    text: str
    label: str
    is_next: bool = False
    is_first: bool = False
    is_current: bool = False
