"""The answer of a placement: every site in service with its figures, and how the sites differ.

The endpoint serialises it (`document`), decisions store that document, and the page and its charts read the answer.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from readiness.assessment.scoring.core.states import Verdict
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.factors.core.factors import SiteFactors
from readiness.tradeoffs.factors.core.power import PowerBasis
from readiness.tradeoffs.moves.consequences import line
from readiness.tradeoffs.moves.options import BandedFigure, CandidateSite, Jurisdiction
from readiness.tradeoffs.moves.pricing import PricedMove
from readiness.tradeoffs.placing.core.figures import CARBON_UNIT, ENERGY_UNIT, useful_hour
from readiness.tradeoffs.placing.core.inputs import FleetFacts, OpenCheck, StoredScore
from readiness.tradeoffs.placing.core.levers import PlacementQuestion
from readiness.tradeoffs.placing.core.objectives import Objective, UnaskedStep
from readiness.tradeoffs.placing.core.placement import Feasibility, Placed, UnkeptLimit
from readiness.tradeoffs.placing.core.ranking import Ranked, Robustness, Sensitivity

SMALL_MARGIN = 0.05
"""A smaller margin, as a share of the limit, is a remark on the option: the judgement of Muster's makers."""

type Ranges = Mapping[str, tuple[float | None, float | None]]


@dataclass(frozen=True, slots=True)
class HeldAccelerators:
    """`count` accelerators of type `here` for `needed` ones of type `of`, the type that runs today; `equivalents` is
    their number in the reference type. `of` is empty if any accelerator counts as one, `count` is None if the types do
    not compare.
    """

    needed: int
    of: str
    count: int | None
    here: str
    equivalents: float | None


@dataclass(frozen=True, slots=True)
class PlacementOption:
    """One candidate with everything that the answer says about it; only feasible ones have `ranked` and `pareto`.

    `step` is set if moving there from today's site is an optional improvement. `outdated` names the outdated
    factors by objective, `waits` the checks that keep the site from being ready. `move` prices moving
    there from today's site, None where the class already runs.
    """

    site: SiteFactors
    placed: Placed
    figures: Mapping[str, BandedFigure]
    after: Mapping[str, BandedFigure]
    score: StoredScore | None = None
    pareto: bool = False
    dominated_by: str = ""
    ranked: Ranked | None = None
    is_today: bool = False
    move: PricedMove | None = None
    step: UnaskedStep | None = None
    outdated: Mapping[str, str] = field(default_factory=dict)
    accelerators: HeldAccelerators | None = None
    utilisation: BandedFigure | None = None
    power_basis: PowerBasis = PowerBasis.DECLARED
    waits: tuple[OpenCheck, ...] = ()

    @property
    def slug(self) -> str:
        return self.site.slug

    @property
    def name(self) -> str:
        return self.site.name

    @property
    def law(self) -> Jurisdiction:
        return self.candidate.jurisdiction

    @property
    def useful_hour(self) -> BandedFigure:
        cost = self.candidate.monthly_cost
        count = self.accelerators.count if self.accelerators else None
        if self.utilisation is None or not count:
            return BandedFigure(
                None, "", source=cost.source if self.accelerators else "it asks for no accelerators"
            )
        return useful_hour(cost, count, self.utilisation)

    @property
    def feasible(self) -> bool:
        return self.placed.standing is Feasibility.FEASIBLE

    @property
    def undecided(self) -> bool:
        return self.placed.standing is Feasibility.UNDECIDED

    @property
    def candidate(self) -> CandidateSite:
        return self.placed.candidate

    @property
    def reasons(self) -> tuple[UnkeptLimit, ...]:
        return tuple(
            sorted(self.placed.reasons, key=lambda limit: limit.standing is not Feasibility.REJECTED)
        )

    @property
    def reason_words(self) -> list[str]:
        return [reason.words for reason in self.reasons]

    @property
    def place(self) -> str:
        return f"{self.site.region} · {self.site.country}"

    @property
    def verdict(self) -> Verdict | None:
        return self.candidate.verdict

    @property
    def is_tight(self) -> bool:
        margin = self.placed.compliance_margin
        return self.feasible and margin is not None and margin < SMALL_MARGIN

    @property
    def match(self) -> int | None:
        return None if self.ranked is None else round(self.ranked.score * 100)

    @property
    def consequence(self) -> str:
        return line(self.move.consequences) if self.move else ""

    def is_within(self, ranges: Ranges) -> bool:
        """An unknown figure is within no range."""
        for name, (low, high) in ranges.items():
            figure = self.figures.get(name)
            if figure is None or figure.value is None:
                return False
            if (low is not None and figure.value < low) or (high is not None and figure.value > high):
                return False
        return True


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacementAnswer:
    """`options` has every candidate: feasible ones by rank, then undecided and rejected ones by name.

    `tried_envelope` is the envelope with the levers. `objectives` are those of this envelope; `on_front` the ones used
    for the front: an objective unknown at every option is left out. `facts` are the facts read, `sites` their sites by
    slug. `today` is where the class runs; changes are counted from its first site.
    """

    question: PlacementQuestion
    envelope: Envelope
    tried_envelope: Envelope
    currency: str
    at: datetime
    objectives: tuple[Objective, ...]
    on_front: tuple[str, ...]
    weights: Mapping[str, float]
    options: tuple[PlacementOption, ...]
    today: tuple[str, ...]
    not_in_service: tuple[SiteFactors, ...]
    sensitivity: Sensitivity | None
    robustness: Robustness | None
    rules: Mapping[str, str] | None
    facts: FleetFacts = field(repr=False)

    @cached_property
    def sites(self) -> Mapping[str, SiteFactors]:
        return {site.slug: site for site in self.facts.sites}

    @cached_property
    def feasible(self) -> tuple[PlacementOption, ...]:
        return tuple(option for option in self.options if option.feasible)

    @cached_property
    def kept_out(self) -> tuple[PlacementOption, ...]:
        """Undecided sites, then rejected ones; in either part those with the fewest reasons come first."""
        return tuple(
            sorted(
                (option for option in self.options if not option.feasible),
                key=lambda option: (not option.undecided, len(option.reasons), option.name),
            )
        )

    @cached_property
    def best(self) -> PlacementOption | None:
        """The first by rank; None if nothing is scored, or if no site keeps every limit."""
        if not self.is_scored:
            return None
        return next((option for option in self.feasible if option.step is None), None)

    def tied(self, option: PlacementOption) -> tuple[PlacementOption, ...]:
        """Other options of the same rank."""
        rank = option.ranked.rank if option.ranked and self.is_scored else None
        return tuple(
            each
            for each in (self.feasible if rank else ())
            if each is not option and each.ranked and each.ranked.rank == rank
        )

    @cached_property
    def steps(self) -> tuple[PlacementOption, ...]:
        return tuple(option for option in self.feasible if option.step)

    @cached_property
    def runners_up(self) -> tuple[PlacementOption, ...]:
        best = self.best
        return tuple(option for option in self.feasible if option.step is None and option is not best)

    @cached_property
    def is_scored(self) -> bool:
        return any(objective.is_scored and self.weights[objective.name] > 0 for objective in self.objectives)

    @cached_property
    def _ties(self) -> frozenset[int]:
        """Rounded scores that several options share."""
        count_by_match = Counter(option.match for option in self.feasible if option.match is not None)
        return frozenset(match for match, count in count_by_match.items() if count > 1)

    def match_text(self, option: PlacementOption) -> str:
        """Options with equal rounded scores show a decimal, so that their order is visible."""
        if option.ranked is None:
            return ""
        return f"{option.ranked.score * 100:.1f}" if option.match in self._ties else f"{option.match}"

    def option_at(self, slug: str) -> PlacementOption | None:
        return next((option for option in self.options if option.slug == slug), None)

    @cached_property
    def base(self) -> PlacementOption | None:
        return next((option for slug in self.today if (option := self.option_at(slug)) is not None), None)

    @property
    def stays(self) -> bool:
        return self.best is not None and self.base is not None and self.base.slug == self.best.slug

    @property
    def cost_unit(self) -> str:
        units = {"accelerator-hour": "h", "million-tokens": "M tok", "million-requests": "M req"}
        currency = self.envelope.cost_currency or self.currency
        return f"{currency}/{units.get(self.envelope.cost_unit or '', 'month')}"

    def options_within(self, ranges: Ranges) -> list[PlacementOption]:
        return [option for option in self.feasible if option.is_within(ranges)]

    def name_of(self, slug: str) -> str:
        site = self.sites.get(slug)
        return site.name if site is not None else slug

    def unit_of(self, objective: str) -> str:
        units = {
            "cost": f"{self.currency}/month",
            "latency": f"ms p{self.tried_envelope.latency_percentile:g}",
            "energy": ENERGY_UNIT,
            "carbon": CARBON_UNIT,
            "readiness": "points",
            "compliance": "% of limit",
        }
        return units[objective]

    def limit_of(self, objective: str) -> float | None:
        envelope = self.tried_envelope
        is_monthly = envelope.cost_unit == "month" and envelope.cost_currency in ("", self.currency)
        limits = {
            "latency": envelope.latency_limit_ms,
            "carbon": envelope.carbon_kg_per_month,
            "cost": envelope.cost_ceiling if is_monthly else None,
            "readiness": None if envelope.min_score is None else envelope.min_score * 100,
        }
        return limits.get(objective)
