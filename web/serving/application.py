"""The ASGI application: every request of the web process passes here first.

Django runs as WSGI in a thread of the request's lane. Its answer, even a stream, is written to a file before the thread
continues with other requests, and sent from there: a slow reader blocks no thread and no connection.
"""

import asyncio
import io
import logging
import tempfile
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import IO, Any, Protocol

from asgiref.wsgi import WsgiToAsgiInstance
from django.conf import settings
from django.contrib.auth import SESSION_KEY

from accounts.operations import TOKEN_KEYWORDS, authenticate_token
from accounts.throttling import bad_tokens
from web import clock, errors, refusals, request_ids
from web.bodies import (
    MEMORY_BYTES,
    Body,
    BodyTooSlow,
    Message,
    Receive,
    Send,
    SenderGone,
    declared_bytes,
    linger,
)
from web.refusals import Refusal
from web.security_log.doors import note_bad_token
from web.security_log.middleware import place_of_path
from web.serving.lanes import Lane, TooManyAtOnce, Turns
from web.serving.pulse import Pulse
from web.serving.work import FILES, HEALTH, PAGES, SERIES, SPARE, STATIC, WorkBounds

log = logging.getLogger(__name__)

type Environ = dict[str, Any]
type Wsgi = Callable[[Environ, Callable[..., None]], Iterable[bytes]]

# Body limit for strangers: more than any public form or query needs.
FREE_BYTES = 64 * 1024
PIECE_BYTES = 64 * 1024
# A reader that accepts no data for this long is dropped.
PIECE_S = 20.0
HEALTH_PATHS = "/health/"
SERIES_PATHS = frozenset({"/api/telemetry/query/"})
FILE_PATHS = (".csv", ".pdf", "/export/")


class RequestRefused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


class AnswerTooLarge(Exception):
    pass


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    headers: list[tuple[bytes, bytes]]
    file: IO[bytes]


class Door(Protocol):
    async def __call__(self, scope: Message, receive: Receive, send: Send, /) -> None: ...

    async def close(self) -> None: ...


class Serving:
    """`doors` handle their method and address themselves; everything else goes to Django."""

    def __init__(self, wsgi: Wsgi, doors: Mapping[tuple[str, str], Door]) -> None:
        self._wsgi = wsgi
        self._doors = doors
        self._pulse = Pulse()
        self._lanes = {work: Lane(work) for work in (PAGES, FILES, SERIES, HEALTH, STATIC, SPARE)}
        self._turns = Turns()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        door = self._doors.get((scope["method"], scope["path"]))
        if scope["path"].startswith(HEALTH_PATHS):
            await self._unnamed(HEALTH, scope, send)
        elif scope["path"].startswith(settings.STATIC_URL) and scope["method"] in ("GET", "HEAD"):
            await self._unnamed(STATIC, scope, send)
        elif self._pulse.away:
            await self._refuse(scope, receive, send, refusals.AWAY)
        elif door is not None:
            await door(scope, receive, send)
        else:
            try:
                await self._django(scope, receive, send)
            except RequestRefused as refused:
                await self._refuse(scope, receive, send, refused.refusal)
            except TooManyAtOnce:
                await self._refuse(scope, receive, send, refusals.BUSY)
            except BodyTooSlow:
                await self._refuse(scope, receive, send, refusals.TOO_SLOW)
            except SenderGone:
                return

    async def _unnamed(self, work: WorkBounds, scope: Message, send: Send) -> None:
        """Answer what needs no identity, and so no database: neither body nor cookie is read. Readiness is what the
        pulse has seen, because it must not wait."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        environ = _environ({**scope, "headers": headers}, io.BytesIO(), 0)
        environ["muster.parts"] = self._pulse.readiness()
        await _send(await self._lanes[work].run(self._complete_answer, environ), send)

    async def _refuse(self, scope: Message, receive: Receive, send: Send, refusal: Refusal) -> None:
        """Django makes the answer, as a page or as JSON; the rest of the body is dropped."""
        environ = _environ(scope, io.BytesIO(), 0) | {"muster.refusal": refusal}
        await _send_and_close(await self._lanes[SPARE].run(self._complete_answer, environ), receive, send)

    async def _django(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        async with Body(receive) as body:
            await self._take(body, headers, scope)
            work = _work_of(scope, body.size)
            gone = asyncio.ensure_future(receive())
            try:
                async with self._turns.turn(work, _reader(scope, headers), gone):
                    environ = _environ(scope, body.file, body.size)
                    answer = await self._lanes[work].run(self._answer_unless, gone, environ)
                    if answer is not None:
                        # Hold the turn until the answer is sent, which bounds the unread answers of one reader.
                        await _send(answer, send)
            finally:
                gone.cancel()

    async def _take(self, body: Body, headers: Mapping[bytes, bytes], scope: Message) -> None:
        declared, most = declared_bytes(headers), settings.BODY_BYTES
        keyword, secret = credential(headers)
        if declared > most:
            raise RequestRefused(refusals.too_large(most))
        if declared <= FREE_BYTES and await body.read(FREE_BYTES):
            return
        if not secret:
            raise RequestRefused(refusals.too_large_for_strangers(FREE_BYTES))
        address, path = _address(scope), scope["path"]
        if not await self._lanes[PAGES].run(is_known, keyword, secret, address=address, path=path):
            raise RequestRefused(refusals.UNKNOWN)
        if not await body.read(most):
            raise RequestRefused(refusals.too_large(most))

    def _answer_unless(self, gone: asyncio.Future[Message], environ: Environ) -> HttpAnswer | None:
        """Make no answer for a reader that left while it waited, and no more of one for a reader that leaves."""
        try:
            return None if gone.done() else self._complete_answer(environ, gone)
        except SenderGone:
            return None

    def _complete_answer(self, environ: Environ, gone: asyncio.Future[Message] | None = None) -> HttpAnswer:
        """Django's complete answer. Runs in a thread; its failures are answered too. Raises SenderGone once `gone` is
        done."""
        request_id = environ["muster.request_id"] = str(uuid.uuid4())
        with request_ids.logged(request_id):
            try:
                return _whole(self._wsgi, environ, gone)
            except SenderGone:
                raise
            except AnswerTooLarge:
                refusal = refusals.ANSWER_TOO_LARGE
            except Exception as error:
                log.exception("no answer to %s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
                refusal = errors.refusal_for(error)
            return _whole(self._wsgi, environ | {"muster.refusal": refusal})

    async def _live(self, receive: Receive, send: Send) -> None:
        watching = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                watching = asyncio.create_task(self._pulse.watch())
                await send({"type": "lifespan.startup.complete"})
            else:
                if watching is not None:
                    watching.cancel()
                await self._pulse.close()
                for lane in self._lanes.values():
                    await lane.close()
                for door in set(self._doors.values()):
                    await door.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _reader(scope: Message, headers: Mapping[bytes, bytes]) -> str:
    _, secret = credential(headers)
    return secret or _address(scope)


def _address(scope: Message) -> str:
    return str((scope.get("client") or [""])[0])


def _work_of(scope: Message, body_bytes: int) -> WorkBounds:
    if scope["path"] in SERIES_PATHS:
        return SERIES
    asks_for_file = scope["path"].endswith(FILE_PATHS) or b"export=" in scope["query_string"]
    return FILES if asks_for_file or body_bytes > FREE_BYTES else PAGES


def _environ(scope: Message, body: IO[bytes], size: int) -> Environ:
    """The WSGI environment. A header with an underscore would be confused with the hyphenated one set by a proxy."""
    unwanted = (b"content-length", b"transfer-encoding")
    headers = [pair for pair in scope["headers"] if b"_" not in pair[0] and pair[0] not in unwanted]
    adapter = WsgiToAsgiInstance(None, duplicate_header_limit=0)
    adapter.scope = {**scope, "headers": headers, "query_string": b""}
    body.seek(0)
    return adapter.build_environ(adapter.scope, body) | {
        "CONTENT_LENGTH": str(size),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
    }


def _whole(wsgi: Wsgi, environ: Environ, gone: asyncio.Future[Message] | None = None) -> HttpAnswer:
    started: list[Any] = []
    parts = wsgi(environ, lambda status, headers, *failure: started.extend((status, headers)))
    file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  (closed once it is sent)
    try:
        size = 0
        for part in parts:
            if gone is not None and gone.done():
                raise SenderGone
            size += len(part)
            if size > settings.ANSWER_BYTES:
                raise AnswerTooLarge
            file.write(part)
    except BaseException:
        file.close()
        raise
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, headers = started
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if all(name != b"content-length" for name, _ in pairs) and int(status[:3]) not in (204, 304):
        pairs.append((b"content-length", str(size).encode()))
    return HttpAnswer(int(status[:3]), pairs, file)


async def _send(answer: HttpAnswer, send: Send) -> None:
    with answer.file as file, suppress(TimeoutError):
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        file.seek(0)
        piece, more = file.read(PIECE_BYTES), True
        while more:
            following = file.read(PIECE_BYTES)
            more = bool(following)
            async with asyncio.timeout(PIECE_S):
                await send({"type": "http.response.body", "body": piece, "more_body": more})
            piece = following


async def _send_and_close(answer: HttpAnswer, receive: Receive, send: Send) -> None:
    headers = [*answer.headers, (b"connection", b"close")]
    with answer.file as file:
        file.seek(0)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": file.read(), "more_body": True})
        await linger(receive)
        await send({"type": "http.response.body", "body": b""})


def credential(headers: Mapping[bytes, bytes]) -> tuple[str, str]:
    """Keyword and secret of the token, else `session` and its key; two empty strings without either."""
    keyword, _, plain = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if keyword.lower() in TOKEN_KEYWORDS:
        return keyword.lower(), plain.strip()
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return "", ""
    session = cookies.get(settings.SESSION_COOKIE_NAME)
    return ("session", session.value) if session else ("", "")


def is_known(keyword: str, secret: str, *, address: str, path: str) -> bool:
    """Whether the sender of a body that is too large for strangers is known. A bad token leaves a security event."""
    if keyword in TOKEN_KEYWORDS:
        now = clock.now()
        is_unchecked = bad_tokens.wait_s(address, secret) > 0
        if not is_unchecked and authenticate_token(secret, now=now) is not None:
            return True
        if not is_unchecked:
            bad_tokens.failed(address, secret)
        note_bad_token(address=address, place=place_of_path(path), is_unchecked=is_unchecked, now=now)
        return False
    sessions = import_module(settings.SESSION_ENGINE)
    return bool(secret) and SESSION_KEY in sessions.SessionStore(secret).load()
