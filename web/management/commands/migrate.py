from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from web.new_database import make_tables


class Command(migrate.Command):
    """Django's command; a database without tables gets them all at once."""

    def handle(self, *args: Any, **options: Any) -> None:
        is_whole = not (
            options["app_label"] or options["plan"] or options["check_unapplied"] or options["fake"]
        )
        if is_whole and make_tables(connections[options["database"]]) and options["verbosity"]:
            self.stdout.write("Made all tables of a new database.")
        super().handle(*args, **options)
