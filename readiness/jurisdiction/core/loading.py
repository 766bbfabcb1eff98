"""Loads a RulePackDocument from YAML or plain mappings, refusing anything that does not hold together."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from readiness.framework.core.finding import find
from readiness.framework.core.loading import parse
from readiness.framework.core.reader import DefinitionError, MappingReader
from readiness.jurisdiction.core.mapping import digest
from readiness.jurisdiction.core.pack import (
    ANYWHERE,
    Category,
    Citation,
    GroupMembership,
    LegalBasis,
    Names,
    PackGroup,
    RulePackDocument,
    RuleTerms,
)
from readiness.jurisdiction.core.vocabulary import RuleEffect, RuleKind
from readiness.workloads.core.countries import COUNTRIES

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
MOST_CHECK_AGAIN_DAYS = 3660
MOST_TEXT = 2000
MOST_NAME = 200
MOST_URL = 500


def load(definition: Mapping[str, Any]) -> RulePackDocument:
    """Raises DefinitionError, whose `path` names the field: `rules[gdpr-46].citation.url`."""
    reader = MappingReader(definition)
    categories = reader.each("categories", _category)
    bases = reader.each("bases", _basis, required=False)
    groups = reader.each("groups", _group, required=False)
    names = Names(_ids(groups), _ids(categories), _ids(bases))
    pack = RulePackDocument(
        version=_version(reader),
        title=reader.text("title", most=MOST_NAME),
        note=reader.text("note", default="", most=MOST_TEXT),
        as_of=date.fromisoformat(reader.day("as_of")),
        check_again_days=_check_again(reader),
        categories=categories,
        bases=bases,
        groups=groups,
        rules=reader.each("rules", lambda item: _rule(item, names)),
    )
    reader.close()
    _refuse_loose_ends(pack)
    return dataclasses.replace(pack, content_digest=digest(pack))


def load_text(text: str, name: str) -> RulePackDocument:
    """A pack from one YAML document. A DefinitionError tells the line as well, as far as the field is there."""
    try:
        return load(parse(text, name))
    except DefinitionError as error:
        error.file, error.line = find({name: text}, error.path)
        raise


def _version(reader: MappingReader) -> str:
    version = reader.text("version", most=50)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", version):
        raise reader.error(
            "version", "letters, digits, dots, hyphens and underscores, not beginning with a dot"
        )
    return version


def _check_again(reader: MappingReader) -> int:
    days = reader.integer("check_again_days")
    if not 1 <= days <= MOST_CHECK_AGAIN_DAYS:
        raise reader.error("check_again_days", f"must be from 1 to {MOST_CHECK_AGAIN_DAYS}")
    return days


def _category(reader: MappingReader) -> Category:
    return Category(
        id=_id(reader),
        name=reader.text("name", most=MOST_NAME),
        implies=reader.texts("implies"),
        note=reader.text("note", default="", most=MOST_TEXT),
    )


def _basis(reader: MappingReader) -> LegalBasis:
    return LegalBasis(id=_id(reader), name=reader.text("name", most=MOST_NAME))


def _group(reader: MappingReader) -> PackGroup:
    group_id = _id(reader)
    if group_id == ANYWHERE:
        raise reader.error("id", f"{ANYWHERE!r} stands for every country already")
    return PackGroup(
        id=group_id,
        name=reader.text("name", most=MOST_NAME),
        citation=_citation(reader.mapping("citation")),
        members=reader.each("members", _member, required=False),
        note=reader.text("note", default="", most=MOST_TEXT),
    )


def _member(reader: MappingReader) -> GroupMembership:
    country = reader.text("country")
    if country not in COUNTRIES:
        raise reader.error("country", f"{country[:20]!r} is no country code of ISO 3166-1")
    since = date.fromisoformat(reader.day("since"))
    until = _day(reader, "until")
    if until is not None and until < since:
        raise reader.error("until", "is before since")
    return GroupMembership(country, since, until)


def _citation(reader: MappingReader) -> Citation:
    citation = Citation(
        instrument=reader.text("instrument", most=MOST_NAME),
        article=reader.text("article", most=MOST_NAME),
        url=reader.text("url", most=MOST_URL),
    )
    try:
        parts = urlsplit(citation.url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in citation.url:
        raise reader.error("url", "expected an address that begins with https://")
    reader.close()
    return citation


def _rule(reader: MappingReader, names: Names) -> RuleTerms:
    effect = reader.word("effect", RuleEffect)
    rule = RuleTerms(
        id=_id(reader),
        title=reader.text("title", most=MOST_NAME),
        kind=reader.word("kind", RuleKind),
        jurisdiction=reader.text("jurisdiction", most=100),
        citation=_citation(reader.mapping("citation")),
        effect=effect,
        origins=_places(reader, "origins", names),
        categories=_known(reader, "categories", names.categories, "category"),
        places=_places(reader, "places", names),
        places_except=_places(reader, "places_except", names, required=False),
        bases=_bases(reader, names, effect),
        instead_of=_instead_of(reader, effect),
        in_force_from=_day(reader, "in_force_from"),
        in_force_until=_day(reader, "in_force_until"),
        checked_on=_day(reader, "checked_on"),
        sector=reader.text("sector", default="", most=100),
        note=reader.text("note", default="", most=MOST_TEXT),
    )
    begins, ends = rule.in_force_from, rule.in_force_until
    if begins and ends and ends < begins:
        raise reader.error("in_force_until", "is before in_force_from")
    return rule


def _bases(reader: MappingReader, names: Names, effect: RuleEffect) -> tuple[str, ...]:
    bases = reader.texts("bases")
    if bool(bases) != (effect == RuleEffect.NEEDS_BASIS):
        wanted = "at least one" if effect == RuleEffect.NEEDS_BASIS else "none"
        raise reader.error("bases", f"a rule that is {effect} names {wanted}")
    for basis in bases:
        if basis not in names.bases:
            raise reader.error("bases", f"{basis[:60]!r} is none of the bases of this pack")
    return tuple(dict.fromkeys(bases))


def _instead_of(reader: MappingReader, effect: RuleEffect) -> frozenset[str]:
    """Checked against the other rules once all are read."""
    rules = frozenset(reader.texts("instead_of"))
    if rules and effect == RuleEffect.FORBIDDEN:
        raise reader.error("instead_of", "a rule that forbids stands beside all others, in place of none")
    return rules


def _refuse_loose_ends(pack: RulePackDocument) -> None:
    categories = pack.categories_by_id
    for category in pack.categories:
        for implied in category.implies:
            if implied not in categories:
                raise DefinitionError(
                    f"categories[{category.id}].implies", f"there is no category {implied[:60]!r}"
                )
    for rule in pack.rules:
        for other in sorted(rule.instead_of):
            named = pack.rules_by_id.get(other)
            if named is None or named is rule:
                raise DefinitionError(
                    f"rules[{rule.id}].instead_of", f"there is no other rule {other[:60]!r}"
                )
            if named.effect == RuleEffect.FORBIDDEN:
                raise DefinitionError(
                    f"rules[{rule.id}].instead_of", f"{other} forbids, and what forbids always stands"
                )
            if named.kind != rule.kind:
                raise DefinitionError(f"rules[{rule.id}].instead_of", f"{other} answers the other question")
            if rule.id in named.instead_of:
                raise DefinitionError(f"rules[{rule.id}].instead_of", f"{other} stands in place of this one")


def _known(reader: MappingReader, key: str, known: frozenset[str], noun: str) -> frozenset[str]:
    values = frozenset(reader.texts(key))
    if not values:
        raise reader.error(key, "must not be empty")
    for value in sorted(values - known):
        raise reader.error(key, f"there is no {noun} {value[:60]!r} in this pack")
    return values


def _places(reader: MappingReader, key: str, names: Names, *, required: bool = True) -> frozenset[str]:
    """Countries by their code, groups by their id, or `any`."""
    values = frozenset(reader.texts(key))
    if required and not values:
        raise reader.error(key, "must not be empty")
    for value in sorted(values):
        if value != ANYWHERE and value not in COUNTRIES and value not in names.groups:
            raise reader.error(
                key, f"{value[:60]!r} is neither a country code, nor a group of this pack, nor any"
            )
    return values


def _day(reader: MappingReader, key: str) -> date | None:
    """A date, or None where it is left out or empty: what is not known is not made up."""
    if reader.optional(key) is None:
        return None
    return date.fromisoformat(reader.day(key))


def _id(reader: MappingReader) -> str:
    value = reader.text("id")
    if not _ID.fullmatch(value):
        raise reader.error("id", "small letters, digits and hyphens, 60 at most")
    return value


def _ids(items: Iterable[Any]) -> frozenset[str]:
    return frozenset(item.id for item in items)
