"""When each job of the schedule ran last, how late it is, and what its last failure was."""

import pytest
from celery import shared_task
from django.db import DatabaseError

from config.schedule import JOBS
from telemetry import tasks as telemetry
from web import jobs
from web import tasks as web
from web.faults import faults

pytestmark = pytest.mark.django_db


@shared_task(name="tests.no_job")
def no_job():
    return 0


def run(task, failure=None):
    """What the worker's process says of a run, without closing the test's connection as it does."""
    jobs.note_begin(task=task)
    jobs.note_end(task=task, state="FAILURE" if failure else "SUCCESS", retval=failure or 0)


@pytest.fixture
def standing(frozen_now):
    """`standing("drain-inbox")` is what is known of a job now."""
    jobs._client.delete(jobs.KEY)
    yield lambda name: {job.name: job for job in jobs.standings(now=frozen_now.at)}[name]
    jobs._client.delete(jobs.KEY)


def test_every_job_of_the_schedule_has_a_task_and_a_queue(settings):
    from config.celery import app

    app.loader.import_default_modules()
    assert [name for name, job in JOBS.items() if job.task not in app.tasks] == []
    assert all("expires" not in entry["options"] for entry in settings.CELERY_BEAT_SCHEDULE.values())


def test_nothing_is_late_before_any_job_ran(standing, frozen_now):
    frozen_now.move(days=3)
    job = standing("drain-inbox")
    assert (job.done_at, job.late_s, job.is_late) == (None, None, False)


def test_a_run_is_noted_and_lateness_counts_from_when_the_next_should_have_ended(standing, frozen_now):
    run(telemetry.drain_inbox)
    assert (standing("drain-inbox").done_at, standing("drain-inbox").late_s) == (frozen_now.at, 0)
    frozen_now.move(seconds=50)
    assert (standing("drain-inbox").late_s, standing("drain-inbox").is_late) == (48, False)
    frozen_now.move(seconds=20)
    assert standing("drain-inbox").is_late
    # Another job has not run at all since then.
    assert standing("roll-up").done_at is None
    frozen_now.move(seconds=60)
    assert standing("roll-up").is_late
    # Bulk work may wait for other bulk work.
    assert not standing("demo-history").is_late
    frozen_now.move(minutes=30)
    assert standing("demo-history").is_late


def test_a_job_that_fails_is_not_done(standing, frozen_now):
    run(telemetry.match_series)
    done_at = frozen_now.at
    frozen_now.move(seconds=200)
    run(telemetry.match_series, DatabaseError("out of disk"))
    job = standing("match-series")
    assert (job.done_at, job.is_late, job.failure) == (done_at, True, "DatabaseError: out of disk")
    titles = {fault.key: fault.title for fault in faults(now=frozen_now.at)}
    assert titles["jobs-failing"] == "1 job is failing"


def test_it_is_forgiven_when_it_ends_well(standing):
    run(web.number_written, DatabaseError("gone"))
    assert standing("number-written").failure
    run(web.number_written)
    assert standing("number-written").failure == ""


def test_other_tasks_are_not_noted(standing):
    run(no_job)
    assert jobs._client.hgetall(jobs.KEY) == {}


def test_late_jobs_are_one_fault(standing, frozen_now):
    run(telemetry.drain_inbox)
    frozen_now.move(hours=2)
    [fault] = [fault for fault in faults(now=frozen_now.at) if fault.key == "jobs-late"]
    assert fault.is_bad
    assert fault.since == frozen_now.at.replace(hour=frozen_now.at.hour - 2)
    assert fault.detail.endswith("more")
