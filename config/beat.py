"""The beat: `python -m config.beat --state FILE`, with its own Celery application.

It sends tasks by name, so it needs no task, no model and no Django. It also leaves out Celery's command line: 13 MB.

Each host may run one. Of those on one Valkey a single one sends ticks; the others wait until it has gone.
"""

import argparse
import json
import logging
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from celery import Celery, schedules
from celery.beat import ScheduleEntry, Scheduler
from redis.backoff import NoBackoff
from redis.exceptions import LockError, RedisError
from redis.lock import Lock
from redis.retry import Retry

from config import env, schedule

LEASE_KEY, SENT_KEY = "muster:beat", "muster:beat:sent"
LEASE_S, LOOK_EVERY_S = 10.0, 2.0
"""How long the lease lasts, and how often a beat renews it or looks whether it is free."""
TIMEOUT_S = 2.0
"""Valkey answers a command within this time, or the command failed."""
SEND_BEGINS_WITHIN_S = 2.0
"""A send begins so soon after the lease was renewed that it ends or fails before the lease does. No limit holds for a
lookup of Valkey's name: while the resolver hangs, another beat may send a tick too, which is harmless."""
_REDIS_URL = env.text("REDIS_URL", None, "the Redis address")
# Valkey writes the time, so hosts need not agree on it; a beat that has lost its lease writes none.
_RECORD_SEND = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[2], ARGV[2], time[1] .. '.' .. string.format('%06d', time[2]))
return 1
"""

log = logging.getLogger(__name__)


class LeaseTooOld(Exception):
    """The beat stood still after it renewed its lease, which another one may hold by now."""


class CoalescingScheduler(Scheduler):
    """Sends no tick of a job while one of it waits in its queue.

    So no tick has to expire, and a worker that was away finds one of each job. The queue itself is asked: a latch
    beside it would outlive the message that it stands for, or the other way round, after a crash.
    """

    def apply_async(self, entry: ScheduleEntry, **options: Any) -> Any:
        if self._waits(entry.task, entry.options["queue"]):
            return None
        self._check_before_send()
        return super().apply_async(entry, **options)

    def _check_before_send(self) -> None:
        """Raises to send nothing."""

    def _waits(self, task: str, queue: str) -> bool:
        messages = self.connection.default_channel.client.lrange(queue, 0, -1)
        return any(json.loads(message)["headers"].get("task") == task for message in messages)


class ElectedScheduler(CoalescingScheduler):
    """Sends ticks only while it holds the lease, which one beat holds at a time.

    The lease is in the server that has the queues, and ends by that server's clock: whoever cannot renew it cannot send
    either, and a server that lost its data gives both anew. A beat that ends gives the lease back; one that is killed
    holds it for `LEASE_S` more. When each job was sent last stands beside the lease, where the next beat goes on.
    """

    def __init__(self, *args: Any, schedule_filename: str, **options: Any) -> None:
        self._client = redis.Redis.from_url(
            _REDIS_URL,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._lease = Lock(self._client, LEASE_KEY, timeout=LEASE_S, blocking=False, thread_local=False)
        # Hosts may have the same name, and a container's process the number of another's.
        self._name = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
        self._state = Path(schedule_filename)
        self._state_written_s = self._renewed_s = -LEASE_S
        self._is_leading: bool | None = None
        super().__init__(*args, **options)

    def tick(self, *args: Any, **options: Any) -> float:
        """Send one task that is due, if this beat leads. Return the seconds until the next look."""
        if not self._leads():
            return LOOK_EVERY_S
        delay_s = super().tick(*args, **options)
        return min(delay_s, LOOK_EVERY_S) if self._is_leading else LOOK_EVERY_S

    def apply_async(self, entry: ScheduleEntry, **options: Any) -> Any:
        try:
            result = super().apply_async(entry, **options)
            self._client.eval(_RECORD_SEND, 2, LEASE_KEY, SENT_KEY, self._name, entry.name)
        except Exception:
            # Whoever leads next, this beat or another one, reads when the job was sent last, and sends what is due.
            self._is_leading = None
            raise
        return result

    def _check_before_send(self) -> None:
        """Raises LeaseTooOld if the look at the queue took so long that another beat may send by now."""
        if time.monotonic() - self._renewed_s > SEND_BEGINS_WITHIN_S:
            raise LeaseTooOld("nothing is sent before the lease is renewed")

    def close(self) -> None:
        with suppress(RedisError):
            self._lease.release()
        self._client.close()
        super().close()

    def _leads(self) -> bool:
        began_s = time.monotonic()
        try:
            has_renewed = self._renew()
            is_leading = has_renewed or self._lease.acquire(token=self._name)
            # Another one may have led since this beat's lease ended, even if nobody does now.
            if is_leading and not (has_renewed and self._is_leading):
                self._load_times()
            role = "sends the ticks" if is_leading else "waits"
            if is_leading != self._is_leading or began_s - self._state_written_s >= LOOK_EVERY_S:
                self._write_state(f"This beat, {self._name}, {role}: {self._describe_lease()}.")
        except RedisError as error:
            is_leading, role = False, f"waits, because Valkey does not answer ({error})"
            self._write_state(f"This beat, {self._name}, {role}.")
        if is_leading:
            self._renewed_s = began_s
        if is_leading != self._is_leading:
            self._is_leading = is_leading
            log.info("this beat %s", role)
        return is_leading

    def _renew(self) -> bool:
        try:
            return self._lease.reacquire()
        except LockError:
            return False

    def _load_times(self) -> None:
        """Go on where the beat before this one ended; a job that nobody has sent yet counts from now."""
        now_s, sent_at = _epoch_s(self._client.time()), self._client.hgetall(SENT_KEY)
        for name, entry in self.schedule.items():
            if name not in sent_at:
                self._client.hset(SENT_KEY, name, str(now_s))
            age_s = now_s - float(sent_at.get(name, now_s))
            every_s = entry.schedule.seconds
            # Valkey's clock was set back if the last time lies ahead: how long ago it was nobody knows.
            age_s = every_s if age_s < 0 else min(age_s, every_s)
            entry.last_run_at = monotonic_now() - timedelta(seconds=age_s)
        self._heap = None

    def _describe_lease(self) -> str:
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.get(LEASE_KEY)
            pipeline.pttl(LEASE_KEY)
            pipeline.time()
            holder, left_ms, now = pipeline.execute()
        ends_at = datetime.fromtimestamp(_epoch_s(now) + max(left_ms, 0) / 1000, UTC)
        return f"{holder or 'nobody'} holds the lease until {ends_at:%Y-%m-%d %H:%M:%S} UTC"

    def _write_state(self, text: str) -> None:
        # A full disk stops no beat; the age of the file tells of it.
        with suppress(OSError):
            self._state.write_text(f"{text}\n")
        self._state_written_s = time.monotonic()


def monotonic_now() -> datetime:
    """The clock by which intervals pass: it starts anywhere, and nobody sets it."""
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=time.monotonic())


def _epoch_s(time_of_valkey: tuple[int, int]) -> float:
    seconds, microseconds = time_of_valkey
    return seconds + microseconds / 1e6


app = Celery("muster", broker=env.broker(_REDIS_URL), set_as_current=False)
app.conf.update(
    beat_schedule={
        name: entry | {"schedule": schedules.schedule(entry["schedule"], nowfun=monotonic_now, app=app)}
        for name, entry in schedule.ENTRIES.items()
    },
    task_routes=schedule.ROUTES,
    task_default_queue=schedule.DEFAULT_QUEUE,
    task_ignore_result=True,
    # What fails is sent by whoever leads then.
    task_publish_retry=False,
    broker_transport_options={"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S},
    timezone="UTC",
    broker_connection_retry_on_startup=True,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m config.beat", description="Send each task when it is due."
    )
    parser.add_argument(
        "--state", required=True, help="file that says what this beat does, for health probes"
    )
    # No pid file: it would survive a kill -9, and says nothing of other hosts.
    app.Beat(schedule=parser.parse_args().state, scheduler_cls=ElectedScheduler, loglevel="INFO").run()


if __name__ == "__main__":
    main()
