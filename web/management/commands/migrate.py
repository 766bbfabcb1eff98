import time
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from web.migrating.pending import announce, read_pending
from web.new_database import make_tables


class Command(migrate.Command):
    """Django's command. A database without tables gets them all at once; one that holds data is told what comes, and
    afterwards how long each migration took."""

    def handle(self, *args: Any, **options: Any) -> None:
        is_whole = not (
            options["app_label"] or options["plan"] or options["check_unapplied"] or options["fake"]
        )
        connection = connections[options["database"]]
        if is_whole and make_tables(connection) and options["verbosity"]:
            self.stdout.write("Made all tables of a new database.")
        elif is_whole and options["verbosity"]:
            for line in announce(read_pending(connection)):
                self.stdout.write(line)
        super().handle(*args, **options)

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action == "apply_start":
            self.began_s = time.monotonic()
        super().migration_progress_callback(action, migration, fake)
        if action == "apply_success" and self.verbosity == 1:  # Django says it from 2 on
            self.stdout.write(f"    It took {time.monotonic() - self.began_s:.1f} s.")
