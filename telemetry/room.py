"""Room for requests that bring a body: bytes that they may hold in memory together, and places for each source.

All of it belongs to one event loop; nothing here is for threads.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

# How long a sender waits for its turn before it is told to come again.
WAIT_S = 10.0


class NoRoom(Exception):
    """429: others hold all there is."""


class Hold:
    def __init__(self, room: "Room") -> None:
        self._room = room
        self.size = 0

    async def change(self, size: int) -> None:
        """Give back what is held, then wait for `size`: whoever waits holds nothing. Raises NoRoom."""
        self.free()
        self.size = await self._room._take(size)

    def free(self) -> None:
        self._room._give(self.size)
        self.size = 0


class Room:
    """So much for all. Who finds too little free waits in turn, so that a large one is not passed by for ever."""

    def __init__(self, size: int, when_full: str) -> None:
        self._size = self._free = size
        self._when_full = when_full
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def held(self, size: int) -> AsyncIterator[Hold]:
        hold = Hold(self)
        await hold.change(size)
        try:
            yield hold
        finally:
            hold.free()

    async def _take(self, size: int) -> int:
        # One that is larger than the room has it alone.
        size = min(size, self._size)
        if self._turn.locked() or self._free < size:
            await self._wait(size)
        self._free -= size
        return size

    async def _wait(self, size: int) -> None:
        try:
            async with asyncio.timeout(WAIT_S), self._turn:
                while self._free < size:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError as error:
            raise NoRoom(self._when_full) from error

    def _give(self, size: int) -> None:
        self._free += size
        self._freed.set()


class SourceRooms:
    """So many requests at once for each source; more of them wait in turn, holding nothing."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._rooms: dict[int, Room] = {}

    def of(self, source_id: int) -> AbstractAsyncContextManager[Hold]:
        if source_id not in self._rooms:
            self._rooms[source_id] = Room(
                self._each, f"more than {self._each} requests of this source at once"
            )
        return self._rooms[source_id].held(1)
