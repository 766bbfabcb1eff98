"""Drop what is kept of files of samples: when they are old, and when they name a person who is forgotten."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from telemetry.imports.models import ImportedFile
from telemetry.imports.reading import text_of

State = ImportedFile.State
KEEPING_TIME = timedelta(days=7)
"""How long the content of a file that nobody stored, and its refused lines, are kept."""
NOTHING_KEPT = {"content": b"", "refused_lines": b""}


def forget_files(*, now: datetime) -> int:
    """Drop what is kept of old files; returns of how many."""
    old_files = ImportedFile.objects.filter(begun_at__lt=now - KEEPING_TIME)
    open_files = old_files.filter(state__in=[State.MAPPING, State.STORING])
    open_files.exclude(progressed_at__gte=now - KEEPING_TIME).update(state=State.CANCELLED, ended_at=now)
    whole_files = old_files.exclude(state=State.STORING).exclude(**NOTHING_KEPT)
    return whole_files.update(**NOTHING_KEPT)


def forget_naming(names: Iterable[str]) -> None:
    """Delete what is kept of files whose text has one of these names, in small letters."""
    files = ImportedFile.objects.exclude(state=State.STORING).exclude(**NOTHING_KEPT)
    for file in files.order_by("pk").iterator(20):
        texts = [bytes(file.refused_lines).decode(), text_of(file) if file.content else ""]
        if any(name in text.casefold() for text in texts for name in names):
            if file.state == State.MAPPING:
                file.delete()
            else:
                ImportedFile.objects.filter(pk=file.pk).update(**NOTHING_KEPT)
