"""What PostgreSQL itself shows of each table to a reader with scopes, and what it lets them write."""

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.models import AccessScope
from inventory.models import Accelerator, Device, Link, Port, Rack, Region, Site, SiteChange
from readiness.organisation.people.models import Person, Team
from telemetry.models import Source
from tests.conftest import NOW
from tests.inventory import made
from web import policies, scopes
from web.audit import AuditEntry
from web.policies import is_of_the_project, keys_of, rule_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def europe():
    return Region.objects.create(name="Europe", slug="europe")


@pytest.fixture
def iberia(europe):
    return Region.objects.create(name="Iberia", slug="iberia", parent=europe)


@pytest.fixture
def porto(iberia):
    return made.site(name="Porto", slug="porto", region=iberia)


@pytest.fixture
def lyon(europe):
    return made.site(name="Lyon", slug="lyon", region=europe)


@pytest.fixture
def limited(user_of, porto):
    user = user_of("planner")
    user.access_scopes.create(kind="region", slug="iberia")
    return user


@pytest.fixture
def limited_to_porto(limited):
    with scopes.reading():
        scopes.narrow_to(limited)
        yield limited


def test_each_model_says_who_sees_its_rows():
    """A new kind that refers to no site has to say `VISIBLE_WHERE`, or nobody with scopes sees a row of it."""
    silent = [
        model._meta.label
        for model in apps.get_models()
        if is_of_the_project(model)
        and not model._meta.proxy
        and model is not AuditEntry
        and not keys_of(model)
        and not {"VISIBLE_WHERE", "VISIBLE_IDS"} & set(dir(model))
    ]
    assert silent == []


def test_each_table_with_a_rule_is_held_by_its_policy():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
        )
        held = {name for (name,) in cursor.fetchall()}
    ruled = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    free = {model for model in ruled if rule_of(model).is_open and rule_of(model).is_writable_by_all}
    assert held == {model._meta.db_table for model in ruled if model not in free}


def test_a_reader_sees_the_sites_of_the_scope_and_the_regions_around(
    lyon, limited_to_porto, porto, iberia, europe
):
    assert set(Site.objects.all()) == {porto}
    assert set(Region.objects.all()) == {iberia, europe}
    with scopes.everything():
        assert Site.objects.count() == 2
    assert Site.objects.count() == 1


def test_rows_follow_the_rows_that_they_refer_to(lyon, porto, limited):
    here, there = (made.device(site=site, name="node") for site in (porto, lyon))
    port, other = (Port.objects.create(device=device, name="p1") for device in (here, there))
    made.wan(site_a=porto, site_b=lyon)
    inside = made.link(port_a=port, port_b=made.port(device=here))
    ports = {port, inside.port_b}
    with scopes.reading():
        scopes.narrow_to(limited)
        assert (set(Device.objects.all()), set(Port.objects.all())) == ({here}, ports)
        assert set(Link.objects.all()) == {inside}
        entries = AuditEntry.objects.filter(table="inventory_port")
        assert set(entries.values_list("object_id", flat=True)) == {each.pk for each in ports}
    assert other in Port.objects.all()


def parts_seen_by(user):
    with scopes.reading():
        scopes.narrow_to(user)
        return {*Accelerator.objects.all(), *Port.objects.all()}


def test_a_part_of_a_device_is_seen_where_the_device_is(lyon, porto, limited):
    device, other = made.device(site=lyon, name="node"), made.device(site=porto, name="other")
    parts = {made.accelerator(device=device), made.port(device=device)}
    assert parts_seen_by(limited) == set()
    Device.objects.filter(pk=device.pk).update(site=porto)
    assert parts_seen_by(limited) == parts
    Device.objects.filter(pk=device.pk).update(site=lyon)
    assert parts_seen_by(limited) == set()
    for part in parts:
        part.device = other
        part.save()
    assert parts_seen_by(limited) == parts


@pytest.mark.parametrize("make", [made.accelerator, made.port])
def test_a_part_cannot_be_written_to_another_site(make, lyon, porto):
    part = make(device=made.device(site=lyon), site=porto)
    parts = type(part).objects.filter(pk=part.pk)
    assert parts.get().site == lyon
    with pytest.raises(IntegrityError):
        parts.update(site=porto)


def test_a_site_that_is_added_meanwhile_is_not_seen_before_the_next_request(limited_to_porto, europe):
    with scopes.everything():
        far = made.site(name="Oslo", slug="oslo", region=europe)
        device = made.device(site=far, name="node")
    assert Device.objects.count() == 0
    assert not Device.objects.filter(pk=device.pk).exists()


def test_history_shows_no_row_that_was_outside(lyon, porto, limited):
    moved = made.rack(site=lyon, name="moved")
    moved.site = porto
    moved.save()
    with scopes.reading():
        scopes.narrow_to(limited)
        assert Rack.objects.get() == moved
        assert not AuditEntry.objects.filter(table="inventory_rack").exists()


@pytest.mark.parametrize(
    "write",
    [
        lambda lyon: made.rack(site=lyon, name="new"),
        lambda lyon: Rack.objects.filter(name="mine").update(site=lyon),
        lambda lyon: Region.objects.filter(slug="europe").update(name="EU"),
        lambda lyon: Source.objects.create(name="all", site_label="site"),
        lambda lyon: Source.objects.filter(name="shared").delete(),
    ],
    ids=["insert", "move", "region above", "source of all sites", "delete a source of all sites"],
)
def test_a_write_outside_the_scope_is_refused(write, lyon, porto, limited):
    made.rack(site=porto, name="mine")
    Source.objects.create(name="shared", site_label="site")
    with scopes.reading():
        scopes.narrow_to(limited)
        with pytest.raises(ProgrammingError) as refused, transaction.atomic():
            write(lyon)
        assert scopes.is_refusal(refused.value)
    assert Source.objects.filter(name="shared").exists()


def test_what_is_hidden_cannot_be_changed_or_deleted(lyon, limited_to_porto):
    assert Site.objects.filter(pk=lyon.pk).update(city="x") == 0
    assert Site.objects.filter(pk=lyon.pk).delete()[0] == 0


def test_triggers_write_down_all_that_a_write_concerns(lyon, porto, limited):
    """A change of a person claims each site that the person's teams staff, whoever made it."""
    team = Team.objects.create(name="Hands", slug="hands", home_site=porto)
    person = Person.objects.create(name="Mira", home_site=porto)
    team.memberships.create(person=person)
    for site in (lyon, porto):
        team.staffings.create(site=site, begins_at=NOW)
    SiteChange.objects.all().delete()
    with scopes.reading():
        scopes.narrow_to(limited)
        person.time_zone = "Europe/Lisbon"
        person.save()
    assert set(SiteChange.objects.values_list("site", flat=True)) == {lyon.pk, porto.pk}


def test_a_site_made_in_the_scope_is_seen(limited_to_porto, iberia):
    faro = made.site(name="Faro", slug="faro", region=iberia)
    faro.refresh_from_db()
    scopes.narrow_to(limited_to_porto)
    assert Site.objects.count() == 2


def test_a_scope_that_names_nothing_any_more_shows_nothing(limited, lyon):
    limited.access_scopes.update(slug="gone")
    with scopes.reading():
        scopes.narrow_to(limited)
        assert not Site.objects.exists()
        assert not AccessScope.objects.exists()


def _fail(limited):
    with scopes.reading():
        scopes.narrow_to(limited)
        with scopes.everything():
            raise ZeroDivisionError


def test_an_error_leaves_no_scope_behind(limited, lyon):
    with pytest.raises(ZeroDivisionError):
        _fail(limited)
    assert Site.objects.count() == 2


def test_a_failed_transaction_leaves_no_scope_behind(limited, lyon):
    with scopes.reading():
        scopes.narrow_to(limited)
        with pytest.raises(ProgrammingError), transaction.atomic(), scopes.everything():
            Site.objects.raw("SELECT nothing")[0]
        assert Site.objects.count() == 1
    assert Site.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_connection_opened_anew_is_held_to_the_scope_as_well(limited, lyon):
    with scopes.reading():
        scopes.narrow_to(limited)
        connection.close()
        assert Site.objects.count() == 1
    assert Site.objects.count() == 2


def test_who_has_no_scopes_pays_no_statement(viewer, django_assert_num_queries):
    viewer.scope_slugs = []
    with django_assert_num_queries(0), scopes.reading():
        scopes.narrow_to(viewer)


def test_an_installation_without_the_right_to_make_roles_says_what_to_run():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE muster_weak NOLOGIN")
        cursor.execute("SET LOCAL SESSION AUTHORIZATION muster_weak")
        with pytest.raises(CommandError, match="CREATE ROLE muster_scoped NOLOGIN; GRANT muster_scoped TO"):
            policies.make_role("default")


def test_policies_that_are_as_they_should_be_are_left_alone(django_assert_max_num_queries):
    policies.install("default")
    with django_assert_max_num_queries(12):
        policies.install("default")
