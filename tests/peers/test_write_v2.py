"""A sender of remote write 2.0, whose messages follow the published schema, meets a running Muster. Processes of Muster
end by kill -9, the sender begins again, and what was sent is stored.
"""

import math
import random
from datetime import UTC, datetime

import pytest

from tests.peers.asking import Caller
from tests.peers.running import eventually
from tests.peers.sender import ANSWER_S, METRIC, SERIES, Sender
from tests.peers.standing import SITE
from tests.peers.stored import SourceUnderTest, pairs
from tests.peers.write_v2 import (
    CONTENT_TYPE,
    METRIC_TYPE_COUNTER,
    METRIC_TYPE_GAUGE,
    Metadata,
    Request,
    Sample,
    TimeSeries,
)
from tests.telemetry.core.wire import snappy

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

EACH_LIFE, WITHIN_S, BEHIND_S = 25, 60, 3600
COUNTER = {"__name__": "requests_total", "path": "/ünïcode", "empty": ""}
ODD = {"__name__": "odd"}
ODD_VALUES = (-0.0, 5e-324, -1.7976931348623157e308, 0.1 + 0.2)
SAMPLES = SERIES + 3
WRITTEN = "X-Prometheus-Remote-Write-Samples-Written"


class SenderV2(Sender):
    """Beside the series of every sender a counter with two samples and their start, and one of odd values.

    Another `life` has its texts in another order in the table of symbols, and offers its last body again.
    """

    def __init__(self, source, *, begin_s, life, resumes_at=0):
        headers = {
            "Authorization": f"Bearer {source.token}",
            "Content-Type": CONTENT_TYPE,
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "2.0.0",
        }
        port = source.muster.port
        caller = Caller(port, headers=headers, timeout_s=ANSWER_S)
        super().__init__(f"v2-{source.id}", port, source.token, begin_s=begin_s, pause_s=0.05, caller=caller)
        self.acknowledged, self.random = resumes_at, random.Random(life)

    def series(self, number):
        """(labels, samples, metadata's type) of each series of a body."""
        at_ms = (self.begin_s + number) * 1000
        for rack in range(SERIES):
            labels = {"__name__": METRIC, "sender": self.name, "rack": str(rack)}
            yield labels, [Sample(value=self.value(number, rack), timestamp=at_ms)], METRIC_TYPE_GAUGE
        start = {"start_timestamp": self.begin_s * 1000 - 1}
        counts = [
            Sample(value=2 * number + half, timestamp=at_ms - 500 + 500 * half, **start) for half in (0, 1)
        ]
        yield COUNTER, counts, METRIC_TYPE_COUNTER
        odd = ODD_VALUES[number % len(ODD_VALUES)]
        yield ODD, [Sample(value=odd, timestamp=at_ms)], METRIC_TYPE_GAUGE

    def expected(self):
        """{labels: {ms: value}} of all bodies that were acknowledged; a label without a value is none."""
        expected = {}
        for number in range(self.acknowledged):
            for labels, samples, _ in self.series(number):
                of_series = expected.setdefault(
                    pairs({name: text for name, text in labels.items() if text}), {}
                )
                of_series |= {sample.timestamp: sample.value for sample in samples}
        return expected

    def _body(self, number, numbers):
        """The whole body: this sender cuts none."""
        all_series = list(self.series(number))
        texts = sorted({text for labels, *_ in all_series for pair in labels.items() for text in pair} - {""})
        self.random.shuffle(texts)
        symbols = ["", *texts, "What was counted", "watts"]
        place = {text: number for number, text in enumerate(symbols)}
        request = Request(symbols=symbols)
        for labels, samples, kind in all_series:
            refs = [place[text] for pair in sorted(labels.items()) for text in pair]
            about = Metadata(type=kind, help_ref=place["What was counted"], unit_ref=place["watts"])
            request.timeseries.append(TimeSeries(labels_refs=refs, samples=samples, metadata=about))
        return snappy(request.SerializeToString())


def deliver(sender, *, until, meanwhile):
    """Run a sender, and have something happen to Muster meanwhile, until so many bodies are acknowledged."""
    sender.start()
    eventually(lambda: sender.acknowledged >= until - EACH_LIFE // 2, within_s=WITHIN_S, what="half is sent")
    meanwhile()
    eventually(lambda: sender.acknowledged >= until, within_s=WITHIN_S, what="all is sent")
    sender.stop()
    assert sender.failed == ""
    good = [answer for answer in sender.answers if answer.status == 204]
    assert {answer.headers[WRITTEN] for answer in good} == {str(SAMPLES)}


def test_what_was_sent_is_stored_whoever_begins_again(standing):
    muster, source = standing.muster, SourceUnderTest(standing, "remote write 2.0")
    begin_s = int(datetime.now(UTC).timestamp()) - BEHIND_S
    first = SenderV2(source, begin_s=begin_s, life=1)
    deliver(first, until=EACH_LIFE, meanwhile=lambda: muster.kill("web"))
    second = SenderV2(source, begin_s=begin_s, life=2, resumes_at=first.acknowledged - 1)
    deliver(second, until=first.acknowledged + EACH_LIFE, meanwhile=lambda: muster.kill("worker"))

    stored_samples = source.stored_until(second.newest_s() * 1000)
    expected = second.expected()
    assert stored_samples == expected
    # Equality takes both zeros for the same number.
    zeros = [math.copysign(1, value) for value in stored_samples[pairs(ODD)].values() if value == 0]
    assert {*zeros} == {-1.0}
    counts = second.stored(muster, SITE, "count", "1s")
    assert {rack: {*points.values()} for rack, points in counts.items()} == {
        rack: {1.0} for rack in range(SERIES)
    }
