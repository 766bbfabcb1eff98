"""A tour in steps: each is a page with a line above it that says what to look for. It covers nothing, and ends by any
link. What the steps are is said by the apps that have the pages."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User

PARAMETER = "tour"


@dataclass(frozen=True, slots=True)
class TourStep:
    """`address` gives the page for a reader, or "" where there is none to show."""

    title: str
    text: str
    address: Callable[[User], str]


@dataclass(frozen=True, slots=True)
class TourBar:
    """The line above the page of a step; `next_number` is None on the last one."""

    number: int
    count: int
    step: TourStep
    next_number: int | None


STEPS: list[TourStep] = []


def step_of(number: str) -> TourStep | None:
    """The step of the parameter of an address; None if there is no such step."""
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < 3 else 0
    return STEPS[place - 1] if 1 <= place <= len(STEPS) else None


def bar(number: str) -> TourBar | None:
    step = step_of(number)
    if step is None:
        return None
    place, count = int(number), len(STEPS)
    return TourBar(place, count, step, place + 1 if place < count else None)
