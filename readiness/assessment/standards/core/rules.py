"""The rules of a standard as data: which objects each is of, what it reads of them, and what it accepts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, with_config

from web.versioned.core.documents import CLOSED, Items, Line, Some, Text, Word, Words, matches, read, written


class RuleSubject(StrEnum):
    DEVICE = "device"
    ACCELERATOR = "accelerator"
    SITE = "site"


class RuleOperator(StrEnum):
    ONE_OF = "one-of"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    MATCHES = "matches"
    PRESENT = "present"


class RuleDomain(StrEnum):
    """The domain of a rule about a site as a whole; that of an object is its own."""

    COMPUTE = "compute"
    NETWORK = "network"
    ENERGY = "energy"
    GOVERNANCE = "governance"


METRIC, RECORD, ATTRIBUTE = "metric", "record:", "attribute:"
COLUMNS: Mapping[str, str] = {
    "model": "model",
    "vendor": "vendor",
    "firmware": "firmware version",
    "software": "software version",
    "address": "management address",
    METRIC: "metric",
}
"""Readings of an object that a rule may name, in words. `attribute:` reads an attribute of its type, `record:` the
newest record of a sub-measure of the site, such as `record:p4-runbook-coverage/critical`."""
MOST_RULES, MOST_VALUES = 100, 200
_READS = (
    r"model|vendor|firmware|software|address|metric|attribute:[a-z0-9_-]+|record:p[1-5]-[a-z0-9-]+/[a-z0-9-]+"
)
_WORDS = {
    RuleOperator.ONE_OF: "one of",
    RuleOperator.AT_LEAST: "at least",
    RuleOperator.AT_MOST: "at most",
    RuleOperator.MATCHES: "like",
    RuleOperator.PRESENT: "recorded",
}
_PARTS = re.compile(r"[0-9]+|[a-z]+")


def _sound(rule: "StandardRule") -> "StandardRule":
    if rule.is_of_site != rule.reads.startswith(RECORD):
        raise ValueError("a rule of a site reads a record, and a rule of a device or accelerator does not")
    if rule.is_of_site and (rule.roles or rule.types):
        raise ValueError("a rule of a site names no roles and no types")
    if rule.reads == METRIC and rule.operator is not RuleOperator.ONE_OF:
        raise ValueError("a metric is one-of: the object sends one of them at least")
    if (rule.operator is RuleOperator.PRESENT) == bool(rule.values):
        raise ValueError("present takes no values, every other operator needs some")
    if rule.operator in (RuleOperator.AT_LEAST, RuleOperator.AT_MOST) and len(rule.values) != 1:
        raise ValueError("at-least and at-most take one value")
    return rule


@dataclass(frozen=True, slots=True)
class StandardRule:
    """`roles` and `types` narrow the objects; empty means all of the subject. `types` are slugs of device types."""

    id: Annotated[Text, matches(r"[a-z0-9]+(-[a-z0-9]+)*", "a rule's id is small letters, digits and dashes")]
    title: Text
    subject: RuleSubject
    reads: Annotated[Text, matches(_READS, "unknown; see the guide for what a rule may read")]
    operator: RuleOperator
    values: Annotated[tuple[Word, ...], Field(max_length=MOST_VALUES)] = ()
    roles: Words[Word] = frozenset()
    types: Words[Word] = frozenset()
    domain: RuleDomain = RuleDomain.GOVERNANCE
    note: Line = ""

    @property
    def is_of_site(self) -> bool:
        return self.subject is RuleSubject.SITE

    @property
    def wants(self) -> str:
        """`firmware version at least 4.2`, for a column and a sentence."""
        if self.reads == METRIC:
            return f"sends {' or '.join(self.values)}"
        name = COLUMNS.get(self.reads, self.reads.partition(":")[2])
        values = ", ".join(self.values)
        return f"{name} {_WORDS[self.operator]} {values}".strip()

    def accepts(self, value: str) -> bool:
        """Whether the rule accepts a value. An empty one, which nobody recorded, is accepted by no rule."""
        if not value:
            return False
        match self.operator:
            case RuleOperator.ONE_OF:
                return value.casefold() in {each.casefold() for each in self.values}
            case RuleOperator.AT_LEAST:
                return version_key(value) >= version_key(self.values[0])
            case RuleOperator.AT_MOST:
                return version_key(value) <= version_key(self.values[0])
            case RuleOperator.MATCHES:
                return any(_like(pattern, value) for pattern in self.values)
        return True


type CheckedRule = Annotated[StandardRule, AfterValidator(_sound)]


@with_config(CLOSED)
@dataclass(frozen=True, slots=True)
class RuleSet:
    rules: Annotated[Some[Items[CheckedRule]], Field(max_length=MOST_RULES)]


def read_rules(rules: Any) -> tuple[StandardRule, ...]:
    """Raises DocumentError with every fault."""
    return read(RuleSet, {"rules": rules}).rules


def plain_rules(rules: Sequence[StandardRule]) -> list[dict[str, Any]]:
    """The rules as values of JSON, without what is empty or usual."""
    return [
        {key: value for key, value in written(rule).items() if (key, value) != ("domain", "governance")}
        for rule in rules
    ]


def version_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """The parts of a version, by which versions are ordered: 4.10 is later than 4.9. An end comes before letters, and
    letters before numbers. Numbers are compared as digits, because Python reads no long ones."""
    parts = [part.lstrip("0") if part.isdigit() else part for part in _PARTS.findall(text.lower())]
    return tuple((0, 0, part) if part.isalpha() else (1, len(part), part) for part in parts)


def _like(pattern: str, value: str) -> bool:
    """Whether a value is like a pattern, in which `*` stands for any text. Each part of the pattern matches where it
    comes first, without another try, so that no pattern takes long."""
    first, *between = (re.escape(part) for part in pattern.split("*"))
    if between:
        first += "".join(f"(?>.*?{part})" for part in between[:-1]) + f".*{between[-1]}"
    return re.fullmatch(first, value, re.IGNORECASE | re.DOTALL) is not None
