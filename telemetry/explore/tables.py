"""The figures of what is drawn, a row for each line."""

from collections.abc import Callable, Sequence

from telemetry import links
from telemetry.explore.comparing import Explored
from telemetry.explore.core.relating import change
from telemetry.explore.lines import ExploredLine
from telemetry.intake import object_of
from web.tables import Column, Table
from web.units import format_value, signed


def lines_table(explored: Explored) -> Table:
    several = len(explored.panels) > 1
    return Table(
        id="lines",
        noun=("line", "lines"),
        title="In numbers",
        default_sort="key" if several else "-highest",
        per_page=25,
        columns=(*_name_columns(explored, several=several), *_figure_columns(), *_other_columns(explored)),
        row_id=lambda line: f"{line.key}{line.series.pk if line.series else line.name}",
        row_name="name",
        row_url=links.line_url,
    )


# fmt: off
def _name_columns(explored: Explored, *, several: bool) -> Sequence[Column]:
    """A line of several series is of no one object."""
    key = (Column("key", "Metric", sort=lambda line: (len(line.key), line.key), phone="status"),) if several else ()
    described = (
        Column("object", "Object", value=lambda line: object_of(line.series) if line.series else None,
               text=lambda line: str(object_of(line.series) or "") if line.series else "",
               url=lambda line: links.object_url(line.series) if line.series else ""),
    )
    return (
        *key,
        Column("name", "Line", url=links.line_url, sort=True, locked=True, phone="title"),
        *(described if any(line.series for line in explored.lines) else ()),
    )


def _figure_columns() -> Sequence[Column]:
    words = (("last", "Last"), ("lowest", "Lowest"), ("mean", "Mean"), ("highest", "Highest"))
    return [
        Column(key, label, text=_figure(key),
               unit_of=lambda line: line.unit, sort=True, numeric=True)
        for key, label in words
    ]


def _figure(key: str) -> Callable[[ExploredLine], str]:
    return lambda line: str(format_value(getattr(line, key), line.unit))


def _other_columns(explored: Explored) -> Sequence[Column]:
    changed = (Column("change", "Mean, change", value=_change, text=_change, numeric=True),)
    return (
        *(changed if explored.question.earlier_ms else ()),
        Column("labels", "Labels", value=lambda line: sorted(line.labels.items()),
               template="telemetry/cells/labels.html",
               export=lambda line: " ".join(f"{name}={value}" for name, value in sorted(line.labels.items())),
               default=False, phone="full"),
        Column("provenance", "Provenance", default=False),
    )
# fmt: on


def _change(line: ExploredLine) -> str:
    changed = change(line.mean, line.earlier_mean, line.unit)
    return signed(*changed) if changed else "no earlier data"
