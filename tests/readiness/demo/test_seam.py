"""Where the generated past ends and the sender takes over: the same signals go on, and charts show no step."""

from datetime import timedelta
from itertools import pairwise
from statistics import mean, quantiles

import pytest

from inventory.models import Site
from readiness.boards.site.series import panels
from tests.readiness.demo.scenes import SEAM_AT, SITES_OF_SEAM, demo_seam

pytestmark = [pytest.mark.django_db, pytest.mark.full]
LATER = SEAM_AT + timedelta(hours=1)
LEAST_NOISE = 4.0
"""Per cent that an hour of one training job differs from the next by its checkpoints and gaps."""


@pytest.fixture(autouse=True)
def fleet(on_scene):
    return on_scene(demo_seam)


@pytest.mark.parametrize("metric", ["GPU utilisation", "Load average"])
@pytest.mark.parametrize("name", SITES_OF_SEAM)
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
