from typing import Any

from django.core.management.base import BaseCommand

from readiness.demo.operations.people import logins, password


class Command(BaseCommand):
    help = "Print the demo's logins and their password; nothing when there is no demo."

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = logins()
        if accounts:
            self.stdout.write(f"Demo logins, one for each role: {', '.join(accounts)}")
            self.stdout.write(f"Password of all of them: {password()}")
