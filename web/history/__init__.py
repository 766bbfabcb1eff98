"""Change history: who changed what, from what to what, when, and in which request.

Read from the audit table (web/audit), which triggers write, so that bulk writes are in it.
"""

from web.history.events import (
    ACTIONS,
    BadCursor,
    HistoryPage,
    HistoryQuery,
    HistoryRow,
    history,
    history_of,
    model_named,
    visible_models,
)

__all__ = [
    "ACTIONS",
    "BadCursor",
    "HistoryPage",
    "HistoryQuery",
    "HistoryRow",
    "history",
    "history_of",
    "model_named",
    "visible_models",
]
