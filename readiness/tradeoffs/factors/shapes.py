"""The types of what endpoints say of factors, from which JSON and schema derive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

from readiness.tradeoffs.factors.core.factors import ValueBasis


class StatedValue(TypedDict):
    value: float
    unit: str
    low: float | None
    high: float | None
    percentile: float | None
    basis: ValueBasis
    provenance: str
    source: str
    as_of: datetime
    coverage: float | None
    detail: str
    caution: str
    currency: str | None
    age_s: float
    outdated: str


class UnknownFactor(TypedDict):
    unknown: Annotated[str | None, "Why no source knows it"]
    disagrees: bool


class KnownFactor(UnknownFactor, StatedValue):
    others: Annotated[list[StatedValue], "Of other sources"]


class SiteInShort(TypedDict):
    id: int
    slug: str
    name: str
    country: str


class KnownSite(TypedDict):
    site: SiteInShort
    stage: str
    verdict: str | None
    score: float | None
    accelerators: Mapping[str, int]
    factors: Mapping[str, KnownFactor | UnknownFactor]
    latency: Annotated[Mapping[str, KnownFactor | UnknownFactor], "By slug of the user region"]
    between: Annotated[Mapping[str, KnownFactor | UnknownFactor], "By slug of the other site"]


@dataclass(frozen=True, slots=True)
class KnownFactors:
    at: datetime
    sites: list[KnownSite]


class HourlyFactor(TypedDict):
    kind: str
    unit: str
    source: str
    basis: str
    provenance: str
    step_s: int
    instants: Annotated[list[int], "Seconds since 1970, the begin of each step"]
    values: list[float | None]


@dataclass(frozen=True, slots=True)
class HoursOfSite:
    site: str
    start: datetime
    end: datetime
    series: list[HourlyFactor]
