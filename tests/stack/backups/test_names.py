"""Backups are named by their second, so no two are of the same one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stack.backups import writing
from stack.backups.catalogue import BackupFolder, BackupRecord, file_name


@pytest.mark.parametrize(("age_s", "least_s", "most_s"), [(0, 0.5, 1), (2, 0, 0), (-60, 1, 1)])
def test_a_backup_waits_until_its_second_has_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float, least_s: float, most_s: float
) -> None:
    waits_s: list[float] = []
    monkeypatch.setattr(writing.time, "sleep", waits_s.append)
    folder, made_at = BackupFolder(tmp_path), datetime.now(UTC) - timedelta(seconds=age_s)
    folder.file(file_name(made_at)).write_bytes(b"sealed")
    folder.write_record(BackupRecord(file_name(made_at), made_at, size_bytes=6))
    writing._wait_for_new_name(folder)
    [wait_s] = waits_s
    assert least_s <= wait_s <= most_s
