"""Alerts follow stored problems: one for each, with its cause, and never ended by silence."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.assessment.framework import queries as framework
from readiness.assessment.scoring.models import Flip
from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity
from readiness.loop.alerts.core.present import PresentAlert
from readiness.loop.alerts.models import Alert, EndedBy
from readiness.loop.alerts.raising import problems, verdicts
from readiness.loop.alerts.raising.writing import write
from readiness.loop.problems.models import Problem
from tests.inventory import made
from tests.readiness.loop.alerts.made import (
    MINUTE,
    NOW,
    alert_of,
    change,
    end,
    events_of,
    loaded_site,
    look,
    problem,
)
from web import following
from web.links import link

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return loaded_site()


def test_a_critical_problem_raises_one_alert_until_it_ends(site):
    look()
    hot = problem(site, object="node-7")
    look(NOW + MINUTE)
    look(NOW + 2 * MINUTE)
    alert = alert_of(hot)
    assert (alert.severity, alert.object, alert.kw, alert.domain) == ("critical", "node-7", 400, "compute")
    assert (alert.began_at, alert.raised_at) == (NOW, NOW + MINUTE)
    end(hot, at=NOW + 3 * MINUTE)
    look(NOW + 3 * MINUTE)
    alert.refresh_from_db()
    assert (alert.standing, alert.ended_by, alert.next_at) == ("over", EndedBy.EVIDENCE, None)
    assert events_of(alert) == ["raised", "ended"]


def test_a_problem_that_comes_again_raises_another_alert(site):
    look()
    hot = problem(site)
    look(NOW + MINUTE)
    end(hot, at=NOW + 2 * MINUTE)
    again = problem(site, at=NOW + 2 * MINUTE)
    look(NOW + 2 * MINUTE)
    assert alert_of(hot).ended_at is not None
    assert alert_of(again).ended_at is None


def test_silence_ends_nothing(site):
    look()
    hot = problem(site)
    look(NOW + MINUTE)
    change(hot, is_last_known=True)
    problem(site, "7", kind="source", state="silent", at=NOW + MINUTE)
    look(NOW + 2 * MINUTE)
    assert alert_of(hot).ended_at is None


def test_an_object_that_left_or_was_regrouped_is_not_well(site):
    look()
    gone, regrouped = problem(site), problem(site, "energy-feed-1")
    look(NOW + MINUTE)
    end(gone, at=NOW + 2 * MINUTE, by="object-gone")
    end(regrouped, at=NOW + 2 * MINUTE, by="regrouped")
    look(NOW + 2 * MINUTE)
    assert (alert_of(gone).ended_by, alert_of(regrouped).ended_by) == ("object-gone", "regrouped")


def test_the_pages_that_alerts_name_are_there():
    assert (problems.PAGE, f"{verdicts.PAGE}porto/") == (link("problems"), link("site", "porto"))


RAISED = [
    pytest.param("health", "critical", "critical", id="critical health"),
    pytest.param("health", "warn", None, id="a warning can wait"),
    pytest.param("source", "silent", "error", id="a silent source"),
    pytest.param("source", "late", None, id="a late source may still come"),
    pytest.param("check", "failing", "error", id="a failing check that blocks"),
    pytest.param("check", "missing", None, id="a check without evidence waits for its date"),
    pytest.param("inventory", "warn", None, id="a contradiction waits on its list"),
]


@pytest.mark.parametrize(("kind", "state", "severity"), RAISED)
def test_only_what_somebody_is_told_of_at_once_raises_an_alert(site, kind, state, severity):
    look()
    problem(site, kind=kind, state=state)
    look(NOW + MINUTE)
    assert list(Alert.objects.values_list("severity", flat=True)) == ([severity] if severity else [])


def test_an_alert_follows_its_problem_to_a_warning_and_back(site):
    look()
    hot = problem(site)
    look(NOW + MINUTE)
    change(hot, state="warn")
    look(NOW + 2 * MINUTE)
    assert alert_of(hot).severity == "warning"
    change(hot, state="critical")
    look(NOW + 3 * MINUTE)
    alert = alert_of(hot)
    assert (alert.severity, alert.worse_at, alert.escalating_since) == ("critical", *[NOW + 3 * MINUTE] * 2)
    assert events_of(alert) == ["raised", "better", "worse"]


def test_a_site_without_load_is_less_severe():
    look()
    hot = problem(made.site())
    look(NOW + MINUTE)
    assert alert_of(hot).severity == "error"


def test_what_muster_is_behind_with_is_an_alert_of_no_site():
    look()
    lag = problem(None, "lag", kind="muster")
    look(NOW + MINUTE)
    alert = alert_of(lag)
    assert (alert.site_id, alert.kind, alert.severity) == (None, "muster", "critical")


def test_silent_sources_of_a_region_are_one_group(site):
    look()
    other = loaded_site(region=site.region)
    silent = [problem(each, "7", kind="source", state="silent") for each in (site, other)]
    follows = problem(other, "compute", state="silent", cause=silent[1])
    elsewhere = problem(loaded_site(region=made.region()), "7", kind="source", state="silent")
    look(NOW + MINUTE)
    groups = [alert_of(each).group for each in (*silent, follows, elsewhere)]
    assert len(set(groups[:3])) == 1
    assert groups[3] != groups[0]


def test_problems_that_were_open_when_alerting_began_are_alerts_too(site):
    hot, ended = problem(site), problem(site, "energy-feed-1")
    end(ended, at=NOW)
    look()
    assert list(Alert.objects.values_list("problem", flat=True)) == [hot.pk]


def test_a_cause_that_is_raised_after_what_follows_from_it_is_linked(site):
    look()
    source = problem(site, "7", kind="source", state="late")
    silent = problem(site, "compute", state="silent", cause=source)
    look(NOW + MINUTE)
    assert alert_of(silent).cause is None
    change(source, state="silent")
    look(NOW + 2 * MINUTE)
    assert alert_of(silent).cause == alert_of(source)


def flip(site, before, after, at):
    version = framework.current()[0]
    Flip.objects.create(
        site=site,
        subject="verdict",
        from_state=before,
        to_state=after,
        cause="data",
        at=at,
        framework_version=version,
    )
    following.number(Flip)


def test_a_verdict_that_dropped_is_an_alert_until_it_is_what_it_was(site):
    look()
    flip(site, "conditional", "not-ready", NOW)
    look(NOW + MINUTE)
    alert = Alert.objects.get(kind=AlertKind.VERDICT)
    assert (alert.title, alert.value, alert.limit) == (
        "Verdict dropped to not ready",
        "Not ready",
        "Conditional",
    )
    flip(site, "not-ready", "conditional", NOW + 2 * MINUTE)
    look(NOW + 3 * MINUTE)
    alert.refresh_from_db()
    assert alert.ended_by == "evidence"


def test_a_past_that_is_written_later_raises_no_alert(site):
    look()
    flip(site, "conditional", "not-ready", NOW - MINUTE)
    look(NOW + MINUTE)
    assert not Alert.objects.filter(kind=AlertKind.VERDICT).exists()


def present(key="waiver:1", **columns):
    usual = {
        "kind": AlertKind.WAIVER,
        "group": "waivers",
        "severity": AlertSeverity.WARNING,
        "title": "A waiver ends",
    }
    return PresentAlert(**{"key": key, "began_at": NOW, **usual, **columns})


def test_the_end_of_what_is_not_open_changes_nothing():
    write([present()], endings={}, now=NOW)
    write([], endings={"waiver:1": EndedBy.PERSON}, now=NOW + MINUTE)
    write([], endings={"waiver:1": EndedBy.EVIDENCE, "waiver:2": EndedBy.EVIDENCE}, now=NOW + 2 * MINUTE)
    alert = Alert.objects.get()
    assert (alert.ended_at, alert.ended_by) == (NOW + MINUTE, "person")


def test_what_is_left_of_an_alert_raises_none():
    write([present(is_raised=False)], endings={}, now=NOW)
    assert not Alert.objects.exists()


def test_statements_do_not_grow_with_problems(site):
    look()
    few, many = _statements(loaded_site(), 2), _statements(site, 60)
    assert Alert.objects.filter(standing="muted").count() == 62
    assert many <= few
    assert few <= 90


def _statements(site, number):
    cause = problem(site, "7", kind="source", state="silent")
    for each in range(number):
        problem(site, f"compute-device-{each}", state="silent", cause=cause)
    following.number(Problem)
    with CaptureQueriesContext(connection) as statements:
        look(NOW + MINUTE)
    return len(statements)


@pytest.mark.parametrize(
    ("check_id", "domain"), [("p2-power-headroom", "energy"), ("p5-telemetry-coverage", "")]
)
def test_a_failing_check_is_of_its_domain_where_it_has_one(site, check_id, domain):
    look()
    failing = problem(site, check_id, kind="check", state="failing", check_id=check_id)
    look(NOW + MINUTE)
    assert alert_of(failing).domain == domain
