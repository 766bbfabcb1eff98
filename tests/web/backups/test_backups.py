"""/backups/ for administrators, the problem of a late or damaged backup, and the schedule."""

from datetime import timedelta
from pathlib import Path

import pytest

from stack.backups import catalogue
from stack.backups.archive import LogArchive
from stack.backups.catalogue import BackupFolder, BackupRecord, digest_of_file
from tests.conftest import NOW
from tests.pages import text_of, words_in
from web import clock
from web.backups import standing
from web.backups.standing import BackupState
from web.faults import faults

URL = "/backups/"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def backups(settings, tmp_path) -> BackupFolder:
    """A folder for backups whose passphrase was chosen; a backup is due each day."""
    settings.DATA_DIR = tmp_path
    settings.BACKUP_DIR = tmp_path / "backups"
    settings.BACKUP_LOG_MINUTES = 0
    (tmp_path / catalogue.KEY_FILE).write_text("{}")
    return BackupFolder(settings.BACKUP_DIR)


def add(backups, made_at, content=b"sealed", chain=""):
    backups.make()
    name = catalogue.file_name(made_at)
    backups.file(name).write_bytes(content)
    record = BackupRecord(
        name=name,
        made_at=made_at,
        size_bytes=len(content),
        digest=digest_of_file(backups.file(name)),
        took_s=4.2,
        database_bytes=80_000_000,
        files=1234,
        chain=chain,
    )
    return backups.verify(record, now=made_at)


def keys_of_faults(now):
    return {fault.key: fault.is_bad for fault in standing.faults(now)}


@pytest.mark.django_db
def test_only_administrators_see_backups(client_of, backups):
    assert client_of("admin").get(URL).status_code == 200
    for role in ("viewer", "ops", "planner", "manager"):
        assert client_of(role).get(URL).status_code == 403


@pytest.mark.django_db
def test_the_page_lists_backups_with_age_size_and_what_was_verified(client_of, backups, frozen_now):
    add(backups, NOW - 30 * timedelta(minutes=1))
    page = client_of("admin").get(URL)
    assert len(page.context["table"].rows) == 1
    words = words_in(text_of(page))
    assert "Verified" in words
    assert "1,234" in words
    assert "76.3 MiB" in words
    assert "30 min ago" in words


@pytest.mark.django_db
def test_without_a_passphrase_the_page_says_what_to_do_and_nothing_is_wrong(client_of, backups, settings):
    (Path(settings.DATA_DIR) / catalogue.KEY_FILE).unlink()
    words = words_in(text_of(client_of("admin").get(URL)))
    assert "No backup yet" in words
    assert "make backup" in words
    assert keys_of_faults(NOW + 100 * DAY) == {}
    assert not standing.is_backup_due(now=NOW)


@pytest.mark.parametrize("number", [1, 30])
@pytest.mark.django_db
def test_the_page_takes_the_same_statements_for_any_number_of_backups(
    client_of, backups, django_assert_max_num_queries, number
):
    for place in range(number):
        add(backups, NOW - place * DAY)
    client = client_of("admin")
    with django_assert_max_num_queries(6):
        client.get(URL)


@pytest.mark.parametrize(
    ("age", "state", "fault"),
    [
        (0.1 * DAY, BackupState.IN_TIME, {}),
        (1.4 * DAY, BackupState.IN_TIME, {}),
        (1.6 * DAY, BackupState.LATE, {"backup": False}),
        (3.1 * DAY, BackupState.MISSING, {"backup": True}),
    ],
)
def test_a_backup_that_is_late_is_a_problem_until_there_is_another(backups, age, state, fault):
    add(backups, NOW - age)
    assert standing.read_standing(now=NOW).state is state
    assert keys_of_faults(NOW) == fault
    add(backups, NOW)
    assert keys_of_faults(NOW) == {}


def test_a_late_backup_says_why_the_last_attempt_failed(backups):
    add(backups, NOW - 2 * DAY)
    backups.note_failure("The disk is full.", now=NOW)
    (fault,) = standing.faults(NOW)
    assert fault.detail.endswith("the last attempt failed: The disk is full.")
    assert fault.since == NOW - 2 * DAY + 1.5 * DAY


def test_a_damaged_backup_is_a_problem_and_counts_for_nothing(backups):
    record = add(backups, NOW)
    backups.file(record.name).write_bytes(b"sealec")
    backups.verify(record, now=NOW)
    add(backups, NOW - DAY)
    assert keys_of_faults(NOW) == {"backup-damaged": True}
    assert standing.read_standing(now=NOW).newest.made_at == NOW - DAY


@pytest.mark.django_db
def test_muster_lists_it_among_its_own_faults(backups):
    add(backups, NOW - 4 * DAY)
    assert "backup" in {fault.key for fault in faults(now=NOW)}


@pytest.mark.parametrize(("hours", "due"), [(24, True), (0, False)], ids=["daily", "no schedule"])
def test_the_schedule(backups, settings, hours, due):
    settings.BACKUP_HOURS = hours
    assert standing.is_backup_due(now=NOW) is due
    add(backups, NOW)
    assert not standing.is_backup_due(now=NOW)
    assert standing.read_standing(now=NOW).state is (BackupState.IN_TIME if due else BackupState.OFF)


def test_metrics_give_the_age_and_what_is_damaged(backups):
    assert standing.gauges(NOW) == {
        "muster_backup_age_seconds": {},
        "muster_backups_damaged": {(): 0},
        "muster_backup_log_age_seconds": {},
    }
    add(backups, NOW - DAY)
    assert standing.gauges(NOW)["muster_backup_age_seconds"] == {(): 86400.0}


def archive(backups, settings, *, until=None):
    """Have the log archived each five minutes, in a chain that begins ten minutes ago."""
    settings.BACKUP_LOG_MINUTES = 5
    backups.make()
    chain = LogArchive(backups).chain(f"{NOW - 10 * MINUTE:%Y%m%dT%H%M%SZ}")
    chain.path.mkdir()
    if until is not None:
        chain.piece_path(begins=0, ends=100, until=until).write_bytes(b"sealed")
    return chain


@pytest.mark.django_db
def test_the_page_says_which_instants_can_be_restored(client_of, backups, settings, frozen_now):
    def words():
        return words_in(text_of(client_of("admin").get(URL)))

    assert "the log of changes is not archived" in words()
    chain = archive(backups, settings, until=NOW - 2 * MINUTE)
    assert "waits for the next backup" in words()
    assert standing.is_backup_due(now=NOW), "a new chain needs a backup"
    add(backups, NOW - 8 * MINUTE, chain=chain.name)
    assert not standing.is_backup_due(now=NOW)
    assert "Restorable until 2 min ago" in words()
    assert "gaps" not in words()


@pytest.mark.parametrize(
    ("age", "fault"),
    [(4, {}), (16, {"backup-log": False}), (61, {"backup-log": True})],
    ids=["in time", "late", "missing"],
)
def test_a_log_that_is_not_archived_is_a_problem_until_it_is(backups, settings, age, fault):
    chain = archive(backups, settings, until=NOW - age * MINUTE)
    add(backups, NOW - DAY / 2, chain=chain.name)
    LogArchive(backups).note_failure("The disk is full.", now=NOW)
    assert keys_of_faults(NOW) == fault
    assert standing.gauges(NOW)["muster_backup_log_age_seconds"] == {(): 60.0 * age}
    details = [each.detail for each in standing.faults(NOW)]
    assert all(detail.endswith("the last attempt failed: The disk is full.") for detail in details)
    chain.piece_path(begins=100, ends=200, until=NOW).write_bytes(b"sealed")
    assert keys_of_faults(NOW) == {}


def test_a_log_that_was_never_archived_is_a_problem(backups, settings):
    settings.BACKUP_LOG_MINUTES = 5
    add(backups, clock.now())
    assert keys_of_faults(clock.now()) == {}
    (fault,) = standing.faults(clock.now() + 20 * MINUTE)
    assert (fault.key, fault.detail) == ("backup-log", "None is archived yet.")


def test_the_schedule_of_the_log(backups, settings):
    assert not standing.is_log_due(now=NOW), "off by default"
    archive(backups, settings, until=NOW)
    assert not standing.is_log_due(now=NOW + 4 * MINUTE)
    assert standing.is_log_due(now=NOW + 5 * MINUTE)
    (Path(settings.DATA_DIR) / catalogue.KEY_FILE).unlink()
    assert not standing.is_log_due(now=NOW + 5 * MINUTE), "nobody chose a passphrase"
    assert keys_of_faults(NOW + DAY) == {}
