"""A pack as a document: YAML or plain mappings in and out, and what does not hold together by its field."""

from collections.abc import Mapping
from typing import Any

from readiness.jurisdiction.core.pack import (
    ANYWHERE,
    GroupMembership,
    PackGroup,
    RulePackDocument,
    RuleTerms,
)
from readiness.jurisdiction.core.vocabulary import RuleEffect
from web import yaml_documents
from web.versioned.core import documents
from web.versioned.core.documents import DocumentError, Fields, reads, written
from web.versioned.core.files import Texts, located, parse


def load(definition: Mapping[str, Any]) -> RulePackDocument:
    """Raises DocumentError, whose `path` names the field: `rules[gdpr-46].citation.url`."""
    return documents.read(RulePackDocument, definition)


def load_files(texts: Texts) -> RulePackDocument:
    """A pack from one YAML document. A DocumentError tells the line as well, as far as the field is there."""
    return located(_load_only, texts)


def _load_only(texts: Texts) -> RulePackDocument:
    if len(texts) != 1:
        raise DocumentError("", "expected one document")
    [(name, text)] = texts.items()
    return load(parse(text, name))


def dump(pack: RulePackDocument) -> str:
    """The whole pack as one YAML document that `load_files` reads back to an equal pack."""
    return yaml_documents.write(written(pack))


@reads(PackGroup)
def _read_group(fields: Fields) -> PackGroup:
    group = fields.build(PackGroup)
    if group.id == ANYWHERE:
        raise fields.error("id", f"{ANYWHERE!r} stands for every country already")
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
        raise fields.error("instead_of", "a rule that forbids stands beside all others, in place of none")
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
            if (said := _no_stand_in(rule, other, pack)) is not None:
                raise DocumentError(f"rules[{rule.id}].instead_of", said)
    return pack


def _no_stand_in(rule: RuleTerms, other: str, pack: RulePackDocument) -> str | None:
    named = pack.rules_by_id.get(other)
    if named is None or named is rule:
        return f"there is no other rule {other[:60]!r}"
    if named.effect == RuleEffect.FORBIDDEN:
        return f"{other} forbids, and what forbids always stands"
    if named.kind != rule.kind:
        return f"{other} answers the other question"
    return f"{other} stands in place of this one" if rule.id in named.instead_of else None
