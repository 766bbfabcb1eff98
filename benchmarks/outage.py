"""PostgreSQL gone for five minutes under traffic: what is answered meanwhile, and how soon after its return.

A Muster under its launcher, with a sender that posts ten samples every 200 ms until they are acknowledged, and somebody
who loads a page as often. `tests/peers/test_outages.py` holds the same for 5 s and 70 s. The bars: the first
acknowledgement and the first page 2 s after its return at the latest, and every sample acknowledged stored once.

Before that, five minutes at full load: every thread that makes pages has one to make, and readers wait. The bar: ready
at every moment.
"""

from collections import Counter

from benchmarks.machine import verdict
from tests.peers.asking import p95_s
from tests.peers.outages import PAGE, READY, WRITE, outage, readiness_at_full_load, stored
from tests.peers.standing import Standing, standing

AWAY_S = 300
BACK_S = 2.0
LOADED_S = 300


def _ready_at_full_load(running: Standing) -> None:
    requests = readiness_at_full_load(running, seconds=LOADED_S)
    statuses = Counter(answer.status for answer in requests)
    is_ready = set(statuses) == {200}
    print(
        f"{LOADED_S} s at full load: {READY} {dict(statuses)}, p95 {p95_s(requests):.2f} s; bar 200 alone: "
        f"{verdict(is_ready)}"
    )


def main() -> None:
    with standing() as running:
        _ready_at_full_load(running)
        name = f"PostgreSQL away for {AWAY_S} s"
        going = outage(running, name, running.postgres.stopped, seconds=AWAY_S)
        print(going.figures(name))
        for what, path, status in (("acknowledgement", WRITE, 204), ("page", PAGE, 200)):
            took_s = going.recovered_s(path, status)
            print(f"first {what} after {took_s:.2f} s; bar {BACK_S:.0f} s: {verdict(took_s <= BACK_S)}")
        samples = stored(running, going)
        count = sum(map(len, going.sender.sent().values()))
        lost, doubled = samples.lost, samples.doubled
        print(
            f"{count:,} samples acknowledged, {lost} lost, {doubled} doubled; bar 0: {verdict(not lost + doubled)}"
        )
        print(f"all drained {samples.drained_s:.1f} s after its return")
