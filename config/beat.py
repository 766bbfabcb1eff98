"""The beat: `python -m config.beat --schedule FILE`, with its own Celery application.

It sends tasks by name, so it needs no task, no model and no Django. It also leaves out Celery's command line: 13 MB.
"""

import argparse
import json
from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler, ScheduleEntry

from config import env, schedule


class CoalescingScheduler(PersistentScheduler):
    """Sends no tick of a job while one of it waits in its queue.

    So no tick has to expire, and a worker that was away finds one of each job. The queue itself is asked: a latch
    beside it would outlive the message that it stands for, or the other way round, after a crash.
    """

    def apply_async(self, entry: ScheduleEntry, **options: Any) -> Any:
        if not self._waits(entry.task, entry.options["queue"]):
            return super().apply_async(entry, **options)
        if self.should_sync():
            self._do_sync()
        return None

    def _waits(self, task: str, queue: str) -> bool:
        messages = self.connection.default_channel.client.lrange(queue, 0, -1)
        return any(json.loads(message)["headers"].get("task") == task for message in messages)


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
    app.Beat(schedule=parser.parse_args().schedule, scheduler_cls=CoalescingScheduler, loglevel="INFO").run()


if __name__ == "__main__":
    main()
