"""What the demo writes into an inventory, and that it can be taken out without a trace or a victim."""

import itertools
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum

from accounts.models import User
from inventory.models import (
    Accelerator,
    CapacityEvent,
    Device,
    DeviceType,
    Link,
    Manufacturer,
    PowerFeed,
    Region,
    Site,
)
from readiness.assessment.scoring.site_facts import things_of
from readiness.demand.workloads.models import Placement
from readiness.demo import operations
from readiness.demo.core.plan import fleet_plan
from readiness.demo.core.shapes import column
from readiness.demo.core.stories import Stories
from readiness.demo.core.streams import sent, streams
from readiness.demo.operations.people import logins, password
from telemetry.matching import inventory_for
from telemetry.models import Source, SourceProvenance
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.demo.scenes import demo_inventory

pytestmark = [pytest.mark.django_db, pytest.mark.full]


@pytest.fixture
def fleet(on_scene):
    _before, fleet = on_scene(demo_inventory)
    return fleet


def test_the_inventory_holds_24_sites_and_1500_accelerators_by_device(fleet):
    assert Site.objects.count() == 24
    assert Accelerator.objects.count() == 1500
    assert Device.objects.filter(role="node").count() == 219


def test_capacity_came_in_dated_waves_and_adds_up_to_what_is_there(fleet):
    total = CapacityEvent.objects.aggregate(Sum("accelerators"), Sum("it_kw"))
    assert total["accelerators__sum"] == 22_540
    planned_kw = sum(site.it_kw for site in fleet_plan().sites)
    assert total["it_kw__sum"] == pytest.approx(planned_kw, rel=1e-3)
    oldest = CapacityEvent.objects.order_by("happened_on").first()
    assert (NOW.date() - oldest.happened_on).days == 540


def test_every_object_that_should_report_has_a_series_that_finds_it(fleet):
    """The promise that every declared device is instrumented, by the rules that incoming series are matched by."""
    plan, stories = fleet_plan(), Stories(fleet.loaded_at.timestamp())
    sources = {source.name: source for source in Source.objects.all()}
    inventory = inventory_for(sources.values(), [site.slug for site in plan.sites])
    heard, unmatched = set(), []
    for stream in streams(plan):
        for block in sent(plan, stream, stories, column([fleet.loaded_at.timestamp()])):
            for labels in block.labels:
                place = inventory.place(sources[stream.source_name], {"__name__": block.metric, **labels})
                if not place.object_kind:
                    unmatched.append((block.metric, labels))
                heard |= {
                    ("device", place.device_id),
                    ("accelerator", place.accelerator_id),
                    ("port", place.port_id),
                    ("cooling-unit", place.cooling_unit_id),
                }
    assert unmatched == []
    expected = things_of(list(Site.objects.values_list("pk", flat=True)))
    covered = [
        thing
        for site in expected.values()
        for thing in site.things.values()
        if thing.in_service and thing.covered
    ]
    assert len(covered) > 1_500
    silent = [thing.name for thing in covered if thing.key not in heard]
    assert silent == []


def test_all_sources_say_that_they_are_simulated(fleet):
    assert set(Source.objects.values_list("provenance", flat=True)) == {SourceProvenance.SIMULATED}


def test_device_types_name_the_source_of_their_figures_and_have_valid_attributes(fleet):
    for device_type in DeviceType.objects.select_related("manufacturer"):
        device_type.full_clean()
        assert device_type.source


def test_every_rack_is_fed_twice_and_every_feed_measured(fleet):
    legs = PowerFeed.objects.values("rack").annotate(legs=Count("leg", distinct=True))
    assert {row["legs"] for row in legs} == {2}
    assert not PowerFeed.objects.filter(device__isnull=True).exists()
    for feed in PowerFeed.objects.all():
        assert feed.breaker_kw == pytest.approx(feed.rated_kw, abs=0.06)


def test_no_two_devices_of_a_rack_overlap(fleet):
    for rack in Site.objects.get(slug="gvx-1").racks.all():
        taken = sorted(
            (device.position, device.position + device.device_type.u_height)
            for device in rack.devices.filter(position__isnull=False).select_related("device_type")
        )
        assert all(top <= bottom for (_, top), (bottom, _) in itertools.pairwise(taken))
        assert not taken or taken[-1][1] <= rack.u_height + 1


def test_sites_are_joined_inside_and_between(fleet):
    assert Link.objects.filter(kind="fabric", site_a__slug="dsm-1").count() == 2 * 3
    assert Link.objects.filter(kind="wan").count() == len(fleet_plan().fleet["circuits"])


def test_a_class_is_placed_from_the_day_its_site_had_capacity(fleet):
    for placement in Placement.objects.select_related("site"):
        first = placement.site.capacity_events.order_by("happened_on").first()
        assert placement.started_on == first.happened_on


def test_there_is_a_login_for_each_role_with_a_password_that_can_be_told_again(fleet):
    roles = ["viewer", "ops", "planner", "manager", "admin"]
    assert list(logins()) == roles
    for login in logins():
        user = User.objects.get(username=login)
        assert user.groups.get().name == login
        assert user.check_password(password())
    said = StringIO()
    call_command("demo_logins", stdout=said)
    assert password() in said.getvalue()
    assert all(role in said.getvalue() for role in roles)


def test_removal_spares_the_owners_own_sites_and_what_they_use(fleet, frozen_now):
    nordics = Region.objects.get(slug="nordics")
    own = made.site(name="Own", slug="own", region=nordics)
    own_type = made.device_type(manufacturer=Manufacturer.objects.get(slug="dell"))
    device = made.device(site=own, device_type=own_type)
    operations.remove(by=None, now=frozen_now.at)
    device.refresh_from_db()
    # A region stays with the one above it.
    assert set(Region.objects.values_list("slug", flat=True)) == {"nordics", "emea"}
    assert set(Manufacturer.objects.values_list("slug", flat=True)) == {"dell"}
    assert list(Site.objects.all()) == [own]
