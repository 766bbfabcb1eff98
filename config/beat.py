"""The beat: `python -m config.beat --schedule FILE`, with its own Celery application.

It sends tasks by name, so it needs no task, no model and no Django. It also leaves out Celery's command line: 13 MB.

Each host may run one. Of those on one Valkey a single one sends ticks; the others wait until it has gone.
"""

import argparse
import json
import logging
from contextlib import suppress
from typing import Any

import redis
from celery import Celery
from celery.beat import PersistentScheduler, ScheduleEntry
from redis.backoff import NoBackoff
from redis.exceptions import LockError, RedisError
from redis.lock import Lock
from redis.retry import Retry

from config import env, schedule

LEASE_KEY = "muster:beat"
LEASE_S = 10.0
RENEWED_EVERY_S = 2.0
_REDIS_URL = env.text("REDIS_URL", None, "the Redis address")

log = logging.getLogger(__name__)


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


class ElectedScheduler(CoalescingScheduler):
    """Sends ticks only while it holds the lease, which one beat holds at a time.

    The lease is in the server that has the queues: whoever cannot renew it cannot send either, and a server that lost
    its data gives both anew. A beat that ends gives the lease back; one that is killed holds it for `LEASE_S` more.
    A beat that stood still for longer looks at the lease before it sends.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        client = redis.Redis.from_url(
            _REDIS_URL,
            socket_timeout=RENEWED_EVERY_S,
            socket_connect_timeout=RENEWED_EVERY_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._lease = Lock(client, LEASE_KEY, timeout=LEASE_S, blocking=False, thread_local=False)
        self._is_leading: bool | None = None
        super().__init__(*args, **options)

    def tick(self, *args: Any, **options: Any) -> float:
        """Send one task that is due, if this beat leads. Return the seconds until the next look."""
        if not self._leads():
            return RENEWED_EVERY_S
        return min(super().tick(*args, **options), RENEWED_EVERY_S)

    def close(self) -> None:
        with suppress(RedisError):
            self._lease.release()
        super().close()

    def _leads(self) -> bool:
        try:
            is_leading = self._renew() or self._lease.acquire()
        except RedisError:
            is_leading = False
        if is_leading != self._is_leading:
            self._is_leading = is_leading
            log.info(
                "this beat sends the ticks" if is_leading else "this beat waits: it does not hold the lease"
            )
        return is_leading

    def _renew(self) -> bool:
        try:
            return self._lease.reacquire()
        except LockError:
            return False


app = Celery("muster", broker=env.broker(_REDIS_URL), set_as_current=False)
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
    # No pid file: it would survive a kill -9, and says nothing of other hosts.
    app.Beat(schedule=parser.parse_args().schedule, scheduler_cls=ElectedScheduler, loglevel="INFO").run()


if __name__ == "__main__":
    main()
