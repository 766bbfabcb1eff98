"""Problems of no site: those of Muster itself, which everybody sees, and of sources that serve many sites."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from readiness.loop.problems import operations, own
from readiness.loop.problems.core.states import ProblemState
from readiness.loop.problems.models import Problem, ProblemClaim
from telemetry import operations as telemetry
from telemetry import sources
from telemetry.models import Rejection, Replica, Source, SourceActivity, SourceStatus
from tests.pages import text_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.assessment.scoring.test_page_queries import source
from tests.readiness.problems import write_problems
from web import clock

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def late_drain(monkeypatch, frozen_now):
    """A list of what is wrong with Muster, which the test changes."""
    frozen_now.at = NOW
    wrong = [
        own.muster_problem(
            "lag",
            ProblemState.CRITICAL,
            "Muster is 4 min behind",
            detail="Give the machine more processors.",
            since=NOW - 4 * MINUTE,
            value="4 min",
        )
    ]
    monkeypatch.setattr(own, "OWN_PROBLEMS", [*own.OWN_PROBLEMS, lambda now: wrong])
    return wrong


def own_rows():
    return {(each.kind, each.key): each for each in Problem.objects.open().filter(site=None)}


def test_what_is_wrong_with_muster_is_one_problem_until_it_is_well(late_drain):
    assert operations.write_own(now=NOW) == 1
    assert operations.write_own(now=NOW + MINUTE) == 0
    problem = own_rows()["muster", "lag"]
    assert (problem.title, problem.state, problem.since) == (
        "Muster is 4 min behind",
        "critical",
        NOW - 4 * MINUTE,
    )
    late_drain.clear()
    operations.write_own(now=NOW + 2 * MINUTE)
    problem.refresh_from_db()
    assert (problem.ended_by, problem.ended_at) == ("muster", NOW + 2 * MINUTE)


def test_everybody_sees_muster_and_only_readers_without_scopes_a_source_of_many_sites(
    late_drain, user_of, client_of, api_of
):
    stored.site(name="Porto", slug="porto", owner="Ops")
    operations.write_own(now=NOW)
    Problem.objects.create(
        kind="intake", key="7-waiting", cause_kind="intake", cause_key="7-waiting", subject="7", state="missing",
        title="The exchange has not sent yet", rank=10, head_rank=10, first_seen_at=NOW, last_seen_at=NOW,
    )  # fmt: skip
    api = api_of("viewer")
    listed = api.get("/api/readiness/problems/").json()["results"]
    assert [(each["id"], each["site"], each["kw"]) for each in listed] == [
        ("muster-lag", "", 0.0),
        ("intake-7-waiting", "", 0.0),
    ]
    user_of("viewer").access_scopes.create(kind="site", slug="porto")
    assert [each["id"] for each in api.get("/api/readiness/problems/").json()["results"]] == ["muster-lag"]
    client = client_of("viewer")
    for query in ("", "?group=site", "?group=owner", "?problem=muster-lag", "?export=csv", "?sort=where"):
        assert "Muster is 4 min behind" in text_of(client.get(f"/problems/{query}")), query
    assert "Muster is 4 min behind" in client.get("/fleet/").text


def test_muster_has_no_site_and_every_other_problem_but_of_intake_has_one(late_drain):
    site = stored.site(owner="Ops")
    operations.write_own(now=NOW)
    with pytest.raises(IntegrityError, match="problem_of_muster_has_no_site"), transaction.atomic():
        Problem.objects.update(site=site)
    with pytest.raises(IntegrityError, match="problem_of_muster_has_no_site"), transaction.atomic():
        Problem.objects.update(kind="check", cause_kind="check")
    again = Problem.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError, match="problem_open_once"), transaction.atomic():
        Problem.objects.bulk_create([again])


def test_nothing_ends_because_nobody_could_look(late_drain, monkeypatch):
    operations.write_own(now=NOW)

    def fail(now):
        raise OSError("no such disk")

    monkeypatch.setattr(own, "OWN_PROBLEMS", [fail])
    with pytest.raises(OSError, match="no such disk"):
        operations.write_own(now=NOW + MINUTE)
    assert set(own_rows()) == {("muster", "lag")}


def refuse(of, count, *, of_taken, now=NOW):
    SourceActivity.objects.update_or_create(
        source=of, start=now - MINUTE, defaults={"samples": of_taken, "rejected": count}
    )
    Rejection.objects.update_or_create(
        source=of, on_date=now.date(), reason="too_old", defaults={"count": count, "last_at": now}
    )


def intake_of(site):
    return {
        problem.key.partition("-")[2]: problem
        for (kind, _key), problem in write_problems().items()
        if kind == "intake" and problem.site_id == site.pk
    }


@pytest.mark.parametrize(
    ("refused_count", "taken", "state"),
    [
        pytest.param(4, 0, None, id="too few to say"),
        pytest.param(9, 1_000, None, id="less than one in a hundred"),
        pytest.param(40, 1_000, "warn", id="some"),
        pytest.param(900, 100, "failing", id="most"),
        pytest.param(6, 0, "failing", id="every body"),
    ],
)
def test_a_source_that_refuses_is_a_problem_of_its_site(refused_count, taken, state):
    site = stored.site(owner="Ops")
    meter = source(site, "on-time", name="meter")
    write_problems()
    refuse(meter, refused_count, of_taken=taken)
    operations.write_own(now=NOW)
    problems = intake_of(site)
    assert {key: problem.state for key, problem in problems.items()} == ({"refusing": state} if state else {})
    if state:
        assert problems["refusing"].title == "Muster refuses samples of meter"
        assert "older than the period" in problems["refusing"].detail
        SourceActivity.objects.all().delete()
        operations.write_own(now=NOW)
        assert intake_of(site) == {}
        assert Problem.objects.get(kind="intake").ended_by == "source"


def test_a_paused_source_causes_the_silence_of_its_site_until_somebody_resumes_it():
    site = stored.site(owner="Ops")
    meter = source(site, "on-time", name="meter")
    SourceStatus.objects.filter(source=meter).update(state="paused")
    stored.health(site, "compute", "unknown", clock="", last_health="ok", heard_at=NOW)
    stored.result(site, "p5-telemetry-coverage", "fail")
    problems = write_problems()
    assert problems["intake", f"{meter.pk}-paused"].follow == 2
    assert problems["health", "compute"].cause_kind == "intake"
    SourceStatus.objects.filter(source=meter).update(state="on-time")
    stored.result(site, "p2-power-headroom", "fail")
    write_problems()
    assert Problem.objects.get(kind="intake").ended_by == "person"


def test_a_source_without_a_sample_is_a_problem_after_three_limits():
    site = stored.site(owner="Ops")
    meter, _token = telemetry.create_source(
        name="meter", site=site, cadence_s=60, grace_s=60, by=None, now=NOW
    )
    sources.update_states(now=NOW)
    assert intake_of(site) == {}
    assert operations.write_claimed(now=NOW + 6 * MINUTE - timedelta(seconds=1)) == 0
    assert operations.write_claimed(now=NOW + 6 * MINUTE) == 1
    waiting = Problem.objects.get(kind="intake")
    assert (waiting.key, waiting.state) == (f"{meter.pk}-waiting", "missing")


def test_a_source_of_many_sites_that_waits_or_refuses_belongs_to_no_site():
    exchange = Source.objects.create(name="exchange", site_label="site")
    SourceStatus.objects.create(source=exchange, state="waiting", state_since=NOW - 7 * MINUTE)
    refuse(exchange, 50, of_taken=50)
    operations.write_own(now=NOW)
    assert {key: row.state for (_kind, key), row in own_rows().items()} == {
        f"{exchange.pk}-waiting": "missing",
        f"{exchange.pk}-refusing": "failing",
    }
    exchange.delete()
    operations.write_own(now=NOW)
    assert {each.ended_by for each in Problem.objects.all()} == {"object-gone"}


def test_a_source_with_another_clock_is_a_problem_until_its_samples_agree():
    site = stored.site(owner="Ops")
    source(site, "on-time", name="meter")
    exchange = Source.objects.create(name="exchange", site_label="site")
    SourceStatus.objects.create(source=exchange, state="on-time", state_since=NOW)
    SourceStatus.objects.update(clock="ahead", clock_since=NOW - MINUTE, clock_skew_s=42.5)
    problem = intake_of(site)["clock"]
    assert (problem.title, problem.state) == ("Samples of meter come from the future", "warn")
    assert (problem.value, problem.limit, problem.since) == ("42 s ahead", "limit 30 s", NOW - MINUTE)
    operations.write_own(now=NOW)
    assert [key for _kind, key in own_rows()] == [f"{exchange.pk}-clock"]

    SourceStatus.objects.update(state="silent")
    ProblemClaim.objects.create(site=site)
    assert "clock" in intake_of(site)
    SourceStatus.objects.update(state="on-time", clock="agrees", clock_skew_s=-1)
    ProblemClaim.objects.create(site=site)
    operations.write_own(now=NOW)
    assert intake_of(site) == own_rows() == {}
    assert {each.ended_by for each in Problem.objects.filter(kind="intake")} == {"source"}


def test_replicas_are_problems_that_no_silence_ends():
    site = stored.site(owner="Ops")
    source(site, "on-time", name="pair")
    pair = Source.objects.get(name="pair")
    exchange = Source.objects.create(name="exchange", site_label="site", replica_label="replica")
    SourceStatus.objects.create(source=exchange, state="on-time", state_since=NOW)
    for each in (pair, exchange):
        Replica.objects.create(
            source=each, number=1, name="a", first_sample_at=NOW, silent_since=NOW - MINUTE
        )
    Replica.objects.create(
        source=pair,
        number=2,
        name="b",
        first_sample_at=NOW,
        contradicts_since=NOW,
        contradiction="40 by a, 71 by b",
    )
    Replica.objects.create(source=pair, number=0, name="e", first_sample_at=NOW)
    ProblemClaim.objects.create(site=site)
    problems = intake_of(site)
    assert {key: problem.title for key, problem in problems.items()} == {
        "replica-0": "pair has more than 4 replicas",
        "replica-1": "Replica a of pair is silent",
        "replica-2": "Replicas of pair contradict each other",
    }
    assert problems["replica-2"].value == "40 by a, 71 by b"
    assert problems["replica-1"].since == NOW - MINUTE
    operations.write_own(now=NOW)
    assert [key for _kind, key in own_rows()] == [f"{exchange.pk}-replica-1"]

    SourceStatus.objects.update(state="silent")
    ProblemClaim.objects.create(site=site)
    assert set(intake_of(site)) == set(problems)
    Replica.objects.update(silent_since=None, contradicts_since=None, contradiction="", removed_at=NOW)
    ProblemClaim.objects.create(site=site)
    operations.write_own(now=NOW)
    assert intake_of(site) == own_rows() == {}


def test_a_wrong_clock_is_a_problem_of_muster_until_it_is_right(frozen_now):
    """Three sources sent a moment ago what they had measured, as it seems, 45 days before."""
    frozen_now.at = NOW
    for number in range(3):
        sender = source(None, name=f"sender {number}", site_label="site")
        SourceStatus.objects.update_or_create(
            source=sender,
            defaults={
                "state_since": NOW - timedelta(days=50),
                "last_sample_at": NOW - timedelta(days=45),
                "last_received_at": NOW,
            },
        )
    trusted_at = clock.trusted_now()
    assert trusted_at == NOW - timedelta(days=45)
    operations.write_own(now=trusted_at)
    problem = own_rows()["muster", "clock"]
    assert (problem.state, problem.first_seen_at) == ("failing", trusted_at)
    assert "45 d ahead of the samples of 3 of 3 sources" in problem.detail

    SourceStatus.objects.update(last_sample_at=NOW)
    operations.write_own(now=clock.trusted_now())
    assert ("muster", "clock") not in own_rows()


def test_a_full_disk_is_a_problem_of_muster_that_does_not_change_all_the_time(settings, frozen_now):
    frozen_now.at = NOW
    settings.DISK_RESERVE_MB = 10**9
    assert [operations.write_own(now=frozen_now.move(seconds=5)) for _ in range(3)] == [1, 0, 0]
    assert own_rows()["muster", "disk"].state == "failing"
    settings.DISK_RESERVE_MB = 0
    operations.write_own(now=frozen_now.move(seconds=5))
    assert own_rows() == {}
