"""What a pack says of a case, and that no reading of it is more open than its rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.demand.jurisdiction.core.deciding import CaseDecision, LegalFinding, Request, decide
from readiness.demand.jurisdiction.core.pack import ORDER, Doubt, LegalAnswer, UndecidedReason, load
from tests.readiness.demand.jurisdiction.small_pack import pack, rule, small

TODAY = date(2026, 6, 1)


def asked(
    destination: str, *categories: str, origin: str = "DE", on: date = TODAY, **other: Any
) -> CaseDecision:
    more = other.pop("more", ())
    request = Request(
        origin=origin, categories=frozenset(categories or ["personal"]), destination=destination, **other
    )
    return decide(pack(*more), request, on)


CASES = [
    pytest.param("FR", {}, "allowed", ["inside"], id="inside-the-group"),
    pytest.param("US", {}, "needs-basis", ["outside"], id="outside-needs-a-basis"),
    pytest.param("US", {"bases": frozenset({"contract"})}, "allowed", ["outside"], id="basis-on-record"),
    pytest.param("US", {"bases": frozenset({"certificate"})}, "needs-basis", ["outside"], id="another-basis"),
    pytest.param("JP", {}, "allowed", ["adequate"], id="special-before-general"),
    pytest.param("JP", {"on": date(2019, 1, 22)}, "needs-basis", ["outside"], id="special-not-yet-in-force"),
    pytest.param("GB", {"on": date(2020, 12, 31)}, "allowed", ["inside"], id="last-day-in-the-group"),
    pytest.param("GB", {"on": date(2021, 1, 1)}, "needs-basis", ["outside"], id="first-day-out-of-the-group"),
]


@pytest.mark.parametrize(("destination", "other", "answer", "rules"), CASES)
def test_residency(destination: str, other: dict[str, Any], answer: str, rules: list[str]) -> None:
    found = asked(destination, **other).residency
    assert (found.answer, [ground.rule.id for ground in found.deciding]) == (answer, rules)


def test_what_is_forbidden_for_one_origin_is_not_for_another() -> None:
    assert asked("US", "health", origin="FR").residency.answer == LegalAnswer.FORBIDDEN
    assert asked("US", "health", origin="DE").residency.answer == LegalAnswer.NEEDS_BASIS


def test_residency_and_sovereignty_are_answered_apart() -> None:
    owned_abroad = asked("FR", operator="US")
    assert owned_abroad.residency.answer == LegalAnswer.ALLOWED
    assert owned_abroad.sovereignty.answer == LegalAnswer.NEEDS_BASIS
    assert owned_abroad.sovereignty.bases_needed == (("certificate",),)
    assert asked("US", operator="FR").sovereignty.answer == LegalAnswer.ALLOWED


UNDECIDED = [
    pytest.param(
        lambda: asked("XX").residency, UndecidedReason.UNKNOWN_PLACE, "XX", id="destination-is-no-country"
    ),
    pytest.param(lambda: asked("").residency, UndecidedReason.UNKNOWN_PLACE, "", id="destination-not-given"),
    pytest.param(lambda: asked("FR").sovereignty, UndecidedReason.UNKNOWN_PLACE, "", id="operator-not-given"),
    pytest.param(
        lambda: asked("FR", origin="EU").residency, UndecidedReason.UNKNOWN_ORIGIN, "EU", id="origin-unknown"
    ),
    pytest.param(
        lambda: asked("BR", origin="BR").residency,
        UndecidedReason.NO_RULE,
        "personal",
        id="no-rule-of-the-origin",
    ),
    pytest.param(
        lambda: asked("FR", "drawings").residency,
        UndecidedReason.NO_RULE,
        "drawings",
        id="no-rule-of-the-data",
    ),
    pytest.param(
        lambda: asked("FR", "personal", "drawings").residency,
        UndecidedReason.NO_RULE,
        "drawings",
        id="rule-for-half",
    ),
    pytest.param(
        lambda: asked("FR", "secrets").residency,
        UndecidedReason.UNKNOWN_CATEGORY,
        "secrets",
        id="data-unknown",
    ),
    pytest.param(
        lambda: decide(pack(), Request("DE", frozenset(), "FR"), TODAY).residency,
        UndecidedReason.NO_CATEGORY,
        "",
        id="no-data",
    ),
]


@pytest.mark.parametrize(("ask", "gap", "what"), UNDECIDED)
def test_what_is_not_known_is_never_allowed(ask: Any, gap: UndecidedReason, what: str) -> None:
    found: LegalFinding = ask()
    assert found.answer == LegalAnswer.CANNOT_DECIDE
    assert (gap, what) in [(one.gap, one.what) for one in found.missing]


DOUBTS = [
    pytest.param({"in_force_from": None}, TODAY, Doubt.UNDATED, id="undated"),
    pytest.param({"checked_on": None}, TODAY, Doubt.NOT_CHECKED, id="never-checked"),
    pytest.param({"checked_on": "2025-05-31"}, TODAY, Doubt.NOT_CHECKED, id="checked-a-day-too-long-ago"),
    pytest.param({"checked_on": "2025-06-01"}, TODAY, None, id="checked-just-in-time"),
]


@pytest.mark.parametrize("effect", ["allowed", "needs-basis", "forbidden"])
@pytest.mark.parametrize(("dates", "on", "doubt"), DOUBTS)
def test_a_rule_in_doubt_decides_nothing(
    effect: str, dates: dict[str, Any], on: date, doubt: Doubt | None
) -> None:
    found = asked(
        "BR", origin="BR", on=on, more=[rule("of-brazil", effect, origins=["BR"], **dates)]
    ).residency
    assert found.answer == (LegalAnswer.CANNOT_DECIDE if doubt else effect)
    assert [ground.doubt for ground in found.grounds] == [doubt]


def test_a_special_case_in_doubt_does_not_stand_in_for_the_general_rule() -> None:
    stale = rule("hoped-for", "allowed", places=["US"], instead_of=["outside"], in_force_from=None)
    found = asked("US", more=[stale]).residency
    assert found.answer == LegalAnswer.CANNOT_DECIDE
    assert {ground.rule.id for ground in found.grounds} == {"hoped-for", "outside"}


def test_what_is_surely_forbidden_stays_so_beside_a_rule_in_doubt() -> None:
    doubtful = rule("old", "allowed", checked_on=None)
    assert asked("US", "health", origin="FR", more=[doubtful]).residency.answer == LegalAnswer.FORBIDDEN


def test_a_special_case_for_some_data_leaves_the_rest_to_the_general_rule() -> None:
    some = rule("drawings-free", "allowed", categories=["drawings"], instead_of=["general"])
    general = rule("general", "needs-basis", categories=["drawings", "personal"])
    assert asked("US", "drawings", more=[some, general]).residency.answer == LegalAnswer.ALLOWED
    assert (
        asked("US", "drawings", "personal", more=[some, general]).residency.answer == LegalAnswer.NEEDS_BASIS
    )


# Properties.

countries = st.sampled_from(["DE", "FR", "GB", "JP", "US", "BR", "XX", ""])
days = st.sampled_from([None, "2015-01-01", "2020-06-01", "2025-09-01", "2026-05-01", "2027-01-01"])
places = st.lists(st.sampled_from(["eu", "any", "JP", "US", "GB", "FR"]), min_size=1, max_size=2)
requests = st.builds(
    Request,
    origin=countries,
    categories=st.frozensets(st.sampled_from(["personal", "health", "drawings", "secrets"]), max_size=3),
    destination=countries,
    operator=countries,
    bases=st.frozensets(st.sampled_from(["contract", "certificate"])),
)
moments = st.dates(date(2014, 1, 1), date(2028, 1, 1))


@st.composite
def rules(draw: Any, rule_id: str, effects: tuple[str, ...] = ("allowed", "needs-basis")) -> dict[str, Any]:
    effect = draw(st.sampled_from(effects))
    named = st.lists(st.sampled_from(["inside", "outside", "adequate"]), max_size=1)
    stands_in = [] if effect == "forbidden" else draw(named)
    return rule(
        rule_id,
        effect,
        kind=draw(st.sampled_from(["residency", "sovereignty"])),
        origins=draw(places),
        categories=draw(
            st.lists(st.sampled_from(["personal", "health", "drawings"]), min_size=1, max_size=2)
        ),
        places=draw(places),
        places_except=draw(st.lists(st.sampled_from(["eu", "US"]), max_size=1)),
        in_force_from=draw(days),
        checked_on=draw(days),
        instead_of=stands_in,
    )


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    definition = small()
    definition["rules"] += [draw(rules(f"drawn-{number}")) for number in range(draw(st.integers(0, 3)))]
    for one in definition["rules"]:
        # Of another kind the special case could not stand in, so the pack would be refused.
        named = next(
            (other for other in definition["rules"] if other["id"] in one.get("instead_of", [])), None
        )
        if named is not None and named["kind"] != one["kind"]:
            one["instead_of"] = []
    return definition


def ranks(definition: dict[str, Any], request: Request, on: date) -> tuple[int, int]:
    decision = decide(load(definition), request, on)
    return ORDER.index(decision.residency.answer), ORDER.index(decision.sovereignty.answer)


def no_more_open(after: tuple[int, int], before: tuple[int, int]) -> bool:
    return all(one >= other for one, other in zip(after, before, strict=True))


@settings(max_examples=60, deadline=None)
@given(definitions(), rules("ban", effects=("forbidden",)), requests, moments)
def test_a_rule_that_forbids_never_opens(
    definition: dict[str, Any], ban: dict[str, Any], request: Request, on: date
) -> None:
    before = ranks(definition, request, on)
    with_ban = {**definition, "rules": [*definition["rules"], ban]}
    # Where nothing could be said for want of a rule, one that is in doubt does not say more.
    assert no_more_open(ranks(with_ban, request, on), before)


@settings(max_examples=60, deadline=None)
@given(definitions(), requests, moments)
def test_another_basis_and_fewer_kinds_of_data_never_close(
    definition: dict[str, Any], request: Request, on: date
) -> None:
    before = ranks(definition, request, on)
    with_bases = Request(**{**_fields(request), "bases": frozenset({"contract", "certificate"})})
    assert no_more_open(before, ranks(definition, with_bases, on))
    for category in request.categories:
        if len(request.categories) > 1:
            fewer = Request(**{**_fields(request), "categories": request.categories - {category}})
            assert no_more_open(before, ranks(definition, fewer, on))


@settings(max_examples=60, deadline=None)
@given(definitions(), requests, moments, st.data())
def test_a_weaker_effect_never_closes(
    definition: dict[str, Any], request: Request, on: date, data: st.DataObject
) -> None:
    before = ranks(definition, request, on)
    relaxed = data.draw(st.sampled_from(range(len(definition["rules"]))))
    changed = [dict(one) for one in definition["rules"]]
    changed[relaxed] = {**changed[relaxed], "effect": "allowed", "bases": []}
    assert no_more_open(before, ranks({**definition, "rules": changed}, request, on))


def _fields(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in Request.__slots__}


@settings(max_examples=60, deadline=None)
@given(definitions(), requests, moments)
def test_allowed_has_a_rule_in_force_that_was_checked_and_says_so(
    definition: dict[str, Any], request: Request, on: date
) -> None:
    for found in decide(load(definition), request, on).findings:
        if found.answer in (LegalAnswer.ALLOWED, LegalAnswer.NEEDS_BASIS):
            assert found.grounds
            assert not found.missing
            assert all(ground.doubt is None for ground in found.grounds)
            assert all(ground.rule.in_force_from <= on for ground in found.grounds)
