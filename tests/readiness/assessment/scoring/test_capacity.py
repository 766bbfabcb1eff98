"""Capacity now, over time, and what holds it back."""

from datetime import timedelta

import pytest

from inventory.models import Site
from readiness.assessment.scoring.queries import capacity
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def fleet():
    """5.5 MW: 1 ready, 2 conditional, 2.5 not ready of which 0.5 never evaluated; and a site under
    construction."""
    stored.site("ready", kw=1000, name="Ria")
    stored.site("conditional", kw=2000, name="Cor")
    stored.site(kw=1500, name="Nau", first_blocker="p2-power-headroom")
    stored.site(kw=500, name="Nix", first_blocker="p1-soak-24h")
    unseen = made.site(name="Una")
    made.capacity_event(site=unseen, it_kw=500, happened_on=(NOW - 30 * DAY).date())
    building = made.site(name="Bel", stage=Site.Stage.BUILDING)
    made.capacity_event(site=building, it_kw=9000, happened_on=(NOW - 30 * DAY).date())


def test_the_bands_add_up_to_what_is_deployed(fleet):
    gap = capacity.holds_back(now=NOW).gap
    assert gap.deployed.it_kw == 5500
    assert (gap.ready.it_kw, gap.conditional.it_kw, gap.not_ready.it_kw) == (1000, 2000, 2500)
    assert gap.gap.it_kw == 4500


def test_each_site_is_held_by_one_pillar(fleet):
    held = capacity.holds_back(now=NOW)
    assert [(one.pillar, one.capacity.it_kw) for one in held.pillars if one.capacity.it_kw] == [
        ("p2", 1500),
        ("p1", 500),
    ]
    assert {one.pillar for one in held.pillars} == {"p1", "p2", "p3", "p4", "p5"}
    assert held.unevaluated.it_kw == 500
    total = sum(one.capacity.it_kw for one in held.pillars) + held.unevaluated.it_kw + held.conditional.it_kw
    assert total == held.gap.gap.it_kw


def test_sites_come_with_their_one_band_and_most_kw_first(fleet):
    rows = capacity.site_rows(now=NOW)
    assert [row.site.name for row in rows] == ["Cor", "Nau", "Ria", "Nix", "Una"]
    assert [row.conditional.it_kw for row in rows] == [2000, 0, 0, 0, 0]


def test_capacity_counts_from_the_end_of_its_day_in_the_sites_zone():
    there = stored.site("ready", kw=0, time_zone="America/New_York")
    made.capacity_event(site=there, happened_on=NOW.date(), it_kw=700)
    ends = NOW.replace(hour=5) + DAY  # 24:00 in New York
    span = {"start": ends - timedelta(seconds=1), "end": ends}
    before, after = capacity.capacity_over_time(**span, now=ends, points=2).gaps
    assert (before.deployed.it_kw, after.deployed.it_kw) == (0, 700)


def test_the_past_is_drawn_by_the_verdicts_of_its_time():
    there = stored.site("ready", kw=1000)
    stored.flip(there, "verdict", "", "not-ready", at=NOW - 10 * DAY)
    history = capacity.capacity_over_time(start=NOW - 100 * DAY, end=NOW, now=NOW, points=11)
    assert [gap.ready.it_kw for gap in history.gaps] == [0] + [1000] * 8 + [0, 0]
    assert {gap.deployed.it_kw for gap in history.gaps} == {1000}


def test_a_steady_growth_is_projected_at_its_pace():
    there = stored.site("not-ready", kw=0)
    for week in range(20):
        made.capacity_event(site=there, happened_on=(NOW - timedelta(weeks=week, days=1)).date(), it_kw=70)
    history = capacity.capacity_over_time(start=NOW - 100 * DAY, end=NOW, now=NOW)
    assert history.pace.deployed_a_month == pytest.approx(70 * 365.25 / 12 / 7)
    assert history.projection.deployed[0] == 1400
    assert history.projection.deployed[12] == pytest.approx(1400 + 12 * 70)
    assert history.projection.ready == (0.0,) * 13
    low, high = history.projection.deployed_band[12]
    assert low <= history.projection.deployed[12] <= high


def test_too_short_a_history_is_not_projected():
    stored.site(kw=1000, commissioned=NOW - 10 * DAY)
    history = capacity.capacity_over_time(start=NOW - 100 * DAY, end=NOW, now=NOW)
    assert history.projection is None
    assert "needs 4 weeks" in history.no_projection


def test_an_empty_fleet_has_an_empty_gap():
    held = capacity.holds_back(now=NOW)
    assert held.gap.deployed.it_kw == 0
    assert capacity.site_rows(now=NOW) == ()
