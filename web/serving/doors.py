"""Doors that answer before Django share this: one call of the database by the thread's connection, and a short
answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import orjson
from django.db import InterfaceError, OperationalError, connections

from web.bodies import Send
from web.clock import now


class DatabaseAway(Exception):
    """The database does not answer: whoever sends may try again."""

    def __init__(self) -> None:
        super().__init__("the database does not answer")


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    status: int
    detail: str
    wait_s: float | None = None


def run_connected[T](work: Callable[..., T], *arguments: Any) -> T:
    """Use this thread's connection, and once more a new one if it was lost since its last use. Raises DatabaseAway."""
    try:
        try:
            return work(*arguments, now=now())
        except (OperationalError, InterfaceError):
            if not drop_connections():
                raise
            return work(*arguments, now=now())
    except (OperationalError, InterfaceError) as error:
        drop_connections()
        raise DatabaseAway from error


def drop_connections() -> bool:
    open_ones = [each for each in connections.all(initialized_only=True) if each.connection is not None]
    for each in open_ones:
        each.close()
    return bool(open_ones)


async def send_answer(answer: DoorAnswer, send: Send, request_id: str, *, is_read: bool) -> None:
    headers = {"content-type": "application/json"}
    if answer.wait_s is not None:
        headers["retry-after"] = str(ceil(answer.wait_s))
    body = orjson.dumps({"detail": answer.detail})
    await send_body(answer.status, headers, body, send, request_id, is_read=is_read)


async def send_body(
    status: int, headers: Mapping[str, str], body: bytes, send: Send, request_id: str, *, is_read: bool
) -> None:
    """Send the answer; if the request's body was not read, leave the answer's end open, because the connection is
    closed. Names of headers are in small letters."""
    sent = {"x-request-id": request_id, **headers}
    if status != 204:
        sent["content-length"] = str(len(body))
    if not is_read:
        sent["connection"] = "close"
    encoded = [(name.encode(), value.encode()) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": not is_read})
