"""How accelerators of different types count: by their published peak in one precision, against a reference type.

`readiness/tradeoffs/data/accelerators.yaml` has each figure with its source. A type without a figure compares with none
but itself.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from readiness.tradeoffs.core.kinds import data


@dataclass(frozen=True, slots=True)
class Published:
    """Peak dense throughput of one accelerator in the precision of the book."""

    tflops: float
    source: str


@dataclass(frozen=True, slots=True)
class Book:
    precision: str
    reference: str
    by_slug: Mapping[str, Published]

    @property
    def unit(self) -> Published:
        return self.by_slug[self.reference]


@cache
def book() -> Book:
    stated = data("accelerators")
    by_slug = {
        slug: Published(float(type_facts["tflops"]), type_facts["source"])
        for name, type_facts in stated["types"].items()
        for slug in {name, *type_facts["slugs"]}
    }
    return Book(stated["precision"], stated["reference"], by_slug)


def equivalents(slug: str, count: float = 1.0) -> float | None:
    """Convert a count of one type to the reference type; None where the type has no published figure."""
    published = book().by_slug.get(slug)
    return None if published is None else count * published.tflops / book().unit.tflops


def in_devices(count: int, of: str, here: str) -> int | None:
    """How many of `here` do what `count` of another type do; None where they do not compare."""
    if of == here:
        return count
    one, other = equivalents(of), equivalents(here)
    if one is None or other is None:
        return None
    return math.ceil(count * one / other - 1e-9)


def only_type(types: Iterable[str]) -> str:
    """The one type that there is; empty where there is none or several."""
    listed = tuple(types)
    return listed[0] if len(listed) == 1 else ""
