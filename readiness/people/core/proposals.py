"""Who is nearest to a skill that too few hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from readiness.people.core.coverage import CoveredRequirement

MOST_PROPOSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody assigned to the site: the level of each skill held, by id, and the domains of these."""

    person_id: int
    levels: Mapping[int, int] = field(default_factory=dict)
    domains: frozenset[str] = frozenset()


def nearest(
    covered: CoveredRequirement, candidates: Iterable[Candidate], needed: Mapping[int, int]
) -> tuple[int, ...]:
    """People who lack a skill and hold all that it needs first (level by skill id): those who hold it at a lower
    level or on other equipment, then those of its domain; as many as are missing, three at most."""
    requirement = covered.requirement
    ranked = sorted(
        (_distance(requirement.skill_id, requirement.domain, each), each.person_id)
        for each in candidates
        if each.person_id not in covered.qualified | covered.exempt and _may_learn(each.levels, needed)
    )
    missing = requirement.people - len(covered.qualified)
    return tuple(person_id for _, person_id in ranked[: min(max(missing, 0), MOST_PROPOSED)])


def _may_learn(levels: Mapping[int, int], needed: Mapping[int, int]) -> bool:
    return all(levels.get(skill_id, 0) >= level for skill_id, level in needed.items())


def _distance(skill_id: int, domain: str, candidate: Candidate) -> int:
    if skill_id in candidate.levels:
        return 0
    return 1 if domain in candidate.domains else 2
