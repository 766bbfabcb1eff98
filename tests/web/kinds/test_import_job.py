"""Large files: a task works on them a batch at a time, tells how far it is, and ends when it is asked to."""

import gc
import threading
import tracemalloc
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from kombu.exceptions import OperationalError

from inventory.models import Rack, Site
from tests.conftest import NOW
from tests.entries import entries_of
from tests.inventory import made
from tests.web.kinds.test_csv import Importer
from web.kinds import importing
from web.kinds.models import FileImport

AFTER = importing.AT_ONCE + 1


@pytest.fixture
def queued(monkeypatch):
    """The tasks that would be sent to a worker."""
    sent = []
    monkeypatch.setattr(
        importing.work_on_import, "apply_async", lambda kwargs, **_options: sent.append(kwargs)
    )
    return sent


@pytest.fixture
def importer(client_of, queued):
    made.site(name="S", slug="s")
    return Importer(client_of("planner"), "/inventory/racks/csv/")


def racks(number):
    return "name,site\n" + "".join(f"R{place},s\n" for place in range(1, number + 1))


def run(queued):
    """As the worker would, which is nobody in particular."""
    importing.work_on_import(**queued.pop())


@pytest.mark.django_db
def test_a_large_file_is_checked_and_imported_by_a_task(importer, queued):
    waiting = importer.check(racks(AFTER))
    assert (waiting.state, len(queued), Rack.objects.count()) == ("checking", 1, 0)
    page = importer.client.get(importer.file).text
    assert 'hx-trigger="every 1s"' in page
    run(queued)
    assert 'hx-trigger="every 1s"' not in importer.client.get(importer.file).text
    assert importer.post(action="all", changelog_message="new hall").state == "applying"
    run(queued)
    done = FileImport.objects.get()
    assert (done.state, done.counts, Rack.objects.count()) == ("done", {"created": AFTER}, AFTER)
    entries = entries_of(Rack, action="created")
    assert set(entries.values_list("username", "message", "request_id")) == {
        ("planner", "new hall", done.request_id)
    }


@pytest.mark.django_db(transaction=True)
def test_work_tells_how_far_it_is_and_ends_when_asked(importer, queued):
    importer.check(racks(AFTER))
    run(queued)
    importer.post(action="all")
    site = Site.objects.get()
    with transaction.atomic():
        # The task waits for this one in its second batch, since both cannot be.
        Rack.objects.create(site=site, name=f"R{importing.BATCH + 1}")
        worker = threading.Thread(target=_run_apart, args=[queued])
        worker.start()
        _wait_until(lambda: FileImport.objects.filter(done=importing.BATCH).exists())
        page = importer.client.get(importer.file)
        assert f'value="{importing.BATCH}"' in page.text
        with_cancel = threading.Thread(target=_cancel_apart)
        with_cancel.start()
        with_cancel.join(timeout=20)
        transaction.set_rollback(True)
    worker.join(timeout=60)
    assert (FileImport.objects.get().state, Rack.objects.count()) == ("cancelled", 0)


def _run_apart(queued):
    try:
        run(queued)
    finally:
        connections.close_all()


def _cancel_apart():
    try:
        importing.cancel(FileImport.objects.get(), now=NOW)
    finally:
        connections.close_all()


def _wait_until(condition):
    pause = threading.Event()
    for _ in range(600):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("It never came to it.")


@pytest.mark.django_db
def test_the_good_rows_are_kept_by_batches_and_go_on_where_they_ended(importer, queued):
    importer.check(racks(AFTER) + "X,nowhere\n")
    run(queued)
    imported = importer.post(action="good")
    # As a worker leaves it that was killed after its first batch.
    FileImport.objects.filter(pk=imported.pk).update(
        done=importing.BATCH, counts={"created": importing.BATCH}
    )
    run(queued)
    done = FileImport.objects.get()
    assert (done.state, done.done, done.counts) == ("done", AFTER + 1, {"created": AFTER, "refused": 1})
    assert Rack.objects.count() == AFTER - importing.BATCH
    importing.work(done.pk, now=NOW)
    assert FileImport.objects.get().counts == done.counts


@pytest.mark.django_db
def test_a_cancelled_import_keeps_the_batches_before(importer, queued):
    importer.check(racks(AFTER) + "X,nowhere\n")
    run(queued)
    importer.post(action="good")
    assert importer.post(action="cancel").cancel_asked
    run(queued)
    ended = FileImport.objects.get()
    assert (ended.state, Rack.objects.count()) == ("cancelled", ended.counts.get("created", 0))


@pytest.mark.django_db
def test_an_import_that_no_worker_takes_is_ended_by_asking_twice(importer, queued):
    importer.check(racks(AFTER))
    assert importer.post(action="cancel").state == "checking"
    assert importer.post(action="cancel").state == "cancelled"
    run(queued)
    assert (FileImport.objects.get().state, Rack.objects.count()) == ("cancelled", 0)


@pytest.mark.django_db
def test_whoever_may_no_more_imports_nothing(importer, queued, planner):
    importer.check(racks(AFTER))
    run(queued)
    importer.post(action="all")
    planner.is_active = False
    planner.save()
    run(queued)
    assert (FileImport.objects.get().counts, Rack.objects.count()) == ({"refused": AFTER}, 0)


@pytest.mark.django_db
def test_without_a_worker_the_sender_is_told(importer, monkeypatch):
    def away(**_options):
        raise OperationalError("no broker")

    monkeypatch.setattr(importing.work_on_import, "apply_async", away)
    waiting = importer.check(racks(AFTER))
    assert (waiting.state, waiting.problems[0][2]) == ("mapping", "No worker can be reached; try again.")
    assert "No worker can be reached" in importer.client.get(importer.file).text


def most_memory(work):
    """Bytes that are in use at most after a batch of rows, when garbage has been collected.

    The peak itself depends on when Python collects garbage, and so on the tests before.
    """
    in_use = []

    def look(execute, statement, *arguments):
        result = execute(statement, *arguments)
        if "web_fileimport" in statement:
            gc.collect()
            in_use.append(tracemalloc.get_traced_memory()[0])
        return result

    tracemalloc.start()
    try:
        with connection.execute_wrapper(look):
            work()
    finally:
        tracemalloc.stop()
    return max(in_use)


@pytest.mark.full
@pytest.mark.django_db
def test_memory_does_not_grow_with_the_file(importer, queued):
    in_use = []
    # The first run also fills caches.
    for rows in (AFTER, AFTER, 4 * AFTER):
        waiting = importer.check(racks(rows))
        in_use.append(most_memory(lambda: run(queued)))
        assert FileImport.objects.get(pk=waiting.pk).counts == {"created": rows}
    # A row more is its text and the number of its object; a draft of it takes some thousand bytes.
    assert (in_use[2] - in_use[1]) / (3 * AFTER) < 400


@pytest.mark.django_db
def test_files_are_gone_after_a_week(importer, frozen_now):
    importer.send(racks(1))
    frozen_now.move(days=6)
    importer.send(racks(1))
    assert FileImport.objects.count() == 2
    frozen_now.at += timedelta(days=2)
    importer.send(racks(1))
    assert FileImport.objects.count() == 2


def test_the_task_is_known_by_its_name():
    from config.celery import app

    app.loader.import_default_modules()
    assert "web.work_on_import" in app.tasks
