"""Makes an API token: `manage.py create_token --user mira --scope write`. The last word printed is the token."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Token, User
from accounts.operations import create_token
from web import clock
from web.actor import acting

# A token for telemetry is made with its source: `manage.py create_source`.
SCOPES = [Token.Scope.READ.value, Token.Scope.WRITE.value]


class Command(BaseCommand):
    help = "Make a token for a user. The last word printed is the token; it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="user name of the token's owner")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument("--scope", choices=SCOPES, default=Token.Scope.READ.value)
        parser.add_argument("--expires-in-days", type=int, metavar="D", help="default: does not expire")

    def handle(
        self, *, user: str, name: str, scope: str, expires_in_days: int | None, **options: object
    ) -> None:
        now = clock.now()
        if expires_in_days is not None and not 0 < expires_in_days <= 36500:
            raise CommandError("--expires-in-days takes 1 to 36500.")
        owner = User.objects.filter(username=user, is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active user {user!r}.")
        expires_at = now + timedelta(days=expires_in_days) if expires_in_days else None
        try:
            with acting("create_token"):
                token, plain = create_token(
                    user=owner, name=name, scope=scope, expires_at=expires_at, by=None, now=now
                )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Token {token.prefix} of {owner.username}, scope {token.scope}: {plain}")
