"""Which changes the history keeps: additions, changes and deletions."""

from typing import Any

import pghistory


class Trackers(tuple[pghistory.Tracker, ...]):
    """pghistory copies its default trackers for each model; a deep copy of an operation equals no operation."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Trackers":
        return trackers()


def trackers() -> Trackers:
    return Trackers((pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()))
