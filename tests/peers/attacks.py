"""Attacks on a server over raw sockets: they hold connections open, and send more than the server takes."""

import re
import select
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CONNECT_S, STEP_S = 10, 0.25


def head(method: str, path: str, **headers: object) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def status_of(received: bytes) -> int | None:
    line = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
    return int(line[1]) if line else None


@dataclass
class Held:
    """One connection that somebody keeps open as long as the server lets them."""

    socket: socket.socket
    opened_at: float
    received: bytearray = field(default_factory=bytearray)
    closed_at: float | None = None

    @property
    def status(self) -> int | None:
        return status_of(bytes(self.received[:32]))

    def read(self, size: int) -> None:
        try:
            part = self.socket.recv(size)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self.received += part
        if not part:
            self.closed_at = time.monotonic()
            self.socket.close()


@contextmanager
def holding(
    port: int, beginnings: Sequence[bytes], *, read_bytes: int, receive_buffer: int | None = None
) -> Iterator[list[Held]]:
    """A connection for each beginning of a request, all at once; reads so many bytes of each four times a second."""
    connections: list[Held] = []
    stopped = threading.Event()

    def read() -> None:
        while not stopped.wait(STEP_S):
            for each in connections:
                if each.closed_at is None:
                    each.read(read_bytes)

    thread = threading.Thread(target=read, daemon=True)
    try:
        for beginning in beginnings:
            connections.append(_opened(port, beginning, receive_buffer))
        thread.start()
        yield connections
    finally:
        stopped.set()
        if thread.ident is not None:
            thread.join()
        for each in connections:
            each.socket.close()


def _opened(port: int, beginning: bytes, receive_buffer: int | None) -> Held:
    connection = socket.socket()
    connection.settimeout(CONNECT_S)
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect(("127.0.0.1", port))
    connection.sendall(beginning)
    connection.setblocking(False)
    return Held(connection, time.monotonic())


@dataclass(frozen=True)
class Sent:
    """How much of a body went out before the server answered or closed the connection, and what it answered."""

    status: int | None
    size: int
    took_s: float
    received: bytes


def send(port: int, beginning: bytes, parts: Iterable[bytes], *, timeout_s: float = 30) -> Sent:
    """Send part after part, as a program does that looks for an answer before each."""
    began_at, size = time.monotonic(), 0
    with socket.socket() as connection:
        connection.settimeout(timeout_s)
        connection.connect(("127.0.0.1", port))
        connection.sendall(beginning)
        with suppress(OSError):
            for part in parts:
                if select.select([connection], [], [], 0)[0]:
                    break
                connection.sendall(part)
                size += len(part)
        received = _all_of(connection)
    return Sent(status_of(received), size, time.monotonic() - began_at, received)


def _all_of(connection: socket.socket) -> bytes:
    """Return all bytes that the server sends until it closes the connection."""
    received = bytearray()
    with suppress(OSError):
        while part := connection.recv(65536):
            received += part
    return bytes(received)


@contextmanager
def all_at_once(count: int, port: int, beginning: bytes, parts: Sequence[bytes]) -> Iterator[list[Sent]]:
    """The same body sent by so many at once; the list is whole when the block ends."""
    sent: list[Sent] = []
    threads = [
        threading.Thread(target=lambda: sent.append(send(port, beginning, parts)), daemon=True)
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield sent
    finally:
        for thread in threads:
            thread.join()
