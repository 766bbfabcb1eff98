"""The answer to a whole question: a panel for each metric, one for their relation, each with its earlier period."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime

from telemetry.core.labels import NAME
from telemetry.core.metric import Metric
from telemetry.core.pauses import join_usual_pauses
from telemetry.core.spec import SpecError
from telemetry.explore.core.relating import DIFFERENCE, SIGN, related, unit_of
from telemetry.explore.lines import ExploredLine, ExploredLines, answer
from telemetry.explore.params import ExploredQuestion, second_error
from telemetry.params import AdmittedQuery
from telemetry.store import poorest
from web.units import scale

# A pause that is longer by half than those around it is a gap.
USUAL_PAUSES = 1.5

type LineLabels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class RelatedLines(ExploredLines):
    """The lines of a ratio or difference: they have a name of their own, and no metric with limits and states."""

    name: str = ""

    @property
    def metric(self) -> Metric | None:
        return None

    @property
    def states(self) -> tuple[tuple[int, str], ...]:
        return ()

    @property
    def title(self) -> str:
        return self.name

    @property
    def nothing(self) -> str:
        return "No line of A has a line of B with the same labels: make one line of B, or group both by one label."


@dataclass(frozen=True, slots=True, eq=False)
class ExploredPanel:
    """The lines of one metric or of the relation; `earlier` are those of the period beside, moved to the present."""

    key: str
    lines: ExploredLines
    earlier: ExploredLines | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Explored:
    question: ExploredQuestion
    panels: tuple[ExploredPanel, ...]

    @property
    def first(self) -> ExploredLines:
        return self.panels[0].lines

    @property
    def lines(self) -> tuple[ExploredLine, ...]:
        return tuple(line for panel in self.panels for line in panel.lines.lines)

    @property
    def height(self) -> str:
        """The height of the chart, as the page kit names it."""
        return "tall" if len(self.panels) == 1 else "stacked"

    @property
    def lines_and_earlier(self) -> list[ExploredLine]:
        """All that is drawn, the lines of the earlier period by names of their own."""
        lines: list[ExploredLine] = []
        for panel in self.panels:
            lines += panel.lines.lines
            earlier = panel.earlier.lines if panel.earlier else ()
            lines += [replace(line, key=panel.key, name=f"{line.name}, earlier") for line in earlier]
        return lines

    @property
    def title(self) -> str:
        if len(self.panels) == 1:
            return self.first.title
        sign = " and " if not self.question.relation else f" {SIGN[self.question.relation][2]} "
        return sign.join(_name(panel.lines) for panel in self.panels[:2])

    @property
    def finding(self) -> str:
        return " ".join(panel.lines.finding for panel in self.panels)


def explored(question: ExploredQuestion, *, now: datetime) -> Explored:
    panels = [_panel("A" if question.second else "", question.first, question.earlier_ms, now)]
    if question.second is not None:
        try:
            panels.append(_panel("B", question.second, question.earlier_ms, now))
        except SpecError as error:
            raise second_error(error) from error
    if question.relation and len(panels) == 2:
        panels.append(_related_panel(question.relation, *panels))
    return Explored(question, tuple(panels))


def _panel(key: str, query: AdmittedQuery, earlier_ms: int, now: datetime) -> ExploredPanel:
    lines = _titled(_joined(answer(query, now=now)), key)
    earlier = _moved(query, earlier_ms, lines, now) if earlier_ms else None
    return ExploredPanel(key, _marked(lines, key, earlier), earlier)


def _moved(query: AdmittedQuery, earlier_ms: int, present: ExploredLines, now: datetime) -> ExploredLines:
    """The earlier lines of those that are drawn, with their names, at the instants of the present period."""
    spec = replace(
        query.spec, start_ms=query.spec.start_ms - earlier_ms, end_ms=query.spec.end_ms - earlier_ms
    )
    earlier = _joined(answer(replace(query, spec=spec), now=now))
    by_labels = {_labels(line): line for line in earlier.lines}
    lines = [
        replace(by_labels[_labels(line)], name=line.name, ts_ms=by_labels[_labels(line)].ts_ms + earlier_ms)
        for line in present.lines
        if _labels(line) in by_labels
    ]
    return replace(earlier, spec=query.spec, lines=tuple(lines))


def _marked(lines: ExploredLines, key: str, earlier: ExploredLines | None) -> ExploredLines:
    means = {line.name: line.mean for line in earlier.lines} if earlier else {}
    marked = [replace(line, key=key, earlier_mean=means.get(line.name)) for line in lines.lines]
    return replace(lines, lines=tuple(marked))


def _joined[Lines: ExploredLines](lines: Lines) -> Lines:
    """Lines of older, sparser samples are lines, not dots."""
    joined = []
    for line in lines.lines:
        ts_ms, values = join_usual_pauses(line.ts_ms, line.values, most_times=USUAL_PAUSES)
        joined.append(replace(line, ts_ms=ts_ms, values=values))
    return replace(lines, lines=tuple(joined))


def _titled[Lines: ExploredLines](lines: Lines, key: str) -> Lines:
    """Beside another metric, its title says more of a single line than its labels do."""
    if not key or len(lines.lines) != 1:
        return lines
    return replace(lines, lines=(replace(lines.lines[0], name=lines.title),))


def _labels(line: ExploredLine) -> LineLabels:
    return frozenset(line.labels.items())


def _related_panel(relation: str, first: ExploredPanel, second: ExploredPanel) -> ExploredPanel:
    key = SIGN[relation]
    lines = _joined(_related_lines(relation, first.lines, second.lines, first.lines, second.lines))
    lines = _titled(lines, key)
    earlier = None
    if first.earlier is not None and second.earlier is not None:
        earlier = _related_lines(relation, first.earlier, second.earlier, first.lines, second.lines)
        earlier = _titled(_joined(earlier), key)
    return ExploredPanel(key, _marked(lines, key, earlier), earlier)


def _related_lines(
    relation: str,
    first: ExploredLines,
    second: ExploredLines,
    first_drawn: ExploredLines,
    second_drawn: ExploredLines,
) -> RelatedLines:
    """The relation of lines in the units in which the present ones are drawn: %/MW, not %/W."""
    (first_factor, first_unit), (second_factor, second_unit) = (1.0, first.unit), (1.0, second.unit)
    if relation != DIFFERENCE and first.unit != second.unit:
        first_factor, first_unit = scale(first_drawn.largest, first.unit)
        second_factor, second_unit = scale(second_drawn.largest, second.unit)
    unit = unit_of(relation, first_unit, second_unit) if first.lines and second.lines else ""
    lines = [
        replace(
            line,
            unit=unit,
            series=None,
            provenance=poorest({line.provenance, other.provenance}),
            labels={name: value for name, value in line.labels.items() if name != NAME},
            values=related(
                relation, line.ts_ms, line.values * first_factor, other.ts_ms, other.values * second_factor
            ),
        )
        for line, other in _pairs(first, second)
    ]
    whole = {each.name: getattr(first, each.name) for each in fields(ExploredLines)}
    drawn = tuple(line for line in lines if line.mean is not None)
    sign = SIGN[relation][2]
    name = f"{_name(first)} {sign} {_name(second)}"
    return RelatedLines(**whole | {"lines": drawn, "limits": (), "left_out": 0}, name=name)


def _pairs(first: ExploredLines, second: ExploredLines) -> Iterator[tuple[ExploredLine, ExploredLine]]:
    """Each line of the first with the one line of the second, or with the line of the same labels."""
    only = second.lines[0] if len(second.lines) == 1 else None
    others = {_place(line): line for line in second.lines}
    for line in first.lines:
        other = only or others.get(_place(line))
        if other is not None:
            yield line, other


def _place(line: ExploredLine) -> LineLabels:
    return frozenset((name, value) for name, value in line.labels.items() if name != NAME)


def _name(lines: ExploredLines) -> str:
    return lines.metric.title if lines.metric else lines.spec.metric
