"""One connection to a syslog receiver: everything is sent, and the receiver has read it.

Syslog has no answers. A receiver that has read to the end of the stream closes its side; one that ended in between
leaves bytes unread, which resets the connection. So an end of the other side that follows the own one, and leaves no
byte without acknowledgement, is the answer that syslog lacks.
"""

import fcntl
import json
import os
import socket
import ssl
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from urllib.parse import urlsplit

from django.conf import settings

from web.security_log.core.syslog import SyslogSeverity, syslog_frame
from web.security_log.models import BAD_ACTIONS
from web.security_log.outgoing import OutgoingBatch, event_values

CONNECT_S, SEND_S, END_S, LOOK_S = 5.0, 20.0, 10.0, 0.01


def send(receiver: str, batches: Sequence[OutgoingBatch]) -> None:
    """`receiver` is an address such as "tls://logs.example.com:6514". Raises OSError unless it read all of it."""
    with closing(_connect(receiver)) as connection:
        connection.settimeout(SEND_S)
        connection.sendall(b"".join(_frames(batches)))
        _refuse_early_end(connection)
        connection.settimeout(END_S)
        try:
            _end(connection)
        except TimeoutError as error:
            raise TimeoutError(f"{receiver} did not close the connection after the last message") from error
        _wait_for_acknowledgement(connection)


def _frames(batches: Sequence[OutgoingBatch]) -> Iterator[bytes]:
    """Yield each event of a batch, and then its head."""
    # The name under which receivers know this installation.
    host = urlsplit(settings.BASE_URL).hostname or socket.gethostname()
    for outgoing in batches:
        for event in outgoing.events:
            yield syslog_frame(
                at=event.last_at,
                host=host,
                kind=event.action,
                severity=SyslogSeverity.WARNING if event.action in BAD_ACTIONS else SyslogSeverity.NOTICE,
                content=json.dumps(event_values(event, outgoing.batch), separators=(",", ":")),
            )
        yield syslog_frame(
            at=outgoing.batch.chained_at,
            host=host,
            kind="head",
            severity=SyslogSeverity.INFORMATIONAL,
            content=outgoing.head_line,
        )


def _connect(receiver: str) -> socket.socket:
    parts = urlsplit(receiver)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), CONNECT_S)
    if parts.scheme != "tls":
        return connection
    try:
        context = ssl.create_default_context(cafile=settings.SECURITY_LOG_SYSLOG_CA or None)
        return context.wrap_socket(connection, server_hostname=parts.hostname)
    except BaseException:
        connection.close()
        raise


def _refuse_early_end(connection: socket.socket) -> None:
    """An end that comes before the own one is no answer: nobody knows what was read."""
    connection.settimeout(0)
    try:
        _read_end(connection)
    except (BlockingIOError, ssl.SSLWantReadError):
        return
    raise ConnectionError("The other side ended the connection before the last message")


def _end(connection: socket.socket) -> None:
    """Say that nothing follows, and wait until the other side has ended too."""
    if isinstance(connection, ssl.SSLSocket):
        try:
            connection.unwrap()
        except ssl.SSLEOFError as error:
            # An end of TCP alone can come from anybody on the way. A reset is another error.
            if settings.SECURITY_LOG_SYSLOG_CLOSE_NOTIFY:
                what = "closed the connection without close_notify of TLS"
                hint = "MUSTER_SECURITY_LOG_SYSLOG_CLOSE_NOTIFY=0 takes that for an answer"
                raise ConnectionError(f"The other side {what}; {hint}") from error
    connection.shutdown(socket.SHUT_WR)
    _read_end(connection)


def _read_end(connection: socket.socket) -> None:
    """Receivers of syslog say nothing before they end, so whatever does is none, such as a web server."""
    if connection.recv(1):
        raise ConnectionError("The other side answered, as no syslog receiver does")


def _wait_for_acknowledgement(connection: socket.socket) -> None:
    """The end may have been on its way when the last bytes left: they reset the connection then."""
    for _ in range(int(END_S / LOOK_S) + 1):
        if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        # SIOCOUTQ of tcp(7): bytes that the other side has not acknowledged.
        if not struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]:
            return
        time.sleep(LOOK_S)
    raise TimeoutError("The other side did not acknowledge the last message")
