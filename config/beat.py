"""The beat: `python -m config.beat --schedule FILE`, with its own Celery application.

It sends tasks by name, so it needs no task, no model and no Django. It also leaves out Celery's command line: 13 MB.
"""

import argparse

from celery import Celery

from config import env, schedule

app = Celery(
    "muster", broker=env.broker(env.text("REDIS_URL", None, "the Redis address")), set_as_current=False
)
app.conf.update(
    beat_schedule=schedule.ENTRIES,
    task_routes=schedule.ROUTES,
    task_default_queue=schedule.DEFAULT_QUEUE,
    task_ignore_result=True,
    timezone="UTC",
    broker_connection_retry_on_startup=True,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m config.beat", description="Send each task when it is due."
    )
    parser.add_argument("--schedule", required=True, help="file that keeps when each task was sent last")
    # No pid file: the launcher ensures a single beat, and such a file would survive a kill -9.
    app.Beat(schedule=parser.parse_args().schedule, loglevel="INFO").run()


if __name__ == "__main__":
    main()
