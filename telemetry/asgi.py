"""The entry point of remote write, under ASGI: identify the sender, read the body, answer; no sessions or pages.

A body is only read once its sender is known and its headers are right, and no further than the limit.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections

from telemetry import meters, receive
from telemetry.models import Source
from telemetry.receive import Delivery, WriteAnswer, WriteRefused
from web import bodies, request_ids
from web.clock import now
from web.serving.lanes import Lane
from web.serving.work import INGEST

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
    async def held(self, size: int) -> AsyncIterator[Hold]:
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


class SourceRooms:
    """A limit of simultaneous requests for each source; further ones wait in turn and hold nothing."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._rooms: dict[int, Room] = {}

    def of(self, source_id: int) -> AbstractAsyncContextManager[Hold]:
        if source_id not in self._rooms:
            self._rooms[source_id] = Room(
                self._each, f"more than {self._each} requests of this source at once"
            )
        return self._rooms[source_id].held(1)


log = logging.getLogger(__name__)

# Memory for all decompressed bodies together; a larger body gets it exclusively.
ROOM_BYTES = 64 * 1024 * 1024
PLACES_EACH = 16


class RemoteWrite:
    def __init__(self, threads: Lane | None = None) -> None:
        self._threads = threads or Lane(INGEST)
        self._room = Room(ROOM_BYTES, "too many requests at once")
        self._places = SourceRooms(PLACES_EACH)

    async def __call__(self, scope: bodies.Message, incoming: bodies.Receive, send: bodies.Send) -> None:
        began = time.perf_counter()
        request_id = str(uuid.uuid4())
        with request_ids.logged(request_id):
            try:
                answer, is_read = await self._answer(_delivery(scope), incoming)
            except bodies.SenderGone:
                return
        meters.count_write(answer, seconds=time.perf_counter() - began)
        await _send(answer, send, request_id, is_read=is_read)
        if not is_read:
            await bodies.linger(incoming)
            await send({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        await self._threads.close()

    async def _answer(self, delivery: Delivery, incoming: bodies.Receive) -> tuple[WriteAnswer, bool]:
        """Return the answer, and whether the body was read to its end. Raises SenderGone."""
        source = None
        try:
            source = await self._sender(delivery)
            receive.check_headers(delivery, now=now())
            async with self._places.of(source.pk):
                return await self._read_and_take(delivery, source, incoming), True
        except (WriteRefused, NoRoom, bodies.BodyTooSlow) as error:
            refusal = _refusal(error)
        except bodies.SenderGone:
            raise
        except Exception:
            log.exception("remote write failed")
            return _FAILED, False
        if source is None:
            return refusal.answer, False
        return await self._settled(receive.count_refusal, refusal, source), False

    async def _sender(self, delivery: Delivery) -> Source:
        remembered = receive.remembered_sender(delivery, now=now())
        if remembered is not None:
            return remembered
        return await self._ask(receive.sender_of, delivery)

    async def _read_and_take(
        self, delivery: Delivery, source: Source, incoming: bodies.Receive
    ) -> WriteAnswer:
        # At most this much of an arriving body is in memory.
        size = min(delivery.declared_bytes or bodies.MEMORY_BYTES, bodies.MEMORY_BYTES)
        async with self._room.held(size) as hold, bodies.Body(incoming) as body:
            if not await body.read(settings.TELEMETRY_BODY_BYTES):
                raise receive.too_large()
            body.file.seek(0)
            try:
                await hold.change(receive.needed_bytes(body.file.read(_HEAD_BYTES), body.size))
            except NoRoom as error:
                return _refusal(error).answer
            return await self._settled(receive.take, delivery, source, body.file)

    async def _settled(self, work: Callable[..., WriteAnswer], *given: Any) -> WriteAnswer:
        try:
            return await self._ask(work, *given)
        except WriteRefused as refusal:
            return refusal.answer
        except Exception:
            log.exception("remote write failed")
            return _FAILED

    async def _ask[T](self, work: Callable[..., T], *given: Any) -> T:
        return await self._threads.run(_connected, work, *given)


_FAILED = WriteAnswer(500, "an error in Muster; it is logged")
# More than a snappy block needs to state its length.
_HEAD_BYTES = 8


def _delivery(scope: bodies.Message) -> Delivery:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    texts = {name: value.decode("latin-1") for name, value in headers.items()}
    client = scope.get("client")
    return Delivery(
        authorization=texts.get(b"authorization", ""),
        content_type=texts.get(b"content-type", ""),
        content_encoding=texts.get(b"content-encoding"),
        declared_bytes=bodies.declared_bytes(headers),
        address=client[0] if client else "",
    )


def _refusal(error: Exception) -> WriteRefused:
    if isinstance(error, NoRoom):
        return WriteRefused(429, str(error))
    if isinstance(error, bodies.BodyTooSlow):
        return WriteRefused(408, f"too slow: {error}", "body_too_slow")
    assert isinstance(error, WriteRefused)
    return error


def _connected[T](work: Callable[..., T], *given: Any) -> T:
    """Use this thread's connection, and once more a new one if it was lost since its last use."""
    try:
        try:
            return work(*given, now=now())
        except (OperationalError, InterfaceError):
            if not _drop_connections():
                raise
            return work(*given, now=now())
    except (OperationalError, InterfaceError) as error:
        _drop_connections()
        raise WriteRefused(503, "the database does not answer") from error
    except WriteRefused:
        raise
    except Exception:
        _drop_connections()
        raise


def _drop_connections() -> bool:
    open_ones = [each for each in connections.all(initialized_only=True) if each.connection is not None]
    for each in open_ones:
        each.close()
    return bool(open_ones)


async def _send(answer: WriteAnswer, send: bodies.Send, request_id: str, *, is_read: bool) -> None:
    """Send the answer; if the body was not read, leave its end open, because the connection is closed."""
    says = answer.says
    body = b"" if says is None else orjson.dumps(says)
    headers = [(b"x-request-id", request_id.encode())]
    if answer.retry_after_s is not None:
        headers.append((b"retry-after", str(answer.retry_after_s).encode()))
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if not is_read:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not is_read})
