"""What the lists of the API can be filtered by."""

from datetime import date

import pytest

from tests.inventory import made
from tests.inventory.test_api import address

pytestmark = pytest.mark.django_db


class TestFilters:
    @pytest.mark.parametrize(
        ("kind", "query"),
        [
            ("site", {"region": "iberia"}),
            ("rack", {"site": "lis-1"}),
            ("rack", {"region": "iberia"}),
            ("device", {"site": "lis-1", "role": "switch", "status": ["active", "drained"]}),
            ("device", {"region": "iberia"}),
            ("device", {"manufacturer": "acme"}),
            ("device", {"domain": "network"}),
            ("device", {"name__isw": "LEAF"}),
            ("device", {"q": "leaf"}),
            ("device", {"rack__empty": "false"}),
            ("accelerator", {"site": "lis-1"}),
            ("accelerator", {"rack": "R1"}),
            ("port", {"site": "lis-1", "role": "switch", "back_end": "true", "speed_gbps__gte": "400"}),
            ("link", {"site": "lis-1"}),
            ("link", {"site_b": "lis-1"}),
            ("power-feed", {"site": "lis-1", "leg": "A", "rated_kw__gt": 10}),
            ("cooling-unit", {"region": "iberia", "medium": "liquid"}),
            ("capacity-event", {"site": "lis-1", "happened_on__lte": "2026-02-01"}),
        ],
    )
    def test_find_what_fits_and_nothing_else(self, kind, query, api) -> None:
        site = made.site(slug="lis-1", region=made.region(slug="iberia"))
        device_type = made.device_type(manufacturer=made.manufacturer(slug="acme"), domain="network")
        rack = made.rack(site=site, name="R1")
        switch = made.device(site=site, rack=rack, name="leaf-1", role="switch", device_type=device_type)
        fitting = {
            "site": lambda: site,
            "rack": lambda: rack,
            "device": lambda: switch,
            "accelerator": lambda: made.accelerator(device=switch),
            "port": lambda: made.port(device=switch, back_end=True, speed_gbps=400),
            "link": lambda: made.wan(site_b=site),
            "power-feed": lambda: made.power_feed(site=site, leg="A"),
            "cooling-unit": lambda: made.cooling_unit(site=site, medium="liquid"),
            "capacity-event": lambda: made.capacity_event(site=site),
        }[kind]()
        made.MAKERS[kind](**({"happened_on": date(2026, 3, 1)} if kind == "capacity-event" else {}))
        found = api.get(address(kind), query)
        assert found.status_code == 200, found.json()
        assert [each["id"] for each in found.json()["results"]] == [fitting.pk]
