"""Place the names of points in a chart so that none covers a point or another name.

Places are computed for a plot as narrow as on a phone: names keep their size in pixels, so they stay apart in any wider
plot.
"""

import math
from collections.abc import Sequence

type Box = tuple[float, float, float, float]

PLOT_PX = (270.0, 400.0)
CHARACTER_PX, LINE_PX, POINT_PX = 7.2, 15.0, 22.0
"""The width of a letter, the height of a line, and the diameter of a point with its ring."""
PLACES = (
    ("top center", 0.0, 1.0),
    ("bottom center", 0.0, -1.0),
    ("middle right", 1.0, 0.0),
    ("middle left", -1.0, 0.0),
    ("top right", 1.0, 1.0),
    ("top left", -1.0, 1.0),
    ("bottom right", 1.0, -1.0),
    ("bottom left", -1.0, -1.0),
)


def label_places(points: Sequence[Sequence[float]], names: Sequence[str]) -> list[str]:
    """Return the place of each name beside its point, empty if it fits nowhere; earlier names choose first.

    Points are shares of the plot from its lower left corner; points beyond the last name have no name, but are not
    covered.
    """
    centres = [(x * PLOT_PX[0], y * PLOT_PX[1]) for x, y in points]
    label_boxes: list[Box] = []
    label_sides = []
    for own, name in enumerate(names):
        (x, y), width = centres[own], CHARACTER_PX * len(name)
        # A point that almost covers the named one does not count as another.
        point_boxes = [
            _box(*centre, POINT_PX, POINT_PX)
            for centre in centres
            if math.dist(centre, (x, y)) > POINT_PX / 2
        ]
        others = [*point_boxes, *label_boxes]
        boxes = {
            place: _box(x + right * (width + POINT_PX) / 2, y + up * (LINE_PX + POINT_PX) / 2, width, LINE_PX)
            for place, right, up in PLACES
        }
        place = next((place for place, box in boxes.items() if _is_free(box, others)), "")
        if place:
            label_boxes.append(boxes[place])
        label_sides.append(place)
    return label_sides


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _is_free(box: Box, others: Sequence[Box]) -> bool:
    left, low, right, high = box
    if left < 0 or low < 0 or right > PLOT_PX[0] or high > PLOT_PX[1]:
        return False
    return not any(
        left < other[2] and other[0] < right and low < other[3] and other[1] < high for other in others
    )
