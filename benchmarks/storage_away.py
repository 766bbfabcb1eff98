"""A remote storage gone for ten minutes under traffic, at the settings that Muster has when nobody sets any.

A Muster under its launcher keeps its samples in Debian's Prometheus, which is killed after it has the first of them. A
sender posts ten samples a second until they are acknowledged, and somebody loads a page as often.
`tests/peers/test_remote_storage.py` goes through the same minutes by a clock of its own. The bars: meanwhile every
sample is acknowledged at once and every page is made, and at the end the storage and a reader have each sample once.
"""

import json
import shutil
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks.machine import verdict
from tests.peers.asking import Answer, Neighbour, p95_s
from tests.peers.outages import PAGE, WRITE
from tests.peers.running import Programs, eventually
from tests.peers.sender import METRIC, SERIES, Lines, Sender
from tests.peers.standing import SITE, Standing, standing
from tests.peers.storages import StorageProgram

AWAY_S = 600
EVERY_S = 1.0
# A table is open for five minutes, then sealed and forwarded by a task that runs every minute.
FORWARDED_S = 540
AFTERWARDS_S = 60


def main() -> None:
    program = shutil.which("prometheus")
    if program is None:
        print("Debian's prometheus is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        programs = Programs(Path(folder))
        try:
            storage = StorageProgram("prometheus", programs, Path(folder), find=lambda _: program)
            with standing(MUSTER_TELEMETRY_STORE=storage.setting) as running:
                _measure(running, storage)
        finally:
            programs.end_all()


def _measure(running: Standing, storage: StorageProgram) -> None:
    port = running.muster.port
    sender = Sender(
        "sender",
        port,
        running.add_source("sender"),
        begin_s=int(datetime.now(UTC).timestamp()),
        pause_s=EVERY_S,
    )
    with Neighbour(port, [PAGE], headers=running.viewer, pause_s=EVERY_S).visiting() as pages:
        sender.start()
        eventually(
            lambda: _stored(storage),
            within_s=FORWARDED_S,
            what="the first samples are forwarded",
            last=running.muster._logs,
        )
        storage.kill()
        gone_at, gone_after = time.monotonic(), sender.acknowledged
        time.sleep(AWAY_S)
        storage.start()
        back_at, back_after = time.monotonic(), sender.acknowledged
        came = (back_after - gone_after) * SERIES
        print(f"away for {back_at - gone_at:.0f} s; {came:,} samples came meanwhile")
        for path, status, answers in ((WRITE, 204, sender.answers), (PAGE, 200, pages)):
            _report_answers(path, status, [each for each in answers if gone_at < each.began_at < back_at])
        time.sleep(AFTERWARDS_S)
        sender.stop()
    _report_samples(running, storage, sender, back_at)


def _report_answers(path: str, status: int, answers: list[Answer]) -> None:
    statuses = Counter(answer.status for answer in answers)
    print(
        f"meanwhile {path}: {dict(statuses)}, p95 {p95_s(answers):.2f} s; bar {status} alone:"
        f" {verdict(set(statuses) == {status})}"
    )


def _report_samples(running: Standing, storage: StorageProgram, sender: Sender, back_at: float) -> None:
    sent_samples = sender.sent()
    total = sum(map(len, sent_samples.values()))
    eventually(
        lambda: sum(map(len, _stored(storage).values())) >= total,
        within_s=FORWARDED_S,
        what=f"{total} samples are in the storage",
        last=running.muster._logs,
    )
    print(f"all in the storage {time.monotonic() - back_at:.0f} s after its return")
    counts = sender.stored(running.muster, SITE, "count", "1s")
    once = counts == {rack: dict.fromkeys(points, 1) for rack, points in sent_samples.items()}
    print(f"{total:,} samples acknowledged; a reader has each once: {verdict(once)}")
    print(f"the storage has each once, with its value: {verdict(_stored(storage) == sent_samples)}")


def _stored(storage: StorageProgram) -> Lines:
    """{rack: {second: value}} of what the storage has; an instant that stands there twice counts as lost."""
    query = urlencode({"query": f"{METRIC}[3h]"})
    with urlopen(f"{storage.url}/api/v1/query?{query}", timeout=30) as response:
        series = json.load(response)["data"]["result"]
    lines: Lines = {}
    for each in series:
        points = [(round(at), float(value)) for at, value in each["values"]]
        lines[int(each["metric"]["rack"])] = dict(points) if len(points) == len(dict(points)) else {}
    return lines


if __name__ == "__main__":
    main()
