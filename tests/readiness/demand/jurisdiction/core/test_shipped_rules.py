"""The pack that comes with Muster, case by case: each line is a fact that its citation states."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import readiness.demand.jurisdiction as room
from readiness.demand.jurisdiction.core.deciding import Request, decide
from readiness.demand.jurisdiction.core.pack import Doubt, RuleEffect, RuleKind, load_files

SHIPPED = Path(room.__file__).parent / "data" / "muster-rules-1.yaml"
PACK = load_files({SHIPPED.name: SHIPPED.read_text(encoding="utf-8")})
AUTUMN = date(2026, 11, 25)


def case(*arguments: Any, on: str = "2026-11-25") -> Any:
    origin, category, destination, answer, rule = arguments
    name = "-".join([origin, category, destination, on])
    return pytest.param(origin, category, destination, date.fromisoformat(on), answer, rule, id=name)


RESIDENCY = [
    case("DE", "personal", "FR", "allowed", "gdpr-inside"),
    case("DE", "personal", "NO", "allowed", "gdpr-inside"),
    case("DE", "personal", "SJ", "needs-basis", "gdpr-46"),
    case("DE", "personal", "RE", "allowed", "gdpr-inside"),
    case("DE", "personal", "SG", "needs-basis", "gdpr-46"),
    case("DE", "personal", "CN", "needs-basis", "gdpr-46"),
    # The United Kingdom: member, transition, bridge, decision, decision put off, renewed, ended.
    case("DE", "personal", "GB", "allowed", "gdpr-inside", on="2020-01-31"),
    case("DE", "personal", "GB", "allowed", "gdpr-inside", on="2020-12-31"),
    case("DE", "personal", "GB", "allowed", "uk-bridge", on="2021-01-01"),
    case("DE", "personal", "GB", "allowed", "adequacy-united-kingdom-2021", on="2021-06-28"),
    case("DE", "personal", "GB", "allowed", "adequacy-united-kingdom-2021", on="2025-11-01"),
    case("DE", "personal", "GB", "allowed", "adequacy-united-kingdom-2025", on="2026-11-25"),
    case("DE", "personal", "US", "needs-basis", "gdpr-46", on="2023-07-09"),
    case("DE", "personal", "US", "needs-basis", "adequacy-united-states"),
    case("DE", "personal", "CA", "needs-basis", "adequacy-canada"),
    case("DE", "health", "JP", "allowed", "adequacy-japan"),
    case("DE", "personal", "BR", "allowed", "adequacy-brazil"),
    case("DE", "personal", "BR", "needs-basis", "gdpr-46", on="2026-01-25"),
    case("NO", "personal", "BR", "needs-basis", "gdpr-46"),
    case("DE", "confidential", "PL", "allowed", "free-flow-inside"),
    case("DE", "confidential", "CH", "cannot-decide", None),
    case("DE", "export-controlled", "FR", "cannot-decide", None),
    case("FR", "health", "DE", "needs-basis", "fr-hds-certificate"),
    case("FR", "health", "CH", "forbidden", "fr-hds-inside"),
    case("FR", "health", "CH", "needs-basis", "fr-hds-certificate", on="2026-05-15"),
    case("FR", "personal", "CH", "allowed", "adequacy-switzerland"),
    case("CN", "personal", "CN", "allowed", "cn-inside"),
    case("CN", "personal", "HK", "needs-basis", "cac-2024"),
    case("CN", "personal", "DE", "needs-basis", "pipl-38", on="2024-03-21"),
    case("CN", "cn-important", "DE", "needs-basis", "cn-important-data"),
    case("CN", "cn-critical", "DE", "needs-basis", "pipl-40"),
    case("IN", "personal", "US", "cannot-decide", None),
    case("IN", "financial", "US", "needs-basis", "in-spdi-7"),
    case("IN", "payment", "US", "forbidden", "rbi-outside"),
    case("IN", "payment", "IN", "needs-basis", "in-spdi-7"),
    case("IN", "personal", "US", "allowed", "in-dpdp-16", on="2027-05-14"),
    case("US", "personal", "US", "cannot-decide", None),
]


@pytest.mark.parametrize(("origin", "category", "destination", "on", "answer", "rule"), RESIDENCY)
def test_where_data_may_lie(
    origin: str, category: str, destination: str, on: date, answer: str, rule: str | None
) -> None:
    found = decide(PACK, Request(origin, frozenset({category}), destination), on).residency
    assert found.answer == answer
    assert rule in {ground.rule.id for ground in found.deciding} if rule else not found.grounds


SOVEREIGNTY = [
    pytest.param("DE", "personal", "FR", "allowed", {"gdpr-operator-inside"}, id="owner-in-the-eea"),
    pytest.param("DE", "personal", "US", "needs-basis", {"gdpr-48", "us-cloud-act"}, id="owner-in-the-us"),
    pytest.param("DE", "personal", "JP", "needs-basis", {"gdpr-48"}, id="adequate-is-not-sovereign"),
    pytest.param("DE", "confidential", "DE", "needs-basis", {"data-act-32"}, id="non-personal-data"),
    pytest.param(
        "CN", "personal", "US", "needs-basis", {"cn-foreign-authorities"}, id="chinese-data-us-owner"
    ),
    pytest.param("IN", "personal", "US", "cannot-decide", set(), id="india-before-rule-15"),
]


@pytest.mark.parametrize(("origin", "category", "operator", "answer", "rules"), SOVEREIGNTY)
def test_whose_law_reaches_the_operator(
    origin: str, category: str, operator: str, answer: str, rules: set[str]
) -> None:
    request = Request(origin, frozenset({category}), "FR", operator)
    found = decide(PACK, request, AUTUMN).sovereignty
    assert (found.answer, {ground.rule.id for ground in found.deciding}) == (answer, rules)


def test_a_certified_recipient_opens_the_united_states() -> None:
    certified = Request("DE", frozenset({"personal"}), "US", bases=frozenset({"us-dpf"}))
    assert decide(PACK, certified, AUTUMN).residency.answer == "allowed"


def test_nothing_is_decided_once_the_pack_was_not_looked_at_for_a_year() -> None:
    found = decide(PACK, Request("DE", frozenset({"personal"}), "FR"), date(2027, 6, 2)).residency
    assert (found.answer, {ground.doubt for ground in found.grounds}) == (
        "cannot-decide",
        {Doubt.NOT_CHECKED},
    )


def test_every_country_with_a_decision_on_adequacy_stands_in_for_the_general_rule() -> None:
    decisions = [rule for rule in PACK.rules if rule.id.startswith("adequacy-")]
    countries = {place for rule in decisions for place in rule.places}
    assert countries == {
        *("AD", "AR", "BR", "CA", "CH", "FO", "GB", "GG", "IL", "IM", "JE", "JP", "KR", "NZ", "US", "UY")
    }
    assert all(rule.instead_of == {"gdpr-46"} for rule in decisions)
    assert {next(iter(rule.places)) for rule in decisions if rule.effect != RuleEffect.ALLOWED} == {
        "CA",
        "US",
    }


def test_the_union_has_27_members() -> None:
    own_codes = {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}
    eu = {one.country for one in PACK.groups_by_id["eu"].members if one.holds_on(AUTUMN)} - own_codes
    eea = {one.country for one in PACK.groups_by_id["eea"].members if one.holds_on(AUTUMN)} - own_codes
    assert len(eu) == 27
    assert eea - eu == {"IS", "LI", "NO"}


def test_every_rule_has_a_source_and_both_questions_are_asked() -> None:
    assert all(rule.citation.url.startswith("https://") and rule.citation.article for rule in PACK.rules)
    assert {rule.kind for rule in PACK.rules} == set(RuleKind)
    assert "Not legal advice" in PACK.note
