"""Rules accept or refuse an object, and faulty documents are refused."""

import pytest

from readiness.assessment.standards.core.rules import plain_rules, read_rules, version_key
from readiness.assessment.standards.core.shares import shares_of
from tests.readiness.assessment.standards.conftest import FIRMWARE
from web.versioned.core.documents import DocumentError


@pytest.mark.parametrize(
    ("operator", "values", "value", "is_accepted"),
    [
        pytest.param("one-of", ["4.2", "4.3"], "4.3", True, id="one of them"),
        pytest.param("one-of", ["NVIDIA"], "nvidia", True, id="in any case"),
        pytest.param("at-least", ["4.9"], "4.10", True, id="by numbers, not by letters"),
        pytest.param("at-least", ["4.2"], "4.2", True, id="the limit itself"),
        pytest.param("at-least", ["4.2"], "4.1.9", False, id="an earlier one"),
        pytest.param("at-most", ["550"], "560.1", False, id="a later one"),
        pytest.param("matches", ["5.10.*"], "5.10.4-cl", True, id="a star stands for any text"),
        pytest.param("matches", ["5.10.*"], "5.100", False, id="a dot is a dot"),
        pytest.param("matches", ["*a" * 40 + "b"], "a" * 200, False, id="many stars take no time"),
        pytest.param("at-least", ["1" * 9000], "2" * 9000, True, id="more digits than Python reads"),
        pytest.param("at-least", ["4.2"], "4.02", True, id="zeros before a number"),
        pytest.param("present", [], "x", True, id="recorded"),
        pytest.param("present", [], "", False, id="nobody recorded it"),
        pytest.param("at-most", ["9"], "", False, id="nothing conforms to no limit"),
    ],
)
def test_a_rule_accepts(operator, values, value, is_accepted):
    [rule] = read_rules([FIRMWARE | {"operator": operator, "values": values}])
    assert rule.accepts(value) is is_accepted


def test_versions_are_in_order():
    ordered = ["1.2-rc1", "1.2.0", "1.2.10", "1.10", "2"]
    assert sorted({*ordered}, key=version_key) == ordered


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reads": "colour"}, "rules[switch-firmware].reads: unknown"),
        ({"subject": "site"}, "a rule of a site reads a record"),
        ({"operator": "present"}, "present takes no values"),
        ({"values": ["1", "2"]}, "take one value"),
        ({"reads": "metric"}, "a metric is one-of"),
        ({"id": "Not A Slug"}, "small letters"),
        ({"surplus": 1}, "unknown key"),
    ],
)
def test_a_document_that_says_nothing_sound_is_refused(change, words):
    with pytest.raises(DocumentError, match=r".") as refused:
        read_rules([FIRMWARE | change])
    assert words in str(refused.value)


def test_rules_are_written_as_they_are_read():
    rules = read_rules([FIRMWARE])
    assert plain_rules(rules) == [FIRMWARE]
    assert read_rules(plain_rules(rules)) == rules


def test_shares_make_a_hundred():
    assert shares_of("diesel 80, natural gas 20 %") == {"diesel": 80, "natural gas": 20}
    for wrong in ("diesel", "diesel 80, gas 30", "a 50, a 50"):
        with pytest.raises(ValueError, match=r"diesel|percents|twice"):
            shares_of(wrong)
