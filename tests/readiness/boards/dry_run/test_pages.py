"""The page of dry-runs: who moves and why, and publishing and going back from there."""

import csv
import io
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import Flip
from readiness.boards.dry_run import operations, running
from readiness.boards.dry_run.queries import standing_of
from readiness.boards.models import DryRun
from tests.inventory import made
from tests.pages import text_of, words_of

pytestmark = pytest.mark.django_db


def address(version, what="dry-run/"):
    return f"/readiness/framework/{version.pk}/{what}"


def test_from_trying_to_publishing_and_going_back(plants, stricter, client_of, frozen_now):
    planning, deciding = client_of("planner"), client_of("manager")
    assert "No dry-run yet" in text_of(planning.get(address(stricter)))
    assert "There is no dry-run of it" in text_of(
        deciding.post(address(stricter, "publish/"), {"digest": stricter.digest}), 422
    )
    page = text_of(planning.post(address(stricter, "dry-run/start/"), follow=True))
    for told in (
        "1 site would change its verdict",
        "Plant70",
        "against <b>≤ 65 %</b>, was ≤ 80 %",
        "−80.0 kW",
        "Not ready",
    ):
        assert told in page
    assert "Plant60" not in page
    answer = planning.get(address(stricter) + "?export=csv&cols=site&cols=to&cols=because")
    [row] = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert "output-load 70 % against ≤ 65 %, was ≤ 80 %" in str(row)

    late = deciding.post(address(stricter, "publish/"), {"digest": "other"})
    assert "The draft was changed since you read it" in text_of(late, 409)
    done = deciding.post(address(stricter, "publish/"), {"digest": stricter.digest, "note": "Agreed"})
    assert done["Location"] == address(stricter, "")
    assert framework_queries.current()[0] == stricter
    # Trying what was in force before shows what going back to it would do.
    first = stricter.made_from
    assert "Roll back to this version" in text_of(deciding.get(address(first)))
    back = deciding.post(address(first, "roll-back/"), {"note": "Too strict"}, follow=True)
    assert "rolls back to small-1" in words_of(back)


def test_a_large_fleet_is_left_to_the_worker(db, draft_of_shipped, planner, frozen_now, client_of):
    for number in range(3):
        made.site(name=f"S{number}", slug=f"s{number}")
    run = operations.start(draft_of_shipped, by=planner, now=frozen_now.at, at_once=2)
    assert (run.state, run.sites_total) == ("waiting", 3)
    assert operations.start(draft_of_shipped, by=planner, now=frozen_now.at) == run
    assert "0 of 3 sites tried" in text_of(client_of("planner").get(address(draft_of_shipped)))
    assert running.run_waiting(now=frozen_now.at) == 1
    assert running.run_waiting(now=frozen_now.at) == 0
    run.refresh_from_db()
    assert (run.state, run.sites_done, run.result["sites"], run.result["skipped"]) == ("done", 3, [], [])
    assert "No site would change its verdict" in text_of(client_of("planner").get(address(draft_of_shipped)))


def test_a_run_whose_worker_is_gone_begins_anew(db, draft_of_shipped, planner, frozen_now):
    run = operations.start(draft_of_shipped, by=planner, now=frozen_now.at, at_once=-1)
    working = DryRun.objects.filter(pk=run.pk)
    working.update(state="running", progressed_at=Now())
    assert running.run_waiting(now=frozen_now.at) == 0
    working.update(progressed_at=Now() - timedelta(minutes=6))
    assert running.run_waiting(now=frozen_now.at) == 1


def test_content_that_was_edited_meanwhile_is_not_tried(db, draft_of_shipped, planner, frozen_now):
    run = operations.start(draft_of_shipped, by=planner, now=frozen_now.at, at_once=-1)
    DryRun.objects.filter(pk=run.pk).update(digest="other")
    running.run_waiting(now=frozen_now.at)
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", "The content was changed before it was tried.")


def test_a_dry_run_stands_for_a_day_and_says_when_sites_moved(db, draft_of_shipped, planner, frozen_now):
    operations.start(draft_of_shipped, by=planner, now=frozen_now.at)
    in_force = framework_queries.current()[0]

    def standing():
        return standing_of(draft_of_shipped, in_force, now=frozen_now.at)

    assert (standing().counts, standing().moved) == (True, "")
    frozen_now.move(hours=1)
    Flip.objects.create(
        site=made.site(), subject="check", key="p2-backup-power", from_state="pass", to_state="fail",
        cause="data", at=frozen_now.at, framework_version=in_force,
    )  # fmt: skip
    assert (standing().counts, standing().moved) == (
        True, "1 site has moved since, so the result may differ now.",
    )  # fmt: skip
    frozen_now.move(hours=24)
    assert standing().against == ("Its dry-run is older than 24 h (operator-set default).",)


def test_the_page_of_a_version_in_force_offers_no_trial(client_of, draft_of_shipped):
    in_force = draft_of_shipped.made_from
    client = client_of("admin")
    assert "Try it" not in text_of(client.get(address(in_force)))
    assert "nothing to compare it with" in text_of(client.post(address(in_force, "dry-run/start/")), 409)
