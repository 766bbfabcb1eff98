"""Bodies, signatures, mapping, and what a message changes, without Django."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from readiness.loop.alerts.core.inbound import alertmanager, pagerduty, signatures
from readiness.loop.alerts.core.inbound.mapping import (
    ConditionNotRead,
    LabelRule,
    map_labels,
    read_conditions,
    severity_in,
)
from readiness.loop.alerts.core.inbound.messages import BodyNotRead, OutsideAlert, instant_of, web_address
from readiness.loop.alerts.core.inbound.occurrences import (
    KEEPS_SAYING,
    OccurrenceChange,
    hear,
    latest_of_others,
)
from readiness.loop.alerts.core.kinds import AlertSeverity
from tests.readiness.loop.alerts.inbound import bodies
from tests.readiness.loop.alerts.inbound.bodies import NOW, after

SITES = {"porto": "porto", "porto 1": "porto", "turin": "turin"}


@pytest.mark.parametrize("newest", [True, False], ids=["0.34", "0.31"])
def test_an_alertmanager_is_read(newest):
    message = alertmanager.read(
        bodies.alertmanager(
            bodies.alert(), bodies.alert(fingerprint="b2", ends=after(5)), truncated=3, newest=newest
        )
    )
    firing, resolved = message.alerts
    assert (firing.is_firing, firing.ends_at, firing.title) == (True, None, "NodeDown at porto")
    assert (resolved.is_firing, resolved.starts_at, resolved.ends_at) == (False, NOW, after(5))
    assert (message.truncated, message.group) == (3, '{}:{alertname="NodeDown"}')


def test_grafana_has_the_same_shape():
    [alert] = alertmanager.read(bodies.grafana(bodies.alert())).alerts
    assert (alert.fingerprint, alert.labels["site"]) == ("a1", "porto")


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"{}", b'{"alerts": {}}', b'{"alerts": [1]}', b'{"alerts": [{"status": "firing"}]}',
     b'{"alerts": [{"labels": {"a": "b"}}]}'],
)  # fmt: skip
def test_another_body_is_refused(body):
    with pytest.raises(BodyNotRead):
        alertmanager.read(body)


def test_texts_fit_the_database():
    alert = bodies.alert(annotations={"summary": "a\x00\n b", "description": "x" * 9000})
    [read] = alertmanager.read(bodies.alertmanager(alert)).alerts
    assert (read.title, len(read.detail)) == ("a b", 4000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-28T13:00:00+01:00", NOW, id="in UTC"),
        pytest.param(bodies.ZERO, None, id="the zero time of Go"),
        pytest.param("0001-01-01T00:00:00+14:00", None, id="before the first year"),
        pytest.param("9999-12-31T23:59:59-14:00", None, id="after the last year"),
        pytest.param("9999-12-31T00:00:00Z", None, id="a year that some zones do not have"),
        pytest.param("soon", None, id="no instant"),
        pytest.param(17, None, id="a number"),
    ],
)
def test_instants_fit_the_database_and_every_zone(text, expected):
    assert instant_of(text) == expected


def test_only_addresses_of_the_web_are_links():
    assert web_address("javascript:alert(1)") == ""
    assert web_address("https://example.org/a") == "https://example.org/a"


def test_an_incident_names_nobody():
    event = pagerduty.read(bodies.incident(), now=NOW)
    assert "Ana" not in repr(event)
    [alert] = event.message.alerts
    assert (alert.labels["service"], alert.labels["urgency"], alert.is_firing) == (
        "Cooling porto",
        "high",
        True,
    )


def test_a_note_to_a_resolved_incident_does_not_open_it():
    [alert] = pagerduty.read(
        bodies.incident("annotated", status="resolved", at=after(9)), now=NOW
    ).message.alerts
    assert (alert.is_firing, alert.ends_at) == (False, after(9))


def test_a_ping_is_of_no_incident():
    assert pagerduty.read(b'{"event": {"event_type": "pagey.ping", "data": {}}}', now=NOW) is None


class TestSignatures:
    def test_grafanas_covers_the_timestamp(self):
        body = bodies.grafana(bodies.alert())
        headers = bodies.signed_grafana(body, "s3cret")
        assert signatures.grafana_fault(headers, body, secrets=["old", "s3cret"], now=NOW) == ""
        assert "agree" in signatures.grafana_fault(headers, body + b" ", secrets=["s3cret"], now=NOW)
        assert "agree" in signatures.grafana_fault(headers, body, secrets=["other"], now=NOW)
        assert "five minutes" in signatures.grafana_fault(headers, body, secrets=["s3cret"], now=after(6))
        moved = headers | {signatures.GRAFANA_TIME: str(int(after(6).timestamp()))}
        assert "agree" in signatures.grafana_fault(moved, body, secrets=["s3cret"], now=after(6))
        assert "timestamp" in signatures.grafana_fault(
            {signatures.GRAFANA: "ab"}, body, secrets=["a"], now=NOW
        )

    def test_pagerduty_may_sign_with_two_secrets(self):
        body = bodies.incident()
        headers = bodies.signed_pagerduty(body, "new", "old")
        assert signatures.pagerduty_fault(headers, body, secrets=["old"]) == ""
        assert "agree" in signatures.pagerduty_fault(headers, body, secrets=["third"])
        assert "missing" in signatures.pagerduty_fault({}, body, secrets=["old"])
        assert signatures.pagerduty_fault({signatures.PAGERDUTY: "v1=é"}, body, secrets=["old"])


class TestMapping:
    def test_usual_labels_need_no_rule(self):
        mapping = map_labels(
            {"site": "Porto 1", "instance": "gpu-1:9100", "severity": "page"}, (), sites=SITES
        )
        assert (mapping.site, mapping.object, mapping.severity) == (
            "porto",
            "gpu-1:9100",
            AlertSeverity.CRITICAL,
        )

    def test_the_first_rule_that_holds_decides(self):
        rules = [
            LabelRule(id=1, name="lab", conditions=read_conditions("env=lab*"), is_ignored=True),
            LabelRule(
                id=2,
                name="racks",
                conditions=read_conditions('alertname="Rack*"\nteam!=facility'),
                site_label="pod",
                object_labels=("rack",),
                severity=AlertSeverity.ERROR,
            ),
        ]
        labels = {
            "alertname": "RackHot",
            "pod": "turin",
            "rack": "r7",
            "site": "porto",
            "severity": "critical",
        }
        mapping = map_labels(labels, rules, sites=SITES)
        assert (mapping.site, mapping.object, mapping.severity) == ("turin", "r7", AlertSeverity.ERROR)
        assert map_labels(labels | {"env": "LAB-2"}, rules, sites=SITES).is_ignored
        assert map_labels(labels | {"team": "facility"}, rules, sites=SITES).site == "porto"

    @pytest.mark.parametrize(
        ("labels", "own_site", "reason"),
        [({"alertname": "X"}, "", "none of its labels"), ({"site": "oslo"}, "", "no site has"),
         ({"site": "turin"}, "porto", "may only tell of porto"), ({"muster_key": "k"}, "", "raised it itself")],
    )  # fmt: skip
    def test_what_is_not_mapped_says_why(self, labels, own_site, reason):
        mapping = map_labels(labels, (), sites=SITES, own_site=own_site)
        assert mapping.site == ""
        assert reason in mapping.reason

    def test_a_sender_of_one_site_needs_no_label(self):
        assert map_labels({"alertname": "X"}, (), sites=SITES, own_site="turin").site == "turin"

    @pytest.mark.parametrize("line", ["alertname", "=x", "!=x"])
    def test_a_line_that_is_no_condition_is_refused(self, line):
        with pytest.raises(ConditionNotRead):
            read_conditions(line)

    def test_the_worst_word_counts_and_no_word_is_a_warning(self):
        assert severity_in({"severity": "warning", "priority": "P1"}) is AlertSeverity.CRITICAL
        assert severity_in({"severity": "unheard"}) is AlertSeverity.WARNING


def told(starts, ends=None):
    return OutsideAlert(
        fingerprint="a1", is_firing=ends is None, labels={}, title="", starts_at=after(starts),
        ends_at=None if ends is None else after(ends),
    )  # fmt: skip


def final(messages, now=None):
    occurrence, changes = None, []
    for message in messages:
        occurrence, change = hear(occurrence, message, now=now or after(60))
        changes.append(change)
    return occurrence, changes


class TestOccurrences:
    def test_any_order_of_messages_has_one_result(self):
        """Two occurrences, the second of which goes on: it is open at the end, and only when all is told is it over."""
        lasting = [told(0), told(0, 5), told(10)]
        for order in permutations([*lasting, told(0), told(10)]):
            assert final(order)[0].is_open, order
        for order in permutations([*lasting, told(10, 15)]):
            assert not final(order)[0].is_open, order

    def test_nothing_that_is_over_opens_again(self):
        history = [told(0), told(0, 5), told(10), told(10, 15), told(20), told(20, 25)]
        occurrence, _ = final(history)
        for seed in range(50):
            copies = random.Random(seed).choices(history, k=20)
            for copy in copies:
                occurrence, change = hear(occurrence, copy, now=after(60))
                assert change in (OccurrenceChange.LATE, OccurrenceChange.OVER)
                assert not occurrence.is_open

    def test_an_end_before_its_beginning_ends_it(self):
        assert final([told(0, 5), told(0)])[1] == [OccurrenceChange.OVER, OccurrenceChange.LATE]

    def test_two_prometheis_begin_at_two_times(self):
        """Alertmanager tells the earlier of both once it knows it, and the end is that of both."""
        assert final([told(2), told(0), told(2), told(0, 9)])[1][-1] is OccurrenceChange.ENDED

    def test_the_end_of_an_earlier_occurrence_ends_no_later_one(self):
        assert final([told(0), told(10), told(0, 5)])[1][-1] is OccurrenceChange.OVER

    def test_a_sender_that_goes_on_saying_so_is_believed(self):
        occurrence, _ = final([told(0), told(0, 5)])
        occurrence, first = hear(occurrence, told(0), now=after(70))
        occurrence, second = hear(occurrence, told(0), now=after(90))
        _, third = hear(occurrence, told(0), now=after(70) + KEEPS_SAYING)
        assert (first, second, third) == (
            OccurrenceChange.LATE,
            OccurrenceChange.LATE,
            OccurrenceChange.OPENED,
        )

    def test_a_message_that_knows_of_later_things_is_newer(self):
        occurrence, _ = final([told(0), told(0, 5)])
        opened, change = hear(occurrence, told(0), made_after=after(6), now=after(70))
        assert change is OccurrenceChange.OPENED
        assert hear(opened, told(0, 80), now=after(80))[1] is OccurrenceChange.ENDED

    def test_what_the_other_alerts_of_a_message_tell_of(self):
        one, two, ended = (
            replace(each, fingerprint=name)
            for each, name in ((told(1), "1"), (told(2), "2"), (told(0, 9), "3"))
        )
        assert latest_of_others([one, two, ended]) == {"1": after(9), "2": after(9), "3": after(2)}
        assert latest_of_others([one]) == {"1": None}
        assert latest_of_others([]) == {}

    def test_a_clock_ahead_does_not_hide_what_comes_next(self):
        ahead = final([told(0), told(0, 600)], now=after(5))[0]
        assert hear(ahead, told(6), now=after(6))[1] is OccurrenceChange.OPENED

    def test_an_end_without_a_time_is_now(self):
        alert = OutsideAlert(fingerprint="a1", is_firing=False, labels={}, title="", starts_at=NOW)
        occurrence, change = hear(final([told(0)])[0], alert, now=after(3))
        assert (change, occurrence.over_until) == (OccurrenceChange.ENDED, after(3))
        assert NOW + timedelta(0) == occurrence.over_from
