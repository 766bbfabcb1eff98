"""Encrypts the secrets of channels with the first key of MUSTER_DELIVERY_KEY: `manage.py encrypt_channels`."""

from django.core.management.base import BaseCommand, CommandError

from web.actor import acting
from web.delivery.channels.operations import encrypt_anew
from web.delivery.secrets import SecretUnreadable, has_key


class Command(BaseCommand):
    help = "Encrypt the secrets of channels with the first key of MUSTER_DELIVERY_KEY, so that the others may go."

    def handle(self, **options: object) -> None:
        if not has_key():
            raise CommandError("MUSTER_DELIVERY_KEY is not set.")
        try:
            with acting("encrypt_channels"):
                count = encrypt_anew()
        except SecretUnreadable as error:
            raise CommandError(
                "A secret was encrypted with a key that is not in MUSTER_DELIVERY_KEY. Nothing was changed."
            ) from error
        self.stdout.write(f"{count} channels are encrypted with the first key.")
