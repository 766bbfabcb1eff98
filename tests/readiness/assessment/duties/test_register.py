"""The register by rule, proof, and what duties and certificates do to the check at noon in the site's zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from readiness.assessment.duties.models import Certificate, DutyEntry, DutyProfile
from readiness.assessment.duties.operations import file_proof, keep_registers
from readiness.assessment.evidence.operations import attest
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult
from tests.inventory import made
from tests.pages import rows_of, statements
from tests.readiness.assessment.duties.made import certificate, duty_entry, energy_figure, legal_duty
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people.made import team
from web.permissions import MissingPermission
from web.workflows.waiting import counts

pytestmark = pytest.mark.django_db
CHECK = "p4-regulatory-register"
SECOND = timedelta(seconds=1)


@pytest.fixture
def tokyo(db):
    return made.site(name="Tokyo", slug="tokyo", country="JP", time_zone="Asia/Tokyo", stage="production")


@pytest.fixture
def state_at(tokyo, frozen_now):
    """The state of the check and its worst sub-measure, evaluated only as the clock or a claim asks for it."""

    def read(at):
        frozen_now.at = at
        scoring.rescore_changed(now=at)
        scoring.rescore_due(now=at)
        return CheckResult.objects.get(site=tokyo, check_id=CHECK).state

    scoring.rescore_aged(now=frozen_now.at)
    return read


NOON = datetime(2027, 1, 20, 3, tzinfo=UTC)
"""Noon in Tokyo."""


@pytest.mark.parametrize("kind", ["duty", "certificate", "surveillance"])
def test_what_runs_out_at_noon_of_the_site_changes_its_check_at_noon(kind, tokyo, state_at):
    day, owner = date(2027, 1, 20), team()
    if kind == "duty":
        duty_entry(site=tokyo, owner=owner, due_on=day, due_hour=12)
    else:
        ends = {"expires_on": day} if kind == "certificate" else {"surveillance_on": day}
        certificate(site=tokyo, owner=owner, due_hour=12, **ends)
    assert state_at(NOON - timedelta(days=30) - SECOND) == "pass"
    assert state_at(NOON - timedelta(days=30)) == "warn"
    assert state_at(NOON - SECOND) == "warn"
    assert state_at(NOON) == "fail"
    result = CheckResult.objects.get(site=tokyo, check_id=CHECK)
    assert result.first_bad_at is not None
    assert result.evidence["ref"] == "duties:tokyo"


def test_an_attestation_counts_until_somebody_keeps_the_register(tokyo, state_at, manager, frozen_now):
    for part, value in (("overdue", 0), ("owned", 100), ("due-soon", 0)):
        attest(
            site=tokyo, check=CHECK, part=part, value=value, taken_on=date(2026, 11, 20), statement="All met",
            attested_by="R. Okafor", by=None, now=frozen_now.at,
        )  # fmt: skip
    entry = duty_entry(site=tokyo, due_on=frozen_now.at.date() - timedelta(days=9))
    stated = state_at(frozen_now.at)
    assert stated in {"pass", "warn"}
    entry.owner = team()
    entry.save()
    assert state_at(frozen_now.at) == "fail"
    file_proof(entry, filed_on=frozen_now.at.date(), proof="Receipt 7", by=manager, now=frozen_now.at)
    assert state_at(frozen_now.at) == "pass"


def test_the_register_follows_the_rules_and_keeps_what_somebody_touched(db, manager, frozen_now):
    porto = made.site(name="Porto", slug="porto", country="PT", contracted_kw=900)
    made.site(name="Small", slug="small", country="PT", contracted_kw=90)
    made.site(name="Old", slug="old", country="PT", stage="retired")
    assert keep_registers(now=frozen_now.at) == 1
    report = DutyEntry.objects.get()
    assert (report.site, report.duty.slug, report.due_on) == (porto, "eu-energy-report", date(2027, 5, 15))
    assert keep_registers(now=frozen_now.at) == 0
    profile = DutyProfile.objects.create(site=porto, it_kw=400, sectors=["financial", "ai"])
    assert keep_registers(now=frozen_now.at) == 3  # below the threshold, two by sector
    assert {entry.duty.slug for entry in DutyEntry.objects.all()} == {
        "dora-resilience-tests",
        "ai-act-literacy",
    }
    dora = DutyEntry.objects.get(duty__slug="dora-resilience-tests")
    file_proof(dora, filed_on=frozen_now.at.date(), proof="Test report", by=manager, now=frozen_now.at)
    profile.sectors = []
    profile.save()
    keep_registers(now=frozen_now.at)
    dora.refresh_from_db()
    assert (DutyEntry.objects.count(), dora.applies) == (1, False)
    own = duty_entry(site=porto, duty=legal_duty(places=["US"]))
    assert keep_registers(now=frozen_now.at) == 0
    own.refresh_from_db()
    assert own.applies


def test_proof_is_of_the_past_and_the_newest(tokyo, manager, viewer, frozen_now):
    entry, today = duty_entry(site=tokyo), frozen_now.at.date()
    proof = {"proof": "Receipt", "now": frozen_now.at}
    with pytest.raises(ValidationError, match="enter a day until today"):
        file_proof(entry, filed_on=today + timedelta(days=2), by=manager, **proof)
    file_proof(entry, filed_on=today, by=manager, **proof)
    with pytest.raises(ValidationError, match="proof of that day"):
        file_proof(entry, filed_on=today, by=manager, **proof)
    with pytest.raises(MissingPermission):
        file_proof(entry, filed_on=today, by=viewer, **proof)


def test_what_is_due_soon_waits_for_the_team_that_answers_for_it(tokyo, planner, ops, client_of, frozen_now):
    own, other = team(), team()
    people.person(own, name="Ana Reis", user=planner)
    people.person(other, name="Ben Sato", user=ops)
    soon, later = (frozen_now.at.date() + timedelta(days=days) for days in (30, 31))
    entry = duty_entry(site=tokyo, owner=own, due_on=soon)
    duty_entry(site=tokyo, owner=own, due_on=later)
    duty_entry(site=tokyo, due_on=soon)
    certificate(site=tokyo, owner=own, surveillance_on=soon, expires_on=later)
    assert counts(planner, now=frozen_now.at) == {"file-proof-of-a-duty": 1, "have-a-certificate-audited": 1}
    assert counts(ops, now=frozen_now.at) == {}
    rows = rows_of(client_of("planner").get("/inbox/?export=csv"))
    assert [(row["To do"], row["Since"]) for row in rows] == [
        ("File proof of a duty", ""),
        ("Have a certificate audited", ""),
    ]
    file_proof(entry, filed_on=frozen_now.at.date(), proof="Receipt", by=planner, now=frozen_now.at)
    Certificate.objects.update(given_up_on=frozen_now.at.date())
    assert counts(planner, now=frozen_now.at) == {}


def test_overdue_goes_by_the_clocks_of_the_site(tokyo, client_of, frozen_now):
    lisbon = made.site(name="Lisbon", slug="lisbon", time_zone="Europe/Lisbon")
    day = NOON.date()
    for site in (tokyo, lisbon):
        duty_entry(site=site, due_on=day, due_hour=12)
        certificate(site=site, surveillance_on=day, expires_on=day + timedelta(days=99), due_hour=12)

    def overdue_at(at, path):
        frozen_now.at = at
        page = client_of("viewer").get(f"{path}?overdue=true")
        return [(row.object.site.slug, row.object.standing) for row in page.context["table"].rows]

    for path in ("/standards/duties/", "/standards/certificates/"):
        assert overdue_at(NOON - SECOND, path) == []
        assert overdue_at(NOON, path) == [("tokyo", "overdue")]
        assert len(overdue_at(NOON + timedelta(hours=9), path)) == 2
    assert len(rows_of(client_of("viewer").get("/standards/duties/?overdue=false&export=csv"))) == 0


def test_the_energy_report_has_a_row_for_each_site_and_its_indicators(client_of, frozen_now):
    porto = made.site(name="Porto", slug="porto", country="PT", contracted_kw=900)
    made.site(name="Lagos", slug="lagos", country="NG", contracted_kw=900)
    keep_registers(now=frozen_now.at)
    for figure, value in (("e-dc", 1.2e6), ("e-it", 1e6), ("w-in", 500.0), ("e-reuse", 6e4)):
        energy_figure(site=porto, figure=figure, value=value)
    energy_figure(site=porto, figure="e-dc", value=5.0, year=2024)
    client, path = client_of("viewer"), "/standards/duties/energy-report/?year=2025"
    [row] = rows_of(client.get(f"{path}&export=csv"))
    assert (row["Site"], row["WUE"]) == ("porto", "0.5")
    page = client.get(path).content.decode()
    assert "1,200,000" in page
    assert "4 of 23" in page
    offered_years = [int(choice["label"]) for choice in client.get(path).context["years"]]
    assert client.get(f"/standards/duties/energy-report/?year={min(offered_years)}").status_code == 200
    assert client.get(f"/standards/duties/energy-report/?year={min(offered_years) - 1}").status_code == 400


def test_lists_take_as_many_statements_for_many_rows(client_of, frozen_now):
    client = client_of("admin")
    for path in ("/standards/duties/", "/standards/certificates/"):
        duty_entry(owner=team())
        certificate(owner=team())
        few = statements(client, path)
        for _ in range(24):
            duty_entry(owner=team())
            certificate(owner=team())
        assert statements(client, path) <= few
