"""Figures over several days, from the daily measures."""

from dataclasses import dataclass
from datetime import datetime

from telemetry.core.sketch import Sketch


@dataclass(frozen=True, slots=True)
class SpanFigure:
    """A figure over several days. `part` names its subject, `detail` what it leaves out."""

    key: str
    part: str
    value: float | None
    unit: str
    taken_at: datetime
    provenance: str
    detail: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """All values of a measure over several days, as a sketch; `provenance` is that of the newest day."""

    key: str
    provenance: str
    sketch: Sketch
