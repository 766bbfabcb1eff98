"""Import a file of objects: read, map, check, then save all rows or only the valid ones.

A check writes everything and rolls it back, so that it shows exactly what an import would do. Small files are processed
at once, larger ones by a task. Both work in batches, so that memory does not grow with the file.
"""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from itertools import batched, islice
from typing import IO, Any

from django.db import connection, transaction
from django.db.models import Model
from django.urls import get_resolver
from kombu.exceptions import OperationalError as BrokerAway

from accounts.models import User
from web import actor, scopes, sheets, visibility
from web.kinds.import_job import work_on_import
from web.kinds.kind import KIND_OF, Kind
from web.kinds.models import FileImport
from web.kinds.targets import Target
from web.kinds.writing import CREATED, ID, REFUSED, UNCHANGED, DraftedRow, Writer

State = FileImport.State
BATCH = 500
AT_ONCE = 1000
MOST_COLUMNS = 200
# The page shows the first problems; after correcting these the user sees the next ones.
MOST_PROBLEMS, MOST_CHANGES = 500, 100
REFUSED_HEADS = ("line", "refused because")
# Files may contain names, so they are deleted soon.
KEPT = timedelta(days=7)
_NONE_IMPORTED = "Nothing was imported, because all rows or none was chosen and some rows are refused."
_FAILED = "Muster failed to import this file. Its log has the error. No more rows are imported."


class Cancelled(Exception):
    """The user cancelled the import."""


class RowsRefused(ValueError):
    """`problems` are line and reason, in the order of the file."""

    def __init__(self, problems: list[tuple[int, str]]) -> None:
        super().__init__(problems)
        self.problems = problems


@transaction.atomic
def enter(kind: Kind, rows: Iterable[tuple[int, list[str]]], *, by: User) -> list[Model]:
    """Write all rows of a file with the list's own column names, or none: RowsRefused gives the reasons.

    `rows` are lines and cells, the header first. Objects are found by their unique fields; ids are ignored.
    """
    writer = Writer(kind, by)
    rows = iter(rows)
    line, head = next(rows, (1, []))
    columns = recognised(kind, writer.targets, head)
    columns.pop(ID, None)
    _refuse_head(line, head, writer)
    drafts = list(_drafts(rows, len(head), {name: (place, "", {}) for name, place in columns.items()}))
    if not drafts:
        raise RowsRefused([(line, "There is no row below the header.")])
    for batch in batched(drafts, BATCH):
        writer.write([draft for draft in batch if draft.outcome != REFUSED])
    if problems := [
        (draft.line, f"{label}: {reason}" if label else reason)
        for draft in drafts
        for label, reason in draft.problems
    ]:
        raise RowsRefused(problems)
    return [draft.obj for draft in drafts]


def _refuse_head(line: int, head: list[str], writer: Writer) -> None:
    """A misspelt column name would otherwise be ignored."""
    names = [text.casefold() for text in head]
    listed = {each.casefold() for column in writer.kind.table.columns for each in column.heads}
    known_heads = {ID} | listed | {each for target in writer.targets.values() for each in target.heads}
    if unknown := [text for text in head if text.casefold() not in known_heads]:
        target_names = ", ".join(writer.targets)
        raise RowsRefused([(line, f"Unknown columns {', '.join(unknown)}; there are {target_names}.")])
    if len(set(names)) < len(names):
        raise RowsRefused([(line, "The header names a column twice.")])


def begin(*, kind: Kind, file: IO[bytes], name: str, by: User, now: datetime) -> FileImport:
    """Store the file, read once to its end. Raises UnreadableSheet with the line that cannot be read."""
    FileImport.objects.filter(begun_at__lt=now - KEPT).delete()
    content = file.read()
    rows = sheets.read(io.BytesIO(content))
    _line, head = next(rows, (1, []))
    if not 0 < len(head) <= MOST_COLUMNS:
        raise sheets.UnreadableSheet(1, f"The first line names the columns, {MOST_COLUMNS} at most.")
    number = sum(1 for _row in rows)
    if not number:
        raise sheets.UnreadableSheet(2, "There is no row below the header.")
    label = kind.model._meta.label_lower
    return FileImport.objects.create(
        kind=label, by=by, file_name=name[:200], content=content, head=head, rows=number, begun_at=now
    )


def recognised(kind: Kind, targets: Mapping[str, Target], head: list[str]) -> dict[str, int]:
    """The column for each target, if the file names it as Muster or NetBox does."""
    columns: dict[str, int] = {}
    for place, text in enumerate(head):
        name = text.casefold()
        alias = kind.aliases.get(name, ("",))[0]
        fitting = [target.name for target in targets.values() if name in target.heads or target.name == alias]
        if name == ID:
            fitting = [ID]
        for each in fitting[:1]:
            columns.setdefault(each, place)
    return columns


def start(imported: FileImport, state: State, *, now: datetime, **fields: Any) -> None:
    """Check or import: at once if the file is small, else by a task. `fields` are values of the import."""
    values = fields | {
        "state": state,
        "done": 0,
        "counts": {},
        "problems": [],
        "changes": [],
        "refused": b"",
        "cancel_asked": False,
    }
    if not _imports_in_state(imported, State.MAPPING, State.CHECKED).update(**values):
        return
    if imported.rows <= AT_ONCE:
        work(imported.pk, now=now)
        return
    try:
        work_on_import.apply_async(kwargs={"pk": imported.pk}, expires=86_400, retry=False)
    except BrokerAway:
        _imports_in_state(imported, state).update(
            state=State.MAPPING, problems=[[0, "", "No worker can be reached; try again."]]
        )


def cancel(imported: FileImport, *, now: datetime) -> None:
    """The import ends after the present batch; an import of all rows saves nothing.

    A second call does not wait for a worker.
    """
    ended = {"state": State.CANCELLED, "ended_at": now, "content": b""}
    working = _imports_in_state(imported, State.CHECKING, State.APPLYING)
    if not working.filter(cancel_asked=True).update(**ended):
        working.update(cancel_asked=True)
    _imports_in_state(imported, State.MAPPING, State.CHECKED).update(**ended)


def _imports_in_state(imported: FileImport, *states: State) -> Any:
    return FileImport.objects.filter(pk=imported.pk, state__in=states)


def work(pk: int, *, now: datetime) -> None:
    """Check or import as the row says, for the user who requested it."""
    imported = FileImport.objects.select_related("by").get(pk=pk)
    if not imported.is_working:
        return
    checks = imported.state == State.CHECKING
    message = imported.message or f"Imported from {imported.file_name}"
    ended: dict[str, Any]
    with (
        actor.acting(imported.by, message=message[:200], request_id=imported.request_id),
        scopes.reading(),
    ):
        scopes.narrow_to(imported.by)
        try:
            ended = _written(imported, checks=checks)
        except Cancelled:
            ended = {"state": State.CANCELLED}
        except Exception:
            _end(imported, {"state": State.FAILED, "problems": [[0, "", _FAILED]]}, now)
            raise
    _end(imported, ended, now)


def _end(imported: FileImport, values: dict[str, Any], now: datetime) -> None:
    if values["state"] != State.CHECKED:
        values |= {"content": b"", "ended_at": now}
    FileImport.objects.filter(pk=imported.pk).update(**values)


def _written(imported: FileImport, *, checks: bool) -> dict[str, Any]:
    """Write the whole file; returns counts, problems and changes. A check, or an import of all rows, is one
    transaction."""
    writer = Writer(kind_named(imported.kind), imported.by)
    is_whole = checks or not imported.keeps_good
    tally = _Tally(imported) if not is_whole else _Tally(imported, done=0)
    with (
        visibility.read_by(writer.view.request),
        transaction.atomic() if is_whole else nullcontext(),
        _Progress(imported, apart=is_whole) as progress,
    ):
        for drafts in batched(islice(_drafts_of(imported, writer), tally.done, None), BATCH):
            with transaction.atomic():
                writer.write([draft for draft in drafts if draft.outcome != REFUSED])
                tally.add(drafts)
                progress.say(tally)
        is_kept = not checks and (imported.keeps_good or not tally.counts[REFUSED])
        if is_whole and not is_kept:
            transaction.set_rollback(True)
    if not checks and not is_kept:
        tally.problems.insert(0, [0, "", _NONE_IMPORTED])
    return tally.values() | {"state": State.DONE if is_kept else State.CHECKED}


class _Tally:
    """Counts the results of the rows so far."""

    def __init__(self, imported: FileImport, done: int | None = None) -> None:
        # If batches are saved one by one, a repeated task continues after the last one.
        self.done = imported.done if done is None else done
        self.counts = Counter(imported.counts if self.done else {})
        self.problems = list(imported.problems if self.done else [])
        self.changes = list(imported.changes if self.done else [])
        self.head = [*imported.head, *REFUSED_HEADS]
        self.refused = [bytes(imported.refused)] if self.done and imported.refused else []

    def add(self, drafts: tuple[DraftedRow, ...]) -> None:
        self.done += len(drafts)
        self.counts.update(draft.outcome for draft in drafts)
        for draft in drafts:
            problems = [[draft.line, label, reason] for label, reason in draft.problems]
            self.problems += problems[: MOST_PROBLEMS - len(self.problems)]
            if draft.outcome == REFUSED:
                self._keep(draft)
            elif draft.outcome != UNCHANGED and len(self.changes) < MOST_CHANGES:
                self.changes.append([draft.line, draft.name, draft.outcome == CREATED, draft.changes])

    def _keep(self, draft: DraftedRow) -> None:
        """Add the row to the file of refused rows, which can be corrected and sent again."""
        reasons = " ".join(f"{label}: {reason}" if label else reason for label, reason in draft.problems)
        width = len(self.head) - len(REFUSED_HEADS)
        cells = [*draft.cells[:width], *[""] * (width - len(draft.cells)), draft.line, reasons]
        self.refused.extend(sheets.chunks([cells] if self.refused else [self.head, cells]))

    def values(self) -> dict[str, Any]:
        return {
            "done": self.done,
            "refused": b"".join(self.refused),
            "counts": dict(self.counts),
            "problems": self.problems,
            "changes": self.changes,
        }


class _Progress:
    """Stores the progress and checks for a cancellation.

    It uses its own connection, because a large transaction would hide the progress from others.
    """

    def __init__(self, imported: FileImport, *, apart: bool) -> None:
        self.pk = imported.pk
        self.beside = connection.copy() if apart and imported.rows > AT_ONCE else None

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *raised: object) -> None:
        if self.beside is not None:
            self.beside.close()

    def say(self, tally: _Tally) -> None:
        if self.beside is None:
            FileImport.objects.filter(pk=self.pk).update(**tally.values())
        else:
            with self.beside.cursor() as cursor:
                cursor.execute("UPDATE web_fileimport SET done = %s WHERE id = %s", [tally.done, self.pk])
        if FileImport.objects.filter(pk=self.pk, cancel_asked=True).exists():
            raise Cancelled


def _drafts_of(imported: FileImport, writer: Writer) -> Iterator[DraftedRow]:
    aliases = dict(writer.kind.aliases.values())
    mapped = {
        name: (each["column"], each["text"], aliases.get(name, {}))
        for name, each in imported.mapping.items()
        if each["column"] is not None or each["text"]
    }
    rows = sheets.read(io.BytesIO(imported.content))
    next(rows)
    return _drafts(rows, len(imported.head), mapped)


def _drafts(
    rows: Iterable[tuple[int, list[str]]],
    width: int,
    mapped: Mapping[str, tuple[int | None, str, Mapping[str, str]]],
) -> Iterator[DraftedRow]:
    """`mapped` gives each target its column, the default for empty cells, and replacements of words."""
    for line, cells in rows:
        draft = DraftedRow(line, {}, cells=cells)
        if len(cells) < width or any(cells[width:]):
            draft.refuse("", f"The line has {len(cells)} cells and the header {width}.")
        else:
            for name, (column, text, words) in mapped.items():
                cell = "" if column is None else cells[column]
                draft.texts[name] = words.get(cell.casefold(), cell) or text
        yield draft


def kind_named(label: str) -> Kind:
    """The kind with this model label. Kinds are declared with their addresses."""
    get_resolver().url_patterns  # noqa: B018
    return next(kind for model, kind in KIND_OF.items() if model._meta.label_lower == label)
