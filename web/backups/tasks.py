"""The schedules of backups and of the log that is archived beside them."""

import os
import subprocess
import sys

from celery import shared_task
from django.conf import settings

from web import clock
from web.backups.standing import is_backup_due, is_log_due


@shared_task(name="web.back_up")
def back_up() -> int:
    """Start the program that writes a backup, if one is due. It takes minutes with a large database, so that nothing
    waits for it here; it looks itself whether another one is at work."""
    return _start("backup", "--scheduled") if is_backup_due(now=clock.now()) else 0


@shared_task(name="web.archive_log")
def archive_log() -> int:
    """Start the program that archives the log of changes, if that is due."""
    return _start("archive-log", "--scheduled") if is_log_due(now=clock.now()) else 0


def _start(*arguments: str) -> int:
    log = settings.DATA_DIR / "log" / "backup.log"
    log.parent.mkdir(exist_ok=True)
    with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        subprocess.Popen(
            [sys.executable, "-m", "stack", *arguments],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    return 1
