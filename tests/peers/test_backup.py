"""A backup while samples arrive, restored elsewhere: every acknowledged sample up to its end, and equal verdicts."""

import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stack.backups.catalogue import BackupFolder
from tests.peers.launched import Launched
from tests.peers.running import eventually
from tests.peers.sender import SERIES, Sender

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
SITE = "porto"
# Two senders with ten series each, and at most one body in 40 ms: 500 samples/s.
SENDERS, PAUSE_S = 2, 0.03
BEFORE_S, LEAST_PER_S, STORED_S = 5, 50, 90
PASSPHRASE = {"MUSTER_BACKUP_PASSPHRASE": "correct horse battery"}


@pytest.fixture
def folder():
    # Not pytest's tmp_path: that is closed to the account PostgreSQL runs as when the tests are root.
    made = Path(tempfile.mkdtemp(prefix="muster-backup-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def muster(programs, folder):
    started = Launched(ROOT, folder / "data", programs)
    try:
        started.start()
        started.add_site(SITE)
        yield started
    finally:
        started.stop()


class TimedSender(Sender):
    """Notes when each of its bodies was acknowledged."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.acknowledged_at = []

    def _deliver(self, number):
        super()._deliver(number)
        self.acknowledged_at.append(datetime.now(UTC))

    def count_until(self, at):
        return sum(each <= at for each in self.acknowledged_at)


@pytest.fixture
def senders(muster):
    begin_s = int(datetime.now(UTC).timestamp()) - 5 * 3600
    started = []
    for name in (f"sender {number}" for number in range(SENDERS)):
        source = muster.post("/api/telemetry/sources/", {"name": name, "site": {"slug": SITE}})
        started.append(TimedSender(name, muster.port, source["token"], begin_s=begin_s, pause_s=PAUSE_S))
    for each in started:
        each.start()
    yield started
    for each in started:
        each.stop()


def command(muster, data, *arguments):
    environment = muster.environment | PASSPHRASE | {"MUSTER_DATA_DIR": str(data)}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "stack", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, time.monotonic() - began


def test_what_was_acknowledged_by_its_end_is_in_a_backup_that_was_made_meanwhile(
    muster, senders, folder, programs, figures
):
    time.sleep(BEFORE_S)
    began, acknowledged = time.monotonic(), sum(each.acknowledged for each in senders)
    _, backup_s = command(muster, folder / "data", "backup")
    rate = SERIES * (sum(each.acknowledged for each in senders) - acknowledged) / (time.monotonic() - began)
    for each in senders:
        each.stop()
    assert [each.failed for each in senders] == [""] * SENDERS
    assert rate >= LEAST_PER_S, "samples went on to be acknowledged meanwhile"
    muster.stop()

    (record,) = BackupFolder(folder / "data" / "backups").records()
    elsewhere = folder / "elsewhere"
    said, restore_s = command(muster, elsewhere, "restore", str(folder / "data" / "backups" / record.name))
    assert "no verdicts and checks differ" in said, said
    figures.append(
        f"backup: {record.size_bytes / 1e6:.1f} MB in {backup_s:.1f} s at {rate:.0f} samples/s,"
        f" restored and verified in {restore_s:.1f} s"
    )

    restored = Launched(ROOT, elsewhere, programs)
    restored.token = muster.token
    try:
        restored.launch()
        for each in senders:
            count = each.count_until(record.made_at)
            assert count > BEFORE_S
            each.acknowledged = count
            eventually(
                lambda each=each: each.stored(restored, SITE, "sum", "1s") == each.sent(),
                within_s=STORED_S,
                what=f"what {each.name} was told is stored",
                last=restored._logs,
            )
    finally:
        restored.stop()
