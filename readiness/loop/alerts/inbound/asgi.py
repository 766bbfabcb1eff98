"""The door of webhooks, under ASGI: identify the sender, read the body, answer within the time that senders wait.

It shares its room of memory with the doors of samples. Who finds it full, or waits too long for the database, is told
503, after which all three programs try again.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

from readiness.loop.alerts.inbound import receive
from readiness.loop.alerts.inbound.receive import BODY_BYTES, BUSY_AGAIN_S, WebhookRefused, WebhookRequest
from readiness.loop.alerts.models import AlertSender
from telemetry.room import NoRoom, Room
from web import bodies, request_ids
from web.serving.doors import DatabaseAway, DoorAnswer, run_connected, send_answer
from web.serving.lanes import Lane
from web.serving.work import WEBHOOKS

log = logging.getLogger(__name__)

ANSWER_S = 4.0
"""PagerDuty waits 5 s. Work that takes longer may still end; the message comes again and changes nothing more."""


class WebhookDoor:
    def __init__(self, room: Room, threads: Lane | None = None) -> None:
        self._room = room
        self._threads = threads or Lane(WEBHOOKS)

    async def __call__(self, scope: bodies.Message, incoming: bodies.Receive, send: bodies.Send) -> None:
        request_id = str(uuid.uuid4())
        with request_ids.logged(request_id):
            try:
                answer, is_read = await self._answer_webhook(_request(scope), _declared(scope), incoming)
            except bodies.SenderGone:
                return
        await send_answer(answer, send, request_id, is_read=is_read)
        if not is_read:
            await bodies.linger(incoming)
            await send({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        await self._threads.close()

    async def _answer_webhook(
        self, request: WebhookRequest, declared: int, incoming: bodies.Receive
    ) -> tuple[DoorAnswer, bool]:
        """Return the answer, and whether the body was read to its end. Raises SenderGone."""
        try:
            async with asyncio.timeout(ANSWER_S):
                sender = await self._ask(receive.identify, request)
                return await self._read_and_take(request, sender, declared, incoming)
        except WebhookRefused as refusal:
            return _refusal(refusal), False
        except bodies.BodyTooSlow as error:
            return DoorAnswer(408, f"too slow: {error}"), False
        except TimeoutError:
            return DoorAnswer(503, "Muster is busy", BUSY_AGAIN_S), False
        except (NoRoom, DatabaseAway) as error:
            return DoorAnswer(503, str(error), BUSY_AGAIN_S), False
        except bodies.SenderGone:
            raise
        except Exception:
            log.exception("a webhook was not taken")
            return DoorAnswer(500, "an error in Muster; it is logged"), False

    async def _read_and_take(
        self, request: WebhookRequest, sender: AlertSender, declared: int, incoming: bodies.Receive
    ) -> tuple[DoorAnswer, bool]:
        size = min(declared or bodies.MEMORY_BYTES, bodies.MEMORY_BYTES)
        async with self._room.hold(size) as hold, bodies.Body(incoming) as body:
            if declared > BODY_BYTES or not await body.read(BODY_BYTES):
                refusal = WebhookRefused(413, f"more than {BODY_BYTES} bytes: set max_alerts")
                await self._ask(receive.note_refusal, sender, refusal)
                return _refusal(refusal), False
            await hold.change(receive.DECODED_FACTOR * body.size)
            body.file.seek(0)
            try:
                detail = await self._ask(receive.receive, request, sender, body.file.read())
            except WebhookRefused as refusal:
                return _refusal(refusal), True
            return DoorAnswer(200, detail), True

    async def _ask[T](self, work: Callable[..., T], *arguments: Any) -> T:
        return await self._threads.run(run_connected, work, *arguments)


def _refusal(refusal: WebhookRefused) -> DoorAnswer:
    return DoorAnswer(refusal.status, refusal.detail, refusal.wait_s)


def _declared(scope: bodies.Message) -> int:
    return bodies.declared_bytes(dict(scope["headers"]))


def _request(scope: bodies.Message) -> WebhookRequest:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    texts = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
    client = scope.get("client")
    return WebhookRequest(receive.ADDRESSES[scope["path"]], texts, client[0] if client else "")
