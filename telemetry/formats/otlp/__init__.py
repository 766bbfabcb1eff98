"""OTLP metrics over HTTP: an ExportMetricsServiceRequest in protobuf or JSON.

Source: open-telemetry/opentelemetry-proto 1.11, opentelemetry/proto/metrics/v1/metrics.proto and docs/specification.md.
The classes are our own: points are read without looking at their attributes where these are known. Why:
docs/adr/0115-otlp-by-own-classes.md.
"""

from telemetry.core.columns import SampleColumns, TakenTimes
from telemetry.core.labels import KeyCache
from telemetry.formats.compression import check_encoding, needed_bytes, plain_body
from telemetry.formats.contract import BodyHeaders, BodyLimits
from telemetry.formats.otlp import json_body, protobuf_body
from telemetry.formats.otlp.samples import PointSamples

__all__ = ["check_headers", "decode", "needed_bytes"]

JSON = "application/json"


def check_headers(headers: BodyHeaders) -> None:
    check_encoding(headers)


def decode(
    body: bytes, headers: BodyHeaders, *, window: TakenTimes, limits: BodyLimits, cache: KeyCache
) -> SampleColumns:
    samples = PointSamples(window, limits, cache)
    plain = plain_body(body, headers, limits)
    read = json_body.read if headers.media_type == JSON else protobuf_body.read
    read(plain, samples, limits)
    return samples.columns()
