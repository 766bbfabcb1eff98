"""On a PostgreSQL of one's own the owner migrates, and web and worker do all their work without the right to alter."""

from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from config.celery import app
from telemetry import operations
from telemetry.binary import fetched
from telemetry.store import hot
from telemetry.store.partitions import ALL, BLOCKS, existing
from tests import database
from tests.conftest import make_user
from tests.deploy import roles
from tests.inventory import made
from tests.telemetry.sending import Sender, body_of
from web import partitions
from web.audit import AuditEntry
from web.audit.retention import PASSING

# It starts a program, or calls addresses.
ELSEWHERE = {
    "web.archive_log",
    "web.back_up",
    "web.deliver",
    "readiness.heartbeat.beat",
    "readiness.people.read_calendars",
}
ALTERS = (
    "ALTER TABLE inventory_site ADD COLUMN note text",
    "ALTER TABLE inventory_site DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE audit_entry DISABLE TRIGGER audit_stays",
    "DROP POLICY muster_scope ON inventory_site",
    "DROP TABLE inventory_site",
    "TRUNCATE inventory_site CASCADE",
    "CREATE TABLE notes (note text)",
    "CREATE ROLE another",
    f"SET ROLE {roles.OWNER}",
)


@contextmanager
def connect_as(user, name):
    """This thread and those that connect anew are this user of the database."""
    before = settings.DATABASES["default"]["USER"]
    settings.DATABASES["default"]["USER"] = user
    user_connection = database._connection_to(name)
    try:
        with database._connected(user_connection):
            yield
    finally:
        user_connection.close()
        settings.DATABASES["default"]["USER"] = before


@pytest.fixture(scope="module")
def migrated_database(django_db_setup, django_db_blocker):
    """The name of a database that the owner migrated."""
    with django_db_blocker.unblock(), roles.database_with_roles(django_db_setup) as name:
        with connect_as(roles.OWNER, name):
            call_command("migrate", interactive=False, verbosity=0)
            for _ in range(2):
                call_command("grant_roles", verbosity=0)
        yield name


@pytest.fixture
def connected_as(migrated_database, django_db_blocker):
    """`with connected_as("muster_web"): …` in a database that tests of this module share."""

    @contextmanager
    def sign_in(user):
        with django_db_blocker.unblock(), connect_as(user, migrated_database):
            yield

    return sign_in


def find_accepted(statements):
    """The statements that are not refused for want of a right."""
    return [statement for statement in statements if is_accepted(statement)]


def is_accepted(statement):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        if error.__cause__.sqlstate == "42501":
            return False
        raise
    return True


def run_tasks(*tasks):
    app.loader.import_default_modules()
    for task in tasks:
        if task not in ELSEWHERE:
            app.tasks[task].apply(throw=True)


def test_web_and_worker_do_their_work(connected_as, frozen_now):
    with connected_as("muster_web"):
        admin, site = make_user("admin"), made.site(name="Porto", slug="porto")
        limited = make_user("planner")
        limited.access_scopes.create(kind="site", slug="porto")
        made.site(name="Lyon", slug="lyon")
        source, token = operations.create_source(site=site, name="prometheus", by=admin, now=frozen_now.at)
        source.plain_token = token
        sender = Sender(source, frozen_now)
        answer = sender.post(body_of(("up", 1.0, frozen_now.at), ("load", 2.0, frozen_now.at)))
        assert answer.status_code == 204
    with connected_as("muster_worker"):
        run_tasks(*(job.task for job in settings.JOBS.values()))
        (table,) = hot.hot_tables()
        for _ in range(4):
            # Sealed, packed and dropped; the day that is over is vacuumed.
            frozen_now.move(hours=10)
            run_tasks("telemetry.pack_samples", "telemetry.keep_partitions", "web.keep_history")
        assert table.name not in {each.name for each in hot.hot_tables()}
        assert [
            day for (day,) in fetched("SELECT day FROM telemetry_blockday WHERE packed_at IS NOT NULL", None)
        ]
    with connected_as("muster_web"):
        for user, sites in ((admin, {"Porto", "Lyon"}), (limited, {"Porto"})):
            client = Client()
            client.force_login(user)
            for path in (
                "/",
                "/fleet/",
                "/sites/porto/",
                "/problems/",
                "/history/",
                "/telemetry/",
                "/health/ready",
            ):
                assert client.get(path).status_code == 200, path
            listed = client.get("/api/inventory/sites/").json()["results"]
            assert {each["name"] for each in listed} == sites
        assert AuditEntry.objects.filter(table="inventory_site", action="created").count() == 2


def test_neither_can_alter_a_table(connected_as):
    for user in ("muster_web", "muster_worker"):
        with connected_as(user):
            assert find_accepted(ALTERS) == [], user


def keep_all(now):
    return [partitions.keep(each, now=now, newest_at=now) for each in (*ALL, PASSING)]


def test_the_worker_alone_makes_and_drops_partitions(connected_as, frozen_now):
    with connected_as("muster_worker"):
        keep_all(frozen_now.at)
        name = next(iter(existing(BLOCKS)))
    with connected_as("muster_web"):
        assert find_accepted([f"DROP TABLE {name}", "SET ROLE muster_maintenance"]) == []
    with connected_as("muster_worker"):
        assert min(keep_all(frozen_now.move(days=3000))) > 1
        assert name not in existing(BLOCKS)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("muster_worker",)
    with connected_as(roles.OWNER):
        # Partitions of the present, for the tests that write there.
        call_command("migrate", interactive=False, verbosity=0)


def test_rights_come_with_each_migration(connected_as):
    """A table that is made later has them at once."""
    with connected_as(roles.OWNER):
        connection.cursor().execute("CREATE TABLE added (note text)")
        call_command("migrate", interactive=False, verbosity=0)
    with connected_as("muster_web"):
        connection.cursor().execute("INSERT INTO added VALUES ('x')")
    with connected_as(roles.OWNER):
        connection.cursor().execute("DROP TABLE added")


@pytest.mark.django_db
def test_roles_that_are_missing_are_named():
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regrole('muster_app') IS NOT NULL")
        if cursor.fetchone()[0]:
            cursor.execute("ALTER ROLE muster_app RENAME TO muster_app_elsewhere")
    with pytest.raises(CommandError, match=r"no role .*muster_app.* deploy/postgres/roles\.sql"):
        call_command("grant_roles")
