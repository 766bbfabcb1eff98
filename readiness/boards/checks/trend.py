"""The trend of the figure of a check at a site, from the inputs that were kept of each day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.models import Site
from readiness.assessment.framework.core.vocabulary import Direction
from readiness.assessment.scoring.core.kept import KeptFigure, kept_figure
from readiness.assessment.scoring.models import ScoreInputs
from readiness.assessment.scoring.queries.rows import PartRow

SPANS = {"30d": timedelta(days=30), "90d": timedelta(days=90), "1y": timedelta(days=365)}
WORDS = {"30d": "30 d", "90d": "90 d", "1y": "1 y"}
USUAL = "90d"
MOST_DAYS = 120
"""A longer span takes every second, third or later day."""


@dataclass(frozen=True, slots=True)
class FigureTrend:
    """`part` is the sub-measure as it is judged now, `figures` are in order of time, each once."""

    part: PartRow
    direction: Direction
    figures: Sequence[KeptFigure]


def trend(
    site: Site, check_id: str, part: PartRow, direction: Direction, span: str, *, now: datetime
) -> FigureTrend:
    """One statement. A figure that was true for many days is one point, at the time when it was taken."""
    days = ScoreInputs.objects.filter(
        site=site, on_date__gt=(now - SPANS[span]).date(), on_date__lte=now.date()
    )
    contents = list(days.order_by("on_date").values_list("content", flat=True))
    step = -(-len(contents) // MOST_DAYS) or 1
    figures = {}
    # The newest day counts whatever the step is.
    for content in reversed(contents[::-1][::step]):
        figure = kept_figure(bytes(content), check_id, part.id)
        if figure is not None and figure.value is not None:
            figures[figure.taken_at, figure.value] = figure
    if part.value is not None and part.taken_at is not None:
        figures[part.taken_at, part.value] = KeptFigure(part.value, part.taken_at, part.detail, part.evidence)
    return FigureTrend(part, direction, sorted(figures.values(), key=lambda figure: figure.taken_at))
