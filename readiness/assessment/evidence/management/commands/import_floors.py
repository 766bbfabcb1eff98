"""Imports floors from node-health configurations: `manage.py import_floors nd96isr_h100_v5.conf`."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from readiness.assessment.evidence.core.parsers import ParseError
from readiness.assessment.evidence.operations import import_floors
from readiness.assessment.evidence.operations.records import MOST_FLOOR_BYTES
from readiness.assessment.evidence.refusals import EvidenceRefused
from web import clock
from web.actor import acting


class Command(BaseCommand):
    help = "Import platform floors from node-health configurations (*.conf). All files or none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--platform", default="", help="name of the platform; default: each file's name")
        parser.add_argument(
            "--source", default="", help="where the numbers come from; default: the file's name"
        )

    def handle(self, *, files: list[Path], platform: str, source: str, **options: object) -> None:
        if platform and len(files) > 1:
            raise CommandError("One platform takes one file.")
        with transaction.atomic(), acting("import_floors"):
            for file in files:
                self._import_file(file, platform or file.stem, source or file.name)

    def _import_file(self, file: Path, platform: str, source: str) -> None:
        try:
            with file.open("rb") as opened:
                content = opened.read(MOST_FLOOR_BYTES + 1)
            floors = import_floors(
                content=content, platform=platform, source=source, by=None, now=clock.now()
            )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except ParseError as error:
            raise CommandError(f"{file}:{error.line}: {error.reason}") from error
        except EvidenceRefused as error:
            raise CommandError(f"{file}: {error.reason}") from error
        for floor in floors:
            self.stdout.write(str(floor))
