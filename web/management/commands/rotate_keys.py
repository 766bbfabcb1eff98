"""Brings what is stored to the present keys: `manage.py rotate_keys`. `make rotate-keys` makes new keys and runs it."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Token
from web import clock
from web.actor import acting
from web.delivery.secrets import SecretUnreadable
from web.key_rotation import bring_up_to_date
from web.units import how_many


class Command(BaseCommand):
    help = (
        "Encrypt all secrets with the first key of MUSTER_DELIVERY_KEY, so that the others may go, and say what still"
        " depends on an older signing key."
    )

    def handle(self, **options: object) -> None:
        now = clock.now()
        if not settings.DELIVERY_KEYS:
            raise CommandError("MUSTER_DELIVERY_KEY is not set.")
        try:
            with acting("rotate_keys"):
                counts = bring_up_to_date(now=now)
        except SecretUnreadable as error:
            raise CommandError(
                "A secret was encrypted with a key that is not in MUSTER_DELIVERY_KEY. Nothing was changed."
            ) from error
        for title, count in counts.items():
            self.stdout.write(f"{count} {title}.")
        keyed = Token.objects.usable(now).filter(is_keyed=True).count()
        if keyed:
            self.stdout.write(
                f"{how_many(keyed, 'token was', 'tokens were')} not used since an earlier release hashed them with the"
                " signing key. Each is hashed anew at its next use; make those anew that are not used while the old key"
                " is in MUSTER_SECRET_KEY_FALLBACKS."
            )
