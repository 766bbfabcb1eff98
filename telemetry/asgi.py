"""The one door of remote write, under ASGI: who sends, then what, then the answer; nothing of sessions or pages.

A body is read only once its sender is known and its headers are right, and no further than is taken. Threads stay, and
with them their database connections, which are their own: a pool that waits for its database would have senders wait.
"""

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import orjson
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections

from telemetry import meters, receive
from telemetry.models import Source
from telemetry.receive import Answer, Delivery, Refusal
from telemetry.room import NoRoom, Places, Room
from web.bodies import (
    MEMORY_BYTES,
    Application,
    Body,
    BodyTooSlow,
    Message,
    Receive,
    Send,
    SenderGone,
    declared_bytes,
)
from web.clock import now

log = logging.getLogger(__name__)

PATH = "/api/v1/write"
# More would only wait for each other: a thread is busy but for the moment of its commit.
THREADS = 4
# What bodies may take in memory together, decompressed; a larger one has it alone.
ROOM_BYTES = 64 * 1024 * 1024
PLACES_EACH = 16
CONNECT_S = 2
# How long a sender may go on writing what nobody reads, before the connection is closed under it.
LINGER_S = 2.0


class RemoteWrite:
    """Answers `POST /api/v1/write` itself and passes everything else on."""

    def __init__(self, otherwise: Application, threads: Executor | None = None) -> None:
        self._otherwise = otherwise
        self._threads = threads or ThreadPoolExecutor(
            THREADS, thread_name_prefix="remote-write", initializer=_connect_without_pool
        )
        self._room = Room(ROOM_BYTES, "too much comes at once")
        self._places = Places(PLACES_EACH)

    async def __call__(self, scope: Message, incoming: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(incoming, send)
        elif scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            await self._write(scope, incoming, send)
        else:
            await self._otherwise(scope, incoming, send)

    async def _write(self, scope: Message, incoming: Receive, send: Send) -> None:
        began = time.perf_counter()
        try:
            answer, is_read = await self._answer(_delivery(scope), incoming)
        except SenderGone:
            return
        meters.count_write(answer, seconds=time.perf_counter() - began)
        await _send(answer, send, is_read=is_read)
        if not is_read:
            await _linger(incoming)
            await send({"type": "http.response.body", "body": b""})

    async def _answer(self, delivery: Delivery, incoming: Receive) -> tuple[Answer, bool]:
        """What to answer, and whether the body was read to its end. Raises SenderGone."""
        source = None
        try:
            source = await self._sender(delivery)
            receive.check_headers(delivery, now=now())
            async with self._places.of(source.pk):
                return await self._read_and_take(delivery, source, incoming), True
        except (Refusal, NoRoom, BodyTooSlow) as error:
            refusal = _refusal(error)
        except SenderGone:
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

    async def _read_and_take(self, delivery: Delivery, source: Source, incoming: Receive) -> Answer:
        """Raises Refusal, NoRoom, BodyTooSlow and SenderGone, all of them before the body is whole."""
        # While it comes no more than this of it is in memory.
        size = min(delivery.declared_bytes or MEMORY_BYTES, MEMORY_BYTES)
        async with self._room.held(size) as hold, Body(incoming) as body:
            if not await body.read(settings.TELEMETRY_BODY_BYTES):
                raise receive.too_large()
            body.file.seek(0)
            try:
                await hold.change(receive.needed_bytes(body.file.read(_HEAD_BYTES), body.size))
            except NoRoom as error:
                return _refusal(error).answer
            return await self._settled(receive.take, delivery, source, body.file)

    async def _settled(self, work: Callable[..., Answer], *given: Any) -> Answer:
        """The answer of a thread, whatever becomes of it there."""
        try:
            return await self._ask(work, *given)
        except Refusal as refusal:
            return refusal.answer
        except Exception:
            log.exception("remote write failed")
            return _FAILED

    async def _ask[T](self, work: Callable[..., T], *given: Any) -> T:
        """Let a thread do what needs the database. Raises Refusal when that is away."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: _connected(work, *given))

    async def _live(self, incoming: Receive, send: Send) -> None:
        while True:
            message = await incoming()
            if message["type"] == "lifespan.shutdown":
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})

    async def close(self) -> None:
        """End the threads, each with its connection."""
        together = threading.Barrier(THREADS)

        def part() -> None:
            together.wait()
            connections.close_all()

        for _ in range(THREADS):
            self._threads.submit(part)
        self._threads.shutdown()


_FAILED = Answer(500, "an error of ours; it is logged")
# More than a snappy block needs to say how long it is.
_HEAD_BYTES = 8


def _delivery(scope: Message) -> Delivery:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    texts = {name: value.decode("latin-1") for name, value in headers.items()}
    client = scope.get("client")
    return Delivery(
        authorization=texts.get(b"authorization", ""),
        content_type=texts.get(b"content-type", ""),
        content_encoding=texts.get(b"content-encoding"),
        declared_bytes=declared_bytes(headers),
        address=client[0] if client else "",
    )


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, NoRoom):
        return Refusal(429, str(error))
    if isinstance(error, BodyTooSlow):
        return Refusal(408, f"too slow: {error}", "body_too_slow")
    assert isinstance(error, Refusal)
    return error


def _connect_without_pool() -> None:
    """Have this thread's connection be its own: while the database is away each try fails at once."""
    options = {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}
    options.setdefault("connect_timeout", CONNECT_S)
    connection.settings_dict = connection.settings_dict | {"OPTIONS": options}


def _connected[T](work: Callable[..., T], *given: Any) -> T:
    """Over this thread's connection, and once more over a new one if that was lost since it was last used."""
    try:
        try:
            return work(*given, now=now())
        except (OperationalError, InterfaceError):
            if not _drop_connections():
                raise
            return work(*given, now=now())
    except (OperationalError, InterfaceError) as error:
        _drop_connections()
        raise Refusal(503, "the database is away") from error
    except Refusal:
        raise
    except Exception:
        _drop_connections()
        raise


def _drop_connections() -> bool:
    """Whether there was one to drop."""
    open_ones = [each for each in connections.all(initialized_only=True) if each.connection is not None]
    for each in open_ones:
        each.close()
    return bool(open_ones)


async def _send(answer: Answer, send: Send, *, is_read: bool) -> None:
    """The answer; its end is left open when the body was not read, for the connection is closed with it."""
    says = answer.says
    body = b"" if says is None else orjson.dumps(says)
    headers = [(b"x-request-id", str(uuid.uuid4()).encode())]
    if answer.retry_after_s is not None:
        headers.append((b"retry-after", str(answer.retry_after_s).encode()))
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if not is_read:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not is_read})


async def _linger(incoming: Receive) -> None:
    """Let what the sender still writes come to nothing.

    Were the connection closed at once, its system would be told so before it has read the answer, and drop that.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (await incoming()).get("more_body", False):
                pass
