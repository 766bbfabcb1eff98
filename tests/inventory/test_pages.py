"""Pages of the inventory: what they show, to whom, and at what cost."""

import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Device
from tests.inventory import made
from tests.pages import words_of
from web.kinds import panels

pytestmark = pytest.mark.django_db


def address(kind: str, rest: str = "") -> str:
    return f"/inventory/{kind}s/{rest}"


def text_of(response) -> str:
    return html.unescape(response.text)


class TestOverview:
    def test_counts_what_there_is(self, client_of) -> None:
        accelerator = made.accelerator()
        made.capacity_event(site=accelerator.device.site, it_kw=1234, accelerators=8)
        answer = client_of("viewer").get("/inventory/")
        assert answer.status_code == 200
        text = text_of(answer)
        assert "1.2<small>MW</small>" in text
        assert "with 8 accelerators" in text
        assert "/inventory/devices/?role=node&status=active" in text
        assert str(accelerator.device.site) in text

    def test_costs_the_same_for_many_sites(self, client_of) -> None:
        client = client_of("viewer")
        made.capacity_event(site=made.accelerator().device.site)
        client.get("/inventory/")
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                assert client.get("/inventory/").status_code == 200
            counts.append(len(queries))
            for _ in range(6):
                made.capacity_event(site=made.accelerator().device.site)
        # The latest changes look up the names of what occurs in them: a few statements more or less.
        assert counts[1] <= counts[0] + 4
        assert counts[0] < 50


class TestDetail:
    def test_a_page_costs_the_same_with_few_and_many_parts(self, client_of) -> None:
        client = client_of("viewer")
        site = made.site()
        counts = []
        for _ in range(2):
            for _ in range(4):
                device = made.device(site=site)
                made.accelerator(device=device)
                made.rack(site=site)
                made.power_feed(site=site)
                made.cooling_unit(site=site)
                made.capacity_event(site=site)
                made.wan(site_a=site)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address("site", f"{site.pk}/")).status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_figures_say_that_they_are_declared(self, client_of) -> None:
        device_type = made.device_type(
            kind="accelerator", nameplate_w=10200, source="data sheet", attributes={"memory_gb": 141}
        )
        text = text_of(client_of("viewer").get(address("device-type", f"{device_type.pk}/")))
        assert "10.2" in text
        assert 'data-provenance="declared"' in text
        assert "data sheet" in text
        assert "141" in text

    def test_what_is_not_stated_is_unknown(self, client_of) -> None:
        site = made.site(contracted_kw=None)
        assert "unknown" in client_of("viewer").get(address("site", f"{site.pk}/")).text

    def test_related_objects_are_one_link_away(self, client_of) -> None:
        site = made.site()
        for _ in range(10):
            made.device(site=site)
        text = text_of(client_of("planner").get(address("site", f"{site.pk}/")))
        assert f"/inventory/devices/?site_id={site.pk}" in text
        assert f"/inventory/devices/add/?site={site.pk}" in text
        assert "2 more" in text
        listed = client_of("planner").get(f"/inventory/devices/?site_id={site.pk}")
        assert "of 10" in text_of(listed)

    def test_a_floor_above_adds_a_panel(self, client_of, monkeypatch) -> None:
        monkeypatch.setattr(panels, "_makers", {})
        device = made.device()

        def series(obj, *, user, now):
            return (
                panels.Panel(key="series", title=f"Series of {obj}", template="web/empty.html")
                if user
                else None
            )

        panels.register(Device, series)
        panels.register(Device, series)
        panels.register(Device, lambda obj, *, user, now: None)
        words = words_of(client_of("viewer").get(address("device", f"{device.pk}/")))
        assert words.count(f"Series of {device}") == 1

    def test_a_region_in_use_stays(self, client_of) -> None:
        site = made.site(name="Lisbon 1")
        answer = client_of("planner").post(address("region", f"{site.region_id}/delete/"), follow=True)
        assert "Still in use by site Lisbon 1." in text_of(answer)
        site.region.refresh_from_db()
