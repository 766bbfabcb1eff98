from datetime import timedelta

import pytest

from accounts.counting import Recent
from tests.conftest import NOW
from web.security_log import chaining, recording
from web.security_log.models import SecurityBatch, SecurityEvent


@pytest.fixture(autouse=True)
def heads_folder(settings, tmp_path):
    """A folder of its own for the heads outside."""
    settings.SECURITY_LOG_DIR = tmp_path / "security-log"
    return settings.SECURITY_LOG_DIR


@pytest.fixture(autouse=True)
def _nothing_counted(monkeypatch):
    """The tests' clock stands still, so a window of theirs would not end."""
    monkeypatch.setattr(recording, "_counts", Recent())
    monkeypatch.setattr(recording, "_fold_keys", Recent())
    monkeypatch.setattr(recording, "_spared", Recent())


@pytest.fixture
def log(ops):
    """Five batches of three events each, chained half a minute apart."""
    chaining.chain(now=NOW)
    for number in range(1, 5):
        for place in ("/sites/", "/fleet/", "/history/"):
            values = {"actor_id": ops.pk, "account_id": ops.pk, "address": "192.0.2.1", "place": place}
            recording.record(SecurityEvent.Action.REFUSED, **values, now=NOW + number * timedelta(seconds=30))
        chaining.chain(now=NOW + number * timedelta(seconds=30))
    assert SecurityBatch.objects.count() == 5
