"""Limits that requests share: memory for bodies and their decoded form, and places for each source.

One room serves all doors of a process and all formats, so its size bounds what senders can take, however many formats
there are. Who finds it full waits in turn, and after `WAIT_S` is told to try again later.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

# Memory for all bodies and decompressed bodies together; a larger one gets it exclusively.
ROOM_BYTES = 64 * 1024 * 1024
PLACES_EACH = 16
# How long a sender waits for its turn before it is told to try again later.
WAIT_S = 10.0


class NoRoom(Exception):
    """429: other requests use all the room."""


class Hold:
    def __init__(self, room: "Room") -> None:
        self._room = room
        self.size = 0

    async def change(self, size: int) -> None:
        """Release what is held, then wait for `size`: a waiting request holds nothing. Raises NoRoom."""
        self.free()
        self.size = await self._room._take(size)

    def free(self) -> None:
        self._room._give(self.size)
        self.size = 0


class Room:
    """A shared amount of memory. Requests that find too little wait in turn, so that small ones cannot starve a large
    one."""

    def __init__(self, size: int, when_full: str) -> None:
        self._size = self._free = size
        self._when_full = when_full
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[Hold]:
        hold = Hold(self)
        await hold.change(size)
        try:
            yield hold
        finally:
            hold.free()

    async def _take(self, size: int) -> int:
        # A request larger than the room gets it exclusively.
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


def body_room() -> Room:
    """The room of memory of a process, for the bodies of all its doors."""
    return Room(ROOM_BYTES, "too many requests at once")


class SourceRooms:
    """A limit of simultaneous requests for each source; further ones wait in turn and hold nothing."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._rooms: dict[int, Room] = {}

    def hold_place(self, source_id: int) -> AbstractAsyncContextManager[Hold]:
        if source_id not in self._rooms:
            self._rooms[source_id] = Room(
                self._each, f"more than {self._each} requests of this source at once"
            )
        return self._rooms[source_id].hold(1)
