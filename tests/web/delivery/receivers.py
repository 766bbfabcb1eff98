"""Systems that take messages, on sockets of the loopback interface, and messages to send them."""

import socketserver
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from web.delivery.models import Channel, Message
from web.delivery.secrets import encrypt

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
SIGNING_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """An HTTP server that keeps what it was sent. `answer` may write anything; by default it is 200 and `status`."""

    def __init__(
        self,
        status: int = 200,
        body: bytes = b"taken",
        headers: tuple[tuple[str, str], ...] = (),
        answer: Callable[[BaseHTTPRequestHandler], None] | None = None,
        tls=None,
    ) -> None:
        receiver = self
        self.requests: list[Request] = []
        self.status, self.body, self.headers = status, body, headers

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append(Request(self.path, headers, self.rfile.read(length)))
                if answer is not None:
                    answer(self)
                    return
                self.send_response(receiver.status)
                for name, value in receiver.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                """A client that hangs up is what many tests are about."""

        self.server: socketserver.BaseServer = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.netloc = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.netloc}/hook"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def drip(handler):
    """A byte now and then, for most of a minute: no single read takes long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    with suppress(OSError):
        for _ in range(1000):
            handler.wfile.write(b".")
            handler.wfile.flush()
            time.sleep(0.05)


def flood(handler):
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        for _ in range(1000):
            handler.wfile.write(65536 * b"x")


def certificate(folder, name: str):
    """A certificate for `name` that signs itself, as the path of a file with its key."""
    path = folder / f"{name}.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", f"{path}.key", "-out", str(path), "-days", "3650", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName=DNS:{name}"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + (folder / f"{name}.pem.key").read_bytes())
    return path


def channel(kind="webhook", url="", secret=SIGNING_KEY, **more) -> Channel:
    """A channel that was not stored; `next_secret` in clear."""
    values = {
        "name": "hook",
        "address": "https://example.org/…",
        "created_at": NOW,
        "verified_at": NOW,
        **more,
    }
    if values.get("next_secret"):
        values["next_secret"] = encrypt(values["next_secret"])
    return Channel(
        kind=kind,
        target=encrypt(url) if url else None,
        secret=encrypt(secret) if secret else None,
        **values,
    )


def message(**more) -> Message:
    values = {
        "key": "alert:12:began.3",
        "event": "alert.raised",
        "subject": "Porto: node 7 is critical",
        "text": "Node 7 is critical since 15:58.",
        "payload": {"action": "trigger", "dedup_key": "health:porto:node-7"},
        "created_at": NOW,
    }
    return Message(**values | more)
