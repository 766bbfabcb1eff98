"""What other floors read: capacity over time, facts and feeds of sites."""

from datetime import UTC, date, datetime, timedelta

import pytest

from inventory import queries
from inventory.models import CapacityEvent, Device, Site
from inventory.queries import Capacity
from tests.inventory import made

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "ends_at"),
    [
        ("UTC", datetime(2026, 1, 16, tzinfo=UTC)),
        ("America/Chicago", datetime(2026, 1, 16, 6, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 1, 15, 15, tzinfo=UTC)),
    ],
)
def test_a_date_ends_at_midnight_in_the_sites_zone(zone, ends_at) -> None:
    made.capacity_event(site=made.site(time_zone=zone), happened_on=date(2026, 1, 15))
    assert [step.at for step in queries.capacity_events()] == [ends_at]


def test_a_day_of_23_hours_ends_at_its_own_midnight() -> None:
    assert queries.end_of_day(date(2026, 3, 29), "Europe/Lisbon") == datetime(2026, 3, 29, 23, tzinfo=UTC)
    assert queries.end_of_day(date(2026, 3, 28), "Europe/Lisbon") == datetime(2026, 3, 29, tzinfo=UTC)


class TestDeployed:
    def test_is_what_came_minus_what_went(self) -> None:
        site = made.site()
        made.capacity_event(site=site, happened_on=date(2026, 1, 1), it_kw=500, accelerators=64)
        made.capacity_event(site=site, happened_on=date(2026, 3, 1), it_kw=250, accelerators=32)
        decommission = CapacityEvent.Kind.DECOMMISSION
        made.capacity_event(
            site=site, happened_on=date(2026, 5, 1), it_kw=100, accelerators=16, kind=decommission
        )
        assert queries.deployed(at=NOON) == {site.pk: Capacity(650, 80)}

    def test_does_not_count_the_day_before_it_ended(self) -> None:
        site = made.site()
        made.capacity_event(site=site, happened_on=date(2026, 6, 1))
        assert queries.deployed(at=NOON) == {}
        assert queries.deployed(at=datetime(2026, 6, 2, tzinfo=UTC)) == {site.pk: Capacity(500, 64)}

    @pytest.mark.parametrize(
        ("stage", "counts"),
        [
            ("planned", False),
            ("building", False),
            ("commissioning", True),
            ("production", True),
            ("retired", False),
        ],
    )
    def test_counts_sites_in_commissioning_and_production(self, stage, counts) -> None:
        made.capacity_event(site=made.site(stage=stage))
        assert bool(queries.deployed(at=NOON)) == counts

    def test_takes_the_sites_asked_for(self) -> None:
        here = made.capacity_event().site_id
        made.capacity_event()
        assert list(queries.deployed([here], at=NOON)) == [here]
        assert {step.site_id for step in queries.capacity_events([here])} == {here}


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_last_of_all_days_has_an_end_too(zone) -> None:
    assert queries.end_of_day(date.max, zone) > queries.end_of_day(date.max - timedelta(days=1), zone)


def test_stages_are_those_that_history_recorded() -> None:
    site = made.site(stage="building")
    Site.objects.update(stage="commissioning")
    Site.objects.update(owner="Platform")
    Site.objects.update(stage="production")
    assert [step.stage for step in queries.stage_history([site.pk])] == [
        "building",
        "commissioning",
        "production",
    ]
    assert queries.stage_history([site.pk + 1]) == ()


class TestSiteFacts:
    def test_counts_what_is_in_service(self) -> None:
        site = made.site(profiles=["training"], latitude="38.7", longitude="-9.1", contracted_kw=900)
        node = made.device(site=site)
        made.accelerator(device=node)
        made.accelerator(device=node, status="failed")
        made.device(site=site, role="ups")
        made.device(site=site, role="ups", status="planned")
        (facts,) = queries.site_facts([site.pk])
        assert (facts.nodes, facts.accelerators, facts.ups_units) == (1, 1, 1)
        assert (facts.profiles, facts.latitude, facts.contracted_kw) == (frozenset({"training"}), 38.7, 900)
        assert facts.region == site.region.name

    def test_an_empty_inventory_is_not_known_rather_than_none(self) -> None:
        (facts,) = queries.site_facts([made.site().pk])
        assert facts.nodes is facts.accelerators is facts.ups_units is facts.vendors_in_path is None
        assert facts.dual_fed_racks is facts.liquid_cooled is None
        assert facts.fabrics == frozenset()

    def test_none_of_a_kind_among_others_is_none(self) -> None:
        (facts,) = queries.site_facts([made.device(role="pdu").site_id])
        assert (facts.nodes, facts.ups_units, facts.vendors_in_path) == (0, 0, 0)

    def test_counts_racks_that_both_legs_feed(self) -> None:
        site = made.site()
        twice, once = made.rack(site=site), made.rack(site=site)
        for rack, leg in ((twice, "A"), (twice, "B"), (once, "A"), (None, "B"), (None, "A")):
            made.power_feed(site=site, rack=rack, leg=leg)
        (facts,) = queries.site_facts([site.pk])
        assert facts.dual_fed_racks == 1

    def test_names_the_fabrics_of_the_back_end(self) -> None:
        node = made.device()
        made.port(device=node, kind="infiniband", back_end=True)
        made.port(device=node, kind="roce", back_end=True, status="disabled")
        made.port(device=node, kind="ethernet")
        (facts,) = queries.site_facts([node.site_id])
        assert facts.fabrics == {"infiniband"}

    def test_counts_the_makers_in_the_path(self) -> None:
        site = made.site()
        for role in ("switch", "router", "node"):
            made.device(site=site, role=role)
        (facts,) = queries.site_facts([site.pk])
        assert facts.vendors_in_path == 2

    @pytest.mark.parametrize(("media", "liquid"), [(["air"], False), (["air", "liquid"], True)])
    def test_knows_liquid_cooling(self, media, liquid) -> None:
        site = made.site()
        for medium in media:
            made.cooling_unit(site=site, medium=medium)
        (facts,) = queries.site_facts([site.pk])
        assert facts.liquid_cooled is liquid

    def test_takes_the_same_statements_for_many_sites(self, django_assert_num_queries) -> None:
        sites = [made.device().site_id for _ in range(4)]
        for some in (sites[:1], sites, None):
            with django_assert_num_queries(2):
                queries.site_facts(some)


class TestPowerFeeds:
    def test_a_breaker_in_kw(self) -> None:
        made.power_feed(name="single", breaker_rating_a=32, voltage_v=230, phases=1)
        made.power_feed(name="three", breaker_rating_a=63, voltage_v=400, phases=3)
        made.power_feed(name="unstated")
        found = {feed.name: feed.breaker_kw for feed in queries.power_feeds()}
        assert found["single"] == pytest.approx(7.36)
        assert found["three"] == pytest.approx(43.65, abs=0.01)
        assert found["unstated"] is None

    def test_names_its_rack_and_meter(self) -> None:
        pdu = made.device(role=Device.Role.PDU, name="pdu-1")
        rack = made.rack(site=pdu.site, name="R01")
        made.power_feed(site=pdu.site, rack=rack, device=pdu, leg="A", rated_kw=17.2)
        (feed,) = queries.power_feeds([pdu.site_id])
        assert (feed.rack, feed.device, feed.device_id, feed.leg) == ("R01", "pdu-1", pdu.pk, "A")
        assert queries.power_feeds([pdu.site_id + 1]) == ()
