"""A pack of rules as frozen values: which countries and data a rule covers, and how a document is read.

Annotations say how a document is read; validators add the rules that annotations cannot express.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, model_validator, with_config

from readiness.demand.workloads.core.countries import COUNTRIES
from web import yaml_documents
from web.versioned.core import documents
from web.versioned.core.documents import (
    CLOSED,
    Day,
    DocumentError,
    Integer,
    Items,
    Line,
    Some,
    Text,
    Whole,
    Word,
    digest,
    mapping_of,
    matches,
    refusal,
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


def country_code(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code[:20]!r} is not a country code of ISO 3166-1")
    return code


def web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in url:
        raise ValueError("expected an address that begins with https://")
    return url


def place_names(names: frozenset[str], info: ValidationInfo[Whole]) -> frozenset[str]:
    for name in sorted(names - info.context.ids("groups")):
        if name != ANYWHERE and name not in COUNTRIES:
            raise ValueError(f"{name[:60]!r} is neither a country code, nor a group of this pack, nor any")
    return names


def category_names(names: frozenset[str], info: ValidationInfo[Whole]) -> frozenset[str]:
    for name in sorted(names - info.context.ids("categories")):
        raise ValueError(f"there is no category {name[:60]!r} in this pack")
    return names


def basis_names(names: tuple[str, ...], info: ValidationInfo[Whole]) -> tuple[str, ...]:
    for name in names:
        if name not in info.context.ids("bases"):
            raise ValueError(f"{name[:60]!r} is not one of the bases of this pack")
    return tuple(dict.fromkeys(names))


Slug = Annotated[Text, matches(r"[a-z0-9][a-z0-9-]{0,59}", "small letters, digits and hyphens, 60 at most")]
Version = Annotated[
    Text,
    Field(max_length=50),
    matches(
        r"[A-Za-z0-9][\w.-]*", "letters, digits, dots, hyphens and underscores, not beginning with a dot"
    ),
]
_SHORT = Field(max_length=100)
Name = Annotated[Text, Field(max_length=200)]
Note = Annotated[Line, Field(max_length=2000)]
Places = Annotated[frozenset[Word], AfterValidator(place_names)]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule can be read: the instrument, the place in it, and an address."""

    instrument: Name
    article: Name
    url: Annotated[Text, Field(max_length=500), AfterValidator(web_address)]


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """A country in a group from a day to a day, both included."""

    country: Annotated[Text, AfterValidator(country_code)]
    since: Day
    until: Day | None = None

    @model_validator(mode="after")
    def refuse_reversed(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise refusal("is before since", "until")
        return self

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class PackGroup:
    id: Slug
    name: Name
    citation: Citation
    members: tuple[GroupMembership, ...] = ()
    note: Note = ""

    @model_validator(mode="after")
    def refuse_anywhere(self) -> Self:
        if self.id == ANYWHERE:
            raise refusal(f"{ANYWHERE!r} already means every country", "id")
        return self

    def holds(self, country: str, day: date) -> bool:
        return any(member.country == country and member.holds_on(day) for member in self.members)


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of data. Rules about a kind that it implies also cover it: health data is personal data."""

    id: Slug
    name: Name
    implies: tuple[Word, ...] = ()
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
    jurisdiction: Annotated[Text, _SHORT]
    citation: Citation
    effect: RuleEffect
    origins: Some[Places]
    categories: Some[Annotated[frozenset[Word], AfterValidator(category_names)]]
    places: Some[Places]
    places_except: Places = frozenset()
    bases: Annotated[tuple[Word, ...], AfterValidator(basis_names)] = ()
    instead_of: frozenset[Word] = frozenset()
    in_force_from: Day | None = None
    in_force_until: Day | None = None
    checked_on: Day | None = None
    sector: Annotated[Line, _SHORT] = ""
    note: Note = ""

    @model_validator(mode="after")
    def refuse_contradictions(self) -> Self:
        if bool(self.bases) != (self.effect == RuleEffect.NEEDS_BASIS):
            bases = "at least one" if self.effect == RuleEffect.NEEDS_BASIS else "none"
            raise refusal(f"a rule that is {self.effect} names {bases}", "bases")
        if self.instead_of and self.effect == RuleEffect.FORBIDDEN:
            raise refusal(
                "a rule that forbids always applies, so it cannot replace other rules", "instead_of"
            )
        begins, ends = self.in_force_from, self.in_force_until
        if begins and ends and ends < begins:
            raise refusal("is before in_force_from", "in_force_until")
        return self

    def may_hold_on(self, day: date) -> bool:
        begun = self.in_force_from is None or self.in_force_from <= day
        return begun and (self.in_force_until is None or day <= self.in_force_until)

    def doubt(self, day: date, check_again: timedelta) -> Doubt | None:
        if self.in_force_from is None:
            return Doubt.UNDATED
        if self.checked_on is None or self.checked_on + check_again < day:
            return Doubt.NOT_CHECKED
        return None


@with_config(CLOSED)
@dataclass(frozen=True)
class RulePackDocument:
    """One version of the rules. `check_again_days` is how long a checked rule counts."""

    version: Version
    title: Name
    note: Note = field(default="", kw_only=True)
    as_of: Day
    check_again_days: Annotated[Integer, Field(ge=1, le=3660)]
    categories: Some[Items[Category]]
    bases: Items[LegalBasis] = ()
    groups: Items[PackGroup] = ()
    rules: Some[Items[RuleTerms]] = field(kw_only=True)

    @model_validator(mode="after")
    def refuse_strangers(self) -> Self:
        """Refuse categories that imply, and rules that replace, something outside the pack."""
        for place, category in enumerate(self.categories):
            for implied in category.implies:
                if implied not in self.categories_by_id:
                    raise refusal(f"there is no category {implied[:60]!r}", "categories", place, "implies")
        for place, rule in enumerate(self.rules):
            for other in sorted(rule.instead_of):
                if (message := _no_stand_in(rule, other, self)) is not None:
                    raise refusal(message, "rules", place, "instead_of")
        return self

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


def _no_stand_in(rule: RuleTerms, other: str, pack: RulePackDocument) -> str | None:
    other_rule = pack.rules_by_id.get(other)
    if other_rule is None or other_rule is rule:
        return f"there is no other rule {other[:60]!r}"
    if other_rule.effect == RuleEffect.FORBIDDEN:
        return f"{other} forbids, and a rule that forbids cannot be replaced"
    if other_rule.kind != rule.kind:
        return f"{other} is a rule of the other kind"
    return f"{other} replaces this rule" if rule.id in other_rule.instead_of else None
