"""Which problems a domain has, what they fold under, and what ends one."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from readiness.loop.problems.core.ending import EndFacts, end_of
from readiness.loop.problems.core.health import Crowd, DomainFacts, domain_objects, domain_problems
from readiness.loop.problems.core.problem import NO_DATA, Identity
from readiness.loop.problems.core.site import ProblemFacts, problems_of
from readiness.loop.problems.core.states import ProblemKind, ProblemState, rank_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SILENCE = Identity(ProblemKind.SOURCE, "7")


def reason(number=1, health="critical", metric="gpu_temp", **given):
    return {
        "health": health, "object_kind": "accelerator", "object_id": number, "object": f"gpu{number}",
        "metric": metric, "title": metric, "value": 90.0 + number, "unit": "°C", "threshold": 90.0,
        "direction": "above", "is_last_known": False, "since": NOW.isoformat(), "taken_at": NOW.isoformat(),
    } | given  # fmt: skip


def unheard(number=1):
    return reason(number, health="unknown", metric="")


def last_known(number=1):
    return reason(number, is_last_known=True)


def domain(*reasons, health="critical", **given):
    return DomainFacts(
        **{"domain": "compute", "health": health, "since": NOW, "heard_at": NOW, "reasons": reasons} | given
    )


def keys(problems):
    return [(each.identity.key, each.state.value, each.root.key) for each in problems]


def told(facts, *, silence=None, open_keys=()):
    return domain_problems(domain_objects(facts), silence=silence, open_keys=open_keys, explained={})


def test_one_object_is_one_problem_with_all_its_reasons():
    [problem] = told(
        domain(reason(metric="xid"), reason(metric="ecc", health="warn"), reason(metric="remap"))
    )
    assert keys([problem]) == [("compute-accelerator-1", "critical", "compute-accelerator-1")]
    assert {each["metric"] for each in problem.reasons} == {"xid", "ecc", "remap"}
    assert problem.metrics == {"xid", "ecc", "remap"}


def test_objects_that_break_one_rule_follow_from_one_cause():
    assert keys(told(domain(reason(1), reason(2), reason(3, metric="xid")))) == [
        ("compute-gpu_temp", "critical", "compute-gpu_temp"),
        ("compute-accelerator-1", "critical", "compute-gpu_temp"),
        ("compute-accelerator-2", "critical", "compute-gpu_temp"),
        ("compute-accelerator-3", "critical", "compute-accelerator-3"),
    ]


def crowd(count, *reasons, metric="gpu_temp"):
    return Crowd(metric=metric, objects=count, since=NOW, last_sample_at=NOW, reasons=reasons)


def test_a_crowd_is_one_problem_with_the_number_of_its_objects():
    [problem] = told(domain(crowds=(crowd(10_000, reason(7), reason(8)),)))
    assert (problem.identity.key, problem.objects, problem.is_of_several) == (
        "compute-gpu_temp",
        10_000,
        True,
    )
    assert [each["object_id"] for each in problem.reasons] == [7, 8]


def test_silent_objects_among_others_keep_what_is_known_of_them():
    problems = told(domain(last_known(1), unheard(1), unheard(2)))
    assert keys(problems) == [
        ("compute-accelerator-1", "critical", "compute-accelerator-1"),
        ("compute-accelerator-2", "silent", "compute-accelerator-2"),
    ]
    assert [each.is_last_known for each in problems] == [True, False]
    assert [each.metrics for each in problems] == [{"gpu_temp"}, {NO_DATA}]


SILENT = {"health": "unknown", "is_silent": True, "last_health": "critical"}


def test_in_a_silent_domain_what_was_wrong_stands_and_the_rest_is_one_problem():
    problems = told(domain(last_known(1), unheard(1), unheard(2), unheard(3), **SILENT), silence=SILENCE)
    assert keys(problems) == [
        ("compute", "silent", "7"),
        ("compute-accelerator-1", "critical", "compute-accelerator-1"),
    ]
    assert (problems[0].detail, problems[0].objects) == ("last critical", 3)


def test_in_a_silent_domain_a_silent_crowd_is_its_problem_and_one_that_was_wrong_stands():
    crowds = (crowd(400, unheard(2), metric=""), crowd(60, last_known(1)))
    problems = told(domain(crowds=crowds, **SILENT))
    assert keys(problems) == [
        ("compute", "silent", "compute"),
        ("compute-gpu_temp", "critical", "compute-gpu_temp"),
    ]
    assert [each.objects for each in problems] == [400, 60]


def test_an_object_that_was_silent_before_its_domain_stays():
    problems = told(domain(unheard(2), unheard(3), **SILENT), open_keys={"compute-accelerator-2"})
    assert keys(problems) == [
        ("compute", "silent", "compute"),
        ("compute-accelerator-2", "silent", "compute"),
    ]


def test_a_domain_may_be_unwell_without_a_reason():
    assert keys(told(domain(health="warn"))) == [("compute", "warn", "compute")]
    assert told(domain(health="ok")) == []


def test_what_is_known_and_silent_comes_before_what_is_known():
    ranks = [rank_of(state, is_last_known=known) for state in ProblemState for known in (True, False)]
    assert ranks == sorted(set(ranks))


def test_a_retired_site_has_no_problems_and_the_next_turn_is_the_first_to_come():
    early, late = NOW.replace(hour=11), NOW.replace(hour=13)
    facts = ProblemFacts(site_id=1, is_retired=True, domains=[domain(reason())], turns_at=[early, late])
    assert problems_of(facts, open_keys=()) == []
    assert (facts.changes_at(NOW), facts.changes_at(late)) == (late, None)


def open_problem(kind="health", key="compute-accelerator-1", subject="compute", thing=("accelerator", 1)):
    return SimpleNamespace(
        kind=kind, key=key, subject=subject, object_kind=thing[0], object_id=thing[1], reasons=[reason(1)],
        first_seen_at=NOW,
    )  # fmt: skip


OF_RULE = open_problem(key="compute-gpu_temp", thing=("", None))
OF_DOMAIN = open_problem(key="compute", thing=("", None))
HERE = {("accelerator", 1)}


@pytest.mark.parametrize(
    ("problem", "facts", "end"),
    [
        pytest.param(open_problem(), {"is_retired": True}, "object-gone", id="the site retired"),
        pytest.param(open_problem(), {}, "object-gone", id="the object left"),
        pytest.param(open_problem(), {"in_service": HERE}, "sample", id="its reason ended while it serves"),
        pytest.param(
            open_problem(), {"in_service": HERE, "unwell": {("compute", ("accelerator", 1))}}, "regrouped",
            id="it belongs to a crowd now",
        ),
        pytest.param(
            open_problem(), {"in_service": HERE, "ended_by_hand": {("compute", ("accelerator", 1), "gpu_temp"): NOW}},
            "person", id="somebody says that it does not hold",
        ),
        pytest.param(
            open_problem(),
            {"in_service": HERE, "ended_by_hand": {("compute", ("accelerator", 1), "gpu_temp"): NOW - timedelta(1)}},
            "sample", id="somebody said so of an earlier one",
        ),
        pytest.param(
            OF_RULE, {"in_service": HERE, "domains": {"compute": domain(reason(2))}}, "regrouped", id="one is left"
        ),
        pytest.param(OF_RULE, {"in_service": HERE, "domains": {"compute": domain()}}, "sample", id="none is left"),
        pytest.param(OF_RULE, {"domains": {"compute": domain()}}, "object-gone", id="all left service"),
        pytest.param(OF_DOMAIN, {"domains": {"compute": domain()}}, "sample", id="the domain is heard again"),
        pytest.param(OF_DOMAIN, {}, "object-gone", id="the domain is empty"),
        pytest.param(open_problem("measurement", "m", "stuck"), {"in_service": HERE}, "sample", id="it moves"),
        pytest.param(open_problem("measurement", "m", "stuck"), {}, "object-gone", id="the sensor's object left"),
        pytest.param(open_problem("source", "7", "7"), {"source_states": {"7": "on-time"}}, "source", id="heard"),
        pytest.param(open_problem("source", "7", "7"), {"source_states": {"7": "paused"}}, "person", id="paused"),
        pytest.param(open_problem("source", "7", "7"), {}, "object-gone", id="the source was deleted"),
        pytest.param(open_problem("check", "p5", "p5"), {"check_states": {"p5": "pass"}}, "check", id="it passes"),
        pytest.param(open_problem("check", "p5", "p5"), {"check_states": {"p5": "waived"}}, "person", id="waived"),
        pytest.param(open_problem("check", "p5", "p5"), {}, "rule", id="the framework dropped it"),
        pytest.param(open_problem("ownership", "left", "left"), {}, "ownership", id="owned"),
        pytest.param(open_problem("shift", "energy", "energy"), {}, "shift", id="every shift has enough people"),
        pytest.param(open_problem("inventory", "3", "3"), {"drift_states": {"3": {"ended"}}}, "inventory", id="agree"),
        pytest.param(
            open_problem("inventory", "3", "3"), {"drift_states": {"3": {"ended", "dismissed"}}}, "person",
            id="dismissed",
        ),
        pytest.param(open_problem("inventory", "3", "3"), {}, "object-gone", id="the device was deleted"),
    ],
)  # fmt: skip
def test_what_ends_a_problem(problem, facts, end):
    assert end_of(problem, EndFacts(**facts)) == end
