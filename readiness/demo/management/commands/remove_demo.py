from typing import Any

from django.core.management.base import BaseCommand

from accounts.operations import has_admin
from readiness.demo import operations
from web import clock


class Command(BaseCommand):
    help = "Remove the demo fleet: its sites, sources, samples, workloads and logins."

    def handle(self, *args: Any, **options: Any) -> None:
        if not operations.remove(by=None, now=clock.now()):
            self.stdout.write("There is no demo fleet.")
            return
        self.stdout.write("The demo fleet is removed.")
        if not has_admin():
            self.stdout.write(
                "No administrator is left. `manage.py first_admin_link` prints a link to make one."
            )
