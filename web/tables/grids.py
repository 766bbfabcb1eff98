"""Cells of a matrix of buttons: a page has thousands, so they are plain values. `grid_cells` draws them."""

from typing import NamedTuple


class GridCell(NamedTuple):
    """`key` names the cell in the address, "" where there is nothing to open; `state` is one of the grid's kind, or "".
    `label` is read aloud, `text` is drawn. `is_next` marks what needs attention, `is_first` a line before it."""

    key: str
    state: str
    text: str
    label: str
    is_next: bool = False
    is_first: bool = False
    is_current: bool = False
