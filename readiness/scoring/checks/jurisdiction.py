"""p2-placement-jurisdiction: whether the classes placed here may be where the site is, by their envelopes and by law.

A transfer counts where personal data under the law of a country of the EEA lies outside of it, and the rules in force
do not allow that by what is on record. What the rules cannot decide is unknown, never passed over. As long as nobody
declared anything that a sub-measure could be judged by, what is recorded or attested counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from readiness.evidence.core.provenance import worst_provenance
from readiness.framework.core.definition import Check
from readiness.jurisdiction.core.deciding import Request, decide
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.core.vocabulary import LegalAnswer
from readiness.scoring.checks.choosing import named
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts, PlacedClass
from readiness.workloads.core.countries import GROUPS
from readiness.workloads.core.envelope import Envelope

OUTSIDE, TRANSFERS = "placements-outside", "transfers-without-basis"
PARTS = (OUTSIDE, TRANSFERS)
EVIDENCE = "placements:"
"""What a reference to the placements of a site begins with; the site's slug follows."""
PERSONAL = "personal"
EEA = GROUPS["EEA"]


@dataclass(frozen=True, slots=True)
class _ClassStatement:
    """The statement of one class about one sub-measure: the things that are amiss, or why they are unknown."""

    name: str
    provenance: str
    amiss: tuple[str, ...] = ()
    unknown: str = ""


def readings(facts: EvaluationFacts, _check: Check, now: datetime) -> dict[str, Reading]:
    today = now.astimezone(UTC).date()
    statements = {OUTSIDE: [*_outside(facts, today)], TRANSFERS: [*_transfers(facts, today)]}
    return {part: _reading(each, facts, now) for part, each in statements.items() if _says_something(each)}


def has_subject(facts: EvaluationFacts) -> bool:
    return any(placed.envelope is not None for placed in facts.classes)


def _says_something(statements: list[_ClassStatement]) -> bool:
    return any(not statement.unknown or statement.amiss for statement in statements)


def _reading(statements: list[_ClassStatement], facts: EvaluationFacts, now: datetime) -> Reading:
    amiss = [each for statement in statements for each in statement.amiss]
    unknown = [statement.unknown for statement in statements if statement.unknown]
    provenance = Provenance(worst_provenance([statement.provenance for statement in statements]))
    evidence = f"{EVIDENCE}{facts.profile.slug}"
    detail = named(amiss or unknown or [statement.name for statement in statements])
    # What is known to be amiss stays so, whatever else is unknown.
    cannot_judge = named(unknown) if unknown and not amiss else ""
    return Reading(float(len(amiss)), now, provenance, evidence, detail, cannot_judge=cannot_judge)


def _outside(facts: EvaluationFacts, today: date) -> Iterator[_ClassStatement]:
    """Apply the lists of the envelope: forbidden goes before allowed, and residency narrows both."""
    country = facts.profile.country
    for envelope in _vouched(facts, today):
        if envelope.countries is None:
            why = f"{envelope.name} declares no allowed jurisdictions"
            yield _ClassStatement(envelope.name, envelope.provenance, unknown=why)
            continue
        amiss = () if country in envelope.countries else (f"{envelope.name} is not allowed in {country}",)
        yield _ClassStatement(envelope.name, envelope.provenance, amiss)


def _transfers(facts: EvaluationFacts, today: date) -> Iterator[_ClassStatement]:
    """Yield what the rules say of each class's personal data here; nothing where no rules are in force."""
    rules, country = facts.rules, facts.profile.country
    if rules is None:
        return
    for placed in facts.classes:
        envelope = placed.envelope
        if envelope is None or envelope.vouched_on(today) is None:
            continue
        origins = placed.footing.origins or ({envelope.residency} - {""} - GROUPS.keys())
        why = ""
        if not envelope.data_categories:
            why = f"{envelope.name} declares no kinds of data"
        elif _is_personal(envelope, rules) and not origins and country not in EEA:
            why = f"nobody declared whose law the data of {envelope.name} is under"
        if why:
            yield _ClassStatement(envelope.name, envelope.provenance, unknown=why)
        elif _is_personal(envelope, rules):
            yield _transfer(placed, envelope, sorted(origins), rules, country, today)
        else:
            yield _ClassStatement(envelope.name, envelope.provenance)


def _transfer(
    placed: PlacedClass,
    envelope: Envelope,
    origins: list[str],
    rules: RulePackDocument,
    country: str,
    today: date,
) -> _ClassStatement:
    """Name each origin in the EEA that the data leaves without what the rules ask for."""
    amiss, unknown = [], ""
    for origin in origins:
        if origin not in EEA or country in EEA:
            continue
        case = Request(
            origin=origin,
            categories=frozenset(map(str, envelope.data_categories)),
            destination=country,
            bases=placed.footing.bases_for(country),
        )
        decision = decide(rules, case, today).residency
        by = ", ".join(ground.rule.id for ground in decision.deciding) or "no rule"
        said = f"{envelope.name}, {origin} to {country}, by {rules.version}: {decision.answer} ({by})"
        if decision.answer in (LegalAnswer.NEEDS_BASIS, LegalAnswer.FORBIDDEN):
            amiss.append(said)
        elif decision.answer == LegalAnswer.CANNOT_DECIDE:
            unknown = said
    return _ClassStatement(envelope.name, envelope.provenance, tuple(amiss), unknown)


def _is_personal(envelope: Envelope, rules: RulePackDocument) -> bool:
    known = [
        str(category) for category in envelope.data_categories if str(category) in rules.categories_by_id
    ]
    return any(PERSONAL in rules.implied(category) for category in known)


def _vouched(facts: EvaluationFacts, today: date) -> list[Envelope]:
    placed = [workload.envelope for workload in facts.classes if workload.envelope is not None]
    return [envelope for envelope in placed if envelope.vouched_on(today) is not None]
