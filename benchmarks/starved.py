"""Processes of the worker held for ten minutes, with 24 sites sending: what a reader sees meanwhile and afterwards.

First what bulk work waits for is held, then what every drain waits for. `tests/peers/test_starved.py` holds both for 90
s. The bars: no site and no source changes state for it, the banner shows 30 s after drains are held, and Muster has
caught up two minutes after their return.
"""

from benchmarks.machine import verdict
from tests.peers.standing import standing
from tests.peers.starved import BULK, DRAINS, SILENCE_S, Fleet

HOLD_S, BANNER_S, CAUGHT_UP_S = 600, 30.0, 120.0


def main() -> None:
    with standing(MUSTER_TELEMETRY_LIVE_S=str(SILENCE_S)) as running:
        running.muster.sign_in()
        fleet = Fleet(running.muster)
        fleet.build()
        with fleet.sending():
            bulk = fleet.starve(BULK, seconds=HOLD_S, afterwards_s=10)
            print(f"bulk work held for {HOLD_S} s: {len(bulk.blamed())} looks with another state; bar 0")
            print(f"banner {bulk.banner_s}; bar none: {verdict(not bulk.blamed() and bulk.banner_s is None)}")
            starved = fleet.starve(DRAINS, seconds=HOLD_S, afterwards_s=CAUGHT_UP_S)
        blamed = len(starved.blamed())
        print(f"drains held for {HOLD_S} s: {blamed} looks with another state; bar 0: {verdict(not blamed)}")
        for what, seconds, bar in (
            ("banner", starved.banner_s, BANNER_S),
            ("caught up", starved.caught_up_s, CAUGHT_UP_S),
        ):
            is_met = seconds is not None and seconds <= bar
            print(f"{what} after {seconds} s; bar {bar:.0f} s: {verdict(is_met)}")
