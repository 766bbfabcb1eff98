"""The one client that calls addresses which users enter: checked, without redirects, limited in time and bytes."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from threading import Timer
from time import monotonic

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util.ssl_ import create_urllib3_context

from web.delivery.addresses import (
    AddressRefused,
    Destination,
    NoAnswer,
    Resolve,
    check_address,
    look_up,
)

__all__ = ["AddressRefused", "CallAnswer", "NoAnswer", "call", "post"]

TOTAL_S, CONNECT_S = 15.0, 5.0
MOST_BYTES = 64 * 1024
MOST_ADDRESSES = 4
LONGEST_WAIT_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """`text` is the body, read as UTF-8. `retry_after_s` is how long the other side asks to wait."""

    status: int
    text: str
    retry_after_s: float | None = None


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], now: datetime, resolve: Resolve = look_up
) -> CallAnswer:
    """Raises AddressRefused, NoAnswer."""
    return call("POST", url, body=body, headers=headers, now=now, resolve=resolve)


def call(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str],
    now: datetime,
    resolve: Resolve = look_up,
) -> CallAnswer:
    """Call the address once, and read its whole answer. Raises AddressRefused, NoAnswer."""
    until = monotonic() + TOTAL_S
    destination = check_address(url, resolve=resolve)
    all_headers = {
        "User-Agent": "Muster",
        "Accept-Encoding": "identity",
        **headers,
        "Host": destination.netloc,
    }
    with closing(_connect(destination, until)) as connection, _cut_at(until, connection):
        try:
            connection.timeout = max(0.1, until - monotonic())
            connection.request(
                method,
                destination.path,
                body=body,
                headers=all_headers,
                preload_content=False,
                decode_content=False,
            )
            with closing(connection.getresponse()) as answer:
                content = answer.read(MOST_BYTES + 1)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise NoAnswer(_reason(error, destination, until)) from error
    if monotonic() >= until:
        raise NoAnswer(f"{destination.host} did not finish its answer within {TOTAL_S:.0f} seconds.")
    if len(content) > MOST_BYTES:
        raise NoAnswer(f"{destination.host} answers {answer.status} with more than {MOST_BYTES // 1024} KiB.")
    return CallAnswer(answer.status, content.decode(errors="replace"), _retry_after_s(answer, now))


def _connect(destination: Destination, until: float) -> HTTPConnection:
    """Open a connection to the first of the checked addresses that takes one."""
    failure: Exception | None = None
    for ip in destination.ips[:MOST_ADDRESSES]:
        left_s = min(CONNECT_S, until - monotonic())
        if left_s <= 0:
            break
        connection = (
            HTTPConnection(ip, destination.port, timeout=left_s)
            if destination.scheme == "http"
            else HTTPSConnection(
                ip,
                destination.port,
                timeout=left_s,
                server_hostname=destination.host,
                ssl_context=_verifying(),
            )
        )
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            failure = error
        else:
            return connection
    raise NoAnswer(_reason(failure or TimeoutError(), destination, until)) from failure


def _verifying() -> ssl.SSLContext:
    """Require a certificate by an authority of the system, or of the file that the settings name."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_default_certs()
    if settings.DELIVERY_CA:
        context.load_verify_locations(settings.DELIVERY_CA)
    return context


@contextmanager
def _cut_at(until: float, connection: HTTPConnection) -> Iterator[None]:
    """End the connection at its time: a body that comes byte by byte never lets a single read run out of it."""
    timer = Timer(max(0.0, until - monotonic()), _cut, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(sock: socket.socket) -> None:
    # Of the plain class: that of TLS forgets its state, while another thread reads by it.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _reason(error: Exception, destination: Destination, until: float) -> str:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"The certificate of {destination.host} is not valid: {cause.verify_message}."
    if monotonic() >= until:
        return f"{destination.host} did not answer within {TOTAL_S:.0f} seconds."
    if cause is not None:
        return f"{destination.host} speaks no TLS that Muster does: {cause.reason or type(cause).__name__}."
    return f"{destination.host} does not answer: {type(error).__name__}."


def _retry_after_s(answer: BaseHTTPResponse, now: datetime) -> float | None:
    stated = answer.headers.get("Retry-After", "").strip()
    try:
        wait_s = float(int(stated)) if stated.isdigit() else _seconds_until(stated, now)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wait_s, 0.0), LONGEST_WAIT_S)


def _seconds_until(stated: str, now: datetime) -> float:
    at = parsedate_to_datetime(stated)
    return (at - now).total_seconds()
