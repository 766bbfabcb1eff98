"""A pack back to plain mappings and YAML, and the digest of its content."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from readiness.jurisdiction.core.pack import (
    Category,
    Citation,
    GroupMembership,
    PackGroup,
    RulePackDocument,
    RuleTerms,
)
from web import yaml_documents


def to_mapping(pack: RulePackDocument) -> dict[str, Any]:
    """The whole pack as plain values, as `load` reads it; what is empty left out."""
    return {
        "version": pack.version,
        "title": pack.title,
        **({"note": pack.note} if pack.note else {}),
        "as_of": pack.as_of.isoformat(),
        "check_again_days": pack.check_again_days,
        "categories": [category_mapping(category) for category in pack.categories],
        "bases": [{"id": basis.id, "name": basis.name} for basis in pack.bases],
        "groups": [group_mapping(group) for group in pack.groups],
        "rules": [rule_mapping(rule) for rule in pack.rules],
    }


def renamed(pack: RulePackDocument, version: str) -> RulePackDocument:
    """The same content as another version."""
    named = dataclasses.replace(pack, version=version)
    return dataclasses.replace(named, content_digest=digest(named))


def category_mapping(category: Category) -> dict[str, Any]:
    return _present(
        {
            "id": category.id,
            "name": category.name,
            "implies": list(category.implies),
            "note": category.note,
        }
    )


def group_mapping(group: PackGroup) -> dict[str, Any]:
    return _present(
        {
            "id": group.id,
            "name": group.name,
            "citation": _citation(group.citation),
            "members": [_member(member) for member in group.members],
            "note": group.note,
        }
    )


def rule_mapping(rule: RuleTerms) -> dict[str, Any]:
    days = {
        key: day.isoformat() if day else ""
        for key, day in (
            ("in_force_from", rule.in_force_from),
            ("in_force_until", rule.in_force_until),
            ("checked_on", rule.checked_on),
        )
    }
    return _present(
        {
            "id": rule.id,
            "title": rule.title,
            "kind": str(rule.kind),
            "jurisdiction": rule.jurisdiction,
            "citation": _citation(rule.citation),
            **days,
            "origins": sorted(rule.origins),
            "categories": sorted(rule.categories),
            "places": sorted(rule.places),
            "places_except": sorted(rule.places_except),
            "effect": str(rule.effect),
            "bases": list(rule.bases),
            "instead_of": sorted(rule.instead_of),
            "sector": rule.sector,
            "note": rule.note,
        }
    )


def dump(pack: RulePackDocument) -> str:
    """The whole pack as one YAML document that `load_text` reads back to an equal pack."""
    return yaml_documents.write(to_mapping(pack))


def digest(pack: RulePackDocument) -> str:
    """SHA-256 over the content without its name: two versions that say the same have the same digest."""
    content = {key: value for key, value in to_mapping(pack).items() if key != "version"}
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _citation(citation: Citation) -> dict[str, str]:
    return {"instrument": citation.instrument, "article": citation.article, "url": citation.url}


def _member(member: GroupMembership) -> dict[str, str]:
    until = {"until": member.until.isoformat()} if member.until else {}
    return {"country": member.country, "since": member.since.isoformat(), **until}


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in ("", [])}
