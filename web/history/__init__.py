"""Change history: who changed what, from what to what, when, and in which request.

The events are written by triggers (django-pghistory), so bulk writes are among them. Each holds the row as it was
after the change; what it was before is the event before it of the same object.
"""

from web.history.events import (
    ACTIONS,
    BadCursor,
    HistoryPage,
    HistoryRow,
    Wanted,
    history,
    history_of,
    ids_changed_by,
    is_tracked,
    model_named,
    tracked_models,
    visible_models,
)

__all__ = [
    "ACTIONS",
    "BadCursor",
    "HistoryPage",
    "HistoryRow",
    "Wanted",
    "history",
    "history_of",
    "ids_changed_by",
    "is_tracked",
    "model_named",
    "tracked_models",
    "visible_models",
]
