"""What a pack says of a case on a day.

Each kind of data is looked at by itself and the strictest answer holds. What a rule that covers the case cannot settle,
because it has no date or has not been checked for too long, cannot be decided; nor can what no rule covers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from readiness.jurisdiction.core.pack import Pack, Rule
from readiness.jurisdiction.core.vocabulary import Answer, Doubt, Effect, Gap, Kind, strictest
from readiness.workloads.core.countries import COUNTRIES


@dataclass(frozen=True, slots=True)
class Request:
    """A case. Countries are codes of ISO 3166-1; "" is not known.

    `origin` is whose law the data is under, `operator` where whoever controls the operator is: the owner's country, not
    that of a subsidiary. `bases` are those on record for the case.
    """

    origin: str
    categories: frozenset[str]
    destination: str
    operator: str = ""
    bases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ground:
    """A rule that covers the case, what it comes to here, and which basis on record meets it."""

    rule: Rule
    answer: Answer
    doubt: Doubt | None = None
    met_by: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """Why it cannot be decided: `what` is the country or the category at fault."""

    gap: Gap
    what: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one of the two questions, the rules that led there, deciding ones first, and what is missing."""

    kind: Kind
    answer: Answer
    grounds: tuple[Ground, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def deciding(self) -> tuple[Ground, ...]:
        return tuple(ground for ground in self.grounds if ground.answer == self.answer)

    @property
    def bases_needed(self) -> tuple[tuple[str, ...], ...]:
        """One of each is needed."""
        return tuple(
            dict.fromkeys(ground.rule.bases for ground in self.grounds if ground.answer == Answer.NEEDS_BASIS)
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Both answers, with the version of the rules and the day that they hold for."""

    request: Request
    on: date
    version: str
    content_digest: str
    residency: Finding
    sovereignty: Finding

    @property
    def findings(self) -> tuple[Finding, Finding]:
        return self.residency, self.sovereignty


def decide(pack: Pack, request: Request, on: date) -> Decision:
    return Decision(
        request=request,
        on=on,
        version=pack.version,
        content_digest=pack.content_digest,
        residency=_finding(pack, request, on, Kind.RESIDENCY),
        sovereignty=_finding(pack, request, on, Kind.SOVEREIGNTY),
    )


def _finding(pack: Pack, request: Request, on: date, kind: Kind) -> Finding:
    place = request.destination if kind == Kind.RESIDENCY else request.operator
    missing = [*_unknown(pack, request, place)]
    grounds: dict[str, Ground] = {}
    if all(one.gap == Gap.UNKNOWN_CATEGORY for one in missing):
        for category in sorted(request.categories & pack.categories_by_id.keys()):
            covering = _covering(pack, request, on, kind, place, category)
            if not covering:
                missing.append(Missing(Gap.NO_RULE, category))
            for ground in (_ground(pack, rule, request.bases, on) for rule in covering):
                grounds[ground.rule.id] = ground
    answers = [ground.answer for ground in grounds.values()] + [Answer.CANNOT_DECIDE] * bool(missing)
    answer = strictest(*answers)
    ordered = sorted(grounds.values(), key=lambda ground: (ground.answer != answer, ground.rule.id))
    return Finding(kind, answer, tuple(ordered), tuple(missing))


def _unknown(pack: Pack, request: Request, place: str) -> Iterable[Missing]:
    if request.origin not in COUNTRIES:
        yield Missing(Gap.UNKNOWN_ORIGIN, request.origin)
    if place not in COUNTRIES:
        yield Missing(Gap.UNKNOWN_PLACE, place)
    if not request.categories:
        yield Missing(Gap.NO_CATEGORY)
    for category in sorted(request.categories - pack.categories_by_id.keys()):
        yield Missing(Gap.UNKNOWN_CATEGORY, category)


def _covering(
    pack: Pack, request: Request, on: date, kind: Kind, place: str, category: str
) -> tuple[Rule, ...]:
    """The rules that speak of the case, without those that a more special one stands in for."""
    meant = pack.implied(category)
    found = [
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
    for rule in found:
        if rule.doubt(on, pack.check_again) is None:
            displaced |= rule.instead_of
    # A rule that forbids stands, whatever claims to go before it.
    return tuple(rule for rule in found if rule.effect == Effect.FORBIDDEN or rule.id not in displaced)


def _ground(pack: Pack, rule: Rule, bases: frozenset[str], on: date) -> Ground:
    doubt = rule.doubt(on, pack.check_again)
    if doubt is not None:
        return Ground(rule, Answer.CANNOT_DECIDE, doubt=doubt)
    if rule.effect == Effect.NEEDS_BASIS:
        met_by = next((basis for basis in rule.bases if basis in bases), "")
        return Ground(rule, Answer.ALLOWED if met_by else Answer.NEEDS_BASIS, met_by=met_by)
    return Ground(rule, Answer(rule.effect))
