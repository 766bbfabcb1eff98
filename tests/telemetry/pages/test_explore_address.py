"""The one address of Explore that every chart of a metric leads to."""

from urllib.parse import parse_qs, urlsplit

import pytest

from telemetry.links import explore_url

pytestmark = pytest.mark.django_db
POWER = {"metric": "site_power_watts", "site": "porto", "combine": "sum", "group_by": "site"}
FIRST = {"metric": "DCGM_FI_DEV_GPU_UTIL", "site": "porto", "start": "now-7d", "end": "now"}


def test_an_address_holds_both_metrics_and_how_they_are_compared():
    address = explore_url(FIRST, second=POWER, relation="ratio", earlier="7d")
    assert parse_qs(urlsplit(address).query) == {
        "metric": ["DCGM_FI_DEV_GPU_UTIL"],
        "site": ["porto"],
        "start": ["now-7d"],
        "end": ["now"],
        "b_metric": ["site_power_watts"],
        "b_site": ["porto"],
        "b_combine": ["sum"],
        "b_group_by": ["site"],
        "relation": ["ratio"],
        "earlier": ["7d"],
    }


def test_empty_values_are_left_out_and_conditions_repeat():
    address = explore_url({"metric": "up", "site": "", "labels": ["a=1", "b=2"], "device_id": None})
    assert address == "/telemetry/explore/?metric=up&labels=a%3D1&labels=b%3D2"


@pytest.mark.parametrize(
    ("first", "second"),
    [({"metric": "up", "sites": "porto"}, None), ({"metric": "up"}, {"metric": "up", "start": "now-1h"})],
    ids=["no such parameter", "both metrics share the time"],
)
def test_a_parameter_that_explore_does_not_know_is_refused(first, second):
    with pytest.raises(ValueError, match="Explore has no parameter"):
        explore_url(first, second=second)
