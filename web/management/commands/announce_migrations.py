from django.core.management.base import BaseCommand
from django.db import connection

from web.migrating.pending import announce, read_pending


class Command(BaseCommand):
    help = "Say which migrations are pending, what each does, how long it takes and who waits; nothing is changed."

    def handle(self, *args: object, **options: object) -> None:
        lines = announce(read_pending(connection)) or ["No migration is pending."]
        for line in lines:
            self.stdout.write(line)
