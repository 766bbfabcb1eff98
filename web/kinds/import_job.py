"""The job of a large import. It needs all kinds with their addresses, some 40 MB: a worker process loads these for it
alone, and is replaced soon."""

from celery import shared_task

from web import clock


@shared_task(name="web.work_on_import")
def work_on_import(pk: int) -> None:
    from web.kinds import importing

    importing.work(pk, now=clock.now())
