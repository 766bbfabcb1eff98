"""A pack small enough to see through: what is under EU law, with one special case, one rule that forbids."""

from __future__ import annotations

import copy
from typing import Any

from readiness.demand.jurisdiction.core.pack import RulePackDocument, load

CITATION = {"instrument": "Act", "article": "Art. 1", "url": "https://example.org/act"}


def rule(rule_id: str, effect: str, **other: Any) -> dict[str, Any]:
    """A rule of residency for personal data of the EU; `other` says what is different."""
    fields = {
        "id": rule_id,
        "title": f"Rule {rule_id}",
        "kind": "residency",
        "jurisdiction": "European Union",
        "citation": dict(CITATION),
        "in_force_from": "2018-05-25",
        "checked_on": "2026-01-01",
        "origins": ["eu"],
        "categories": ["personal"],
        "places": ["any"],
        "effect": effect,
        **({"bases": ["contract"]} if effect == "needs-basis" else {}),
    }
    return {key: value for key, value in (fields | other).items() if value is not None}


SMALL: dict[str, Any] = {
    "version": "small-1",
    "title": "A small pack",
    "as_of": "2026-01-01",
    "check_again_days": 365,
    "categories": [
        {"id": "personal", "name": "Personal data"},
        {"id": "health", "name": "Health data", "implies": ["personal"]},
        {"id": "drawings", "name": "Drawings"},
    ],
    "bases": [{"id": "contract", "name": "Contract"}, {"id": "certificate", "name": "Certificate"}],
    "groups": [
        {
            "id": "eu",
            "name": "European Union",
            "citation": dict(CITATION),
            "members": [
                {"country": "DE", "since": "1958-01-01"},
                {"country": "FR", "since": "1958-01-01"},
                {"country": "GB", "since": "1973-01-01", "until": "2020-12-31"},
            ],
        }
    ],
    "rules": [
        rule("inside", "allowed", places=["eu"]),
        rule("outside", "needs-basis", places_except=["eu"]),
        rule("adequate", "allowed", places=["JP"], instead_of=["outside"], in_force_from="2019-01-23"),
        rule("hosting", "forbidden", origins=["FR"], categories=["health"], places_except=["eu"]),
        rule("operator-inside", "allowed", kind="sovereignty", places=["eu"]),
        rule(
            "operator-outside",
            "needs-basis",
            kind="sovereignty",
            places_except=["eu"],
            bases=["certificate"],
        ),
    ],
}


def small() -> dict[str, Any]:
    """The definition, to be changed as one likes."""
    return copy.deepcopy(SMALL)


def pack(*more: dict[str, Any], without: str = "") -> RulePackDocument:
    definition = small()
    definition["rules"] = [one for one in definition["rules"] if one["id"] != without] + list(more)
    return load(definition)
