"""Where the generated past ends and the sender takes over: the same signals go on, and charts show no step."""

from datetime import timedelta
from itertools import pairwise
from statistics import mean, quantiles

import pytest

from inventory.models import Site
from readiness.boards.site.series import panels
from readiness.demo import operations
from readiness.demo.core.plan import fleet_plan
from readiness.demo.operations.history import add_minutes
from tests import database
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.full]
SITES = ("DXB-1", "PAR-1")
# A quarter past the hour, so that samples of every hour do not lie on the hour.
LOADED = NOW.replace(hour=10, minute=15)
LATER = LOADED + timedelta(hours=1)
LEAST_NOISE = 4.0
"""Per cent that an hour of one training job differs from the next by its checkpoints and gaps."""


@pytest.fixture(scope="module", autouse=True)
def fleet(django_db_setup, django_db_blocker):
    """Committed, since history drops partitions; and taken out again. The sender's first hour comes with it."""
    with django_db_blocker.unblock():
        made = operations.load(site_names=SITES, reach=timedelta(hours=25), by=None, now=LOADED)
        add_minutes(fleet_plan(names=SITES), made, after=LOADED, now=LATER)
        yield made
        operations.remove(by=None, now=LATER)
        database.put_back()


@pytest.mark.parametrize("metric", ["GPU utilisation", "Load average"])
@pytest.mark.parametrize("name", SITES)
def test_an_hour_before_and_an_hour_after_the_loading_differ_no_more_than_other_hours(name, metric):
    site = Site.objects.get(name=name)
    drawn = panels(
        site, start=LATER - timedelta(hours=24), end=LATER, points=400, now=LATER, domain="compute"
    )
    [line] = next(panel.lines for panel in drawn if panel.title.startswith(metric))
    hours: dict[int, list[float]] = {}
    for at_ms, value in zip(line.instants_ms, line.values, strict=True):
        if value is not None:
            # The last hour is that after the loading.
            hours.setdefault(int((LATER.timestamp() * 1000 - at_ms) // 3_600_000), []).append(value)
    means = [mean(hours[ago]) for ago in sorted(hours, reverse=True)]
    steps = [abs(after - before) for before, after in pairwise(means)]
    assert len(means) >= 23
    assert steps[-1] <= LEAST_NOISE + quantiles(steps[:-1], n=4)[2]
