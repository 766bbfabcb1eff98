"""The job that stores a large file of samples."""

from celery import shared_task

from web import clock


@shared_task(name="telemetry.store_imported_file")
def store_imported_file(pk: int) -> None:
    # The store's modules import the tasks, of which this is one.
    from telemetry.imports import storing

    storing.store_file(pk, now=clock.now())
