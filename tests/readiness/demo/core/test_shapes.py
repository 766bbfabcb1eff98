"""How busy accelerators are: what the thin past shows is what the present goes on with."""

import numpy as np
import pytest

from readiness.demo.core.plan import fleet_plan
from readiness.demo.core.shapes import DAY, HOUR, SiteShape, busy, column, utc

# Wednesday, 25 November 2026, 12:00 UTC.
BEGIN_S = 1_795_608_000.0
SITES = {site.name: site for site in fleet_plan().sites if site.nodes}
TRAINING = [name for name, site in SITES.items() if "training" in site.facts["profiles"]]


def mean_busy(name, instants):
    shape = SiteShape.build(SITES[name], at=utc(BEGIN_S))
    return busy(shape, column(np.asarray(instants).tolist())).mean(axis=1)


@pytest.mark.parametrize("every_s", [HOUR, HOUR / 4])
@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("name", TRAINING)
def test_samples_of_the_past_mean_what_those_of_every_minute_mean(name, quarter, every_s):
    begin_s = BEGIN_S + quarter * HOUR / 4
    thin = mean_busy(name, np.arange(begin_s, begin_s + 10 * DAY, every_s))
    dense = mean_busy(name, np.arange(begin_s, begin_s + 10 * DAY, 60))
    assert thin.mean() == pytest.approx(dense.mean(), abs=0.02)


@pytest.mark.parametrize("name", SITES)
def test_no_hour_lies_far_from_the_one_before_it(name):
    hours = mean_busy(name, np.arange(BEGIN_S, BEGIN_S + 7 * DAY, 60)).reshape(-1, 60).mean(axis=1)
    most = 0.08 if name in TRAINING else 0.18
    assert np.abs(np.diff(hours)).max() < most


def test_jobs_of_the_fleet_do_not_end_together():
    every_minute = column(np.arange(BEGIN_S, BEGIN_S + 2 * DAY, 60).tolist())
    shapes = [SiteShape.build(SITES[name], at=utc(BEGIN_S)) for name in TRAINING]
    idle = np.concatenate([busy(shape, every_minute) < 0.1 for shape in shapes], axis=1)
    assert idle.any()
    assert idle.mean(axis=1).max() <= 0.05


@pytest.mark.parametrize("name", TRAINING)
def test_five_minutes_without_a_job_are_no_cliff_in_the_chart_of_a_site(name):
    windows = mean_busy(name, np.arange(BEGIN_S, BEGIN_S + 2 * DAY, 60)).reshape(-1, 5).mean(axis=1)
    assert windows.min() > 0.8 * np.median(windows)
