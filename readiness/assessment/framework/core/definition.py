"""The framework as frozen values: pillars, checks, sub-measures, thresholds, sources.

Annotations say how a document is read (`web.versioned.core.documents`); `readiness.assessment.framework.core.document`
adds the rules that annotations cannot express. This module validates nothing again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Annotated

from readiness.assessment.framework.core.conditions import Condition, ExclusionRule, SiteContext
from readiness.assessment.framework.core.numbers import duration_s, duration_text, limit_text
from readiness.assessment.framework.core.vocabulary import (
    MEASUREMENTS,
    OWN,
    Amount,
    Change,
    CheckState,
    CitationStanding,
    Direction,
    Domain,
    EvidenceKind,
    Gate,
    Profile,
    Prose,
    SenderNamed,
    SourceLabel,
    listed,
    tool_id,
)
from web.versioned.core.documents import As, Key, digest, matches, most, written

Id = Annotated[
    str, most(64), matches(r"[a-z0-9]+(-[a-z0-9]+)*", "expected lower-case words joined by hyphens")
]
CheckId = Annotated[str, most(64), matches(r"p[0-9]+(-[a-z0-9]+)+", "expected the form p1-some-words")]
Unit = Annotated[str, most(16)]
"""These texts are at most as long as the result columns that store them."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A region of acceptable values, in the sub-measure's unit: an interval (either side may be open), or a set.

    `strict` excludes the interval's edges. A non-empty `values` is the whole region and has no distance. Without any of
    these the region holds every value, which only a warn threshold may say.
    """

    low: float | None = None
    high: float | None = None
    values: frozenset[float] = frozenset()
    strict: bool = False

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
    note: Prose = ""
    decided_by: Annotated[str, most(200)] = ""
    decided_on: date | None = None

    @property
    def decided(self) -> OperatorDecision | None:
        if self.source != OWN or self.decided_on is None:
            return None
        return OperatorDecision(self.decided_by, self.decided_on.isoformat())


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
class Preset(LabelledFigure):
    """A named limit that a site or platform may choose instead of a value. `value` is the limit itself, None for a
    range. `pass_at` and `warn_at` are the resulting regions."""

    id: str
    name: str
    value: float | None
    pass_at: Annotated[Bound | None, Key("pass")]
    warn_at: Annotated[Bound | None, Key("warn")]


@dataclass(frozen=True, slots=True)
class Validity(LabelledFigure):
    """How long evidence counts. `max_age_s` None means `live`: three times the source's cadence, at least 5 minutes."""

    max_age_s: Annotated[int | None, Key("max_age"), As(duration_s, duration_text)]
    voided_by: frozenset[Change] = frozenset()

    @property
    def is_live(self) -> bool:
        return self.max_age_s is None

    def limit_s(self, cadence_s: float | None) -> float:
        if self.max_age_s is not None:
            return self.max_age_s
        return max(LIVE_CADENCES * (cadence_s or 0.0), LIVE_FLOOR_S)


LIVE_CADENCES = 3
LIVE_FLOOR_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum(LabelledFigure):
    """How much a run must hold to count for a check: by a tool, or by any (`*`). A `value` of 0 asks for nothing."""

    tool: Annotated[str, tool_id]
    measure: Annotated[Amount, Key("of")]
    value: Annotated[float, Key("at_least")]


@dataclass(frozen=True, slots=True)
class LimitKind:
    """A limit of the site, the platform or the workload, and where it is declared."""

    id: str
    name: str
    unit: Unit = ""
    declared_on: str = field(kw_only=True)
    note: str = ""


# A name that begins with such a word already says which of several figures it is.
SUPERLATIVES = frozenset({"Worst", "Weakest", "Longest", "Largest", "Fewest", "Highest", "Lowest"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SubMeasure:
    """One measured row of a check.

    `gate` None means the check's gate; evidence, validity and waits_for are already resolved. `worst_over` names the
    subjects of which the worst counts ("port"); it is empty for one figure per site. `metrics` are exporters' metric
    names for telemetry. A sub-measure without `pass_at` is only shown for its trend (INFO).
    """

    id: Id
    name: str
    unit: Unit = ""
    direction: Direction
    measure: Prose
    pass_at: Annotated[Threshold | None, Key("pass")]
    warn_at: Annotated[Threshold | None, Key("warn")]
    validity: Annotated[Validity, Key("valid_for")]
    evidence: frozenset[EvidenceKind]
    waits_for: Prose
    worst_over: str = ""
    metrics: tuple[str, ...] = ()
    limit_from: Annotated[str, listed("limits", "limit")] = ""
    presets: tuple[Preset, ...] = ()
    gate: Gate | None = None
    profiles: frozenset[Profile] = frozenset(Profile)
    exclusions: Annotated[tuple[ExclusionRule, ...], Key("not_applicable")] = ()
    note: Prose = ""

    @property
    def is_measured(self) -> bool:
        """Whether only a run or telemetry proves it, so that a declaration counts as warn at most."""
        return self.evidence <= MEASUREMENTS

    @property
    def figure_name(self) -> str:
        """Return the name of its figure, such as "Link flaps in 24 h, worst port", which differs from the sum over all
        ports."""
        thing = self.worst_over.partition(",")[0]
        if not thing or self.name.partition(" ")[0] in SUPERLATIVES:
            return self.name
        return f"{self.name}, worst {thing}"


@dataclass(frozen=True, slots=True)
class GateRule:
    """If the condition holds, the check has this gate instead; the first rule that holds wins."""

    when: Condition
    gate: Gate
    reason: Prose


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question a site must answer, judged as the worst of its sub-measures that decide."""

    id: CheckId
    pillar: Annotated[str, listed("pillars", "pillar")]
    name: str
    why: Prose
    how_to: Prose
    waits_for: Prose
    domains: tuple[Domain, ...]
    evidence: frozenset[EvidenceKind]
    gate: Gate
    gate_rules: tuple[GateRule, ...] = ()
    profiles: frozenset[Profile]
    exclusions: Annotated[tuple[ExclusionRule, ...], Key("not_applicable")] = ()
    validity: Annotated[Validity, Key("valid_for")]
    states: frozenset[CheckState]
    minimums: tuple[Minimum, ...] = ()
    note: Prose = ""
    parts: tuple[SubMeasure, ...]

    def part(self, part_id: str) -> SubMeasure:
        for part in self.parts:
            if part.id == part_id:
                return part
        raise KeyError(f"{self.id} has no sub-measure {part_id!r}")

    def with_stand_ins(self, part_ids: Iterable[str], units: Mapping[str, str] | None = None) -> Check:
        """Add a stand-in for each of these sub-measures that an edited framework has dropped. For code that computes
        several sub-measures at once; it must ignore the result of a stand-in."""
        there = {part.id for part in self.parts}
        dropped = [
            replace(self.parts[0], id=part_id, unit=(units or {}).get(part_id, ""), metrics=(), limit_from="")
            for part_id in part_ids
            if part_id not in there
        ]
        return replace(self, parts=(*self.parts, *dropped)) if dropped else self


@dataclass(frozen=True, slots=True)
class Pillar:
    """`origin` says who defined the pillar: the article, or this product."""

    id: Annotated[str, most(4)]
    name: str
    short_name: str
    question: str
    origin: str


@dataclass(frozen=True, slots=True)
class CitedSource:
    """`standing` is primary (the text or code was read), secondary (a third party reports it), excerpt, or mixed."""

    id: str
    title: str
    standing: CitationStanding
    urls: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Framework:
    version: Annotated[str, most(50)]
    title: Annotated[str, most(200)]
    note: Prose = field(default="", kw_only=True)
    sender_named: SenderNamed = field(default=SenderNamed.FULL, kw_only=True)
    weights: Mapping[Gate, int]
    pillars: tuple[Pillar, ...]
    limits: tuple[LimitKind, ...]
    sources: tuple[CitedSource, ...]
    checks: tuple[Check, ...]

    @cached_property
    def content_digest(self) -> str:
        return digest(written(self))

    @cached_property
    def checks_by_id(self) -> Mapping[str, Check]:
        return {check.id: check for check in self.checks}

    @cached_property
    def parts_by_key(self) -> Mapping[tuple[str, str], SubMeasure]:
        return {(check.id, part.id): part for check in self.checks for part in check.parts}

    def check(self, check_id: str) -> Check:
        return self.checks_by_id[check_id]

    def checks_of(self, pillar_id: str) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.pillar == pillar_id)


def applicable(item: Check | SubMeasure, site: SiteContext) -> tuple[bool, str]:
    """Whether a check or sub-measure applies at the site, and the reason if not. A site without declared profiles is
    measured against everything."""
    if site.profiles and item.profiles.isdisjoint(site.profiles):
        return False, f"Applies to {' and '.join(sorted(item.profiles))} sites only."
    for rule in item.exclusions:
        if rule.when.holds(site):
            return False, rule.reason
    return True, ""


def gate_for(check: Check, site: SiteContext) -> Gate:
    for rule in check.gate_rules:
        if rule.when.holds(site):
            return rule.gate
    return check.gate


def part_gate(part: SubMeasure, check_gate: Gate) -> Gate:
    if part.gate is None or part.gate.rank >= check_gate.rank:
        return check_gate
    return part.gate
