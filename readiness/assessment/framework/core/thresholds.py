"""Thresholds: regions of acceptable values, where their figures come from, and how documents state them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, GetPydanticSchema, model_validator

from readiness.assessment.framework.core.numbers import limit_text
from readiness.assessment.framework.core.vocabulary import OWN, CitingNote, Direction, SourceLabel
from web.versioned.core.documents import Day, Flag, Line, Number, Some, Text, refusal


@dataclass(frozen=True, slots=True)
class Bound:
    """A region of acceptable values, in the sub-measure's unit: an interval (either side may be open), or a set.

    `strict` excludes the interval's edges. A non-empty `values` is the whole region and has no distance. Without any of
    these the region holds every value, which only a warn threshold may say.
    """

    low: Number | None = None
    high: Number | None = None
    values: frozenset[Number] = frozenset()
    strict: Flag = False

    def contains(self, value: float) -> bool:
        if self.values:
            return value in self.values
        if self.strict:
            return (self.low is None or value > self.low) and (self.high is None or value < self.high)
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def margin(self, value: float) -> float | None:
        """Signed distance to the nearest edge, positive inside; None for a set of codes."""
        if self.values:
            return None
        distances = []
        if self.low is not None:
            distances.append(value - self.low)
        if self.high is not None:
            distances.append(self.high - value)
        return min(distances, default=None)

    def edge(self, value: float | None = None) -> float | None:
        """The edge nearest to `value`; the only edge of a one-sided region; None for a set or an unplaced range."""
        if self.low is None or self.high is None:
            return self.low if self.high is None else self.high
        if value is None:
            return None
        return self.low if value - self.low < self.high - value else self.high

    def text(self, unit: str = "") -> str:
        return _text(self, unit)

    def compared(self, value: float, unit: str = "") -> str:
        """Say how a value stands to the region: "is below the limit of 330 GB/s"."""
        inside, text = self.contains(value), self.text(unit)
        if self.values:
            one_of = "the required" if len(self.values) == 1 else "one of the allowed"
            return f"is {'' if inside else 'not '}{one_of} {text}"
        if self.low is not None and self.high is not None:
            return f"is {'within' if inside else 'outside'} {text}"
        limit = text.lstrip("≥≤<> ")
        if self.strict:
            return f"is {'' if inside else 'not '}{'above' if self.high is None else 'below'} {limit}"
        if inside:
            return f"meets the limit of {limit}"
        return f"is {'below' if self.high is None else 'above'} the limit of {limit}"


# Thousands of sites are judged by the same few regions.
@lru_cache(maxsize=10_000)
def _text(bound: Bound, unit: str) -> str:
    suffix = f" {unit}" if unit else ""
    if bound.values:
        return " or ".join(limit_text(value) for value in sorted(bound.values)) + suffix
    above, below = (">", "<") if bound.strict else ("≥", "≤")
    if bound.low is not None and bound.high is not None:
        return f"{limit_text(bound.low)} to {limit_text(bound.high)}{suffix}"
    if bound.low is not None:
        return f"{above} {limit_text(bound.low)}{suffix}"
    if bound.high is not None:
        return f"{below} {limit_text(bound.high)}{suffix}"
    return "any"


@dataclass(frozen=True, slots=True)
class OperatorDecision:
    """The operator's person who decided a figure with source `own`, and the day (YYYY-MM-DD)."""

    by: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFigure:
    """`source` is a source id, or `OD` (operator-set default), `J` (judgement), `calc` (arithmetic on sourced numbers),
    or `own` (the operator's own decision). Only `own` has a decision, and it always has a note."""

    source: SourceLabel
    note: CitingNote = ""
    decided_by: Annotated[Line, Field(max_length=200)] = ""
    decided_on: Day | None = None

    @property
    def decided(self) -> OperatorDecision | None:
        if self.source != OWN or self.decided_on is None:
            return None
        return OperatorDecision(self.decided_by, self.decided_on.isoformat())

    @model_validator(mode="after")
    def refuse_undecided(self) -> LabelledFigure:
        """An own decision states why, who and when; other figures have no decision."""
        if self.source == OWN and not self.note:
            raise refusal("is missing; an own decision says why", "note")
        for key in ("decided_by", "decided_on"):
            if bool(getattr(self, key)) is not (self.source == OWN):
                raise refusal(
                    "is missing" if self.source == OWN else f"belongs to a source that is {OWN}", key
                )
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(LabelledFigure):
    """The region in which a sub-measure passes or warns: an absolute `bound`, or a `factor` on the limit that the
    sub-measure's `limit_from` names."""

    bound: Bound | None = None
    factor: float = 1.0
    strict: bool = False

    def bound_for(self, direction: Direction, limit: float) -> Bound:
        # Both are decimals to whoever wrote them: 85 % of 42 kW is 35.7 kW, and 35.7 kW is not above it.
        edge = float(Decimal(str(limit)) * Decimal(str(self.factor)))
        if direction is Direction.HIGHER:
            return Bound(low=edge, strict=self.strict)
        return Bound(high=edge, strict=self.strict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedThreshold(LabelledFigure):
    """A threshold as documents state it. Which keys make up its figure depends on the sub-measure's direction."""

    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    values: Some[frozenset[Number]] | None = None
    factor: Annotated[Number, Field(gt=0)] | None = None
    any: Flag = False
    strict: Flag = False

    def resolved(self, key: str, direction: Direction, *, has_limit: bool) -> Threshold:
        needed = ("any",) if key == "warn" and self.any else _FIGURES[direction]
        needed = ("factor",) if has_limit and needed == ("value",) else needed
        figures = ("value", "low", "high", "values", "factor", "any")
        _refuse_others({name: getattr(self, name) for name in figures}, needed, key)
        low = self.value if direction is Direction.HIGHER else self.low
        high = self.value if direction is Direction.LOWER else self.high
        _refuse_reversed(low, high, key)
        strict = self.strict and (low, high) != (None, None)
        bound = Bound(low=low, high=high, values=self.values or frozenset(), strict=strict)
        label = {each.name: getattr(self, each.name) for each in fields(LabelledFigure)}
        if self.factor is not None:
            return Threshold(**label, factor=self.factor, strict=self.strict)
        return Threshold(**label, bound=bound, strict=self.strict)


STATED = GetPydanticSchema(lambda _kind, handler: handler.generate_schema(StatedThreshold | None))
_FIGURES = {
    Direction.HIGHER: ("value",),
    Direction.LOWER: ("value",),
    Direction.EQUAL: ("values",),
    Direction.RANGE: ("low", "high"),
}


def _refuse_others(stated: Mapping[str, Any], needed: Collection[str], *place: str | int) -> None:
    for key, value in stated.items():
        if (value is None or value is False) is (key in needed):
            message = "is missing" if key in needed else f"does not belong here; needed: {', '.join(needed)}"
            raise refusal(message, *place, key)


def _refuse_reversed(low: float | None, high: float | None, *place: str | int) -> None:
    if low is not None and high is not None and low >= high:
        raise refusal("must be above low", *place, "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset(LabelledFigure):
    """A named limit that a site or platform may choose instead of a value. `value` is the limit itself, None for a
    range. `pass_at` and `warn_at` are the resulting regions, which documents state for a range only."""

    id: Text
    name: Text
    value: Number | None = None
    pass_at: Bound | None = field(default=None, metadata={"alias": "pass"})
    warn_at: Bound | None = field(default=None, metadata={"alias": "warn"})

    def resolved(
        self, place: int, direction: Direction, passes: Threshold, warns: Threshold | None
    ) -> Preset:
        regions = {"pass": self.pass_at, "warn": self.warn_at}
        needed = ("pass", "warn")[: 1 + (warns is not None)] if direction is Direction.RANGE else ("value",)
        _refuse_others({"value": self.value, **regions}, needed, "presets", place)
        for key, region in regions.items():
            if region is not None:
                edges = {
                    "low": region.low,
                    "high": region.high,
                    "values": region.values or None,
                    "strict": region.strict,
                }
                _refuse_others(edges, ("low", "high"), "presets", place, key)
                _refuse_reversed(region.low, region.high, "presets", place, key)
        if self.value is None:
            return self
        warn_at = warns.bound_for(direction, self.value) if warns else None
        return replace(self, pass_at=passes.bound_for(direction, self.value), warn_at=warn_at)
