"""An import rule as the decoder of tables takes it. How people write one: `telemetry.core.import_rules`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from telemetry.core.unit_rules import SourceUnits

MOST_TITLE_LINES = 50
"""The line that names the columns is one of so many at the beginning of a file."""


class ColumnContent(StrEnum):
    TIME = "time"
    DATE = "date"
    CLOCK = "time of day"
    METRIC_NAME = "metric"
    VALUE = "value"
    LABEL = "label"
    METRIC = "metric NAME"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """`name` is that of a label or a metric, `unit` empty where the values are as the metric's sender has them.
    `labels` are added to the series of this column alone: they name what it measures."""

    content: ColumnContent
    name: str = ""
    unit: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        text = self.content.value.replace("NAME", self.name)
        if self.labels:
            text += f"{{{', '.join(f'{name}={value}' for name, value in self.labels)}}}"
        if self.content is ColumnContent.LABEL:
            text = f"label {self.name}"
        return f"{text} in {self.unit}" if self.unit else text


@dataclass(frozen=True, slots=True)
class TableRule:
    """An import rule as the decoder of tables takes it. `parameters` stand for those of the content type; `labels` are
    added to each series. `units` are those of the source, by which its values are converted later: a stated unit takes
    their place."""

    name: str
    columns: Mapping[str, ColumnUse]
    parameters: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    units: SourceUnits = field(default_factory=SourceUnits)

    def differences(self, header: list[str]) -> list[str]:
        """Name the columns that only the header or only the rule has."""
        absent_names = [name for name in self.columns if name not in header]
        new_names = [name for name in header if name not in self.columns]
        return [
            *([f"no column {', '.join(absent_names)}"] if absent_names else []),
            *([f"unexpected column {', '.join(new_names)}"] if new_names else []),
        ]


def distinct_names(header: Sequence[str]) -> list[str]:
    """The names of the columns, each once: a second Power is "Power (2)", and the third column without a name is
    "column 3"."""
    names: dict[str, None] = {}
    repeats: Counter[str] = Counter()
    for place, cell in enumerate(header, 1):
        name = plain = " ".join(cell.split()) or f"column {place}"
        while name in names:
            repeats[plain] += 1
            name = f"{plain} ({repeats[plain] + 1})"
        names[name] = None
    return list(names)
