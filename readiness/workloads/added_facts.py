"""Facts that rooms above add to the jurisdiction card on the page of a workload class.

added_facts.register(facts_on_record)   # in AppConfig.ready
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Protocol

from readiness.workloads.models import WorkloadClass

type Fact = dict[str, Any]
"""A line of a definition list: `term`, `value`, and a `url` and a `note` where there are any."""


class MakeFacts(Protocol):
    def __call__(
        self, workload: WorkloadClass, *, may: Callable[[str], bool], today: date
    ) -> Sequence[Fact]: ...


_makers: list[MakeFacts] = []


def register(make: MakeFacts) -> None:
    if make not in _makers:
        _makers.append(make)


def added_to(workload: WorkloadClass, *, may: Callable[[str], bool], today: date) -> list[Fact]:
    return [fact for make in _makers for fact in make(workload, may=may, today=today)]
