"""Transitions of alerts, of which somebody is told."""

from dataclasses import dataclass

from readiness.loop.alerts.core.kinds import NoticeReason


@dataclass(frozen=True, slots=True)
class Transition[A]:
    """`level` is the level of the route that is told, from 1 on; after the last one the last is told again. `turn`
    counts the transitions of the alert. `is_catch_up` says that only those are told who came on call after their
    level, this one or an earlier one, had been told."""

    alert: A
    reason: NoticeReason
    level: int
    turn: int = 0
    is_catch_up: bool = False
