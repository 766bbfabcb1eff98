"""Points of OTLP as messages: what the running server answers to each, in protobuf and in JSON alike."""

from dataclasses import dataclass, field
from typing import Any

from tests.conftest import NOW
from tests.telemetry.door.rows import Request
from tests.telemetry.otlp import (
    DELTA,
    buckets,
    counter,
    exponential,
    gauge,
    histogram,
    message,
    number,
    summary,
)
from tests.telemetry.sending import ms

AT = ms(NOW)
BAD_POINT = {"bad_point": 1}
UP = gauge("up", number(1.0, AT))


@dataclass
class Points:
    """A message, the status and the refusals that answer it, and the values stored, in order of metric and time."""

    message: Any
    status: int
    stored: list[float | None] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)

    def request(self, encode):
        return Request(encode(self.message), self.status, self.stored, self.rejected)


def beside(metric):
    """A metric beside one that is good."""
    return message(metric, UP)


POINTS = {
    "no value": Points(beside(gauge("m", number(None, AT))), 200, [1.0], BAD_POINT),
    "no recorded value": Points(message(gauge("m", number(None, AT, flags=1))), 200, [None]),
    "NaN": Points(beside(gauge("m", number(float("nan"), AT))), 200, [1.0]),
    "no time": Points(beside(gauge("m", number(2.0, 0))), 200, [1.0], {"too_old": 1}),
    "milliseconds in place of nanoseconds": Points(
        beside(gauge("m", number(2.0, AT // 10**6))), 200, [1.0], {"too_old": 1}
    ),
    "too far ahead": Points(
        beside(gauge("m", number(2.0, AT + 3_600_000))), 200, [1.0], {"too_far_in_future": 1}
    ),
    "an exemplar": Points(message(gauge("m", number(1.0, AT, exemplars=1))), 200, [1.0], {"exemplar": 1}),
    "no name": Points(beside(gauge("", number(2.0, AT))), 200, [1.0], {"no_metric_name": 1}),
    "a name too long": Points(beside(gauge("m" * 201, number(2.0, AT))), 200, [1.0], {"label_too_long": 1}),
    "a label too long": Points(
        beside(gauge("m", number(2.0, AT, a="x" * 4097))), 200, [1.0], {"label_too_long": 1}
    ),
    "a zero byte": Points(beside(gauge("m", number(2.0, AT, a="x\0"))), 200, [1.0], {"bad_label_name": 1}),
    "too many labels": Points(
        beside(gauge("m", number(2.0, AT, **{f"l{n}": "x" for n in range(70)}))),
        200,
        [1.0],
        {"too_many_labels": 1},
    ),
    "a cumulative sum": Points(message(counter("m", number(5, AT, start_ms=AT - 1000))), 200, [5.0]),
    "a delta": Points(
        message(counter("m", number(5, AT, start_ms=AT - 1000), temporality=DELTA)),
        200,
        [0.0, 5.0],
    ),
    "a delta of a sum that goes both ways": Points(
        beside(counter("m", number(5, AT), temporality=DELTA, is_monotonic=False)),
        200,
        [1.0],
        {"delta_up_and_down": 1},
    ),
    "neither delta nor cumulative": Points(
        beside(counter("m", number(5, AT), temporality=0)), 200, [1.0], BAD_POINT
    ),
    "a start after the time": Points(
        beside(counter("m", number(5, AT, start_ms=AT + 1), temporality=DELTA)), 200, [1.0], BAD_POINT
    ),
    "a histogram": Points(
        message(histogram("m", AT, count=3, sum=4, explicit_bounds=[1], bucket_counts=[1, 2])),
        200,
        [1.0, 3.0, 3.0, 4.0],
    ),
    "a histogram whose counts differ": Points(
        beside(histogram("m", AT, count=4, explicit_bounds=[1], bucket_counts=[1, 2])), 200, [1.0], BAD_POINT
    ),
    "a histogram with a bound too few": Points(
        beside(histogram("m", AT, count=3, bucket_counts=[1, 2])), 200, [1.0], BAD_POINT
    ),
    "an exponential histogram": Points(
        message(exponential("m", AT, count=2, scale=0, positive=buckets(0, 2))),
        200,
        [0.0, 2.0, 2.0, 2.0],
    ),
    "an exponential histogram of an impossible scale": Points(
        beside(exponential("m", AT, scale=99)), 200, [1.0], BAD_POINT
    ),
    "a summary": Points(message(summary("m", AT, {0.5: 7}, count=1, sum=7)), 200, [7.0, 1.0, 7.0]),
    "a quantile beyond 1": Points(beside(summary("m", AT, {7: 1})), 200, [1.0], BAD_POINT),
    "an integer": Points(message(gauge("m", number(7, AT))), 200, [7.0]),
    "an integer below 0": Points(message(gauge("m", number(-7, AT))), 200, [-7.0]),
    "infinity": Points(beside(gauge("m", number(float("inf"), AT))), 200, [1.0]),
    "too old": Points(beside(gauge("m", number(2.0, AT - 49 * 3_600_000))), 200, [1.0], {"too_old": 1}),
    "the last time of all": Points(
        beside(gauge("m", number(2.0, 2**64 // 10**6))), 200, [1.0], {"too_far_in_future": 1}
    ),
    "a name outside ASCII": Points(message(gauge("Wärme_总", number(2.0, AT))), 200, [2.0]),
    "two points of one time": Points(message(gauge("m", number(1.0, AT), number(2.0, AT))), 200, [1.0, 2.0]),
    "points of two times": Points(
        message(gauge("m", number(1.0, AT - 1000), number(2.0, AT))), 200, [1.0, 2.0]
    ),
    "a sum that goes both ways": Points(
        message(counter("m", number(-5, AT), is_monotonic=False)), 200, [-5.0]
    ),
    "a delta without a start": Points(
        message(counter("m", number(5, AT), temporality=DELTA)), 200, [0.0, 5.0]
    ),
    "a histogram that only counts": Points(message(histogram("m", AT, count=3)), 200, [3.0]),
    "a histogram whose bounds fall": Points(
        beside(histogram("m", AT, count=3, explicit_bounds=[2, 1], bucket_counts=[1, 1, 1])),
        200,
        [1.0],
        BAD_POINT,
    ),
    "a summary without quantiles": Points(message(summary("m", AT, {}, count=1, sum=7)), 200, [1.0, 7.0]),
}
