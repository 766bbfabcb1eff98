from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from readiness.demo.logins import lines
from readiness.demo.operations.people import logins


class Command(BaseCommand):
    help = "Print the demo's logins and their password; nothing when there is no demo."

    def handle(self, *args: Any, **options: Any) -> None:
        for line in lines(list(logins()), settings.SECRET_KEY):
            self.stdout.write(line)
