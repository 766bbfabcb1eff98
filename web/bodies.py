"""Read a request's body under ASGI: no more bytes than the address allows, and no slower than a minimum pace.

Django would accept a body of any length and pace before a view sees it.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import IO, Any

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

# A sender that is silent for this long has gone, or wants to block a slot.
SILENCE_S = 10.0
# A body may take as long as this pace needs, after an initial allowance.
SLOWEST_BYTES_PER_S = 8 * 1024
START_S = 10.0
# A sender that is refused halfway gets this long to read the answer; further data are dropped.
LINGER_S = 2.0
# Larger bodies are spooled to disk.
MEMORY_BYTES = 256 * 1024


class BodyTooSlow(Exception):
    """408: the sender fell silent, or sends more slowly than `SLOWEST_BYTES_PER_S`."""


class SenderGone(Exception):
    """The connection broke before the body was complete: nobody is left to answer."""


class Body:
    """The part of a body that has arrived. Use `async with`, so that its file is closed."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._began = asyncio.get_running_loop().time()
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  (closed by __aexit__)
        self.size = 0
        self.whole = False

    async def __aenter__(self) -> "Body":
        return self

    async def __aexit__(self, *raised: object) -> None:
        self.file.close()

    async def read(self, most_bytes: int) -> bool:
        """Read until the body is complete (True), or until more than `most_bytes` have arrived (False).

        Call again with a higher bound to continue. Raises BodyTooSlow and SenderGone.
        """
        while not self.whole and self.size <= most_bytes:
            message = await self._next()
            if message["type"] == "http.disconnect":
                raise SenderGone
            part = message.get("body", b"")
            self.size += len(part)
            self.file.write(part)
            self.whole = not message.get("more_body", False)
        return self.whole and self.size <= most_bytes

    async def _next(self) -> Message:
        now = asyncio.get_running_loop().time()
        due = self._began + START_S + self.size / SLOWEST_BYTES_PER_S
        try:
            async with asyncio.timeout(min(SILENCE_S, due - now)):
                return await self._receive()
        except TimeoutError as error:
            raise BodyTooSlow(f"{self.size} bytes arrived in {now - self._began:.0f} s") from error


def declared_bytes(headers: Mapping[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


async def linger(receive: Receive) -> None:
    """Drop further data for a moment, because closing a connection at once would lose the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (await receive()).get("more_body", False):
                pass
