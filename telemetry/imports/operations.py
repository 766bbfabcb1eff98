"""Take, describe, store and cancel a file of samples that somebody sent on a page."""

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError as BrokerAway

from accounts.models import User
from telemetry.core.table_cells import DateOrder
from telemetry.imports.core.detection import (
    UnreadableTable,
    columns_as_text,
    count_rows,
    decode_text,
    detect_table,
)
from telemetry.imports.job import store_imported_file
from telemetry.imports.mapping import add_objects, object_choices
from telemetry.imports.models import ImportedFile, ImportRule
from telemetry.imports.reading import MOST_VALUES
from telemetry.imports.storing import store_file
from telemetry.models import Source

State = ImportedFile.State
FORM_FIELDS = ("separator", "decimal", "zone", "dates", "columns", "labels")
MOST_LINES_AT_ONCE = 1000
"""Lines that are stored while the page waits; a task stores larger files."""
STALLED_AFTER = timedelta(minutes=2)


class FileRefused(Exception):
    """The step is refused; the message says why."""


@transaction.atomic
def begin(*, source: Source, content: bytes, name: str, by: User, now: datetime) -> ImportedFile:
    """Keep a file with what Muster detects in it. Raises UnreadableTable, FileRefused."""
    if source.paused:
        raise FileRefused(f"{source.name} is paused: resume it first.")
    text, charset = decode_text(content)
    table = detect_table(text)
    rows, last_line = count_rows(text, table)
    if rows * len(table.names) > MOST_VALUES:
        raise UnreadableTable(f"The file has more than {MOST_VALUES:,} cells. Send it in parts.")
    uses = add_objects(table.uses, object_choices(source.site))
    site_zone = source.site.time_zone if source.site and table.has_local_times else ""
    return ImportedFile.objects.create(
        source=source,
        by=by,
        file_name=name[:200].replace("\0", "") or "pasted text",
        content=zlib.compress(text.encode(), 1),
        charset=charset,
        lines=last_line,
        header_line=table.header_line,
        separator=table.separator,
        decimal=table.decimal,
        zone=site_zone,
        dates=table.dates or DateOrder.YEAR_FIRST,
        asks_dates=table.dates is None,
        columns=columns_as_text(uses),
        begun_at=now,
    )


def describe(file: ImportedFile, values: Mapping[str, str]) -> bool:
    """Save how the file is written and what its columns hold; returns whether that is new. Raises ValidationError,
    FileRefused."""
    for name in FORM_FIELDS:
        setattr(file, name, values.get(name, getattr(file, name)))
    check(file)
    values_in_form = {name: getattr(file, name) for name in FORM_FIELDS}
    is_same = _files(file, State.MAPPING).filter(**values_in_form).exists()
    if not is_same and not _files(file, State.MAPPING).update(**values_in_form):
        raise FileRefused("The file is no longer open: somebody stored or discarded it.")
    return not is_same


def check(file: ImportedFile) -> None:
    """Raises ValidationError by field."""
    file.clean_fields(exclude=[field.name for field in file._meta.fields if field.name not in FORM_FIELDS])
    file.check_form()
    if file.asks_dates and not file.dates:
        raise ValidationError(
            {"dates": "The dates of this file can be read both ways. Say which part comes first."}
        )


def keep_rule(file: ImportedFile, name: str) -> ImportRule:
    """Keep the file's form under a name, for the next files of its kind. Raises ValidationError."""
    rule = ImportRule(source=file.source, name=name, **{field: getattr(file, field) for field in FORM_FIELDS})
    rule.full_clean()
    rule.save()
    return rule


def start(file: ImportedFile, *, by: User, now: datetime) -> None:
    """Store the file: at once if it is small, else by a task. It also goes on where an earlier try ended."""
    check(file)
    try:
        with transaction.atomic():
            _set_storing(file, by=by, now=now)
    except IntegrityError as error:
        raise FileRefused(
            f"Another file of {file.source.name} is being stored. Store this one when that one is done."
        ) from error
    if file.lines <= MOST_LINES_AT_ONCE:
        store_file(file.pk, now=now)
        return
    try:
        store_imported_file.apply_async(kwargs={"pk": file.pk}, queue="default", expires=86_400, retry=False)
    except BrokerAway:
        problem = "No worker can be reached. Try again."
        _files(file, State.STORING).update(state=State.FAILED, ended_at=now, problem=problem)


def _set_storing(file: ImportedFile, *, by: User, now: datetime) -> None:
    files = _files(file, State.MAPPING, State.FAILED).exclude(content=b"")
    stalled_files = _files(file, State.STORING).filter(progressed_at__lt=now - STALLED_AFTER)
    values: dict[str, Any] = {"state": State.STORING, "ended_at": None, "problem": "", "progressed_at": now}
    if not files.update(by=by, **values) and not stalled_files.update(**values):
        raise FileRefused("The file is no longer open: somebody stored or discarded it.")


def cancel(file: ImportedFile, *, now: datetime) -> None:
    """Discard the file, or stop storing it: what is stored already stays."""
    _files(file, State.MAPPING, State.STORING).update(state=State.CANCELLED, ended_at=now, content=b"")


def _files(file: ImportedFile, *states: State) -> Any:
    return ImportedFile.objects.filter(pk=file.pk, state__in=states)
