"""Every process killed under load, and the broker emptied: what a sender was told is stored, once.

Two senders post without pause and, like Prometheus, offer a body again until it is acknowledged. One sends the same
bytes again; the other was itself restarted, as it were, and cuts the same samples into other bodies.
"""

import http.client
import shutil
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.peers.launched import Launched
from tests.peers.running import eventually
from tests.telemetry.core.wire import request, sample, series, snappy

pytestmark = pytest.mark.peers

ROOT = Path(__file__).parents[2]
SITE, METRIC = "porto", "rack_power_watts"
SERIES = 10
# Samples lie a second apart and long enough ago that every window and most hours they fall into are over.
BEGIN_S, PAUSE_S = 5 * 3600, 0.03
# A sender gives up only when the test has failed anyway.
PATIENCE_S, RETRY_S, ANSWER_S = 120, 0.1, 10
AFTER_FAULT, RECOVERED_S = 15, 90
ROLLED_UP_S = 90
KILLED = ("web", "worker", "beat", "valkey", "postgres")


class Sender(threading.Thread):
    """Posts one sample of each of its series at a time, and the next ones once these are acknowledged."""

    def __init__(self, name: str, port: int, token: str, *, begin_s: int, recuts: bool) -> None:
        super().__init__(name=name, daemon=True)
        self.port, self.begin_s, self.recuts = port, begin_s, recuts
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
        }
        self.acknowledged = self.offered_again = 0
        self.failed = ""
        self._stopped = threading.Event()
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        try:
            while not self._stopped.wait(PAUSE_S):
                self._deliver(self.acknowledged)
                self.acknowledged += 1
        except Exception as error:
            self.failed = repr(error)
        finally:
            self._disconnect()

    def stop(self) -> None:
        self._stopped.set()
        self.join(PATIENCE_S + ANSWER_S)

    def newest_s(self) -> int:
        return self.begin_s + self.acknowledged - 1

    def value(self, number: int, of_series: int) -> float:
        return float(number * SERIES + of_series)

    def _deliver(self, number: int) -> None:
        until = time.monotonic() + PATIENCE_S
        bodies = [self._body(number, range(SERIES))]
        while bodies:
            status = self._post(bodies[0])
            if status == 204:
                bodies.pop(0)
                continue
            if status is not None and status != 429 and status < 500:
                raise AssertionError(f"{status} for samples that are good")
            if time.monotonic() > until:
                raise AssertionError(f"not acknowledged for {PATIENCE_S} s; the last answer was {status}")
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

    def _post(self, body: bytes) -> int | None:
        """The status; None when the connection broke, whether before or after the samples were taken."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        try:
            self._connection.request("POST", "/api/v1/write", body, self.headers)
            answer = self._connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self._disconnect()
            return None

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@pytest.fixture
def muster(programs):
    # Not pytest's tmp_path: that is closed to the account PostgreSQL runs as when the tests are root.
    folder = Path(tempfile.mkdtemp(prefix="muster-faults-"))
    folder.chmod(0o755)
    started = Launched(ROOT, folder / "data", programs)
    try:
        started.start()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def senders(muster):
    region = muster.post("/api/inventory/regions/", {"name": "Iberia", "slug": "iberia"})
    there = {"name": "Porto", "slug": SITE, "region": region["id"], "stage": "production", "country": "PT"}
    muster.post("/api/inventory/sites/", there)
    begin_s = int(datetime.now(UTC).timestamp()) - BEGIN_S
    made = []
    for name, recuts in (("same bytes", False), ("other cut", True)):
        source = muster.post("/api/telemetry/sources/", {"name": name, "site": {"slug": SITE}})
        made.append(Sender(name, muster.port, source["token"], begin_s=begin_s, recuts=recuts))
    for one in made:
        one.start()
    yield made
    for one in made:
        one.stop()


def goes_on(muster, senders, after):
    """Senders are answered again, and what they were answered is stored."""
    marks = [one.acknowledged + AFTER_FAULT for one in senders]
    eventually(
        lambda: all(one.acknowledged >= mark or one.failed for one, mark in zip(senders, marks, strict=True)),
        within_s=RECOVERED_S,
        what=f"senders are acknowledged after {after}",
        last=muster._logs,
    )
    assert [one.failed for one in senders] == ["", ""], after
    newest = min(one.newest_s() for one in senders)
    eventually(
        lambda: (
            (muster.asked_of_database("SELECT extract(epoch FROM max(ts)) FROM telemetry_sample") or 0)
            >= newest
        ),
        within_s=RECOVERED_S,
        what=f"samples are stored after {after}",
        last=muster._logs,
    )


def lines(muster, sender, aggregation, step):
    """{rack: {second: value}} as a reader gets it."""
    begin = sender.begin_s - 1
    found = muster.get(
        "/api/telemetry/query/",
        metric=METRIC,
        site=SITE,
        aggregation=aggregation,
        step=step,
        labels=f"sender={sender.name}",
        start=begin * 1000,
        end=(begin + sender.acknowledged) * 1000,
    )
    return {
        int(line["labels"]["rack"]): {ms // 1000: value for ms, value in line["points"] if value is not None}
        for line in found["series"]
    }


@pytest.mark.timeout(600)
def test_what_was_acknowledged_is_counted_once_whatever_was_killed(muster, senders):
    goes_on(muster, senders, "the start")
    for name in KILLED:
        muster.kill(name)
        goes_on(muster, senders, f"{name} was killed")
    muster.flush_valkey()
    goes_on(muster, senders, "FLUSHALL")
    for one in senders:
        one.stop()
    eventually(
        lambda: muster.asked_of_database(
            "SELECT NOT EXISTS (SELECT FROM telemetry_inboxbatch) AND NOT EXISTS (SELECT FROM telemetry_dirtywindow)"
        ),
        within_s=ROLLED_UP_S,
        what="all is drained and rolled up",
        last=muster._logs,
    )

    assert all(one.offered_again for one in senders), "nothing was killed under load"
    for one in senders:
        sent = range(one.acknowledged)
        wanted = {rack: {one.begin_s + n: one.value(n, rack) for n in sent} for rack in range(SERIES)}
        ones = {rack: dict.fromkeys(wanted[rack], 1.0) for rack in wanted}
        assert lines(muster, one, "sum", "1s") == wanted
        assert lines(muster, one, "count", "1s") == ones
        for step in ("5m", "1h"):
            for aggregation, whole in (("count", ones), ("sum", wanted)):
                added = {
                    rack: sum(points.values())
                    for rack, points in lines(muster, one, aggregation, step).items()
                }
                assert added == {rack: sum(points.values()) for rack, points in whole.items()}, (
                    step,
                    aggregation,
                )
