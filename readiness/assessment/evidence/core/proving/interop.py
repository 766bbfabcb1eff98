"""p1-multivendor-interop: pairs of linked products, compared with test records at the deployed versions.

A pair is proven if, for every aspect, the newest valid record passed at exactly the deployed versions. Aspects may come
from several runs; the oldest determines the age of the proof. Different versions are a change of firmware or NOS in the
framework's terms: such a record is voided for the pair, and the sentence names the change.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from readiness.assessment.evidence.core.interop import ASPECTS, PREFIX, End, ends_of, is_record
from readiness.assessment.evidence.core.proving import values
from readiness.assessment.framework.core.definition import Check, SubMeasure

type Tested = Mapping[int, Mapping[str, End]]
"""For each run, the ends that its devices had at the time; keys are names in lower case."""


class PairStanding(StrEnum):
    PROVEN = "proven"
    OTHER_VERSIONS = "other-versions"
    FAILED = "failed"
    STALE = "stale"
    NOT_PROVEN = "not-proven"


@dataclass(frozen=True, slots=True)
class Installed:
    """Links between two products at their versions, at one site. `needs_incast` is false if all of the links are
    InfiniBand, whose flow control uses credits."""

    ends: tuple[End, End]
    links: int
    back_end_links: int
    needs_incast: bool = True

    @property
    def key(self) -> tuple[tuple[str, ...], ...]:
        return _key(self.ends)

    @property
    def name(self) -> str:
        return f"{self.ends[0]} with {self.ends[1]}"

    def __add__(self, other: "Installed") -> "Installed":
        """All links of both; the ends differ at most in case."""
        return Installed(
            self.ends,
            self.links + other.links,
            self.back_end_links + other.back_end_links,
            self.needs_incast or other.needs_incast,
        )

    @property
    def aspects(self) -> tuple[str, ...]:
        return tuple(each for each in ASPECTS if self.needs_incast or each != "incast")


@dataclass(frozen=True, slots=True)
class AspectOutcome:
    run: values.Run
    ends: tuple[End, End]
    passed: bool


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """`aspects` are the newest valid outcomes at the deployed versions, `others` the tests at other versions. `proof`
    is None without any record of the two products."""

    installed: Installed
    standing: PairStanding
    reason: str
    aspects: Mapping[str, AspectOutcome]
    others: Sequence[AspectOutcome]
    proof: values.Proof | None

    @property
    def runs(self) -> list[values.Run]:
        runs = [each.run for each in self.aspects.values()] or [each.run for each in self.others]
        return sorted({run.id: run for run in runs}.values(), key=lambda run: run.id)


def interoperable(check: Check, pairs: Sequence[JudgedPair], now: datetime) -> values.Proofs:
    part, missing = check.part("pairs-proven"), check.part("backend-pairs-missing")
    proofs = {pair.installed.key: pair.proof for pair in pairs if pair.proof is not None}
    name_by_pair = {pair.installed.key: pair.installed.name for pair in pairs}
    proven = {pair.installed.key for pair in pairs if pair.standing is PairStanding.PROVEN}
    share = values.coverage(proofs, name_by_pair, part, now, counts=proven)
    if share is None:
        return {}
    open_pairs = [
        pair for pair in pairs if pair.installed.back_end_links and pair.installed.key not in proven
    ]
    names = "; ".join(pair.installed.name for pair in open_pairs[:2])
    lacking = share._replace(value=float(len(open_pairs)), detail=names[:200])
    return values.drop_missing({part.id: [share._replace(detail=share.detail[:200])], missing.id: [lacking]})


def judged_pairs(
    check: Check, installed: Sequence[Installed], runs: Sequence[values.Run], tested: Tested, now: datetime
) -> list[JudgedPair]:
    part = check.part("pairs-proven")
    by_pair: dict[object, dict[str, list[AspectOutcome]]] = defaultdict(lambda: defaultdict(list))
    by_products: dict[object, list[AspectOutcome]] = defaultdict(list)
    for aspect, outcome in _outcomes(runs, tested):
        by_pair[_key(outcome.ends)][aspect].append(outcome)
        by_products[_products(outcome.ends)].append(outcome)
    return [
        _judged(part, each, by_pair.get(each.key, {}), by_products.get(_products(each.ends), []), now)
        for each in installed
    ]


def _outcomes(runs: Iterable[values.Run], tested: Tested) -> Iterable[tuple[str, AspectOutcome]]:
    for run in runs:
        of_run = tested.get(run.id, {})
        for figure in run.figures:
            pair_ends = ends_of(figure.subject) if is_record(figure.name) else None
            if pair_ends is None or figure.value is None:
                continue
            ends = [of_run.get(end.lower()) if isinstance(end, str) else end for end in pair_ends]
            if ends[0] is not None and ends[1] is not None:
                outcome = AspectOutcome(run, (ends[0], ends[1]), figure.value == 1.0)
                yield figure.name.removeprefix(PREFIX), outcome


def _judged(
    part: SubMeasure,
    installed: Installed,
    exact: Mapping[str, Sequence[AspectOutcome]],
    of_products: Sequence[AspectOutcome],
    now: datetime,
) -> JudgedPair:
    outcomes = {
        aspect: max(counting, key=lambda each: each.run.order)
        for aspect in installed.aspects
        if (counting := [each for each in exact.get(aspect, ()) if _stands(each, part, now)])
    }
    if outcomes and all(end.is_known for end in installed.ends):
        standing, reason, proof = _recorded_decision(part, installed, outcomes)
    else:
        aged = [each for of_aspect in exact.values() for each in of_aspect]
        standing, reason, proof = _unrecorded_decision(part, installed, aged, of_products, now)
    others = [each for each in of_products if _key(each.ends) != installed.key]
    return JudgedPair(installed, standing, reason, outcomes, others, proof)


type Decision = tuple[PairStanding, str, values.Proof | None]


def _recorded_decision(
    part: SubMeasure, installed: Installed, outcomes: Mapping[str, AspectOutcome]
) -> Decision:
    failed = [aspect for aspect, outcome in outcomes.items() if not outcome.passed]
    lacking = [aspect for aspect in installed.aspects if aspect not in outcomes]
    if failed:
        proof = _proof(part, [outcomes[aspect] for aspect in failed], installed)
        return PairStanding.FAILED, f"Failed: {', '.join(failed)}.", proof
    proof = _proof(part, list(outcomes.values()), installed)
    if lacking:
        return PairStanding.NOT_PROVEN, f"Not tested: {', '.join(lacking)}.", proof
    return PairStanding.PROVEN, "Proven at the deployed versions.", proof


def _unrecorded_decision(
    part: SubMeasure,
    installed: Installed,
    aged: Sequence[AspectOutcome],
    of_products: Sequence[AspectOutcome],
    now: datetime,
) -> Decision:
    unknown = next((end for end in installed.ends if not end.is_known), None)
    if unknown is not None:
        product = f"{unknown.vendor} {unknown.model}"
        reason = f"The inventory holds no version of {product}: what is deployed is not known."
        return PairStanding.NOT_PROVEN, reason, None
    if aged:
        proof = _proof(part, aged, installed)
        days = (part.validity.limit_s(None) or 0) // 86400
        age = f"Tested {(now - proof.taken_at).days} days ago; a record counts for {days:g} days."
        return PairStanding.STALE, proof.voided or age, proof
    if of_products:
        last = max(of_products, key=lambda each: (each.run.taken_at, each.run.id))
        reason = f"Tested as {last.ends[0]} with {last.ends[1]}; deployed is {installed.name}."
        proof = _proof(part, [last], installed)
        return PairStanding.OTHER_VERSIONS, reason, proof._replace(voided=proof.voided or reason)
    return PairStanding.NOT_PROVEN, "No record of these two products.", None


def _proof(part: SubMeasure, outcomes: Sequence[AspectOutcome], installed: Installed) -> values.Proof:
    """Make a proof as old as the oldest run, and trusted no more than the least trusted run."""
    oldest = min((each.run for each in outcomes), key=lambda run: (run.taken_at, run.id))
    provenance = values.provenance_of(each.run.provenance for each in outcomes)
    return values.proof_of(oldest, part, 0.0, detail=installed.name)._replace(provenance=provenance)


def _key(ends: tuple[End, End]) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(end.key for end in ends))


def _products(ends: tuple[End, End]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(end.product for end in ends))


def _stands(outcome: AspectOutcome, part: SubMeasure, now: datetime) -> bool:
    return values.is_standing(values.proof_of(outcome.run, part, None), part, now)
