"""Imports the output of a tool: `manage.py import_run out.log --site porto-1 --tool nccl-tests`."""

from datetime import datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from inventory.models import Site
from readiness.assessment.evidence.core.parsers import ParseError
from readiness.assessment.evidence.core.parsers.recognised import AUTO
from readiness.assessment.evidence.models import Tool, ValidationRun
from readiness.assessment.evidence.models.runs import MOST_BYTES
from readiness.assessment.evidence.operations import RunContext, import_run
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.evidence.runs import summary_of
from web import clock
from web.actor import acting

LONGEST_PLATFORM: int = ValidationRun._meta.get_field("platform").max_length or 0


class Command(BaseCommand):
    help = "Import the output of a tool as a validation run. The last word printed is the run's number."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--site", required=True, help="slug of the site")
        parser.add_argument(
            "--tool", default=AUTO, choices=(AUTO, *Tool.values), help="default: recognised by the file"
        )
        parser.add_argument(
            "--load", default="", choices=ValidationRun.Load.values, help="default: not stated"
        )
        parser.add_argument(
            "--scope", default="", choices=ValidationRun.Scope.values, help="default: by tool and hosts"
        )
        parser.add_argument(
            "--device",
            action="append",
            default=[],
            metavar="NAME",
            help="device of the site; may be repeated; default: by the file's hosts",
        )
        parser.add_argument(
            "--platform", default="", help="whose floors it is judged by; default: the devices' type"
        )
        parser.add_argument(
            "--taken-at", default="", help="ISO 8601 with its zone, where the file has no time"
        )
        parser.add_argument("--user", default="", help="user name to attribute it to")

    def handle(self, *, file: Path, site: str, tool: str, **options: object) -> None:
        place = Site.objects.filter(slug=site).first()
        if place is None:
            raise CommandError(f"There is no site {site!r}.")
        context = RunContext(
            load=str(options["load"]),
            scope=str(options["scope"]),
            device_names=options["device"],  # type: ignore[arg-type]
            platform=str(options["platform"]),
            taken_at=_instant(str(options["taken_at"])),
        )
        if len(context.platform) > LONGEST_PLATFORM:
            raise CommandError(
                f"--platform has {len(context.platform)} characters; {LONGEST_PLATFORM} is the most."
            )
        user = _user(str(options["user"]))
        content = _content(file)
        try:
            with acting(user or "import_run"):
                run = import_run(
                    site=place,
                    tool=tool,
                    content=content,
                    # A name that is not UTF-8 contains surrogates, which no database stores.
                    file_name=file.name.encode("utf-8", "replace").decode(),
                    context=context,
                    by=user,
                    now=clock.now(),
                )
        except ParseError as error:
            raise CommandError(f"{file}:{error.line}: {error.reason}") from error
        except EvidenceRefused as error:
            raise CommandError(f"{error.field}: {error.reason}") from error
        self._tell(run)

    def _tell(self, run: ValidationRun) -> None:
        for warning in run.warnings:
            self.stderr.write(f"Note: {warning}")
        if run.voided_at is not None:
            self.stderr.write(f"Voided: {run.void_reason}")
        summary = summary_of(run, now=clock.now())
        self.stdout.write(f"Sample size: {summary.samples}")
        self.stdout.write(f"Failures: {summary.failures}")
        self.stdout.write(f"Coverage: {summary.coverage}")
        for each in summary.proves_not:
            self.stdout.write(f"Does not prove {each.check_id}/{each.part_id}: {each.why_not}")
        self.stdout.write(f"{run.measures.count()} figures of {run.site.name}, run {run.pk}")


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--taken-at {text!r} is not an ISO 8601 time.") from error
    if instant.tzinfo is None:
        raise CommandError(f"--taken-at {text!r} has no time zone; write Z or an offset.")
    return instant


def _user(name: str) -> User | None:
    user = User.objects.filter(username=name, is_active=True).first() if name else None
    if name and user is None:
        raise CommandError(f"There is no active user {name!r}.")
    return user


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            # Reading one byte more than allowed shows that the file is too large.
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
