"""Loads published factors for every site: `manage.py load_factors`. Loading again changes nothing."""

from django.core.management.base import BaseCommand, CommandError

from readiness.tradeoffs.factors.core.published import DataSetUnreadable
from readiness.tradeoffs.factors.loading import NotInstalled, load_factors
from web import clock
from web.actor import acting


class Command(BaseCommand):
    help = "Load carbon intensities of countries and round trips between cloud regions, for every site."

    def handle(self, *args: object, **options: object) -> None:
        try:
            with acting("load_factors"):
                loaded = load_factors(by=None, now=clock.now())
        except (NotInstalled, DataSetUnreadable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Carbon intensity: {loaded.carbon}.")
        self._say_without(loaded.without_carbon, "no figure of their country")
        self.stdout.write(f"Round trips: {loaded.latencies}.")
        self._say_without(loaded.without_latency, "no cloud region near them, or no user region has one")

    def _say_without(self, slugs: tuple[str, ...], why: str) -> None:
        if slugs:
            self.stdout.write(f"Unknown for {', '.join(slugs)}: {why}.")
