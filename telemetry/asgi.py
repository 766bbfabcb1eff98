"""The short path of remote write under ASGI: read the body, answer, and nothing of sessions, cookies or pages.

Django's own path costs more than taking the samples does, and keeps a body of any length before a view sees it. Here
it is read up to the limit and no further. Threads stay, and with them their database connections.
"""

import asyncio
import logging
import threading
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from django.conf import settings
from django.db import connections

from telemetry.receive import Answer, Delivery, answer
from web.clock import now

log = logging.getLogger(__name__)

PATH = "/api/v1/write"
# More would only wait for each other: a thread is busy but for the moment of its commit.
THREADS = 4

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Message, Receive, Send], Awaitable[None]]


class SenderGone(Exception):
    """The connection broke before the body was whole."""


class RemoteWrite:
    """Answers `POST /api/v1/write` itself and passes everything else on."""

    def __init__(self, otherwise: Application) -> None:
        self._otherwise = otherwise
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="remote-write")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            await self._write(scope, receive, send)
        else:
            await self._otherwise(scope, receive, send)

    async def _write(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await _body(receive, headers.get(b"content-length", ""))
        except SenderGone:
            return
        delivery = Delivery(
            authorization=headers.get(b"authorization", ""),
            content_type=headers.get(b"content-type", ""),
            content_encoding=headers.get(b"content-encoding"),
            body=body,
        )
        loop = asyncio.get_running_loop()
        await _send(await loop.run_in_executor(self._threads, _answer, delivery), send, body is None)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})

    def close(self) -> None:
        """End the threads, each with its connection."""
        together = threading.Barrier(THREADS)

        def part() -> None:
            together.wait()
            connections.close_all()

        for _ in range(THREADS):
            self._threads.submit(part)
        self._threads.shutdown()


async def _body(receive: Receive, length: str) -> bytes | None:
    """All of it, or None when it is more than is taken; it is not read on then."""
    if length.isdecimal() and int(length) > settings.TELEMETRY_BODY_BYTES:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGone
        part = message.get("body", b"")
        size += len(part)
        if size > settings.TELEMETRY_BODY_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _answer(delivery: Delivery) -> Answer:
    """In a thread, with its connection; a second time over a new one if that was lost since it was last used."""
    try:
        found = answer(delivery, now=now())
        if found.status == 503 and _drop_broken():
            found = answer(delivery, now=now())
        return found
    except Exception:
        log.exception("remote write failed")
        _drop_broken()
        return Answer(500, {"detail": "an error of ours; it is logged"})


def _drop_broken() -> bool:
    """Whether there was a connection to drop."""
    broken = [one for one in connections.all(initialized_only=True) if one.connection is not None]
    for connection in broken:
        connection.close()
    return bool(broken)


async def _send(found: Answer, send: Send, unread: bool) -> None:
    body = b"" if found.says is None else orjson.dumps(found.says)
    headers = [(b"x-request-id", str(uuid.uuid4()).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in found.headers.items()]
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if unread:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
