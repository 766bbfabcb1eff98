"""`manage.py flush` of Django would empty every table."""

from typing import Any

from django.core.management import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Refused: the history and the security log stay as they were written"

    def add_arguments(self, parser: Any) -> None:
        """Take the options of Django's command, so that the refusal is the answer to each of them."""
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive")
        parser.add_argument("--database", default="default")

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "Muster empties no database: its history and security log stay as they were written. To begin anew, name"
            " another database by DATABASE_URL, or another folder by MUSTER_DATA_DIR. Nothing was changed."
        )
