"""Events in words, short enough for the legend of a chart."""

from django.utils.text import capfirst

from readiness.assessment.evidence.models import ValidationRun
from readiness.boards.events.marks import MOST_READ, ChartEvent
from readiness.boards.health.sentences import FlipLine
from readiness.loop.alerts.silencing.calendar import HeldEntry
from web.history.batches import HistoryBatch
from web.history.events import HistoryRow
from web.states import state
from web.units import how_many

LONGEST_VALUE = 60


def flip_title(line: FlipLine) -> str:
    """The state before and after, such as "Energy health: ok → warn"."""
    before, after = (
        str(state(line.kind, value).word) if value else "none"
        for value in (line.flip.from_state, line.flip.to_state)
    )
    return f"{line.title}: {before} → {after}"


def held_title(entry: HeldEntry) -> str:
    noun = "Maintenance" if entry.is_window else "Silence"
    return f"{noun}: {entry.title} ({entry.holds})"


def run_title(run: ValidationRun) -> str:
    return f"{run.get_tool_display()} run, {run.get_scope_display().lower()}"


def change_title(entry: HistoryRow) -> str:
    """The first field that changed, such as "Device n01: status active → planned"."""
    name = capfirst(
        entry.display if entry.display.startswith(entry.noun) else f"{entry.noun} {entry.display}"
    )
    if entry.action != "changed" or not entry.changes:
        return f"{name} {entry.action}"
    first, *rest = entry.changes
    before, after = (text[:LONGEST_VALUE] or "nothing" for text in (first.text_before, first.text_after))
    more = f" and {how_many(len(rest), 'other field', 'other fields')}" if rest else ""
    # A related object without a name is called by its kind and number.
    label = "" if f"{before} ".startswith(f"{first.label} ") else f"{first.label} "
    return f"{name}: {label}{before} → {after}{more}"


def batch_title(batch: HistoryBatch) -> str:
    """`Load the demo fleet: 412 changes`; without a message, who made them."""
    by = f" by {batch.actor}" if batch.actor else ""
    return f"{batch.message}: {batch.size}" if batch.message else f"{batch.size} together{by}"


def event_words(event: ChartEvent) -> str:
    if event.others >= MOST_READ - 1:
        return f"{event.title} and many others near it"
    if event.others:
        return f"{event.title} and {how_many(event.others, 'other', 'others')} near it"
    return event.title


def events_note(more: int) -> str:
    if more >= MOST_READ:
        return "Many other events have no mark."
    return f"{how_many(more, 'other event has', 'other events have')} no mark." if more else ""
