"""Alerts of dates: raised with their lead time, more severe as the date comes, over when it is settled."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Site
from readiness.assessment.duties.models import Certificate
from readiness.assessment.duties.operations import file_proof
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.models import CheckResult
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.dates.present import date_alerts
from readiness.loop.alerts.life.run import run
from readiness.loop.alerts.models import Alert
from readiness.loop.alerts.raising.writing import write
from readiness.loop.problems.models import Problem, SiteProblems
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.operations import rotations
from tests.inventory import made as inventory
from tests.readiness.assessment.duties import made as duties
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made as people
from tests.readiness.plant import deliver
from tests.readiness.problems import write_problems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@pytest.fixture
def porto():
    site = inventory.site(name="Porto", slug="porto")
    SiteProblems.objects.create(site=site, written_at=NOW, kw=400)
    return site


def grant(site, by, approver, **values):
    usual = {
        "kind": "waiver",
        "check_id": "p4-orchestration-owner",
        "reason": "New team",
        "state": "approved",
        "requested_by": by,
        "requested_at": NOW - 9 * WEEK,
        "starts_at": NOW - 8 * WEEK,
        "ends_at": NOW + 10 * DAY,
        "approver": approver,
        "decided_at": NOW - 9 * WEEK,
    }
    return Grant.objects.create(site=site, **usual | values)


def ahead(kind, *, now=NOW):
    return [alert for alert in date_alerts(now) if alert.kind is kind]


def test_a_waiver_is_told_two_weeks_ahead_and_ever_more_severely(porto, ops, manager):
    waiver = grant(porto, ops, manager)
    assert ahead(AlertKind.WAIVER, now=NOW - 5 * DAY) == []
    [alert] = ahead(AlertKind.WAIVER)
    assert (alert.severity, alert.due_at, alert.url) == ("info", waiver.ends_at, f"/waivers/{waiver.pk}/")
    assert alert.title.startswith("Waiver of ")
    assert (alert.kw, alert.check_id, alert.site_id) == (400, "p4-orchestration-owner", porto.pk)
    [alert] = ahead(AlertKind.WAIVER, now=NOW + 9 * DAY)
    assert alert.severity == "error"
    assert ahead(AlertKind.WAIVER, now=NOW + 10 * DAY) == [], "it has ended"


def test_a_waiver_that_another_follows_is_not_told(porto, ops, manager):
    waiver = grant(porto, ops, manager)
    grant(porto, ops, manager, starts_at=waiver.ends_at, ends_at=waiver.ends_at + WEEK)
    assert ahead(AlertKind.WAIVER) == []


def test_what_nothing_depends_on_is_a_step_less_severe(ops, manager):
    grant(inventory.site(), ops, manager, ends_at=NOW + DAY)
    assert ahead(AlertKind.WAIVER)[0].severity == "warning"


def test_the_evidence_of_a_site_is_told_once(porto):
    version, _framework = framework_queries.current()
    for place, gate in enumerate(["BLOCK", "COND", "INFO", "BLOCK"]):
        CheckResult.objects.create(
            site=porto,
            check_id=f"check-{place}",
            pillar="p1",
            gate=gate,
            state="pass",
            measured_state="pass",
            since=NOW,
            expires_at=NOW + (5 + place) * DAY if place < 3 else NOW + 60 * DAY,
            framework_version=version,
        )
    [alert] = ahead(AlertKind.EVIDENCE)
    assert (alert.title, alert.due_at) == ("Evidence of 2 checks expires", NOW + 5 * DAY)
    assert "check-0" in alert.detail


def test_qualifications_that_end_are_counted_at_each_site_of_the_team_without_names(porto):
    team, skill = people.team(), people.skill(name="Fabric repair")
    people.staffing(porto, team)
    ada, ben = people.person(team, name="Ada"), people.person(team, name="Ben")
    people.qualification(ada, skill, valid_until=NOW + 20 * DAY)
    people.qualification(ben, skill, valid_until=NOW + 25 * DAY)
    people.qualification(ben, people.skill(name="Power"), valid_until=NOW + 90 * DAY)
    [alert] = ahead(AlertKind.QUALIFICATION)
    assert (alert.title, alert.severity) == ("2 qualifications end", "info")
    assert "Fabric repair" in alert.detail
    assert "Ada" not in repr(alert)
    people.qualification(ada, skill, valid_until=NOW + 200 * DAY)
    assert ahead(AlertKind.QUALIFICATION)[0].title == "1 qualification ends"


def test_owners_who_must_confirm_stay_told_until_they_did(porto, manager):
    owner = people.person(name="Ada")
    assignment = Assignment.objects.create(
        site=porto, item="energy", accountable=owner, team=people.team(), decision_rights="All", state="accepted",
        effective_at=NOW - 180 * DAY, proposed_by=manager, proposed_at=NOW - 180 * DAY, answered_by=manager,
        answered_at=NOW - 180 * DAY, confirmed_at=NOW - 179 * DAY, due_at=NOW + DAY,
    )  # fmt: skip
    [alert] = ahead(AlertKind.OWNERSHIP)
    assert (alert.title, alert.severity, alert.domain) == ("1 owner must confirm", "warning", "energy")
    [alert] = ahead(AlertKind.OWNERSHIP, now=NOW + 9 * DAY)
    assert alert.severity == "error"
    assert "overdue" in alert.detail
    Assignment.objects.filter(pk=assignment.pk).update(confirmed_at=NOW + 8 * DAY, due_at=NOW + 188 * DAY)
    assert ahead(AlertKind.OWNERSHIP, now=NOW + 9 * DAY) == []


def test_a_short_shift_becomes_more_severe_as_it_comes(frozen_now):
    site = inventory.site(name="Porto", slug="porto")
    skill = people.skill(name="Power chain", domain="energy")
    people.rule(skill, subject="site")
    rotation = people.rotation(site, domain="energy", name="Porto energy")
    ada, cai = people.person(name="Ada"), people.person(name="Cai")
    people.qualification(ada, skill)
    people.qualification(cai, skill, valid_until=NOW + 13 * DAY)
    people.layer(rotation, ada)
    people.layer(rotation, cai, level=2)
    rotations.write_claimed_shifts(now=NOW)
    write_problems()
    frozen_now.at = NOW + DAY
    write_problems(now=frozen_now.at)
    assert Problem.objects.filter(kind="shift").exists()
    [alert] = ahead(AlertKind.SHIFT, now=frozen_now.at)
    assert (alert.domain, alert.severity) == ("energy", "info")
    assert alert.url == "/people/oncall/ahead/?site=porto&domain=energy&standing=short"
    assert "Cai" not in repr(alert)


def probe(plant, ends_at):
    at, labels = plant.clock.at, {"instance": "https://dash"}
    deliver(plant.source, [("probe_ssl_earliest_cert_expiry", labels, ends_at.timestamp(), at)], now=at)


def test_a_certificate_is_told_by_what_was_read_last_and_silence_ends_nothing(plant):
    at = plant.clock.at
    ends_at = (at + 20 * DAY).replace(microsecond=0)
    probe(plant, ends_at)
    [alert] = ahead(AlertKind.CERTIFICATE, now=at)
    assert (alert.title, alert.due_at) == ("The certificate of https://dash ends", ends_at)
    assert (alert.severity, alert.domain, alert.object) == ("warning", "network", "https://dash")
    write([alert], endings={}, now=at)
    [alert] = ahead(AlertKind.CERTIFICATE, now=at + 15 * DAY)
    assert (alert.due_at, alert.severity) == (ends_at, "error"), "nothing was heard since"
    plant.clock.move(hours=1)
    probe(plant, ends_at + 90 * DAY)
    assert ahead(AlertKind.CERTIFICATE, now=plant.clock.at) == []


def test_a_duty_is_told_by_the_clocks_of_its_site_until_proof_is_filed(manager):
    tokyo = inventory.site(name="Tokyo", slug="tokyo", time_zone="Asia/Tokyo")
    SiteProblems.objects.create(site=tokyo, written_at=NOW, kw=400)
    noon = datetime(2027, 1, 20, 3, tzinfo=UTC)
    duty = duties.legal_duty(name="Energy return", recurs="every", months=12)
    entry = duties.duty_entry(site=tokyo, duty=duty, due_on=date(2027, 1, 20), due_hour=12)
    told = lambda at: [(alert.severity, alert.title) for alert in ahead(AlertKind.DUTY, now=at)]  # noqa: E731
    assert told(noon - 30 * DAY - MINUTE) == []
    assert told(noon - 30 * DAY) == [("info", "Duty is due: Energy return")]
    assert told(noon - 7 * DAY) == [("warning", "Duty is due: Energy return")]
    assert told(noon + 99 * DAY) == [("error", "Duty is overdue: Energy return")]
    [alert] = ahead(AlertKind.DUTY, now=noon)
    assert (alert.due_at, alert.url) == (noon, f"/standards/duties/{entry.pk}/")
    assert "Nobody answers for it" in alert.detail
    file_proof(entry, filed_on=date(2027, 1, 20), proof="Receipt", by=manager, now=noon)
    assert told(noon) == []


def test_a_certificate_of_a_site_is_told_before_its_audit_and_its_end_until_it_is_given_up(porto):
    on = (NOW + 40 * DAY).date()
    certificate = duties.certificate(site=porto, surveillance_on=on, expires_on=on + 45 * DAY)
    [audit], [end] = ahead(AlertKind.SURVEILLANCE), ahead(AlertKind.CERTIFICATION)
    assert (audit.severity, end.severity) == ("info", "info")
    assert audit.title == f"Surveillance is due: {certificate}"
    assert end.title == f"Renewal is due: {certificate}"
    assert ahead(AlertKind.CERTIFICATION, now=NOW + 80 * DAY)[0].severity == "error"
    Certificate.objects.update(given_up_on=NOW.date())
    assert [*ahead(AlertKind.SURVEILLANCE), *ahead(AlertKind.CERTIFICATION)] == []


def test_the_run_raises_and_ends_them(porto, ops, manager):
    waiver = grant(porto, ops, manager)
    run(now=NOW)
    alert = Alert.objects.get(kind="waiver")
    assert (alert.due_at, alert.severity) == (waiver.ends_at, "info")
    Grant.objects.filter(pk=waiver.pk).update(ends_at=NOW + 60 * DAY)
    run(now=NOW + 2 * MINUTE)
    alert.refresh_from_db()
    assert alert.ended_at == NOW + 2 * MINUTE


def test_a_waiver_whose_date_passed_is_not_said_to_be_well(porto, ops, manager):
    waiver = grant(porto, ops, manager)
    run(now=NOW)
    run(now=waiver.ends_at + MINUTE)
    alert = Alert.objects.get(kind="waiver")
    assert (alert.ended_by, alert.get_ended_by_display()) == ("date-passed", "Its date has passed")
    assert list(alert.events.filter(kind="ended").values_list("text", flat=True)) == ["Its date has passed"]


def test_the_dates_of_a_site_that_retired_are_over_for_that_reason(porto, ops, manager):
    grant(porto, ops, manager)
    run(now=NOW)
    Site.objects.update(stage=Site.Stage.RETIRED)
    run(now=NOW + 2 * MINUTE)
    assert Alert.objects.get().ended_by == "object-gone"


def test_evidence_that_lapsed_is_told_until_it_is_proven_anew(porto):
    version, _framework = framework_queries.current()
    usual = {
        "pillar": "p1",
        "gate": "BLOCK",
        "since": NOW - WEEK,
        "framework_version": version,
        "site": porto,
    }
    CheckResult.objects.create(
        check_id="stale-before", state="stale", measured_state="stale", **usual | {"since": NOW - MINUTE}
    )
    proven = CheckResult.objects.create(
        check_id="soon", state="pass", measured_state="pass", expires_at=NOW + DAY, **usual
    )
    run(now=NOW)
    alert = Alert.objects.get(kind="evidence")
    assert alert.title == "Evidence of 1 check expires"

    def look(at, **columns):
        CheckResult.objects.filter(pk=proven.pk).update(**columns)
        run(now=at)
        alert.refresh_from_db()
        return alert.title, alert.ended_by

    lapsed = "Evidence of 1 check has expired"
    assert look(NOW + DAY + MINUTE) == (lapsed, ""), "not judged since"
    stale = {"state": "stale", "measured_state": "stale", "since": NOW + DAY, "expires_at": None}
    assert look(NOW + 9 * DAY, **stale) == (lapsed, "")
    proof = {"state": "pass", "measured_state": "pass", "expires_at": NOW + 99 * DAY}
    assert look(NOW + 9 * DAY + 2 * MINUTE, **proof)[1] == "evidence"


def test_dates_take_the_same_statements_for_any_number_of_sites(ops, manager):
    def statements():
        with CaptureQueriesContext(connection) as taken:
            date_alerts(NOW)
        return len(taken)

    sites = [inventory.site(name=f"Site {place}", slug=f"site-{place}") for place in range(12)]
    near = (NOW + 5 * DAY).date()

    def give_dates(site):
        grant(site, ops, manager)
        duties.duty_entry(site=site, owner=people.team(), due_on=near)
        duties.certificate(site=site, owner=people.team(), expires_on=near)

    give_dates(sites[0])
    date_alerts(NOW)
    first = statements()
    for site in sites[1:]:
        give_dates(site)
    assert statements() <= first <= 18
