"""Whether the database answers, asked once a second, so that no request has to wait to find out."""

import asyncio
import logging

from django.db import DatabaseError, InterfaceError, connection

from web.serving.lanes import Lane
from web.serving.work import PULSE

log = logging.getLogger(__name__)

EVERY_S = 1.0
# A database that comes back is to be seen well within two seconds.
EVERY_S_WHILE_AWAY = 0.25
# A refused connection shows at once. A busy machine may keep a good answer for a while.
SILENCE_S = 3.0


class Pulse:
    def __init__(self) -> None:
        self.away = False
        self._lane = Lane(PULSE)

    async def watch(self) -> None:
        while True:
            asking = asyncio.ensure_future(self._lane.run(_answers))
            if not (await asyncio.wait({asking}, timeout=SILENCE_S))[0]:
                self._note(away=True)
            self._note(away=not await asking)
            await asyncio.sleep(EVERY_S_WHILE_AWAY if self.away else EVERY_S)

    async def close(self) -> None:
        await self._lane.close()

    def _note(self, *, away: bool) -> None:
        if away != self.away:
            log.warning("the database %s", "is away" if away else "is back")
        self.away = away


def _answers() -> bool:
    """A connection that was ended says nothing about the database: only a new one that fails does."""
    return _answers_on_this_connection() or _answers_on_this_connection()


def _answers_on_this_connection() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        connection.close()
        return False
    return True
