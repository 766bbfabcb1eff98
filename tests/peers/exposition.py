"""A target to scrape that has what node_exporter has not: native histograms, and a series that Muster refuses."""

import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from telemetry.core.labels import encode_field, encode_varint

KIND = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
GAUGE, HISTOGRAM = 1, 4
GOOD = 5
TOO_LONG = "x" * 5000


@contextmanager
def served():
    """The port of a target whose gauges hold the number of the scrape."""
    scrapes = count(1)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = _families(next(scrapes))
            self.send_response(200)
            self.send_header("Content-Type", KIND)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _families(number):
    good = [_metric({"n": str(n)}, _gauge(number)) for n in range(GOOD)]
    return b"".join(
        [
            _family("good", GAUGE, good),
            _family("refused", GAUGE, [_metric({"long": TOO_LONG}, _gauge(number))]),
            _family("native", HISTOGRAM, [_metric({}, _histogram(number))]),
        ]
    )


# Field numbers: io/prometheus/client/metrics.proto of client_model.
def _family(name, kind, metrics):
    parts = [
        encode_field(0x0A, name.encode()),
        bytes((0x18, kind)),
        *(encode_field(0x22, m) for m in metrics),
    ]
    body = b"".join(parts)
    return encode_varint(len(body)) + body


def _metric(labels, value):
    pairs = [
        encode_field(0x0A, encode_field(0x0A, name.encode()) + encode_field(0x12, text.encode()))
        for name, text in labels.items()
    ]
    return b"".join(pairs) + value


def _gauge(value):
    return encode_field(0x12, b"\x09" + struct.pack("<d", value))


def _histogram(observed):
    """Encode a histogram of `observed` observations of 1, all in one bucket of schema 3."""
    total = b"\x08" + encode_varint(observed) + b"\x11" + struct.pack("<d", observed)
    scale = b"\x28\x06" + b"\x31" + struct.pack("<d", 2.0**-128) + b"\x38\x00"
    bucket = encode_field(0x62, b"\x08\x00\x10\x01") + b"\x68" + encode_varint(2 * observed)
    return encode_field(0x3A, total + scale + bucket)
