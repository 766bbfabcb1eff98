"""A pack of rules as frozen values: which countries and data a rule covers, and how a document is read.

Annotations say how a document is read; `reads` adds the rules that annotations cannot express.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import urlsplit

from readiness.demand.workloads.core.countries import COUNTRIES
from web import yaml_documents
from web.versioned.core import documents
from web.versioned.core.documents import (
    DocumentError,
    Fields,
    between,
    digest,
    mapping_of,
    matches,
    most,
    reads,
    written,
)
from web.versioned.core.files import Texts, located, parse


class RuleKind(StrEnum):
    """The two questions, which are answered separately."""

    RESIDENCY = "residency"
    """Where the data is stored: the rule checks the destination."""
    SOVEREIGNTY = "sovereignty"
    """The rule checks the country of the operator’s owner, because its law reaches the operator."""


class RuleEffect(StrEnum):
    """Effects of a rule on the cases that it covers."""

    ALLOWED = "allowed"
    NEEDS_BASIS = "needs-basis"
    FORBIDDEN = "forbidden"


class LegalAnswer(StrEnum):
    """Possible answers, from the most open to the strictest."""

    ALLOWED = "allowed"
    NEEDS_BASIS = "needs-basis"
    CANNOT_DECIDE = "cannot-decide"
    FORBIDDEN = "forbidden"


ORDER = tuple(LegalAnswer)
"""Answers from weak to strict: an undecided case is stricter than one that needs a basis, and weaker than a ban."""


class Doubt(StrEnum):
    """Why a rule that covers a case does not decide it."""

    UNDATED = "undated"
    NOT_CHECKED = "not-checked"


class UndecidedReason(StrEnum):
    """Why a case cannot be decided, whatever the rules say."""

    UNKNOWN_ORIGIN = "unknown-origin"
    UNKNOWN_PLACE = "unknown-place"
    NO_CATEGORY = "no-category"
    UNKNOWN_CATEGORY = "unknown-category"
    NO_RULE = "no-rule"


def strictest(*answers: LegalAnswer) -> LegalAnswer:
    return max(answers, key=ORDER.index)


ANYWHERE = "any"
"""Stands for every known country; it does not cover an unknown one."""


def country_code(code: str, fields: Fields) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code[:20]!r} is not a country code of ISO 3166-1")
    return code


def web_address(url: str, fields: Fields) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in url:
        raise ValueError("expected an address that begins with https://")
    return url


def place_names(names: frozenset[str], fields: Fields) -> frozenset[str]:
    for name in sorted(names - fields.ids("groups")):
        if name != ANYWHERE and name not in COUNTRIES:
            raise ValueError(f"{name[:60]!r} is neither a country code, nor a group of this pack, nor any")
    return names


def category_names(names: frozenset[str], fields: Fields) -> frozenset[str]:
    for name in sorted(names - fields.ids("categories")):
        raise ValueError(f"there is no category {name[:60]!r} in this pack")
    return names


def basis_names(names: tuple[str, ...], fields: Fields) -> tuple[str, ...]:
    for name in names:
        if name not in fields.ids("bases"):
            raise ValueError(f"{name[:60]!r} is not one of the bases of this pack")
    return tuple(dict.fromkeys(names))


Slug = Annotated[str, matches(r"[a-z0-9][a-z0-9-]{0,59}", "small letters, digits and hyphens, 60 at most")]
Version = Annotated[
    str,
    most(50),
    matches(
        r"[A-Za-z0-9][\w.-]*", "letters, digits, dots, hyphens and underscores, not beginning with a dot"
    ),
]
Name = Annotated[str, most(200)]
Word = Annotated[str, most(100)]
Note = Annotated[str, most(2000)]
Places = Annotated[frozenset[str], place_names]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule can be read: the instrument, the place in it, and an address."""

    instrument: Name
    article: Name
    url: Annotated[str, most(500), web_address]


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """A country in a group from a day to a day, both included."""

    country: Annotated[str, country_code]
    since: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class PackGroup:
    id: Slug
    name: Name
    citation: Citation
    members: tuple[GroupMembership, ...] = ()
    note: Note = ""

    def holds(self, country: str, day: date) -> bool:
        return any(member.country == country and member.holds_on(day) for member in self.members)


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of data. Rules about a kind that it implies also cover it: health data is personal data."""

    id: Slug
    name: Name
    implies: tuple[str, ...] = ()
    note: Note = ""


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A contract, certificate or assessment that makes a case lawful which needs a basis."""

    id: Slug
    name: Name


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """The content of one provision.

    `origins` are the countries whose law the data is under. `places` are the countries of storage for a rule of
    residency, and the countries of the operator's owner for one of sovereignty. Both name countries, groups, or `any`.
    Any one of `bases` is enough. Where this rule covers a case, the rules in `instead_of` do not: the special rule
    replaces the general one.
    """

    id: Slug
    title: Name
    kind: RuleKind
    jurisdiction: Word
    citation: Citation
    effect: RuleEffect
    origins: Places
    categories: Annotated[frozenset[str], category_names]
    places: Places
    places_except: Places = frozenset()
    bases: Annotated[tuple[str, ...], basis_names] = ()
    instead_of: frozenset[str] = frozenset()
    in_force_from: date | None = None
    in_force_until: date | None = None
    checked_on: date | None = None
    sector: Word = ""
    note: Note = ""

    def may_hold_on(self, day: date) -> bool:
        begun = self.in_force_from is None or self.in_force_from <= day
        return begun and (self.in_force_until is None or day <= self.in_force_until)

    def doubt(self, day: date, check_again: timedelta) -> Doubt | None:
        if self.in_force_from is None:
            return Doubt.UNDATED
        if self.checked_on is None or self.checked_on + check_again < day:
            return Doubt.NOT_CHECKED
        return None


@dataclass(frozen=True)
class RulePackDocument:
    """One version of the rules. `check_again_days` is how long a checked rule counts."""

    version: Version
    title: Name
    note: Note = field(default="", kw_only=True)
    as_of: date
    check_again_days: Annotated[int, between(1, 3660)]
    categories: tuple[Category, ...]
    bases: tuple[LegalBasis, ...] = ()
    groups: tuple[PackGroup, ...] = ()
    rules: tuple[RuleTerms, ...] = field(kw_only=True)

    @cached_property
    def content_digest(self) -> str:
        """A digest that ignores the name: two versions with the same content have the same digest."""
        return digest(mapping_of(self, version=None))

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
        """The category with all categories that it implies, directly or indirectly."""
        implied: set[str] = set()
        waiting = [category]
        while waiting:
            category_id = waiting.pop()
            if category_id not in implied:
                implied.add(category_id)
                waiting.extend(self.categories_by_id[category_id].implies)
        return frozenset(implied)

    def among(self, country: str, names: frozenset[str], day: date) -> bool:
        if ANYWHERE in names or country in names:
            return True
        return any(self.groups_by_id[name].holds(country, day) for name in names & self.groups_by_id.keys())


def load(definition: Mapping[str, Any]) -> RulePackDocument:
    """Raises DocumentError, whose `path` names the field: `rules[gdpr-46].citation.url`."""
    return documents.read(RulePackDocument, definition)


def load_files(texts: Texts) -> RulePackDocument:
    """Load a pack from one YAML document. A DocumentError includes the line if the field can be located."""
    return located(_load_only, texts)


def _load_only(texts: Texts) -> RulePackDocument:
    if len(texts) != 1:
        raise DocumentError("", "expected one document")
    [(name, text)] = texts.items()
    return load(parse(text, name))


def dump(pack: RulePackDocument) -> str:
    return yaml_documents.write(written(pack))


@reads(PackGroup)
def _read_group(fields: Fields) -> PackGroup:
    group = fields.build(PackGroup)
    if group.id == ANYWHERE:
        raise fields.error("id", f"{ANYWHERE!r} already means every country")
    return group


@reads(GroupMembership)
def _read_member(fields: Fields) -> GroupMembership:
    member = fields.build(GroupMembership)
    if member.until is not None and member.until < member.since:
        raise fields.error("until", "is before since")
    return member


@reads(RuleTerms)
def _read_rule(fields: Fields) -> RuleTerms:
    rule = fields.build(RuleTerms)
    if bool(rule.bases) != (rule.effect == RuleEffect.NEEDS_BASIS):
        bases = "at least one" if rule.effect == RuleEffect.NEEDS_BASIS else "none"
        raise fields.error("bases", f"a rule that is {rule.effect} names {bases}")
    if rule.instead_of and rule.effect == RuleEffect.FORBIDDEN:
        raise fields.error(
            "instead_of", "a rule that forbids always applies, so it cannot replace other rules"
        )
    begins, ends = rule.in_force_from, rule.in_force_until
    if begins and ends and ends < begins:
        raise fields.error("in_force_until", "is before in_force_from")
    return rule


@reads(RulePackDocument)
def _read_pack(fields: Fields) -> RulePackDocument:
    pack = fields.build(RulePackDocument)
    for category in pack.categories:
        for implied in category.implies:
            if implied not in pack.categories_by_id:
                path = f"categories[{category.id}].implies"
                raise DocumentError(path, f"there is no category {implied[:60]!r}")
    for rule in pack.rules:
        for other in sorted(rule.instead_of):
            if (reason := _no_stand_in(rule, other, pack)) is not None:
                raise DocumentError(f"rules[{rule.id}].instead_of", reason)
    return pack


def _no_stand_in(rule: RuleTerms, other: str, pack: RulePackDocument) -> str | None:
    other_rule = pack.rules_by_id.get(other)
    if other_rule is None or other_rule is rule:
        return f"there is no other rule {other[:60]!r}"
    if other_rule.effect == RuleEffect.FORBIDDEN:
        return f"{other} forbids, and a rule that forbids cannot be replaced"
    if other_rule.kind != rule.kind:
        return f"{other} is a rule of the other kind"
    return f"{other} replaces this rule" if rule.id in other_rule.instead_of else None
