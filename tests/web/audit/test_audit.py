"""The audit table: which writes it holds, what it never holds, what stays and what goes."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from celery import shared_task
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from accounts.models import GroupPermission, Token, User, UserPermission
from accounts.operations import create_token
from inventory.models import Manufacturer, Region, Site
from tests.conftest import NOW
from tests.entries import entries_of, rewritten
from tests.inventory import made
from web import partitions
from web.actor import acting
from web.audit import AuditEntry, audited_models, is_audited, retention, steps_of, triggers
from web.audit.registry import left_out

pytestmark = pytest.mark.django_db

SECRET = ("password", "secret", "plain")
TRIGGERS = """
SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname IN ('audit_insert', 'audit_update', 'audit_delete')
"""


def standing():
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        return set(cursor.fetchall())


def test_a_table_that_is_no_longer_audited_loses_its_triggers():
    before = standing()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER audit_insert AFTER INSERT ON telemetry_rejection REFERENCING NEW TABLE AS new_values"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_write('false')"
        )
    assert standing() != before
    triggers.install("default")
    assert standing() == before


def test_a_dropped_trigger_comes_back_and_all_others_stay_untouched():
    def trigger_ids():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tgname, tgrelid::regclass::text, xmin::text FROM pg_trigger WHERE NOT tgisinternal"
            )
            return set(cursor.fetchall())

    triggers.install("default")
    before = trigger_ids()
    triggers.install("default")
    assert trigger_ids() == before
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER audit_update ON inventory_site")
    triggers.install("default")
    assert standing() >= {("inventory_site", "audit_update")}
    assert {trigger[:2] for trigger in trigger_ids()} == {trigger[:2] for trigger in before}


def test_what_another_version_installed_is_installed_anew():
    triggers.install("default")
    with connection.cursor() as cursor:
        cursor.execute(
            "COMMENT ON FUNCTION audit_write IS 'another version';"
            "CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"
        )
    triggers.install("default")
    made.site(name="Porto")
    with pytest.raises(IntegrityError, match="stays as it was"), transaction.atomic():
        AuditEntry.objects.filter(pk__gt=0).delete()


def test_each_audited_table_has_its_three_triggers_and_no_other_has():
    expected = {
        (model._meta.db_table, f"audit_{operation}")
        for model in audited_models()
        for operation in ("insert", "update", "delete")
    }
    assert standing() == expected
    assert len(expected) > 150


@pytest.mark.parametrize("model", audited_models(), ids=lambda model: model._meta.label)
def test_an_audited_model_keeps_no_secret(model):
    # The function of the triggers pairs rows by it.
    assert model._meta.pk.column == "id"
    columns = {field.column: field for field in model._meta.concrete_fields}
    assert list(columns) == [field.attname for field in model._meta.concrete_fields]
    assert set(left_out(model)) <= set(columns)
    kept = [field for column, field in columns.items() if column not in left_out(model)]
    assert not [field for field in kept if isinstance(field, models.BinaryField)]
    assert not [
        field.name for field in kept if any(word in field.name for word in SECRET) and not is_date(field)
    ]


def is_date(field):
    """When a password was set is no secret."""
    return isinstance(field, models.DateTimeField)


def test_no_secret_stands_in_any_entry(user_of):
    user = user_of("ops")
    user.set_password("another-long-enough-password")
    user.save()
    token, plain = create_token(user=user, name="script", by=user, now=NOW)
    entries = [*entries_of(User), *entries_of(Token)]
    texts = [f"{entry.before} {entry.after}" for entry in entries]
    assert entries_of(User).exists()
    assert entries_of(Token).exists()
    for secret in (user.password, plain, bytes(token.digest).hex(), "password'", "digest"):
        assert not [text for text in texts if secret in text]


def test_a_bulk_write_leaves_an_entry_for_each_row_and_costs_no_statement():
    with CaptureQueriesContext(
        connection,
    ) as statements:
        Manufacturer.objects.bulk_create([Manufacturer(name=f"Maker {n}", slug=f"m{n}") for n in range(50)])
    Manufacturer.objects.filter(slug__in=["m1", "m2"]).update(name=Concat("name", Value("!")))
    Manufacturer.objects.filter(slug="m3").delete()
    entries = list(entries_of(Manufacturer))
    assert [entry.action for entry in entries] == ["created"] * 50 + ["changed"] * 2 + ["deleted"]
    assert {(entry.before["name"], entry.after["name"]) for entry in entries[50:52]} == {
        ("Maker 1", "Maker 1!"),
        ("Maker 2", "Maker 2!"),
    }
    assert (entries[0].before, entries[-1].after) == (None, None)
    assert entries[-1].before["slug"] == "m3"
    assert not [each for each in statements.captured_queries if "audit_entry" in each["sql"]]


def test_a_write_that_changes_nothing_leaves_none():
    site = made.site(name="Porto")
    before = AuditEntry.objects.count()
    site.save()
    Site.objects.update(name="Porto")
    assert AuditEntry.objects.count() == before


def test_who_acts_is_in_each_entry_until_the_block_ends():
    with acting("worker", message="100 % 'quoted' \\ said", request_id="r1"):
        Manufacturer.objects.create(name="One", slug="one")
        with transaction.atomic():
            Manufacturer.objects.filter(slug="one").update(name="Uno")
    Manufacturer.objects.filter(slug="one").delete()
    assert [(entry.username, entry.message, entry.request_id) for entry in entries_of(Manufacturer)] == [
        ("worker", "100 % 'quoted' \\ said", "r1")
    ] * 2 + [("", "", "")]


def test_a_row_that_gets_another_id_goes_and_comes():
    maker = Manufacturer.objects.create(name="One", slug="one")
    Manufacturer.objects.filter(slug="one").update(id=maker.pk + 1000)
    entries = [(entry.action, entry.object_id) for entry in entries_of(Manufacturer)]
    assert entries == [("created", maker.pk), ("deleted", maker.pk), ("created", maker.pk + 1000)]


def test_a_right_given_to_a_user_or_a_group_is_kept_with_who_gave_it(ops):
    right, other = Permission.objects.order_by("pk")[:2]
    group = Group.objects.create(name="guests")
    with acting("admin"):
        ops.user_permissions.add(right, other)
        ops.user_permissions.remove(right)
        group.permissions.set([other])
    rights = [
        (entry.action, (entry.after or entry.before)["permission_id"], entry.username)
        for entry in entries_of(UserPermission)
    ]
    assert rights[2:] == [("deleted", right.pk, "admin")]
    assert set(rights[:2]) == {("created", right.pk, "admin"), ("created", other.pk, "admin")}
    assert [entry.after["group_id"] for entry in entries_of(GroupPermission, username="admin")] == [group.pk]


@pytest.mark.parametrize("write", [lambda rows: rows.delete(), lambda rows: rows.update(message="other")])
def test_what_is_written_stays(write):
    made.site(name="Porto")
    with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
        write(AuditEntry.objects.filter(pk__gt=0))


@pytest.mark.parametrize("table", ["audit_entry", "audit_entry_lasting", "audit_entry_passing"])
def test_it_cannot_be_emptied(table):
    made.site(name="Porto", region=made.region(name="Iberia"))
    with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
        connection.cursor().execute(f"TRUNCATE {table}")
    assert AuditEntry.objects.exists()


def test_no_command_empties_the_database():
    made.site(name="Porto")
    with pytest.raises(CommandError, match="stay as they were written"):
        call_command("flush", interactive=False)
    assert Site.objects.count() == 1


@pytest.fixture
def committed(transactional_db):
    yield
    retention.make_ready(now=datetime.now(UTC))


def test_months_past_their_time_go_but_for_what_decides_something(committed, settings):
    """A partition is dropped whole, and outside of a transaction."""
    settings.HISTORY_DAYS = 0
    now = datetime.now(UTC)
    long_ago = now - timedelta(days=400)
    region = made.region(name="Iberia")
    site = made.site(name="Porto", region=region, stage="building")
    Site.objects.update(stage="production")
    retention.make_ready(now=long_ago)
    with transaction.atomic():
        for model in (Region, Site):
            rewritten(entries_of(model), at=long_ago)
    retention.keep(now=now)
    assert not entries_of(Region).exists()
    assert [step.values for step in steps_of(Site, ["stage"], ids=[site.pk])] == [
        ("building",),
        ("production",),
    ]


def test_steps_leave_out_what_changed_elsewhere():
    site = made.site(name="Porto", stage="building", city="")
    Site.objects.update(city="Oporto")
    Site.objects.update(stage="production")
    other = made.site(name="Lagos", region=site.region)
    assert [step.values for step in steps_of(Site, ["stage"], ids=[site.pk])] == [
        ("building",),
        ("production",),
    ]
    assert {step.object_id for step in steps_of(Site, ["stage"])} == {site.pk, other.pk}


def test_no_steps_are_read_of_what_the_retention_ends():
    with pytest.raises(ValueError, match="Region does not say"):
        steps_of(Region, ["name"])


def test_scopes_and_roles_are_audited():
    labels = {model._meta.label for model in audited_models()}
    assert {"accounts.AccessScope", "accounts.RoleMembership"} <= labels
    assert not is_audited(User.groups.through)


@pytest.mark.parametrize("partition", ["audit_entry_lasting", "audit_entry_passing"])
def test_a_partition_by_its_own_name_stays_as_well(partition):
    made.site(name="Porto", region=made.region(name="Iberia"))
    with pytest.raises(IntegrityError, match="stays as it was written"), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {partition}")


@pytest.mark.parametrize("month", range(1, 13))
def test_no_month_of_the_next_year_is_without_a_partition(month):
    """The last days of a month are those from which the next month is easily jumped over."""
    now = datetime(2026, month, 31 if month in (1, 3, 5, 7, 8, 10, 12) else 28, 12, tzinfo=UTC)
    starts = [partitions.month_of(at) for at in partitions.coming(retention.PASSING, now)]
    assert starts[0] == partitions.month_of(now)
    assert all(later == retention.PASSING.next_after(first) for first, later in itertools.pairwise(starts))
    assert starts[-1] >= partitions.month_of(now + timedelta(days=340))


def test_a_task_writes_as_the_worker():
    @shared_task(name="tests.make_a_region")
    def make():
        made.region(name="Iberia")

    make()
    assert entries_of(Region).get().username == "worker"
    Region.objects.update(name="Spain")
    assert entries_of(Region).last().username == ""


def test_data_of_another_version_are_refused_before_anything_is_changed():
    MigrationRecorder(connection).record_applied("inventory", "0099_of_tomorrow")
    with pytest.raises(CommandError, match=r"inventory\.0099_of_tomorrow is not part of this one"):
        call_command("migrate", verbosity=0)
