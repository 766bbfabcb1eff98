"""A pack of rules: frozen values, and which countries and data a rule speaks of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from readiness.jurisdiction.core.vocabulary import Doubt, RuleEffect, RuleKind

ANYWHERE = "any"
"""In place of countries and groups: wherever it is. A country that is not known is not meant by it."""


@dataclass(frozen=True, slots=True)
class Citation:
    """The place where a rule can be read: the instrument, the place in it, and an address."""

    instrument: str
    article: str
    url: str


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """A country in a group from a day until a day; both days count."""

    country: str
    since: date
    until: date | None = None

    def on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class PackGroup:
    id: str
    name: str
    citation: Citation
    members: tuple[GroupMembership, ...]
    note: str = ""

    def holds(self, country: str, day: date) -> bool:
        return any(member.country == country and member.on(day) for member in self.members)


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of data. Rules about one that it implies hold for it too: health data is personal data."""

    id: str
    name: str
    implies: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The ground that makes a case lawful which needs one: a contract, a certificate, an assessment."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """The content of one provision.

    `origins` are whose law the data is under. `places` are where it would lie for a rule of residency, and where
    whoever controls the operator is for one of sovereignty. Both name countries, groups, or `any`. Of `bases` any one
    will do. Where this rule covers a case, those in `instead_of` do not: the special case before the general one.
    """

    id: str
    title: str
    kind: RuleKind
    jurisdiction: str
    citation: Citation
    effect: RuleEffect
    origins: frozenset[str]
    categories: frozenset[str]
    places: frozenset[str]
    places_except: frozenset[str] = frozenset()
    bases: tuple[str, ...] = ()
    instead_of: frozenset[str] = frozenset()
    in_force_from: date | None = None
    in_force_until: date | None = None
    checked_on: date | None = None
    sector: str = ""
    note: str = ""

    def may_hold_on(self, day: date) -> bool:
        """Whether the rule is not over, and not surely still to come."""
        begun = self.in_force_from is None or self.in_force_from <= day
        return begun and (self.in_force_until is None or day <= self.in_force_until)

    def doubt(self, day: date, check_again: timedelta) -> Doubt | None:
        """Why it does not decide on a day; None where it does."""
        if self.in_force_from is None:
            return Doubt.UNDATED
        if self.checked_on is None or self.checked_on + check_again < day:
            return Doubt.NOT_CHECKED
        return None


@dataclass(frozen=True, slots=True)
class Names:
    """Names that a rule may refer to."""

    groups: frozenset[str]
    categories: frozenset[str]
    bases: frozenset[str]


@dataclass(frozen=True)
class RulePackDocument:
    """One version of the rules. `check_again_days` is how long a rule that was checked counts as true."""

    version: str
    title: str
    as_of: date
    check_again_days: int
    categories: tuple[Category, ...]
    bases: tuple[LegalBasis, ...]
    groups: tuple[PackGroup, ...]
    rules: tuple[RuleTerms, ...]
    note: str = ""
    content_digest: str = field(default="", compare=False)

    @cached_property
    def rules_by_id(self) -> dict[str, RuleTerms]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def groups_by_id(self) -> dict[str, PackGroup]:
        return {group.id: group for group in self.groups}

    @cached_property
    def categories_by_id(self) -> dict[str, Category]:
        return {category.id: category for category in self.categories}

    @cached_property
    def bases_by_id(self) -> dict[str, LegalBasis]:
        return {basis.id: basis for basis in self.bases}

    @property
    def check_again(self) -> timedelta:
        return timedelta(days=self.check_again_days)

    def implied(self, category: str) -> frozenset[str]:
        """The category with all that it implies, at any remove."""
        implied: set[str] = set()
        waiting = [category]
        while waiting:
            category_id = waiting.pop()
            if category_id not in implied:
                implied.add(category_id)
                waiting.extend(self.categories_by_id[category_id].implies)
        return frozenset(implied)

    def among(self, country: str, names: frozenset[str], day: date) -> bool:
        """Whether a known country is one of these countries or in one of these groups on a day."""
        if ANYWHERE in names or country in names:
            return True
        return any(self.groups_by_id[name].holds(country, day) for name in names & self.groups_by_id.keys())
