"""Facts about a site that decide whether a check applies and at which gate, and conditions over them.

An unknown fact makes a condition false. Rules in the definition are written so that false is the stricter outcome: a
check still applies, and a gate stays as it is. Missing inventory data can therefore relax nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypedDict

from pydantic import AfterValidator, GetPydanticSchema

from readiness.assessment.framework.core.vocabulary import Fabric, Profile, Prose, SiteKind, Stage
from web.versioned.core.documents import Flag, Integer, Some, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteContext:
    """Facts that the definition needs about a site.

    `None` and the empty set mean "not known". A count is 0 only if the inventory was recorded and holds none;
    decommissioned items are not counted. `vendors_in_path` is the number of vendors among devices joined by links.
    """

    kind: SiteKind
    stage: Stage
    profiles: frozenset[Profile] = frozenset()
    fabrics: frozenset[Fabric] = frozenset()
    nodes: int | None = None
    accelerators: int | None = None
    vendors_in_path: int | None = None
    dual_fed_racks: int | None = None
    compute_objects: int | None = None
    """Nodes and accelerators that should send telemetry; the next two likewise."""
    network_objects: int | None = None
    energy_objects: int | None = None
    on_call_sites: int | None = None
    """Number of sites that share this site's on-call rotation, including itself."""
    had_capacity: bool | None = None
    """Whether any capacity was commissioned 180 days ago."""
    has_generator: bool | None = None
    liquid_cooled: bool | None = None
    in_nis2_scope: bool | None = None


COUNT_FACTS = frozenset(
    {
        *("nodes", "accelerators", "vendors_in_path", "dual_fed_racks", "compute_objects"),
        *("network_objects", "energy_objects", "on_call_sites"),
    }
)
FLAG_FACTS = frozenset({"had_capacity", "has_generator", "liquid_cooled", "in_nis2_scope"})
WORD_FACTS: dict[str, type[StrEnum]] = {"kind": SiteKind, "stage": Stage}
SET_FACTS: dict[str, type[StrEnum]] = {"profiles": Profile, "fabrics": Fabric}


class ConditionOperator(StrEnum):
    """`exactly`, `at-least`, `at-most` compare counts; `is` a flag; `in` a word; `any`, `only` a set."""

    EXACTLY = "exactly"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    IS = "is"
    IN = "in"
    ANY = "any"
    ONLY = "only"


COUNT_OPERATORS = (ConditionOperator.AT_LEAST, ConditionOperator.AT_MOST, ConditionOperator.EXACTLY)
SET_OPERATORS = (ConditionOperator.ANY, ConditionOperator.ONLY)


@dataclass(frozen=True, slots=True)
class FactTest:
    """One comparison of one fact. The type of `operand` follows from the operator: an int, a bool, or a frozenset of
    words."""

    fact: str
    operator: ConditionOperator
    operand: int | bool | frozenset[str]

    def holds(self, site: SiteContext) -> bool:
        fact = getattr(site, self.fact)
        if fact is None:
            return False
        match self.operator:
            case ConditionOperator.EXACTLY | ConditionOperator.IS:
                return bool(fact == self.operand)
            case ConditionOperator.AT_LEAST:
                return bool(fact >= self.operand)
            case ConditionOperator.AT_MOST:
                return bool(fact <= self.operand)
            case ConditionOperator.IN:
                assert isinstance(self.operand, frozenset)
                return fact in self.operand
            case ConditionOperator.ANY:
                return not fact.isdisjoint(self.operand)
            case ConditionOperator.ONLY:
                return bool(fact) and fact <= self.operand


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds if every one of its tests holds; there is at least one test."""

    tests: tuple[FactTest, ...]

    def holds(self, site: SiteContext) -> bool:
        return all(test.holds(site) for test in self.tests)


def _comparison(operators: tuple[ConditionOperator, ...], operand: Any) -> Any:
    def check(stated: dict[ConditionOperator, Any]) -> dict[ConditionOperator, Any]:
        if len(stated) != 1 or next(iter(stated)) not in operators:
            raise ValueError(f"expected exactly one of {', '.join(operators)}")
        return stated

    return Annotated[dict[ConditionOperator, operand], AfterValidator(check)]


def _condition(stated: Mapping[str, Any]) -> Condition:
    if not stated:
        raise ValueError("must test at least one fact")
    return Condition(tuple(_test(fact, stated[fact]) for fact in sorted(stated)))


def _test(fact: str, stated: Any) -> FactTest:
    if isinstance(stated, dict):
        [(operator, operand)] = stated.items()
        return FactTest(fact, operator, operand)
    return FactTest(fact, ConditionOperator.IN if fact in WORD_FACTS else ConditionOperator.IS, stated)


_KINDS: dict[str, Any] = {
    **dict.fromkeys(FLAG_FACTS, Flag),
    **{fact: Some[Words[kind]] for fact, kind in WORD_FACTS.items()},  # type: ignore[valid-type]
    **dict.fromkeys(COUNT_FACTS, _comparison(COUNT_OPERATORS, Integer)),
    **{fact: _comparison(SET_OPERATORS, Some[Words[kind]]) for fact, kind in SET_FACTS.items()},  # type: ignore[valid-type]
}
_StatedFacts = TypedDict("_StatedFacts", _KINDS, total=False)  # type: ignore[misc]
"""A condition as documents state it: facts, each with its operand, or with one operator and its operand."""
When = Annotated[
    Condition,
    GetPydanticSchema(
        lambda _kind, handler: handler.generate_schema(Annotated[_StatedFacts, AfterValidator(_condition)])
    ),
]


@dataclass(frozen=True, slots=True)
class ExclusionRule:
    when: When
    reason: Prose
