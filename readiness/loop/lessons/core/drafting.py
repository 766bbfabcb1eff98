"""A definition of the framework with a check more: the question of a lesson, answered with yes or no at each site."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.assessment.framework.core.vocabulary import OWN, CheckState, EvidenceKind, Gate, Profile

PART = "answered-yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonQuestion:
    """`claim` is what must hold, `how_to` how a site makes it so. `decided_by` and `decided_on` (ISO) name who says so,
    since no source does. `max_age` is how long an answer counts, such as 180d."""

    claim: str
    why: str
    how_to: str
    pillar: str
    domain: str
    gate: Gate
    max_age: str
    decided_by: str
    decided_on: str


def check_id_for(pillar: str, claim: str, existing_ids: Collection[str]) -> str:
    """An id made of the first words of the claim that no check has yet: `p5-battery-temperature-reported`."""
    words = [word for word in re.findall(r"[a-z0-9]+", claim.lower()) if word not in _SMALL][:4]
    stem = f"{pillar}-{'-'.join(words) or 'lesson'}"[:50].rstrip("-")
    number, name = 1, stem
    while name in existing_ids:
        number += 1
        name = f"{stem}-{number}"
    return name


_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "each",
        "every",
        "for",
        "has",
        "have",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "that",
        "the",
        "to",
        "with",
    ]
)


def add_question(definition: Mapping[str, Any], check_id: str, question: LessonQuestion) -> dict[str, Any]:
    """The definition with this check as the last of its pillar."""
    checks = list(definition["checks"])
    places = [place for place, check in enumerate(checks) if check["pillar"] == question.pillar]
    checks.insert(places[-1] + 1 if places else len(checks), _check(check_id, question))
    counts = dict(definition.get("counts") or {})
    if question.pillar in counts:
        counts[question.pillar] += 1
    return {**definition, "checks": checks} | ({"counts": counts} if counts else {})


def _check(check_id: str, question: LessonQuestion) -> dict[str, Any]:
    decided = {
        "source": OWN,
        "note": question.why,
        "decided_by": question.decided_by,
        "decided_on": question.decided_on,
    }
    return {
        "id": check_id,
        "pillar": question.pillar,
        "name": question.claim,
        "why": question.why,
        "how_to": question.how_to,
        "waits_for": "Waits for the answer of the site: a fact or an attestation.",
        "domains": [question.domain],
        "evidence": [EvidenceKind.ATTESTATION.value],
        "gate": question.gate.value,
        "profiles": [profile.value for profile in Profile],
        "valid_for": {"max_age": question.max_age, **decided},
        "states": [str(state) for state in CheckState if _is_allowed(state, question.gate)],
        "parts": [
            {
                "id": PART,
                "name": question.claim,
                "direction": "equal",
                "measure": "1 where it holds at the site, else 0.",
                "pass": {"values": [1], **decided},
            }
        ],
    }


def _is_allowed(state: CheckState, gate: Gate) -> bool:
    """Nothing warns, and what decides nothing needs no waiver."""
    if state is CheckState.WAIVED:
        return gate is not Gate.INFO
    return state is not CheckState.WARN
