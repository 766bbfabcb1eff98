"""A remote storage for tests that answers as a test says: it keeps nothing."""

import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from telemetry.store.remote.connection import MOST_BYTES

NOTHING = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'


class StubStorage(ThreadingHTTPServer):
    """`statuses` are what it answers to the next bodies of samples, 204 after that; `writes` and `queries` count.
    `query_status` answers queries, after `delay_s`; a query for more series than `most_series` gets too many bytes."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses, self.writes, self.queries = [], 0, 0
        self.query_status, self.delay_s, self.most_series = 200, 0.0, 1000

    @property
    def setting(self):
        return f"prometheus+http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/write"):
            self.server.writes += 1
            self._answer(self.server.statuses.pop(0) if self.server.statuses else 204, b"")
        else:
            self.server.queries += 1
            time.sleep(self.server.delay_s)
            is_large = body.count(b"%7C") >= self.server.most_series
            self._answer(self.server.query_status, b" " * (MOST_BYTES + 1) if is_large else NOTHING)

    def _answer(self, status, content):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(content)

    def log_message(self, *args):
        pass


@contextmanager
def stub_storage():
    with StubStorage() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
