from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from readiness.demo import operations
from web import clock


class Command(BaseCommand):
    help = "Load the demo fleet; the worker writes its history. Does nothing when it is loaded already."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--scale",
            type=int,
            default=settings.DEMO_SCALE,
            help="how many times the devices are multiplied (default: MUSTER_DEMO_SCALE)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["scale"] < 1:
            raise CommandError("The scale must be at least 1.")
        try:
            fleet = operations.load_present(
                scale=options["scale"], by=None, now=clock.now(), say=self.stdout.write
            )
        except operations.SiteTaken as error:
            raise CommandError(f"{error} The demo needs these names for itself.") from error
        operations.catch_up(fleet, now=clock.now())
