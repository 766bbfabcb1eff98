"""A syslog receiver: a real server that keeps the messages of its connections, or fails in the ways of real ones."""

import socket
import ssl
import struct
import threading
from contextlib import contextmanager, suppress

AT_ONCE = struct.pack("ii", 1, 0)


class SyslogReceiver:
    """`fails` is what it does with connections: "" reads to the end, "reset" ends in the midst, "silent" never ends,
    "ends first" says at once that it ends, and reads nothing, "leaves" ends without close_notify of TLS."""

    def __init__(self, context=None):
        self.context, self.fails, self.messages = context, "", []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self.address = f"{'tls' if context else 'tcp'}://localhost:{self._listening.getsockname()[1]}"

    def run(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with suppress(OSError):
                    self._take(connection)

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        for each in (self._listening, *self._open):
            each.close()

    def _take(self, connection):
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
        if self.fails == "silent":
            self._open.append(connection)
            return
        if self.fails == "ends first":
            self._open.append(connection)
            if not self.context:
                connection.shutdown(socket.SHUT_WR)
                return
            connection.setblocking(False)
            connection.unwrap()
        with connection:
            if self.fails == "reset":
                connection.recv(20)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                return
            content = b""
            while part := connection.recv(65536):
                content += part
            self.messages += frames_of(content)
            if self.context and self.fails != "leaves":
                connection.unwrap()


def frames_of(content):
    """Read octet counts, as RFC 6587 has them."""
    while content:
        length, _, rest = content.partition(b" ")
        yield rest[: int(length)].decode("ascii")
        content = rest[int(length) :]


@contextmanager
def receiving(certificate=None):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.num_tickets = 0
    receiver = SyslogReceiver(context)
    thread = threading.Thread(target=receiver.run, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.close()
        thread.join()
