"""Whether Muster can serve, looked at in the background: who asks never waits, and a busy process is no dead database.

Two questions, each with a thread and a connection of its own: to the database twice a second, and after everything else
every two seconds. Beside them the notices of all pages are read, and it is noted that samples are taken. A replica is
measured twice a second, in a thread of its own as well.
"""

import asyncio
import logging

from django.db import DatabaseError, InterfaceError, connection

from web import address_book, clock, disk, health, notices
from web.database_replica import measuring, standing
from web.health import Parts
from web.serving.lanes import Lane
from web.serving.work import HEALTH, PULSE
from web.workers import note_door

log = logging.getLogger(__name__)

EVERY_S = 0.5
# Detect a returning database well within two seconds.
EVERY_S_WHILE_AWAY = 0.25
# A refused connection shows at once; a busy machine may delay a good answer.
SILENCE_S = 3.0
# A timer that fires this late shows that the process itself gets no time, so silence says nothing of the database...
LATE_S = 0.5
# ... but not for ever.
SILENCE_MOST_S = 15.0
BUSY_S = 2.0
LOOK_EVERY_S = 2.0


class Pulse:
    """`away`: the database does not answer. `parts`: what was seen at the last look; None before the first."""

    def __init__(self) -> None:
        self.away = False
        self.parts: Parts | None = None
        self._answered_s: float | None = None
        self._lane = Lane(PULSE)
        self._looking = Lane(HEALTH)
        self._measuring = Lane(PULSE)

    async def watch(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask_the_database())
            group.create_task(self._look_around())
            if measuring.is_configured():
                group.create_task(self._measure_the_replica())

    async def close(self) -> None:
        await self._lane.close()
        await self._looking.close()
        await self._measuring.close()

    def readiness(self) -> Parts | None:
        """Answer `/health/ready` from memory alone; None before the first look."""
        if self.parts is None:
            return None
        if self.away:
            return self.parts.lose_database()
        busy = self._answered_s is None or asyncio.get_running_loop().time() - self._answered_s > BUSY_S
        return self.parts.replace_database(health.BUSY if busy else health.UP)

    async def _ask_the_database(self) -> None:
        while True:
            asking = asyncio.ensure_future(self._lane.run(self._answers))
            if await self._is_silent(asking):
                self._note(away=True)
            self._note(away=not await asking)
            await asyncio.sleep(EVERY_S_WHILE_AWAY if self.away else EVERY_S)

    @staticmethod
    def _answers() -> bool:
        """An ended connection does not mean that the database is down; only a failing new one does."""
        return _answers_on_this_connection() or _answers_on_this_connection()

    async def _is_silent(self, asking: asyncio.Future[bool]) -> bool:
        loop = asyncio.get_running_loop()
        began_s, late_s = loop.time(), 0.0
        while (waited_s := loop.time() - began_s) < SILENCE_S or (
            late_s > LATE_S and waited_s < SILENCE_MOST_S
        ):
            woken_s = loop.time() + SILENCE_S
            if (await asyncio.wait({asking}, timeout=SILENCE_S))[0]:
                return False
            late_s = loop.time() - woken_s
        return True

    async def _look_around(self) -> None:
        while True:
            try:
                seen, before = await self._looking.run(_look), self.parts
                if seen.redis == health.UP and (before is None or before.redis != health.UP):
                    await self._looking.run(address_book.publish)
                self.parts = seen.keep_migrations(self.parts)
            except Exception:
                log.exception("the state of Muster cannot be seen")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _measure_the_replica(self) -> None:
        while True:
            try:
                await self._measuring.run(_measure)
            except Exception:
                # Without a measurement the replica grows too old to be read.
                log.exception("the replica cannot be measured")
            await asyncio.sleep(EVERY_S)

    def _note(self, *, away: bool) -> None:
        if away != self.away:
            log.warning("the database %s", "is away" if away else "is back")
        self.away = away
        if not away:
            self._answered_s = asyncio.get_running_loop().time()


def _look() -> Parts:
    now = clock.now()
    parts = health.read_parts(now)
    if parts.database == health.UP:
        if not disk.is_full(now):
            note_door(now=now)
        notices.refresh(now)
    else:
        # One that ended answers never again; the next look makes another.
        connection.close()
    return parts


def _measure() -> None:
    try:
        measuring.watch.measure()
    except (DatabaseError, InterfaceError):
        connection.close()
    standing.note(now=clock.now())


def _answers_on_this_connection() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        connection.close()
        return False
    return True
