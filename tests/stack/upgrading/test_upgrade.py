"""`make upgrade` from an older PostgreSQL that this machine has: nothing is lost, however often it is killed."""

import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from stack.postgres import MAJOR
from stack.state import Lock
from stack.upgrading import comparing
from tests.stack.checkout import ROOT, Checkout
from tests.stack.upgrading.older import make_older, older_server

pytestmark = pytest.mark.full
PASSPHRASE = {"MUSTER_BACKUP_PASSPHRASE": "correct horse battery"}
ROWS = 20_000
WRITTEN = f"""
CREATE EXTENSION btree_gist;
CREATE SCHEMA launcher;
CREATE TABLE launcher.migrated (lineage text NOT NULL, stamp text NOT NULL);
INSERT INTO launcher.migrated VALUES ('1', '');
CREATE TABLE django_migrations (id serial, app text, name text, UNIQUE (app, name));
INSERT INTO django_migrations (app, name) VALUES ('config', '0001_initial');
CREATE TABLE kept (what text CHECK (what IN ('page', 'demo')));
INSERT INTO kept SELECT 'page' FROM generate_series(1, {ROWS});
CREATE TABLE measured (at timestamptz, value float8, packed bytea, detail jsonb, figure numeric)
    PARTITION BY RANGE (at);
CREATE TABLE measured_2026 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO measured SELECT '2026-06-01'::timestamptz + n * interval '1 s', random() / 3, sha256(n::text::bytea),
    jsonb_build_object('n', n), n / 7.0 FROM generate_series(1, {ROWS}) AS n;
INSERT INTO measured VALUES ('2026-07-01', 'NaN', NULL, NULL, 'NaN'), ('2026-07-02', '-Infinity', '', '[]', 0);
CREATE ROLE reader NOLOGIN; CREATE ROLE signs_in LOGIN PASSWORD 'secret' CONNECTION LIMIT 7; GRANT reader TO signs_in;
ALTER ROLE signs_in SET work_mem = '8MB'; ALTER DATABASE muster SET work_mem = '9MB';
GRANT SELECT ON kept TO reader; GRANT ALL ON measured TO reader; GRANT UPDATE (what) ON kept TO signs_in;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
ALTER TABLE kept ENABLE ROW LEVEL SECURITY; ALTER TABLE kept FORCE ROW LEVEL SECURITY;
CREATE POLICY pages ON kept FOR SELECT TO reader USING (what IN ('page', 'other'));
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ BEGIN RAISE EXCEPTION 'stays'; END $$;
CREATE TRIGGER stays BEFORE DELETE ON kept FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def older(checkout: Checkout) -> Path:
    """Data of a stopped Muster with an older PostgreSQL."""
    folder = make_older(checkout.data, WRITTEN)
    (folder / "demo").write_text("empty")
    return folder


def rows_of(folder: Path) -> list[tuple[object, ...]]:
    """What the older PostgreSQL says of its data."""
    with older_server(folder) as url, psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT count(*), sum(hashtext(m::text)), (SELECT count(*) FROM kept) FROM measured AS m"
        ).fetchall()


def upgrade(checkout: Checkout, *arguments: str) -> subprocess.CompletedProcess[str]:
    return checkout.call("upgrade", *arguments, **PASSPHRASE)


def test_data_of_an_older_postgresql_are_upgraded_and_stay_where_they_were(
    checkout: Checkout, older: Path
) -> None:
    refused = checkout.call("run")
    assert "`make upgrade` brings them there" in refused.stdout

    done = upgrade(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40,004 rows of 4 tables are the same in both" in done.stdout
    assert (
        f"The data of PostgreSQL {older.name.removeprefix('postgres-')} are still in {older}." in done.stdout
    )
    assert f"rm -r {older}" in done.stdout
    (backup,) = (checkout.data / "backups").glob("*.backup")
    verified = checkout.call("verify-backup", str(backup), **PASSPHRASE)
    assert "is whole" in verified.stdout

    started = checkout.start()
    assert started.get() == {"page": ROWS}
    checkout.execute("INSERT INTO kept VALUES ('demo')")
    with pytest.raises(psycopg.errors.RaiseException):
        checkout.execute("DELETE FROM kept")
    with pytest.raises(psycopg.errors.CheckViolation):
        checkout.execute("INSERT INTO kept VALUES ('another')")
    assert upgrade(checkout).stdout.count("upgraded from") == 1
    assert started.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "step",
    [
        "Starting PostgreSQL",
        "Writing a backup",
        "Copying the data",
        "Comparing every row",
        "Writing it to the disk",
    ],
)
def test_a_kill_at_any_step_leaves_the_older_data_and_the_next_run_begins_anew(
    checkout: Checkout, older: Path, step: str
) -> None:
    before = rows_of(older)
    process = subprocess.Popen(
        checkout.argv("upgrade"),
        cwd=ROOT,
        env=checkout.environment(**PASSPHRASE),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(step):
            break
    process.kill()
    process.communicate(timeout=60)
    assert not (checkout.data / f"postgres-{MAJOR}").exists()
    assert "`make upgrade` brings them there" in checkout.call("run").stdout

    done = upgrade(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(checkout.data.glob("*.upgrading"))
    assert rows_of(older) == before


def test_an_older_muster_that_went_on_is_noticed(checkout: Checkout, older: Path) -> None:
    assert upgrade(checkout).returncode == 0
    control = older / "data" / "global" / "pg_control"
    control.write_bytes(bytes([control.read_bytes()[0] ^ 1]) + control.read_bytes()[1:])
    refused = checkout.call("run")
    assert refused.returncode == 1
    assert "was written to after it had been upgraded" in refused.stdout


def test_a_muster_that_runs_is_not_upgraded(checkout: Checkout, older: Path) -> None:
    lock = Lock(checkout.data / "lock")
    try:
        done = upgrade(checkout)
    finally:
        lock.release()
    assert done.returncode == 1
    assert f"Muster is running from {checkout.data}. Stop it first" in done.stdout


def test_what_the_new_release_does_not_read_is_refused(checkout: Checkout) -> None:
    """An option that no other PostgreSQL has stands for it."""
    option = "UPDATE pg_class SET reloptions = '{of_another_build=1}' WHERE relname = 'kept'"
    older = make_older(checkout.data, f"{WRITTEN}; {option}")
    done = upgrade(checkout)
    assert done.returncode == 1
    assert 'unrecognized parameter "of_another_build"' in done.stdout
    assert not list(checkout.data.glob(f"postgres-{MAJOR}*"))
    assert rows_of(older)


def test_a_plan_says_what_it_takes_and_changes_nothing(checkout: Checkout, older: Path) -> None:
    done = upgrade(checkout, "--plan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "An upgrade needs about" in done.stdout
    assert "MB a second as measured" in done.stdout
    assert not list(checkout.data.glob(f"postgres-{MAJOR}*"))


def test_differences_are_named() -> None:
    assert comparing.differences({"a", "b"}, {"b", "c"}) == ["lacks: a", "adds: c"]
    assert comparing.content_differences(
        {"a": (1, 2), "b": (1, 2), "c": (1, 2), "d": (1, 2)},
        {"b": (2, 2), "c": (1, 3), "d": (1, 2), "e": (0, 0)},
    ) == [
        "a is missing",
        "b has 2 rows in place of 1",
        "c has other values in its 1 rows",
        "e is new",
    ]
