"""Processes of the worker held for three times the silence limit, with 24 sites sending: Muster is late, and blames
nobody for it.
"""

import pytest

from tests.peers.starved import BULK, DRAINS, SILENCE_S, Fleet

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

HOLD_S, BANNER_S, CAUGHT_UP_S = 3 * SILENCE_S, 30, 30


@pytest.fixture
def live_s():
    return SILENCE_S


@pytest.fixture
def fleet(muster):
    fleet = Fleet(muster)
    fleet.build()
    with fleet.sending():
        yield fleet


def test_neither_bulk_work_nor_starved_drains_blame_a_site(fleet, figures):
    bulk = fleet.starve(BULK, seconds=HOLD_S, afterwards_s=10)
    assert bulk.blamed() == []
    assert bulk.banner_s is None, "bulk work takes no process from urgent work"

    starved = fleet.starve(DRAINS, seconds=HOLD_S)
    figures.append(
        f"{fleet.sites} sites, drains held for {HOLD_S} s: banner after {starved.banner_s} s, caught up"
        f" {starved.caught_up_s} s after their return"
    )
    assert starved.blamed() == []
    assert starved.banner_s is not None
    assert starved.banner_s <= BANNER_S
    assert starved.caught_up_s is not None
    assert starved.caught_up_s <= CAUGHT_UP_S
    assert fleet.refused == {}
    assert not fleet.settle().has_banner
