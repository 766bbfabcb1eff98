"""One connection to a syslog receiver: everything is sent, and the receiver has read it.

Syslog has no answers. A receiver that has read to the end of the stream closes its side; one that ended before leaves
bytes unread, which resets the connection. So a clean end on both sides is the answer that syslog lacks.
"""

import socket
import ssl
from contextlib import closing
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_S, SEND_S, END_S = 5.0, 20.0, 10.0


def send(receiver: str, content: bytes) -> None:
    """`receiver` is an address such as "tls://logs.example.com:6514". Raises OSError unless it read all of it."""
    with closing(_connect(receiver)) as connection:
        connection.settimeout(SEND_S)
        connection.sendall(content)
        connection.settimeout(END_S)
        try:
            _end(connection)
        except TimeoutError as error:
            raise TimeoutError(f"{receiver} did not close the connection after the last message") from error


def own_name() -> str:
    """The name under which receivers know this installation."""
    return urlsplit(settings.BASE_URL).hostname or socket.gethostname()


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


def _end(connection: socket.socket) -> None:
    """Say that nothing follows, and wait until the other side has nothing more either."""
    if isinstance(connection, ssl.SSLSocket):
        try:
            connection.unwrap()
        except ssl.SSLEOFError:
            # Many close the connection without a last word of TLS. A reset is another error.
            return
        except ssl.SSLError as error:
            if error.reason != "APPLICATION_DATA_AFTER_CLOSE_NOTIFY":
                raise
        return
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1024):
        pass
