"""Which sites may run a workload: hard constraints only, every site with all reasons.

A site is **feasible** if each figure with a limit is certainly within it, **rejected** if one is certainly beyond it,
and **undecided** otherwise: the figure is unknown, or its band crosses the limit, or a rule cannot be decided or asks
for a basis that is not recorded. An undecided site is listed separately and is never an option, so that an unknown
figure counts neither for nor against a site.

Relaxing a limit never makes a feasible site infeasible: each test is on one figure, and a looser limit only helps.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, partial
from operator import attrgetter, methodcaller

from readiness.assessment.scoring.core.states import Verdict
from readiness.tradeoffs.moves.options import (
    VERDICT_RANK,
    BandedFigure,
    CandidateSite,
    Demand,
    FigureError,
    JurisdictionAnswer,
    LimitBound,
    Limits,
)
from readiness.tradeoffs.units import number

REASON_GROUPS = {
    "not-ready": "Options once they are ready",
    "site": "Lost in this what-if",
    "jurisdiction": "Forbidden by law",
    "operator": "Operator barred",
    "country": "Country not allowed",
    "verdict": "Verdict too low",
    "latency": "Latency over the limit",
    "unit-cost": "Unit cost over the limit",
    "monthly-cost": "Cost over the limit",
    "energy": "Energy over the limit",
    "carbon": "Carbon over the limit",
    "carbon-intensity": "Carbon intensity over the limit",
    "readiness": "Readiness too low",
    "accelerators": "Too few accelerators free",
    "power": "Too little power free",
    "bandwidth": "Too little bandwidth free",
}
"""Names of the reasons that keep a site out, by `UnkeptLimit.limit`; `not-ready` if the verdict is the only one."""


class Feasibility(StrEnum):
    FEASIBLE = "feasible"
    UNDECIDED = "undecided"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class UnkeptLimit:
    """One limit or rule that a site does not keep, or not certainly.

    `limit` is the kind (`latency`, `accelerators`, `jurisdiction`), `subject` the part of it (a user region, a type,
    the rule's name). `margin` is the excess in `unit`: for an undecided site the largest possible one, None without a
    bound or if it is not a quantity.
    """

    limit: str
    subject: str
    standing: Feasibility
    bound: float | None
    actual: BandedFigure | None
    margin: float | None
    unit: str
    words: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A site with the reasons against it.

    `compliance_margin` is the smallest margin to any numeric limit as a share of it: 0.1 means that 10 % of the limit
    is free, below 0 is beyond it. Figures count at the worse end of their bands; None without a limit or if a figure
    has no bound. `tightest` names that limit.
    """

    candidate: CandidateSite
    standing: Feasibility
    reasons: tuple[UnkeptLimit, ...]
    compliance_margin: float | None
    tightest: str = ""


@dataclass(frozen=True)
class _Test:
    """One figure of a candidate and a bound, either an upper one (`at_most`) or a lower one."""

    limit: str
    subject: str
    figure_of: Callable[[CandidateSite], BandedFigure]
    bound: float
    unit: str
    at_most: bool

    @cached_property
    def name(self) -> str:
        return limit_name(self.limit, self.subject)

    @cached_property
    def against(self) -> str:
        amount = f"{number(self.bound)} {self.unit}"
        return f"limit {amount}" if self.at_most else f"{amount} needed"


def placer(demand: Demand, limits: Limits) -> Callable[[CandidateSite], Placed]:
    tests = tuple(_tests(demand, limits))

    def place_one(candidate: CandidateSite) -> Placed:
        reasons = [*_legal_reasons(candidate, limits), *_verdict_reasons(candidate, limits)]
        room, tightest = math.inf, ""
        for each in tests:
            test = replace(each, bound=demand.power_at(candidate) or 0.0) if each.limit == "power" else each
            if test.limit == "power" and not test.bound:
                continue
            figure = test.figure_of(candidate)
            least, most = figure.least, figure.most
            if (reason := _unkept(test, figure, least, most)) is not None:
                reasons.append(reason)
            # The free share of the limit, at the worse end of the band.
            if test.bound:
                headroom = test.bound - most if test.at_most else least - test.bound
                share = headroom / abs(test.bound)
                if share < room:
                    room, tightest = share, test.name
        standing = Feasibility.FEASIBLE
        if reasons:
            rejected = any(reason.standing is Feasibility.REJECTED for reason in reasons)
            standing = Feasibility.REJECTED if rejected else Feasibility.UNDECIDED
        margin = room if math.isfinite(room) else None
        return Placed(candidate, standing, tuple(reasons), margin, tightest if margin is not None else "")

    return place_one


def has_numeric_limit(demand: Demand, limits: Limits) -> bool:
    """Whether any site can have a margin: a question of the envelope alone, not of the sites."""
    declared = demand.power_kw or not demand.power_by_site or demand.accelerators
    return any(declared or test.limit != "power" for test in _tests(demand, limits))


def _tests(demand: Demand, limits: Limits) -> Iterator[_Test]:
    for latency in limits.latency:
        region, percentile = latency.region, latency.percentile
        latency_at = methodcaller("latency_at", region, percentile)
        yield _Test("latency", f"{region} p{percentile:g}", latency_at, latency.limit_ms, "ms", True)
    for name in ("unit_cost", "monthly_cost", "energy", "carbon", "carbon_intensity"):
        ceiling: LimitBound | None = getattr(limits, name)
        if ceiling is not None:
            limit = name.replace("_", "-")
            yield _Test(limit, "", attrgetter(name), ceiling.value, ceiling.unit, True)
    if (least := limits.readiness) is not None:
        yield _Test("readiness", "", attrgetter("readiness"), least.value, least.unit, False)
    for kind, count in sorted(demand.accelerators.items()):
        if count > 0:
            yield _Test("accelerators", kind, partial(_free_of, kind), count, "accelerators", False)
    if demand.power_kw or demand.power_by_site:
        # The bound is that of each candidate.
        yield _Test("power", "", attrgetter("headroom"), demand.power_kw or 0.0, "kW", False)
    if demand.bandwidth_gbps:
        yield _Test("bandwidth", "", attrgetter("free_bandwidth"), demand.bandwidth_gbps, "Gb/s", False)


def _free_of(kind: str, candidate: CandidateSite) -> BandedFigure:
    return candidate.free_accelerators.get(kind, _UNCOUNTED)


_UNCOUNTED = BandedFigure(None, "accelerators")


def _unkept(test: _Test, figure: BandedFigure, least: float, most: float) -> UnkeptLimit | None:
    if figure.unit != test.unit and figure.bounded:
        raise FigureError(f"{test.limit}: a figure in {figure.unit} is held against a limit in {test.unit}")
    best, worst = (least, most) if test.at_most else (-most, -least)
    bound = test.bound if test.at_most else -test.bound
    if worst <= bound:
        return None
    beyond = best > bound
    margin = (best if beyond else worst) - bound
    known_margin = margin if math.isfinite(margin) else None
    standing = Feasibility.REJECTED if beyond else Feasibility.UNDECIDED
    words = _words(test, figure, standing, known_margin)
    return UnkeptLimit(test.limit, test.subject, standing, test.bound, figure, known_margin, test.unit, words)


def limit_name(limit: str, subject: str) -> str:
    """Return the name of a limit in sentences: `unit cost`, `latency iberia p99`, `accelerators`."""
    of = "" if (limit, subject) == ("accelerators", "any") else subject
    return f"{limit.replace('-', ' ')} {of}".strip()


def free_name(limit: str, subject: str) -> str:
    """Return the name of a free resource: `H100 accelerators`, `kW of power`; empty for other limits."""
    if limit == "accelerators":
        return "accelerators" if subject == "any" else f"{subject} accelerators"
    return {"power": "kW of power", "bandwidth": "Gb/s of bandwidth"}.get(limit, "")


def _words(test: _Test, figure: BandedFigure, standing: Feasibility, margin: float | None) -> str:
    by = "" if margin is None else f"{number(margin)} {test.unit}"
    direction = "over" if test.at_most else "short"
    if standing is Feasibility.REJECTED:
        value = figure.value
        if value is None or (value <= test.bound) is test.at_most:
            value = figure.least if test.at_most else figure.most
        if free := free_name(test.limit, test.subject):
            return f"{number(value)} {free} free, {number(test.bound)} needed"
        return f"{test.name}: {number(value)} {test.unit}, {test.against}, {by} {direction}"
    if figure.value is None and margin is None:
        return f"{test.name}: unknown, {test.against}"
    band = f"{_end(figure.low)} to {_end(figure.high)}"
    shown_value = "unknown" if figure.value is None else number(figure.value)
    most = f", up to {by} {direction}" if by else ""
    return f"{test.name}: {shown_value} ({band} {test.unit}), {test.against}{most}"


def _end(value: float | None) -> str:
    return "?" if value is None else number(value)


def _legal_reasons(candidate: CandidateSite, limits: Limits) -> Iterator[UnkeptLimit]:
    answer, rule = candidate.jurisdiction.answer, candidate.jurisdiction.rule
    if answer is JurisdictionAnswer.FORBIDDEN:
        yield _said("jurisdiction", rule, Feasibility.REJECTED, f"forbidden by {rule}")
    elif answer is JurisdictionAnswer.CANNOT_DECIDE:
        yield _said("jurisdiction", rule, Feasibility.UNDECIDED, f"cannot be decided: {rule}")
    elif answer is JurisdictionAnswer.NEEDS_BASIS:
        words = f"{rule} asks for a basis, and none is recorded"
        yield _said("jurisdiction", rule, Feasibility.UNDECIDED, words)
    # An unknown operator, or one that a contract could cover, is only reported and does not exclude the site.
    if candidate.jurisdiction.sovereignty is JurisdictionAnswer.FORBIDDEN:
        operator_rule = candidate.jurisdiction.sovereignty_rule
        words = f"{operator_rule} forbids the country of the operator’s owner"
        yield _said("operator", operator_rule, Feasibility.REJECTED, words)
    country = candidate.country
    if country is None:
        if limits.allowed_countries is not None or limits.forbidden_countries:
            yield _said("country", "", Feasibility.UNDECIDED, "the site's country is unknown")
        return
    if limits.allowed_countries is not None and country not in limits.allowed_countries:
        yield _said("country", country, Feasibility.REJECTED, f"{country} is not among the allowed countries")
    if country in limits.forbidden_countries:
        yield _said("country", country, Feasibility.REJECTED, f"{country} is a forbidden country")


def _verdict_reasons(candidate: CandidateSite, limits: Limits) -> Iterator[UnkeptLimit]:
    least = limits.verdict
    # Every site has at least the lowest verdict, even if it was never evaluated.
    if least is None or least is Verdict.NOT_READY:
        return
    if candidate.verdict is None:
        words = f"the site has no verdict, {_spoken(least)} is needed"
        yield _said("verdict", "", Feasibility.UNDECIDED, words)
    elif VERDICT_RANK[candidate.verdict] < VERDICT_RANK[least]:
        words = f"the site is {_spoken(candidate.verdict)}, {_spoken(least)} is needed"
        yield _said("verdict", candidate.verdict, Feasibility.REJECTED, words)


def _spoken(verdict: Verdict) -> str:
    return verdict.capitalize().replace("-", " ")


def _said(limit: str, subject: str, standing: Feasibility, words: str) -> UnkeptLimit:
    return UnkeptLimit(limit, subject, standing, None, None, None, "", words)
