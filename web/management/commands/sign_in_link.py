"""Prints a one-time address that signs a user in, whatever is wrong with passwords or the provider."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from accounts.links import USER_LINK_LASTS, Kind, user_link
from accounts.models import User
from web import clock


class Command(BaseCommand):
    help = (
        "Print a one-time address that signs a user in. It works while passwords are switched off or the provider is"
        " down; by default for the first administrator of all sites."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="user name")
        parser.add_argument(
            "--base-url", required=True, help="where Muster answers, such as http://host:8000"
        )

    def handle(self, *, user: str | None, base_url: str, **options: object) -> None:
        users = User.objects.filter(is_active=True, kind=User.Kind.PERSON).order_by("pk")
        person = (
            users.filter(username=user) if user else users.filter(is_superuser=True, access_scopes=None)
        ).first()
        if person is None:
            raise CommandError(
                f"There is no active person with the account {user!r}."
                if user
                else "There is no active administrator of all sites."
            )
        secret = user_link(person, Kind.SIGN_IN, now=clock.now())
        minutes = int(USER_LINK_LASTS.total_seconds() // 60)
        address = base_url.rstrip("/") + reverse("sign-in-link", args=[secret])
        self.stdout.write(f"Sign in as {person.username} (works once, for {minutes} minutes): {address}")
