"""Brings what depends on the keys of the installation up to date, after an operator replaced them.

An app adds a step with `register`, in its AppConfig.ready. A step takes the time, changes what the old keys made, and
returns how many rows that were; done twice, it changes nothing.
"""

from collections.abc import Callable
from datetime import datetime

type Step = Callable[[datetime], int]

_steps: dict[str, Step] = {}


def register(title: str, step: Step) -> None:
    """`title` says what the step has done, after a number: "secrets encrypted with the new key"."""
    _steps[title] = step


def bring_up_to_date(*, now: datetime) -> dict[str, int]:
    return {title: step(now) for title, step in _steps.items()}
