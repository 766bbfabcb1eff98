"""Adds a telemetry source; the last word printed is the token for its sender."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory.models import Site
from telemetry.models import SourceProvenance
from telemetry.operations import create_source
from web.actor import acting
from web.clock import now


class Command(BaseCommand):
    help = "Add a telemetry source and print the token for its sender, which cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--site", default="", help="slug of the site that all its series belong to")
        where.add_argument(
            "--site-label", default="", help="label whose value is the slug of each series' site"
        )
        parser.add_argument("--name", required=True, help="name of the source")
        parser.add_argument("--cadence", type=int, default=60, help="expected seconds between samples")
        parser.add_argument(
            "--grace", type=int, default=60, help="seconds past the cadence before it is late"
        )
        parser.add_argument(
            "--provenance", choices=SourceProvenance.values, default=SourceProvenance.MEASURED.value
        )

    def handle(self, **options: Any) -> None:
        site = None
        if options["site"]:
            site = Site.objects.filter(slug=options["site"]).first()
            if site is None:
                raise CommandError(f"No site has the slug {options['site']!r}.")
        try:
            with acting("create_source"):
                source, plain = create_source(
                    name=options["name"],
                    site=site,
                    site_label=options["site_label"],
                    cadence_s=options["cadence"],
                    grace_s=options["grace"],
                    provenance=options["provenance"],
                    by=None,
                    now=now(),
                )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"Source {source.name} ({source.pk}). Token, shown only once: {plain}")
