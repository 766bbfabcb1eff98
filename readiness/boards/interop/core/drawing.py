"""The drawing of interoperability: products in columns, a row for each deployed version, a line for each pair.

A line joins the rows of two versions. The page lays out the boxes, in pixels that both know (`HEAD`, `ROW`, `SPACE`).
Lines are paths in a strip between two columns, 100 wide and as high as the drawing, which the page stretches.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Protocol

from readiness.assessment.evidence.core.interop import End
from readiness.assessment.evidence.core.proving.interop import Installed

HEAD, ROW, SPACE = 46, 30, 20
"""Heights in pixels: the head of a box, each of its rows, and what is between two boxes."""
LABEL = 26
"""Labels of one strip are at least this far from each other."""
BESIDE_LOOP = 24
"""Where a label beside a line back to its own column begins, in per cent of the strip: the line turns before 23."""
MOST_COLUMNS = 4
SWEEPS = 4

type Product = tuple[str, str]


class AnyPair(Protocol):
    @property
    def installed(self) -> Installed: ...


@dataclass(frozen=True, slots=True)
class ProductBox:
    """`rows` are the versions, each an end; `top` is in pixels."""

    vendor: str
    model: str
    rows: tuple[End, ...]
    top: float

    def middle(self, key: tuple[str, ...]) -> float:
        place = next(place for place, end in enumerate(self.rows) if end.key == key)
        return self.top + HEAD + ROW * (place + 0.5)


@dataclass(frozen=True, slots=True)
class PairLine[P: AnyPair]:
    """`path` is in a strip of 100 by the height of the drawing; the label stands at `label_x` per cent."""

    pair: P
    path: str
    width: float
    label_x: int
    label_y: float


@dataclass(frozen=True, slots=True)
class DrawnColumn[P: AnyPair]:
    """Products of one column, and the lines to its right: to the next column, or back to this one."""

    boxes: tuple[ProductBox, ...]
    lines: tuple[PairLine[P], ...]


@dataclass(frozen=True, slots=True)
class InteropDrawing[P: AnyPair]:
    columns: tuple[DrawnColumn[P], ...]
    height: int


def drawing[P: AnyPair](pairs: Sequence[P]) -> InteropDrawing[P]:
    """Lay out these pairs; hosts stand on the left, then the switches that they are linked to, and so on."""
    ends = {end.key: end for pair in pairs for end in pair.installed.ends}
    neighbours = _neighbours(pairs)
    level = _levels(ends.values(), neighbours)
    order = _ordered(level, neighbours)
    heights = [sum(map(_height, _versions(column, ends))) + SPACE * (len(column) - 1) for column in order]
    labels = Counter(min(level[end.product] for end in pair.installed.ends) for pair in pairs)
    height = max([*heights, *(LABEL * count for count in labels.values())], default=0)
    columns = [
        _boxes(column, ends, (height - of_column) / 2)
        for column, of_column in zip(order, heights, strict=True)
    ]
    boxes = {(box.vendor.lower(), box.model.lower()): box for column in columns for box in column}
    lines = _lines(pairs, level, boxes, height)
    return InteropDrawing(
        tuple(DrawnColumn(boxes, tuple(lines.get(place, ()))) for place, boxes in enumerate(columns)), height
    )


def _neighbours(pairs: Iterable[AnyPair]) -> dict[Product, set[Product]]:
    neighbours: dict[Product, set[Product]] = defaultdict(set)
    for pair in pairs:
        first, second = (end.product for end in pair.installed.ends)
        neighbours[first].add(second)
        neighbours[second].add(first)
    return {product: others - {product} for product, others in neighbours.items()}


def _levels(ends: Iterable[End], neighbours: Mapping[Product, set[Product]]) -> dict[Product, int]:
    """The column of each product: how many links it is away from a host, which has no operating system on record.

    Where no host is linked, from the products with the fewest others.
    """
    switches = {end.product for end in ends if end.software}
    hosts = sorted(set(neighbours) - switches) if switches else []
    level: dict[Product, int] = {}
    begin = hosts
    while begin or len(level) < len(neighbours):
        rest = sorted(set(neighbours) - set(level), key=lambda product: (len(neighbours[product]), product))
        front = begin or rest[:1]
        begin = []
        distance = 0
        while front:
            level |= dict.fromkeys(front, min(distance, MOST_COLUMNS - 1))
            front = sorted({other for product in front for other in neighbours[product]} - set(level))
            distance += 1
    return level


def _ordered(level: Mapping[Product, int], neighbours: Mapping[Product, set[Product]]) -> list[list[Product]]:
    """Products of each column, those that are linked beside each other, so that few lines cross."""
    columns: list[list[Product]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for product in sorted(level):
        columns[level[product]].append(product)
    place = {product: float(row) for column in columns for row, product in enumerate(column)}
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            column.sort(key=lambda product: (_mean_place(neighbours[product], place, product), product))
            place |= {product: float(row) for row, product in enumerate(column)}
    return columns


def _mean_place(others: Iterable[Product], place: Mapping[Product, float], product: Product) -> float:
    places = [place[other] for other in others]
    return sum(places) / len(places) if places else place[product]


def _versions(column: Iterable[Product], ends: Mapping[tuple[str, ...], End]) -> list[list[End]]:
    return [sorted(end for end in ends.values() if end.product == product) for product in column]


def _height(versions: Sequence[End]) -> int:
    return HEAD + ROW * len(versions)


def _boxes(
    column: Iterable[Product], ends: Mapping[tuple[str, ...], End], top: float
) -> tuple[ProductBox, ...]:
    boxes = []
    for versions in _versions(column, ends):
        boxes.append(ProductBox(versions[0].vendor, versions[0].model, tuple(versions), top))
        top += _height(versions) + SPACE
    return tuple(boxes)


def _lines[P: AnyPair](
    pairs: Iterable[P], level: Mapping[Product, int], boxes: Mapping[Product, ProductBox], height: int
) -> dict[int, list[PairLine[P]]]:
    lines: dict[int, list[PairLine[P]]] = defaultdict(list)
    for pair in pairs:
        left, right = sorted(pair.installed.ends, key=lambda end: (level[end.product], end))
        y0, y1 = (boxes[end.product].middle(end.key) for end in (left, right))
        column = level[left.product]
        lines[column].append(_line(pair, y0, y1, is_across=level[right.product] > column))
    return {column: _apart(of_column, height) for column, of_column in lines.items()}


def _line[P: AnyPair](pair: P, y0: float, y1: float, *, is_across: bool) -> PairLine[P]:
    width = round(1.5 + min(4.5, log2(max(1, pair.installed.links)) / 2), 1)
    if is_across:
        path = f"M0 {y0:g}C45 {y0:g} 55 {y1:g} 100 {y1:g}"
    elif y0 != y1:
        path = f"M0 {y0:g}C30 {y0:g} 30 {y1:g} 0 {y1:g}"
    else:
        path = f"M0 {y0 - 6:g}C30 {y0 - 14:g} 30 {y0 + 14:g} 0 {y0 + 6:g}"
    return PairLine(pair, path, width, 50 if is_across else BESIDE_LOOP, (y0 + y1) / 2)


def _apart[P: AnyPair](lines: Iterable[PairLine[P]], height: int) -> list[PairLine[P]]:
    """The lines from top to bottom, their labels moved so that none covers another or leaves the drawing."""
    placed = sorted(lines, key=lambda line: (line.label_y, line.pair.installed.name))
    places = [line.label_y for line in placed]
    for place in range(1, len(places)):
        places[place] = max(places[place], places[place - 1] + LABEL)
    lowest = height - LABEL / 2
    for place in reversed(range(len(places))):
        places[place] = min(places[place], lowest)
        lowest = places[place] - LABEL
    return [replace(line, label_y=y) for line, y in zip(placed, places, strict=True)]
