"""Verifies the security log: `manage.py verify_security_log`. It fails, and names what was altered, if it was."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.security_log import heads, queries
from web.security_log.core.verifying import ChainFault
from web.security_log.models import SecurityBatch, SecurityEvent
from web.units import how_many, instant


class Command(BaseCommand):
    help = (
        "Compare each security event with its batch, the batches with each other, and their heads with those that are"
        " kept outside of the database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--heads", type=Path, metavar="FILE", help="a copy of the file of heads, kept elsewhere"
        )

    def handle(self, *, heads: Path | None, **options: object) -> None:
        faults = _log_faults(heads)
        for fault in faults:
            self.stderr.write(fault.sentence)
        if faults:
            raise CommandError(
                f"The security log has {how_many(len(faults), 'contradiction', 'contradictions')}."
            )
        self.stdout.write(_summary(heads))


def _log_faults(copy: Path | None) -> list[ChainFault]:
    try:
        return queries.log_faults(copy)
    except (heads.HeadsUnreadable, OSError) as error:
        raise CommandError(str(error)) from error


def _summary(copy: Path | None) -> str:
    chained_events = SecurityEvent.objects.exclude(batch=None).count()
    open_events = SecurityEvent.objects.filter(batch=None).count()
    batches = SecurityBatch.objects.filter(dropped_at=None).count()
    events = how_many(chained_events, "event", "events")
    sentences = [
        f"{events} in {how_many(batches, 'batch', 'batches')} are as they were chained.",
        f"The copy ends at batch {max(head.number for head in heads.read_heads(copy).heads)}."
        if copy
        else "",
        f"{how_many(open_events, 'event waits', 'events wait')} to be chained." if open_events else "",
    ]
    if start := queries.checkpoint():
        sentences.append(
            f"Events up to batch {start.batch.number} of {instant(start.batch.chained_at)} expired and were dropped at"
            f" {instant(start.dropped_at)}."
        )
    return " ".join(filter(None, sentences))
