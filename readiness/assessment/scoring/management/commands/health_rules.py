"""Prints the rules of health (`manage.py health_rules`), or what they would change (`--dry-run`)."""

from itertools import groupby

from django.core.management.base import BaseCommand, CommandParser

from readiness.assessment.scoring.rule_flips import RuleFlip, newest_sample_at, rule_flips
from telemetry.core.registry import registry
from telemetry.core.rules_guide import guide
from web import clock
from web.units import format_value, how_many, instant

MOST_OBJECTS = 20


class Command(BaseCommand):
    help = "Print the rules of health as a table, or list what they would change for the newest samples."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="list the objects that would change; nothing is stored"
        )

    def handle(self, *, dry_run: bool, **options: object) -> None:
        if not dry_run:
            self.stdout.write("\n".join(guide(registry())))
            return
        # While Muster is stopped for an upgrade, its newest samples are not live any more by the clock.
        now = min(newest_sample_at() or clock.now(), clock.now())
        flips = rule_flips(now=now)
        self.stdout.write(
            f"By the samples of {instant(now)}, {how_many(len(flips), 'reason', 'reasons')} would change."
        )
        for title, group in groupby(flips, key=lambda flip: flip.title):
            self._write_rule(title, list(group))

    def _write_rule(self, title: str, flips: list[RuleFlip]) -> None:
        self.stdout.write(f"\n{title} ({flips[0].metric}): {how_many(len(flips), 'object', 'objects')}")
        for flip in flips[:MOST_OBJECTS]:
            value = format_value(flip.value, flip.unit)
            self.stdout.write(f"  {flip.site}, {flip.object}: {flip.before} -> {flip.after} at {value}")
        if len(flips) > MOST_OBJECTS:
            self.stdout.write(f"  and {len(flips) - MOST_OBJECTS} more")
