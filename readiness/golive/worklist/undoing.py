"""Let the history take back items of the worklist that were changed, added or removed."""

from functools import partial

from readiness.golive.models import WorkItem
from readiness.golive.worklist.operations import (
    CHANGES,
    MAY_ADD,
    MAY_CHANGE,
    MAY_PROGRESS,
    MAY_REMOVE,
    PROGRESS,
)
from web.history import restoring
from web.links import link

CLOSED = frozenset({"closed_at"})
"""Follows from the status."""


def register() -> None:
    rule = restoring.RestoreRule(
        permissions={
            restoring.CHANGED: (MAY_CHANGE,),
            restoring.CREATED: (MAY_REMOVE,),
            restoring.DELETED: (MAY_ADD,),
        },
        fields=CHANGES | CLOSED,
        list_url=partial(link, "worklist"),
        progress=PROGRESS | CLOSED,
        may_progress=MAY_PROGRESS,
    )
    restoring.register(WorkItem, rule)
