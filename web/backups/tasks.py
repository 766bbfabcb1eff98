"""The schedule of backups."""

import os
import subprocess
import sys

from celery import shared_task
from django.conf import settings

from web import clock
from web.backups.standing import is_backup_due


@shared_task(name="web.back_up")
def back_up() -> int:
    """Start the program that writes a backup, if one is due. It takes minutes with a large database, so that nothing
    waits for it here; it looks itself whether another one is at work."""
    if not is_backup_due(now=clock.now()):
        return 0
    log = settings.DATA_DIR / "log" / "backup.log"
    log.parent.mkdir(exist_ok=True)
    with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        subprocess.Popen(
            [sys.executable, "-m", "stack", "backup", "--scheduled"],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    return 1
