"""The entry point of samples, under ASGI: identify the sender, read the body, answer; no sessions or pages. One door
serves the addresses of all formats.

A body is only read once its sender is known and its headers are right, and no further than the limit.
"""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from telemetry import formats, meters, receive
from telemetry.formats import BodyHeaders, WireFormat, WriteAnswer
from telemetry.models import Source
from telemetry.receive import Delivery, WriteRefused
from telemetry.room import PLACES_EACH, NoRoom, Room, SourceRooms, body_room
from web import bodies, request_ids
from web.clock import now
from web.serving.doors import DatabaseAway, drop_connections, run_connected, send_body
from web.serving.lanes import Lane
from web.serving.work import INGEST

log = logging.getLogger(__name__)


class SampleDoor:
    def __init__(self, threads: Lane | None = None, room: Room | None = None) -> None:
        self._threads = threads or Lane(INGEST)
        self._room = room or body_room()
        self._places = SourceRooms(PLACES_EACH)
        formats.load()

    async def __call__(self, scope: bodies.Message, incoming: bodies.Receive, send: bodies.Send) -> None:
        began, delivery = time.perf_counter(), _delivery(scope)
        request_id = str(uuid.uuid4())
        with request_ids.logged(request_id):
            try:
                answer, is_read = await self._answer_delivery(delivery, incoming)
            except bodies.SenderGone:
                return
        reply = formats.reply_of(delivery.path, answer, delivery.headers)
        seconds = time.perf_counter() - began
        meters.count_write(answer, address=delivery.path, status=reply.status, seconds=seconds)
        await send_body(reply.status, reply.headers, reply.body, send, request_id, is_read=is_read)
        if not is_read:
            await bodies.linger(incoming)
            await send({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        await self._threads.close()

    async def _answer_delivery(
        self, delivery: Delivery, incoming: bodies.Receive
    ) -> tuple[WriteAnswer, bool]:
        """Return the answer, and whether the body was read to its end. Raises SenderGone."""
        source = None
        try:
            source = await self._sender(delivery)
            wire_format = receive.check_headers(delivery, now=now())
            async with self._places.hold_place(source.pk):
                return await self._read_and_take(delivery, wire_format, source, incoming), True
        except (WriteRefused, NoRoom, bodies.BodyTooSlow) as error:
            refusal = _refusal(error)
        except bodies.SenderGone:
            raise
        except Exception:
            log.exception("a body was not taken")
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
        self, delivery: Delivery, wire_format: WireFormat, source: Source, incoming: bodies.Receive
    ) -> WriteAnswer:
        # At most this much of an arriving body is in memory.
        size = min(delivery.declared_bytes or bodies.MEMORY_BYTES, bodies.MEMORY_BYTES)
        async with self._room.hold(size) as hold, bodies.Body(incoming) as body:
            if not await body.read(settings.TELEMETRY_BODY_BYTES):
                raise receive.too_large()
            body.file.seek(0)
            try:
                head = body.file.read(_HEAD_BYTES)
                await hold.change(receive.needed_bytes(wire_format, head, body.size))
            except NoRoom as error:
                return _refusal(error).answer
            return await self._settled(receive.take, delivery, wire_format, source, body.file)

    async def _settled(self, work: Callable[..., WriteAnswer], *arguments: Any) -> WriteAnswer:
        try:
            return await self._ask(work, *arguments)
        except WriteRefused as refusal:
            return refusal.answer
        except Exception:
            log.exception("a body was not taken")
            return _FAILED

    async def _ask[T](self, work: Callable[..., T], *arguments: Any) -> T:
        return await self._threads.run(_connected, work, *arguments)


_FAILED = WriteAnswer(500, "an error in Muster; it is logged")
# Enough for a body to state its length.
_HEAD_BYTES = 8


def _delivery(scope: bodies.Message) -> Delivery:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    texts = {name: value.decode("latin-1") for name, value in headers.items()}
    client = scope.get("client")
    parameters = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return Delivery(
        authorization=texts.get(b"authorization", ""),
        path=scope["path"],
        headers=BodyHeaders(texts.get(b"content-type", ""), texts.get(b"content-encoding")),
        declared_bytes=bodies.declared_bytes(headers),
        address=client[0] if client else "",
        rule=parameters.get("rule", [""])[-1],
        parameters=tuple(parameters),
    )


def _refusal(error: Exception) -> WriteRefused:
    if isinstance(error, NoRoom):
        return WriteRefused(429, str(error))
    if isinstance(error, bodies.BodyTooSlow):
        return WriteRefused(408, f"too slow: {error}", "body_too_slow")
    assert isinstance(error, WriteRefused)
    return error


def _connected[T](work: Callable[..., T], *arguments: Any) -> T:
    try:
        return run_connected(work, *arguments)
    except DatabaseAway as error:
        raise WriteRefused(503, str(error)) from error
    except WriteRefused:
        raise
    except Exception:
        drop_connections()
        raise
