"""Decides a case by a pack on a day.

Each kind of data is decided separately, and the strictest answer holds. A case cannot be decided if no rule covers it,
or if a covering rule has no date or has not been checked for too long.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from readiness.demand.jurisdiction.core.pack import (
    Doubt,
    LegalAnswer,
    RuleEffect,
    RuleKind,
    RulePackDocument,
    RuleTerms,
    UndecidedReason,
    strictest,
)
from readiness.demand.workloads.core.countries import COUNTRIES


@dataclass(frozen=True, slots=True)
class Request:
    """A case.

    Countries are ISO 3166-1 codes; "" means unknown. `origin` is the country whose law the data is under. `operator` is
    the country of the operator's owner, not of a subsidiary. `bases` are those on record for the case.
    """

    origin: str
    categories: frozenset[str]
    destination: str
    operator: str = ""
    bases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A rule that covers the case, its answer here, and the basis on record that meets it."""

    rule: RuleTerms
    answer: LegalAnswer
    doubt: Doubt | None = None
    met_by: str | None = None
    deciding: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """Why the case cannot be decided: `what` is the country or category at fault."""

    kind: RuleKind
    gap: UndecidedReason
    what: str = ""


@dataclass(frozen=True, slots=True)
class LegalFinding:
    """The answer to one of the two questions, the rules behind it (deciding ones first), and what is missing."""

    kind: RuleKind
    answer: LegalAnswer
    grounds: tuple[AppliedRule, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def deciding(self) -> tuple[AppliedRule, ...]:
        return tuple(ground for ground in self.grounds if ground.deciding)

    @property
    def bases_needed(self) -> tuple[tuple[str, ...], ...]:
        return tuple(
            dict.fromkeys(
                ground.rule.bases for ground in self.grounds if ground.answer == LegalAnswer.NEEDS_BASIS
            )
        )


@dataclass(frozen=True, slots=True)
class CaseDecision:
    """Both answers, with the day that they hold for."""

    request: Request
    on: date
    residency: LegalFinding
    sovereignty: LegalFinding

    @property
    def findings(self) -> tuple[LegalFinding, LegalFinding]:
        return self.residency, self.sovereignty


def decide(pack: RulePackDocument, request: Request, on: date) -> CaseDecision:
    return CaseDecision(
        request=request,
        on=on,
        residency=_finding(pack, request, on, RuleKind.RESIDENCY),
        sovereignty=_finding(pack, request, on, RuleKind.SOVEREIGNTY),
    )


def _finding(pack: RulePackDocument, request: Request, on: date, kind: RuleKind) -> LegalFinding:
    place = request.destination if kind == RuleKind.RESIDENCY else request.operator
    missing = [*_unknown(pack, request, place, kind)]
    grounds: dict[str, AppliedRule] = {}
    if all(lacking.gap == UndecidedReason.UNKNOWN_CATEGORY for lacking in missing):
        for category in sorted(request.categories & pack.categories_by_id.keys()):
            covering = _covering(pack, request, on, kind, place, category)
            if not covering:
                missing.append(Missing(kind, UndecidedReason.NO_RULE, category))
            for ground in (_ground(pack, rule, request.bases, on) for rule in covering):
                grounds[ground.rule.id] = ground
    answers = [ground.answer for ground in grounds.values()] + [LegalAnswer.CANNOT_DECIDE] * bool(missing)
    answer = strictest(*answers)
    ordered = sorted(
        (replace(ground, deciding=ground.answer == answer) for ground in grounds.values()),
        key=lambda ground: (not ground.deciding, ground.rule.id),
    )
    return LegalFinding(kind, answer, tuple(ordered), tuple(missing))


def _unknown(pack: RulePackDocument, request: Request, place: str, kind: RuleKind) -> Iterable[Missing]:
    if request.origin not in COUNTRIES:
        yield Missing(kind, UndecidedReason.UNKNOWN_ORIGIN, request.origin)
    if place not in COUNTRIES:
        yield Missing(kind, UndecidedReason.UNKNOWN_PLACE, place)
    if not request.categories:
        yield Missing(kind, UndecidedReason.NO_CATEGORY)
    for category in sorted(request.categories - pack.categories_by_id.keys()):
        yield Missing(kind, UndecidedReason.UNKNOWN_CATEGORY, category)


def _covering(
    pack: RulePackDocument, request: Request, on: date, kind: RuleKind, place: str, category: str
) -> tuple[RuleTerms, ...]:
    meant = pack.implied(category)
    covering = [
        rule
        for rule in pack.rules
        if rule.kind == kind
        and rule.may_hold_on(on)
        and rule.categories & meant
        and pack.among(request.origin, rule.origins, on)
        and pack.among(place, rule.places, on)
        and not pack.among(place, rule.places_except, on)
    ]
    displaced: set[str] = set()
    for rule in covering:
        if rule.doubt(on, pack.check_again) is None:
            displaced |= rule.instead_of
    # A rule that forbids always applies, even if another rule claims to replace it.
    return tuple(rule for rule in covering if rule.effect == RuleEffect.FORBIDDEN or rule.id not in displaced)


def _ground(pack: RulePackDocument, rule: RuleTerms, bases: frozenset[str], on: date) -> AppliedRule:
    doubt = rule.doubt(on, pack.check_again)
    if doubt is not None:
        return AppliedRule(rule, LegalAnswer.CANNOT_DECIDE, doubt=doubt)
    if rule.effect == RuleEffect.NEEDS_BASIS:
        met_by = next((basis for basis in rule.bases if basis in bases), None)
        return AppliedRule(rule, LegalAnswer.ALLOWED if met_by else LegalAnswer.NEEDS_BASIS, met_by=met_by)
    return AppliedRule(rule, LegalAnswer(rule.effect))


@dataclass(frozen=True, slots=True)
class Footing:
    """The origins of a workload class's data, and the bases on record: (basis, destination or "")."""

    origins: frozenset[str] = frozenset()
    bases: frozenset[tuple[str, str]] = frozenset()

    def bases_for(self, destination: str) -> frozenset[str]:
        return frozenset(basis for basis, place in self.bases if place in ("", destination))


NO_FOOTING = Footing()
"""No origin declared, no basis on record."""
