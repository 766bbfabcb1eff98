"""A sender that, like Prometheus, offers a body again until it is acknowledged, and knows what must be stored."""

import threading
import time

from tests.peers.asking import Answer, Caller
from tests.peers.muster import Muster
from tests.telemetry.core.wire import request, sample, series, snappy

METRIC, SERIES = "rack_power_watts", 10
RETRY_S, ANSWER_S = 0.1, 10
PART_S = 10_000

type Lines = dict[int, dict[int, float]]


def headers(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
    }


class Sender(threading.Thread):
    """Posts one sample of each of its series at a time, and the next ones once these are acknowledged.

    Samples lie a second apart from `begin_s` on. It gives up after `patience_s`: only when the test has failed anyway.
    """

    def __init__(
        self,
        name: str,
        port: int,
        token: str,
        *,
        begin_s: int,
        pause_s: float,
        recuts: bool = False,
        patience_s: float = 120,
        caller: Caller | None = None,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.begin_s, self.pause_s, self.recuts, self.patience_s = begin_s, pause_s, recuts, patience_s
        self.acknowledged = self.offered_again = 0
        self.answers: list[Answer] = []
        self.failed = ""
        self._stopped = threading.Event()
        self._caller = caller or Caller(port, headers=headers(token), timeout_s=ANSWER_S)

    def run(self) -> None:
        try:
            while not self._stopped.wait(self.pause_s):
                self._deliver(self.acknowledged)
                self.acknowledged += 1
        except Exception as error:
            self.failed = repr(error)
        finally:
            self._caller.close()

    def stop(self) -> None:
        self._stopped.set()
        self.join(self.patience_s + ANSWER_S)

    def newest_s(self) -> int:
        return self.begin_s + self.acknowledged - 1

    def value(self, number: int, of_series: int) -> float:
        return float(number * SERIES + of_series)

    def sent(self) -> Lines:
        """{rack: {second: value}} of all that was acknowledged."""
        numbers = range(self.acknowledged)
        return {
            rack: {self.begin_s + number: self.value(number, rack) for number in numbers}
            for rack in range(SERIES)
        }

    def stored(self, muster: Muster, site: str, aggregation: str, step: str) -> Lines:
        """The same as a reader gets it. The points of an answer are limited, so that seconds are read in parts."""
        begin, end = self.begin_s - 1, self.begin_s - 1 + self.acknowledged
        part = PART_S if step == "1s" else end - begin
        lines: Lines = {}
        for start in range(begin, end, part):
            answer = muster.get(
                "/api/telemetry/query/",
                metric=METRIC,
                site=site,
                aggregation=aggregation,
                step=step,
                labels=f"sender={self.name}",
                start=start * 1000,
                end=min(start + part, end) * 1000,
            )
            for line in answer["series"]:
                points = lines.setdefault(int(line["labels"]["rack"]), {})
                points.update({ms // 1000: value for ms, value in line["points"] if value is not None})
        return lines

    def _deliver(self, number: int) -> None:
        until = time.monotonic() + self.patience_s
        bodies = [self._body(number, range(SERIES))]
        while bodies:
            answer = self._caller.ask("/api/v1/write", "POST", bodies[0])
            self.answers.append(answer)
            status = answer.status
            if status == 204:
                bodies.pop(0)
                continue
            if status is not None and status != 429 and status < 500:
                raise AssertionError(f"{status} for samples that are good")
            if time.monotonic() > until:
                raise AssertionError(
                    f"not acknowledged for {self.patience_s} s; the last answer was {status}"
                )
            self.offered_again += 1
            if self.recuts:
                half = SERIES // 2 + number % 3
                bodies = [self._body(number, range(half)), self._body(number, range(half, SERIES))]
            time.sleep(RETRY_S)

    def _body(self, number: int, numbers: range) -> bytes:
        at_ms = (self.begin_s + number) * 1000
        parts = [
            series(
                {"__name__": METRIC, "sender": self.name, "rack": str(each)},
                sample(self.value(number, each), at_ms),
            )
            for each in numbers
        ]
        return snappy(request(*parts))
