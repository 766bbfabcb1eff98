"""Loading and removing beside what an installation has already."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import DeviceType, Manufacturer, Site
from readiness.demo import operations
from readiness.demo.core.plan import fleet_plan
from readiness.demo.models import DemoFleet
from readiness.demo.operations.fleet import write_inventory
from readiness.demo.operations.people import logins, password
from readiness.organisation.people.models import Course
from tests.inventory import made
from tests.readiness.demo.scenes import counts, demo_inventory

pytestmark = pytest.mark.django_db


def test_logins_say_nothing_without_a_demo():
    said = StringIO()
    call_command("demo_logins", stdout=said)
    assert said.getvalue() == ""


def test_the_password_depends_on_the_secret_key(settings):
    one = password()
    settings.SECRET_KEY = "another"
    assert password() != one


def test_a_login_that_somebody_has_already_is_left_alone(user_of, frozen_now):
    own = user_of("ops", username="planner")
    write_inventory(fleet_plan(names={"OSL-1"}), scale=1, now=frozen_now.at)
    own.refresh_from_db()
    assert own.groups.get().name == "ops"
    assert "planner" not in logins()


@pytest.mark.full
def test_removal_leaves_what_was_there_before(frozen_now, on_scene):
    before, _fleet = on_scene(demo_inventory)
    assert counts() != before
    assert operations.remove(by=None, now=frozen_now.at)
    assert counts() == before
    assert not operations.remove(by=None, now=frozen_now.at)


def test_what_the_installation_has_already_is_used_as_it_is(frozen_now):
    nvidia = made.manufacturer(name="NVIDIA", slug="nvidia-corp")
    write_inventory(fleet_plan(names={"PAR-1"}), scale=1, now=frozen_now.at)
    assert DeviceType.objects.filter(manufacturer=nvidia).exists()
    assert Course.objects.filter(manufacturer=nvidia).exists()
    operations.remove(by=None, now=frozen_now.at)
    assert Manufacturer.objects.get() == nvidia


def test_the_demo_is_not_loaded_over_a_site_of_the_same_name(frozen_now):
    own = made.site(name="LON-1", slug="lon-1")
    with pytest.raises(CommandError, match="LON-1"):
        call_command("load_demo")
    assert list(Site.objects.all()) == [own]
    assert not DemoFleet.objects.exists()


@pytest.mark.full
def test_a_larger_fleet_takes_no_more_statements(frozen_now):
    statements = []
    for scale in (1, 3):
        with CaptureQueriesContext(connection) as captured:
            write_inventory(fleet_plan(names={"PAR-1", "LON-1"}, scale=scale), scale=scale, now=frozen_now.at)
        statements.append(len(captured))
        operations.remove(by=None, now=frozen_now.at)
    assert statements[0] == statements[1]
