"""RAS reports and JUnit reports: what they say, and what rules make of tests."""

from datetime import UTC, datetime

import pytest

from readiness.assessment.evidence.core.parsed import failures_of
from readiness.assessment.evidence.core.parsers import ParseError, parse
from readiness.assessment.evidence.core.parsers.junit import PassRule
from tests.readiness.assessment.evidence import benchmark_outputs as outputs
from tests.readiness.assessment.evidence.core.samples import figure

RULES = [PassRule("congestion/*", "p1-congestion", "lossless-drops", 0.0, "packets")]


@pytest.mark.parametrize(
    ("content", "failed"),
    [
        pytest.param(outputs.ras(), "0 of 8 ranks failed", id="text: every rank answers"),
        pytest.param(
            outputs.ras(missing=2, library="RCCL"), "2 of 8 ranks failed", id="text: two are missing"
        ),
        pytest.param(outputs.ras(errors="MISMATCH"), "0 of 8 ranks failed", id="text: counts differ"),
        pytest.param(
            outputs.ras(errors="ERROR"), "1 of 8 ranks failed", id="text: an error without a number"
        ),
        pytest.param(outputs.ras_json(), "0 of 2 ranks failed", id="json: every rank answers"),
        pytest.param(
            outputs.ras_json(missing=[(True, False)]), "1 of 2 ranks failed", id="json: one is silent"
        ),
        pytest.param(
            outputs.ras_json(missing=[(False, True)]), "1 of 2 ranks failed", id="json: one is dead"
        ),
        pytest.param(
            outputs.ras_json(missing=[(False, False)]), "0 of 2 ranks failed", id="json: one has left"
        ),
        pytest.param(outputs.ras_json(async_error=6), "2 of 2 ranks failed", id="json: errors"),
    ],
)
def test_ranks_that_do_not_answer_are_failures(content, failed):
    parsed = parse("nccl-ras", content)
    assert failures_of(parsed.figures).text == failed


def test_a_report_names_hosts_ranks_and_library():
    parsed = parse("nccl-ras", outputs.ras_json(size=4))
    assert parsed.hosts == ("10.0.0.1",)
    assert figure(parsed, "ranks", subject="10.0.0.1").value == 4
    assert [each.index for each in parsed.accelerators] == [0, 1, 2, 3]
    assert parsed.versions == (("library", "2.29.1"),)
    assert parsed.taken_local.isoformat() == "2026-11-20T13:06:53"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(outputs.ras().partition(b"Warnings")[0], "not whole", id="cut"),
        pytest.param(b"RAS Monitor Mode - watching for peer changes\n", "ncclras -m", id="a log of events"),
        pytest.param(b'{"communicators": []}', "no job answered", id="no communicator"),
        pytest.param(outputs.ras_json()[:-9], "not JSON", id="cut JSON"),
    ],
)
def test_what_is_no_whole_report_is_refused(content, reason):
    with pytest.raises(ParseError, match=reason):
        parse("nccl-ras", content)


def test_a_rule_is_met_if_all_its_tests_passed():
    parsed = parse("junit", outputs.junit(suites=("congestion", "other")), rules=RULES)
    proved = figure(parsed, "p1-congestion/lossless-drops")
    assert (proved.value, proved.unit, proved.samples, proved.caution) == (0.0, "packets", 3, "")
    assert parsed.taken_at.isoformat() == "2026-11-20T10:00:00+00:00"
    assert (parsed.hosts, parsed.warnings) == ((), ("The tests ran on node-1.",))


@pytest.mark.parametrize(
    ("started", "taken_at", "taken_local"),
    [
        pytest.param("2026-11-20T11:00:00+01:00", datetime(2026, 11, 20, 10, tzinfo=UTC), None, id="a zone"),
        pytest.param(
            "2026-11-20T10:00:00", None, datetime.fromisoformat("2026-11-20T10:00:00"), id="no zone"
        ),
        pytest.param("", None, None, id="no time"),
    ],
)
def test_a_time_without_a_zone_stays_local(started, taken_at, taken_local):
    parsed = parse("junit", outputs.junit(started=started), rules=RULES)
    assert (parsed.taken_at, parsed.taken_local) == (taken_at, taken_local)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"failed": 1}, "1 of 3 tests of congestion/* failed.", id="a failed test"),
        pytest.param({"skipped": 2}, "2 of 3 tests of congestion/* were skipped.", id="skipped tests"),
    ],
)
def test_a_rule_is_not_met_by(given, reason):
    proved = figure(parse("junit", outputs.junit(**given), rules=RULES), "p1-congestion/lossless-drops")
    assert (proved.value, proved.caution) == (None, reason)


def test_failures_of_tests_that_no_rule_names_do_not_count():
    content = outputs.junit().replace(
        b"</testsuites>",
        b'<testsuite name="x"><testcase name="y"><error/></testcase></testsuite></testsuites>',
    )
    assert failures_of(parse("junit", content, rules=RULES).figures).text == "0 of 3 tests failed"


def test_a_report_without_a_matching_rule_is_refused_by_its_suites():
    with pytest.raises(ParseError, match="these suites prove: storage, power"):
        parse("junit", outputs.junit(suites=("storage", "power")), rules=RULES)


def test_properties_and_captured_output_are_not_stored():
    content = outputs.junit().replace(b"</testsuites>", b"<system-out>secret</system-out></testsuites>")
    kept = parse("junit", content, rules=RULES).content
    assert b"secret" not in kept
    assert parse("junit", kept, rules=RULES).figures == parse("junit", content, rules=RULES).figures


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY b "c">]>\n<testsuite name="a"><testcase name="&b;"/></testsuite>',
            1,
            "an entity is declared",
            id="an entity",
        ),
        pytest.param(outputs.junit()[:-30], 8, "not whole", id="cut"),
        pytest.param(b"<html></html>", 1, "no JUnit report", id="another document"),
        pytest.param(b"<testsuites></testsuites>", 1, "nothing ran", id="no test"),
        pytest.param(b"<testsuite>" * 70, 1, "nested too deeply", id="depth"),
        pytest.param(
            outputs.junit().replace(b'failures="0"', b'failures="1"'),
            4,
            "counts 1 failures and holds 0",
            id="a failure that is not there",
        ),
    ],
)
def test_what_is_no_whole_junit_report_is_refused(content, line, reason):
    with pytest.raises(ParseError, match=reason) as refused:
        parse("junit", content, rules=RULES)
    assert refused.value.line == line
