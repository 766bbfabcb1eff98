"""The types of a placement's answer, from which its JSON and its schema derive.

They are dictionaries with declared keys, not dataclasses: an answer has 16 figures for each of a thousand sites, and
dataclasses take three times as long.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal, TypedDict

from readiness.assessment.scoring.core.states import Verdict
from readiness.tradeoffs.factors.core.factors import KnownRate
from readiness.tradeoffs.factors.core.power import AcceleratorPower, PowerBasis
from readiness.tradeoffs.moves.consequences import Consequence
from readiness.tradeoffs.moves.options import CarbonKind, JurisdictionAnswer
from readiness.tradeoffs.placing.core.inputs import OpenCheck
from readiness.tradeoffs.placing.core.levers import WhatIf
from readiness.tradeoffs.placing.core.objectives import ObjectiveDirection, ScoredAgainst
from readiness.tradeoffs.placing.core.placement import Feasibility


class PlacementFigure(TypedDict):
    value: float | None
    unit: str
    provenance: str | None
    as_of: datetime | None
    low: float | None
    high: float | None
    source: str
    unknown: Annotated[str | None, "Why there is no value"]


class PlacementObjectives(TypedDict, total=False):
    cost: PlacementFigure
    latency: PlacementFigure
    energy: PlacementFigure
    carbon: PlacementFigure
    readiness: PlacementFigure
    compliance: PlacementFigure


class PlacementReason(TypedDict):
    limit: str
    subject: str
    standing: Feasibility
    bound: float | None
    actual: float | None
    low: float | None
    high: float | None
    margin: float | None
    unit: str
    words: str
    why: str


class PlacementAccelerators(TypedDict):
    asked: int
    of: str
    count: int | None
    here: str
    equivalents: float | None
    reference: str
    precision: str


class PlacementJurisdiction(TypedDict):
    answer: JurisdictionAnswer
    rule: str
    text: str
    rules: Sequence[str]
    operator_country: str | None
    sovereignty: JurisdictionAnswer | None
    sovereignty_text: str
    sovereignty_rules: Sequence[str]


class PlacementStaffing(TypedDict):
    requirements: int
    uncovered: int


class PlacementOptionShape(TypedDict):
    site: Annotated[str, "Slug"]
    name: str
    country: str
    region: str
    stage: str
    standing: Feasibility
    feasible: bool
    objectives: PlacementObjectives
    reasons: Annotated[list[PlacementReason], "Each limit or rule that the site breaks, and by how much"]
    pareto: bool | None
    dominated_by: str | None
    rank: int | None
    score: float | None
    best_rank: int | None
    worst_rank: int | None
    effect: Annotated[str, "Effect of unknown figures on the rank"]
    step: Annotated[str | None, "Price of an optional improvement; such an option never wins"]
    margin: Annotated[float | None, "Smallest margin to any limit, as a share of the limit"]
    outdated: Annotated[Mapping[str, str], "Outdated factors, by objective"]
    unit_cost: PlacementFigure
    useful_hour_cost: PlacementFigure
    it_power: PlacementFigure
    peak_power: PlacementFigure
    power_basis: Annotated[
        PowerBasis,
        "What the power rests on: the type of node, its nameplate (an estimate), or the envelope",
    ]
    accelerators: Annotated[
        PlacementAccelerators | None, "`count` of type `here` that do what `asked` of type `of` do today"
    ]
    capacity_after: Mapping[str, PlacementFigure]
    verdict: Annotated[Verdict | None, "Verdict of the site; null: not evaluated"]
    waits_for: Annotated[Sequence[OpenCheck], "BLOCK checks that keep the site from being ready"]
    jurisdiction: PlacementJurisdiction
    is_today: Annotated[bool, "Whether the class runs there"]
    staffing: Annotated[
        PlacementStaffing | None, "`requirements` of people there, and how many are `uncovered`"
    ]
    remarks: Annotated[list[str], "A tie, or a margin below 5 %"]
    tied_with: Annotated[list[str], "Other options of the same rank"]
    consequence: Annotated[str | None, "Consequences of moving there, in one line"]
    consequences: Sequence[Consequence]
    changes: Annotated[
        Mapping[str, float | None] | None,
        "Price of moving there from today's site, by objective in its unit; null: unknown",
    ]


class PlacedWorkload(TypedDict):
    slug: str
    name: str


class PlacementObjective(TypedDict):
    name: str
    direction: ObjectiveDirection
    on_front: bool
    against: ScoredAgainst
    reference: float | None
    scale: float | None


class PlacementCounts(TypedDict):
    feasible: int
    undecided: int
    rejected: int


class SiteNotInService(TypedDict):
    site: str
    name: str
    stage: str
    opens_on: date | None
    opens_by: str | None


class PlacementFlip(TypedDict):
    objective: str
    share: float
    weight: float
    to: str
    up: bool
    words: str


class PlacementRobustness(TypedDict):
    share: float
    by_site: Mapping[str, float]
    draws: int
    objectives: Sequence[str]
    words: str


class PlacementSensitivity(TypedDict):
    winner: str
    flips: list[PlacementFlip]
    fixed: Sequence[str]
    robustness: PlacementRobustness


class LimitToLoosen(TypedDict):
    limit: str
    subject: str
    by: float | None
    unit: str
    site: str
    sites: int
    words: str


class UnknownSnapshotFactor(TypedDict):
    value: float | None
    unknown: str


class SnapshotFactor(TypedDict):
    value: float
    unit: str
    low: float | None
    high: float | None
    percentile: float | None
    basis: str
    provenance: str
    source: str
    as_of: datetime
    age_s: float
    outdated: str
    unknown: str | None
    disagrees: bool


class SnapshotSite(TypedDict):
    verdict: str | None
    score: float | None
    score_upper: float | None
    evaluated_at: datetime | None
    accelerators: Mapping[str, int]
    power_kw: Mapping[str, AcceleratorPower]
    factors: Mapping[str, UnknownSnapshotFactor | SnapshotFactor]


class PlacementSnapshot(TypedDict):
    version: Literal[1]
    taken_at: datetime
    factors_at: datetime
    envelope: Mapping[str, object]
    asked: Annotated[Mapping[str, object], "The envelope with the levers"]
    weights: Mapping[str, float]
    what_if: WhatIf
    currency: str
    carbon: CarbonKind
    today: list[str]
    rules: Mapping[str, str] | None
    framework: str
    rates: Sequence[KnownRate]
    sites: Mapping[str, SnapshotSite]


class PlacementDocument(TypedDict):
    workload: PlacedWorkload
    currency: str
    carbon: CarbonKind
    objectives: list[PlacementObjective]
    weights: Mapping[str, float]
    what_if: WhatIf
    today: list[str]
    counts: PlacementCounts
    best: Annotated[str | None, "Slug of the option of rank 1; optional improvements rank behind all others"]
    unscored: Annotated[str, "Objectives that have a weight but no reference to be scored against"]
    options: Annotated[
        list[PlacementOptionShape],
        "By rank, then undecided and rejected ones; `limit` and `offset` say which",
    ]
    not_in_service: Annotated[
        list[SiteNotInService], "Planned and building sites; `opens_on` is their date, if known"
    ]
    sensitivity: PlacementSensitivity | None
    loosen: Annotated[list[LimitToLoosen], "Limits that leave no option"]


class PlacementDocumentWithSnapshot(PlacementDocument):
    snapshot: Annotated[PlacementSnapshot, "Every factor used, with age and provenance"]
