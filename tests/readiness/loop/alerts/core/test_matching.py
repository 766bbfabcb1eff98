"""Which alerts a matcher agrees with."""

import pytest

from readiness.loop.alerts.core.matching import AlertMatcher, AlertSubject, MatcherIndex

PORTO, IBERIA, EUROPE = 3, 20, 21
SUBJECT = AlertSubject(
    key="problem:health:3:pdu-7",
    kind="health",
    site_id=PORTO,
    regions=frozenset({IBERIA, EUROPE}),
    domain="energy",
    check_id="p1-feeds",
    object="PDU-7 (row A)",
)
OF_MUSTER = AlertSubject(key="problem:muster:lag", kind="muster")


@pytest.mark.parametrize(
    ("matcher", "agrees"),
    [
        pytest.param(AlertMatcher(), True, id="nothing named agrees with everything"),
        pytest.param(AlertMatcher(site_id=PORTO), True, id="its site"),
        pytest.param(AlertMatcher(site_id=PORTO + 1), False, id="another site"),
        pytest.param(AlertMatcher(region_id=EUROPE), True, id="a region around its region"),
        pytest.param(AlertMatcher(region_id=22), False, id="another region"),
        pytest.param(AlertMatcher(domain="energy", kind="health"), True, id="both agree"),
        pytest.param(AlertMatcher(domain="energy", kind="source"), False, id="one of two disagrees"),
        pytest.param(AlertMatcher(check_id="p1-feeds"), True, id="its check"),
        pytest.param(AlertMatcher(check_id="p1"), False, id="a part of a check is another check"),
        pytest.param(AlertMatcher(object="PDU-7 (row A)"), True, id="its object"),
        pytest.param(AlertMatcher(object="pdu-*"), True, id="a star, in other letters"),
        pytest.param(AlertMatcher(object="*row*"), True, id="two stars"),
        pytest.param(AlertMatcher(object="pdu-"), False, id="no part of a name without a star"),
        pytest.param(AlertMatcher(object="pdu-?*"), False, id="only the star stands for other text"),
        pytest.param(AlertMatcher(object="[p]*"), False, id="brackets are brackets"),
        pytest.param(AlertMatcher(key=SUBJECT.key), True, id="its key"),
        pytest.param(AlertMatcher(key="problem:health:3:pdu-8"), False, id="another key"),
    ],
)
def test_a_matcher_agrees_with_what_it_names(matcher, agrees):
    assert matcher.matches(SUBJECT) is agrees


@pytest.mark.parametrize(
    "matcher", [AlertMatcher(site_id=PORTO), AlertMatcher(region_id=IBERIA), AlertMatcher(object="*a*")]
)
def test_an_alert_without_site_or_object_agrees_with_none_of_these(matcher):
    assert not matcher.matches(OF_MUSTER)


def test_many_stars_take_no_longer_than_one():
    assert not AlertMatcher(object="*" * 100 + "x").matches(SUBJECT)


def test_an_index_gives_what_each_matcher_alone_would():
    matchers = [
        (AlertMatcher(site_id=PORTO), "site"),
        (AlertMatcher(domain="energy"), "domain"),
        (AlertMatcher(site_id=4), "other"),
    ]
    index = MatcherIndex(matchers)
    assert sorted(index.matching(SUBJECT)) == ["domain", "site"]
    assert list(index.matching(OF_MUSTER)) == []
