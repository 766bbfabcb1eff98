"""A Muster that is behind: sites are judged, and told, as of what it has reached, and none is silent for it."""

import pytest

from inventory.models import SiteChange
from readiness.assessment.scoring import tasks
from readiness.assessment.scoring.models import Flip, SiteScore
from readiness.loop.problems import tasks as problems
from readiness.loop.problems.models import Problem
from telemetry import drain, ingest
from telemetry import tasks as telemetry
from tests.pages import words_of
from tests.telemetry.sending import columns_of
from web import notices, watch

pytestmark = pytest.mark.django_db
HEALTH = "/api/readiness/health/"
BEHIND_S = 900


@pytest.fixture(autouse=True)
def _nothing_noted():
    watch._client.delete(watch.KEY)
    yield
    watch._client.delete(watch.KEY)


@pytest.fixture
def judged(well):
    """The well plant as the worker's tasks left it."""
    run_all()
    return well


@pytest.fixture
def told(judged, api_of):
    """Health by domain as the API and the list of sites tell it."""
    api = api_of("viewer")

    def read():
        rows = api.get(HEALTH).json()["results"]
        by_filter = {
            domain: api.get(HEALTH, {"domain": domain, "health": row["health"]["value"]}).json()["count"]
            for row in rows
            for domain in [row["domain"]["value"]]
        }
        assert set(by_filter.values()) == {1}
        return {row["domain"]["value"]: row["health"]["value"] for row in rows}

    return read


def run_all():
    for task in (
        telemetry.update_source_states,
        tasks.rescore_changed,
        tasks.rescore_due,
        tasks.rescore_aged,
        problems.write_claimed,
    ):
        task()


def accept(plant):
    """Take what the plant sends, as the door does, and leave it to the drain."""
    ingest.accept(
        source=plant.source, columns=columns_of(*plant.readings(plant.clock.at)), now=plant.clock.at
    )


def go_behind(plant):
    """A quarter of an hour in which the plant sends each minute, and nothing is drained."""
    for _ in range(BEHIND_S // 60):
        plant.clock.move(seconds=60)
        accept(plant)


def verdict_of(plant):
    return SiteScore.objects.get(site=plant.site).verdict


def test_a_drain_that_is_behind_changes_no_state(judged, told):
    before, flips, verdict = told(), Flip.objects.count(), verdict_of(judged)
    problems_before = set(Problem.objects.open().values_list("title", flat=True))
    go_behind(judged)
    for _ in range(3):
        run_all()
        judged.clock.move(seconds=20)
        assert told() == before
    assert Flip.objects.count() == flips
    assert set(Problem.objects.open().values_list("title", flat=True)) == problems_before
    assert verdict_of(judged) == verdict
    drain.drain(now=judged.clock.at)
    assert told() == before
    run_all()
    assert told() == before
    assert Flip.objects.count() == flips
    assert SiteScore.objects.get(site=judged.site).evaluated_at == judged.clock.at


def test_scoring_that_stands_still_calls_no_site_unknown(judged, told):
    """The drain goes on, and nobody evaluates."""
    before = told()
    judged.clock.move(seconds=BEHIND_S)
    judged.send()
    assert told() == before
    assert watch.lag(judged.clock.at).is_behind
    run_all()
    assert told() == before
    assert not watch.lag(judged.clock.at).is_behind


def test_a_site_that_stopped_sending_is_silent_once_muster_has_caught_up(judged, told):
    for _ in range(3):
        judged.clock.move(seconds=60)
        accept(judged)
    judged.clock.move(seconds=BEHIND_S)
    run_all()
    assert set(told().values()) == {"ok"}
    drain.drain(now=judged.clock.at)
    run_all()
    assert set(told().values()) == {"unknown"}


def test_a_change_is_judged_though_the_oldest_batch_is_older_than_the_newest_evaluation(judged):
    judged.clock.move(seconds=62)
    accept(judged)
    judged.clock.move(seconds=5)
    SiteChange.objects.create(site=judged.site, origin=SiteChange.Origin.TELEMETRY)
    tasks.rescore_changed()
    evaluated_at = SiteScore.objects.get(site=judged.site).evaluated_at
    assert evaluated_at == judged.clock.at
    judged.clock.move(seconds=30)
    SiteChange.objects.create(site=judged.site, origin=SiteChange.Origin.INVENTORY)
    assert tasks.rescore_changed() == 1
    assert SiteScore.objects.get(site=judged.site).evaluated_at == evaluated_at
    assert not SiteChange.objects.exists()


def test_every_page_says_as_of_when_it_is_and_a_problem_lasts_until_muster_has_caught_up(judged, client_of):
    viewer = client_of("viewer")

    def is_told():
        # The web process does it every two seconds.
        notices.refresh(judged.clock.at)
        return "Muster is 15 min behind" in words_of(viewer.get("/sites/"))

    assert not is_told()
    go_behind(judged)
    problems.write_own()
    assert is_told()
    problem = Problem.objects.open().get(kind="muster", key="lag")
    assert (problem.state, problem.site_id) == ("critical", None)
    drain.drain(now=judged.clock.at)
    run_all()
    problems.write_own()
    assert not is_told()
    assert not Problem.objects.open().filter(kind="muster").exists()
