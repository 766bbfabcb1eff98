"""Prints a one-time address that makes the first administrator; nothing when there is one."""

from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from accounts.links import FIRST_ADMIN_LINK_LASTS, first_admin_link
from web import clock


class Command(BaseCommand):
    help = "Print a one-time address that makes the first administrator. Prints nothing if there is an administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--base-url", required=True, help="where Muster answers, such as http://host:8000"
        )

    def handle(self, *, base_url: str, **options: object) -> None:
        secret = first_admin_link(now=clock.now())
        if secret is None:
            return
        address = base_url.rstrip("/") + reverse("first-admin", args=[secret])
        hours = int(FIRST_ADMIN_LINK_LASTS.total_seconds() // 3600)
        self.stdout.write(f"Make the first administrator (works once, for {hours} hours): {address}")
