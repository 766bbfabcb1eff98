"""The framework as frozen values: pillars, checks, sub-measures, sources.

Annotations say what documents may hold (`web.versioned.core.documents`); `soundness` has the rules that span fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    model_validator,
    with_config,
)

from readiness.assessment.framework.core import soundness
from readiness.assessment.framework.core.conditions import ExclusionRule, SiteContext, When
from readiness.assessment.framework.core.names import names_for
from readiness.assessment.framework.core.numbers import duration_s
from readiness.assessment.framework.core.thresholds import (
    STATED,
    LabelledFigure,
    Preset,
    StatedThreshold,
    Threshold,
)
from readiness.assessment.framework.core.vocabulary import (
    MEASUREMENTS,
    SHARES,
    Amount,
    Change,
    CheckState,
    CitationStanding,
    CitingNote,
    Direction,
    Domain,
    EvidenceKind,
    Gate,
    Profile,
    Prose,
    SenderNamed,
    listed,
    tool_id,
)
from web.versioned.core.documents import (
    CLOSED,
    Distinct,
    Integer,
    Items,
    Line,
    Number,
    Some,
    Text,
    Word,
    Words,
    digest,
    matches,
    refusal,
    written,
)

_MOST = Field(max_length=64)
Id = Annotated[Text, _MOST, matches(r"[a-z0-9]+(-[a-z0-9]+)*", "expected lower-case words joined by hyphens")]
CheckId = Annotated[Text, _MOST, matches(r"p[0-9]+(-[a-z0-9]+)+", "expected the form p1-some-words")]
Unit = Annotated[Line, Field(max_length=16)]
"""These texts are at most as long as the result columns that store them."""


@dataclass(frozen=True, slots=True)
class Validity(LabelledFigure):
    """How long evidence counts. `max_age_s` None means `live`: three times the source's cadence, at least 5 minutes."""

    max_age_s: Annotated[int | None, BeforeValidator(duration_s)] = field(metadata={"alias": "max_age"})
    voided_by: Words[Change] = frozenset()

    @property
    def is_live(self) -> bool:
        return self.max_age_s is None

    def limit_s(self, cadence_s: float | None) -> float:
        if self.max_age_s is not None:
            return self.max_age_s
        return max(LIVE_CADENCES * (cadence_s or 0.0), LIVE_FLOOR_S)


LIVE_CADENCES = 3
LIVE_FLOOR_S = 300.0
HEAVIEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum(LabelledFigure):
    """How much a run must hold to count for a check: by a tool, or by any (`*`). A `value` of 0 asks for nothing."""

    tool: Annotated[Text, AfterValidator(tool_id)]
    measure: Amount = field(metadata={"alias": "of"})
    value: Number = field(metadata={"alias": "at_least"})

    @model_validator(mode="after")
    def refuse_impossible(self) -> Minimum:
        if self.value < 0:
            raise refusal("cannot be below 0", "at_least")
        if self.measure in SHARES and self.value > 1:
            raise refusal("is a share, so 1 is the most", "at_least")
        return self


@dataclass(frozen=True, slots=True)
class LimitKind:
    """A limit of the site, the platform or the workload, and where it is declared."""

    id: Text
    name: Text
    unit: Unit = ""
    declared_on: Text = field(kw_only=True)
    note: Line = ""


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
    name: Text
    unit: Unit = ""
    direction: Direction
    measure: Prose
    pass_at: Annotated[Threshold | None, STATED] = field(default=None, metadata={"alias": "pass"})
    warn_at: Annotated[Threshold | None, STATED] = field(default=None, metadata={"alias": "warn"})
    validity: Validity = field(metadata={"alias": "valid_for"})
    evidence: Some[Words[EvidenceKind]]
    waits_for: Prose
    worst_over: Line = ""
    metrics: tuple[Word, ...] = ()
    limit_from: Annotated[Line, listed("limits", "limit")] = ""
    presets: Items[Preset] = ()
    gate: Gate | None = None
    profiles: Words[Profile] = frozenset(Profile)
    exclusions: tuple[ExclusionRule, ...] = field(default=(), metadata={"alias": "not_applicable"})
    note: CitingNote = ""

    @model_validator(mode="after")
    def resolve_thresholds(self) -> SubMeasure:
        """Direction and limit decide which figures of thresholds and presets a document states."""
        passes, warns = (
            cast(StatedThreshold, stated).resolved(key, self.direction, has_limit=self.limit_from != "")
            if stated
            else None
            for key, stated in (("pass", self.pass_at), ("warn", self.warn_at))
        )
        if self.presets and (not self.limit_from or passes is None):
            raise refusal("need a limit_from and a pass threshold", "presets")
        presets = tuple(
            preset.resolved(place, self.direction, cast(Threshold, passes), warns)
            for place, preset in enumerate(self.presets)
        )
        return replace(self, pass_at=passes, warn_at=warns, presets=presets)

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

    when: When
    gate: Gate
    reason: Prose


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question a site must answer, judged as the worst of its sub-measures that decide.

    It is shown by its `name`, a short noun; the `claim` is the sentence that is true where it passes, and `failing`
    says in general what is wrong where it does not. A document that states neither noun nor words has Muster's own.
    """

    id: CheckId
    pillar: Annotated[Text, listed("pillars", "pillar")]
    claim: Text = field(metadata={"alias": "name"})
    name: Line = field(default="", metadata={"alias": "short_name"})
    failing: Line = ""
    why: Prose
    how_to: Prose
    waits_for: Prose
    domains: Some[Annotated[tuple[Domain, ...], Distinct]]
    evidence: Some[Words[EvidenceKind]]
    gate: Gate
    gate_rules: tuple[GateRule, ...] = ()
    profiles: Some[Words[Profile]]
    exclusions: tuple[ExclusionRule, ...] = field(default=(), metadata={"alias": "not_applicable"})
    validity: Validity = field(metadata={"alias": "valid_for"})
    states: Some[Words[CheckState]]
    minimums: tuple[Minimum, ...] = ()
    note: CitingNote = ""
    parts: Some[Items[SubMeasure]]

    @model_validator(mode="before")
    @classmethod
    def inherit(cls, data: Any) -> Any:
        """A sub-measure has these of its check unless it states them itself."""
        parts = data.get("parts") if isinstance(data, Mapping) else None
        if not isinstance(parts, list | tuple):
            return data
        keys = data.keys() & {"valid_for", "evidence", "waits_for", "profiles"}
        filled = [
            {**part, **{key: part.get(key) or data[key] for key in keys}}
            if isinstance(part, Mapping)
            else part
            for part in parts
        ]
        return {**data, "parts": filled}

    @model_validator(mode="after")
    def refuse_unsound(self) -> Check:
        soundness.refuse_unsound(self)
        return self

    @model_validator(mode="after")
    def add_names(self) -> Check:
        own = names_for(self.id, self.claim)
        claim = own.claim if self.claim == own.stated_as else self.claim
        return replace(self, claim=claim, name=self.name or own.name, failing=self.failing or own.failing)

    def part(self, part_id: str) -> SubMeasure:
        for part in self.parts:
            if part.id == part_id:
                return part
        raise KeyError(f"{self.id} has no sub-measure {part_id!r}")

    def add_stand_ins(self, part_ids: Iterable[str], units: Mapping[str, str] | None = None) -> Check:
        """Add a stand-in for each of these sub-measures that an edited framework has dropped. For code that computes
        several sub-measures at once; it must ignore the result of a stand-in."""
        own_ids = {part.id for part in self.parts}
        dropped = [
            replace(self.parts[0], id=part_id, unit=(units or {}).get(part_id, ""), metrics=(), limit_from="")
            for part_id in part_ids
            if part_id not in own_ids
        ]
        return replace(self, parts=(*self.parts, *dropped)) if dropped else self


@dataclass(frozen=True, slots=True)
class Pillar:
    """`origin` says who defined the pillar: the article, or this product."""

    id: Annotated[Text, Field(max_length=4)]
    name: Text
    short_name: Text
    question: Text
    origin: Text


@dataclass(frozen=True, slots=True)
class CitedSource:
    """`standing` is primary (the text or code was read), secondary (a third party reports it), excerpt, or mixed."""

    id: Text
    title: Text
    standing: CitationStanding
    urls: tuple[Word, ...] = ()
    note: Line = ""


@with_config(CLOSED)
@dataclass(frozen=True)
class Framework:
    version: Annotated[Text, Field(max_length=50)]
    title: Annotated[Text, Field(max_length=200)]
    note: CitingNote = field(default="", kw_only=True)
    sender_named: SenderNamed = field(default=SenderNamed.FULL, kw_only=True)
    weights: Mapping[Gate, Annotated[Integer, Field(ge=0, le=HEAVIEST)]]
    pillars: Some[Items[Pillar]]
    limits: Some[Items[LimitKind]]
    sources: Some[Items[CitedSource]]
    checks: Some[Items[Check]]
    counts: InitVar[Mapping[str, Integer]] = field(default=None, kw_only=True)  # type: ignore[assignment]
    """The number of checks of each pillar, which documents state."""

    @model_validator(mode="wrap")
    @classmethod
    def count_checks(cls, data: Any, handler: ModelWrapValidatorHandler[Framework]) -> Framework:
        """A missing file must not turn into a smaller framework unnoticed."""
        framework = handler(data)
        soundness.refuse_weights(framework.weights)
        soundness.refuse_units(framework)
        soundness.refuse_counts(data.get("counts"), framework)
        return framework

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
