"""Compares stored verdicts with an evaluation at an instant: `manage.py verify_verdicts --at 2026-12-01T14:30:00Z`."""

from datetime import datetime

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readiness.assessment.scoring.verifying import compare_verdicts
from web.actor import acting
from web.units import how_many

MOST_LINES = 20


class Command(BaseCommand):
    help = "Evaluate all sites at an instant and compare with what is stored; nothing is changed. Restoring runs it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", required=True, help="instant with its zone, such as 2026-12-01T14:30:00Z")

    def handle(self, *, at: str, **options: object) -> None:
        try:
            instant = datetime.fromisoformat(at)
        except ValueError:
            raise CommandError(f"--at {at} is no instant, such as 2026-12-01T14:30:00Z.") from None
        if instant.tzinfo is None:
            raise CommandError(f"--at {at} needs its zone, such as 2026-12-01T14:30:00Z.")
        with acting("verify_verdicts"):
            comparison = compare_verdicts(at=instant)
        waiting = f", {comparison.waiting} had changes waiting" if comparison.waiting else ""
        self.stdout.write(
            f"{how_many(comparison.sites, 'site', 'sites')} judged again{waiting}:"
            f" {len(comparison.differences) or 'no'} verdicts and checks differ."
        )
        for line in comparison.differences[:MOST_LINES]:
            self.stdout.write(f"Not as in the backup: {line}.")
        if comparison.differences:
            raise CommandError("An evaluation gives other verdicts than the backup holds.")
