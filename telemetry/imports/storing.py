"""Store a file of samples part by part, each with its counts in one transaction, by the same door as bodies."""

import dataclasses
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import batched
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models.functions import Now

from telemetry import ingest, receive, store
from telemetry.core.columns import Rejections, SampleColumns, assemble, unpack
from telemetry.core.import_rules import BadImportRule
from telemetry.core.instants import instant
from telemetry.core.labels import RefusalReason, digest_of_key, labels_of
from telemetry.core.replicas import split_key
from telemetry.formats import BodyError
from telemetry.imports.core.repeats import EarlierValues, Ints, places_of
from telemetry.imports.models import ImportedFile
from telemetry.imports.reading import FilePart, FileSamples, RefusedCell, read_lines, text_of
from telemetry.models import InboxBatch, Series
from telemetry.series import reading_of
from web import actor, scopes, sheets

log = logging.getLogger(__name__)
State = ImportedFile.State
PART = 50_000
"""Values and refusals that are stored in one transaction."""
MOST_REFUSED_BYTES = 16 * 1024 * 1024
MOST_BATCHES, MOST_WAITING = 500, 2_000_000
"""Of the batches and samples that wait to be drained, so many are compared with the file. The store takes a sample
twice as one, so only the counts of a file depend on this."""
SERIES_AT_A_TIME = 50
PROGRESS_FIELDS = (
    "lines_done",
    "stored_values",
    "repeated_values",
    "refused_values",
    "progressed_at",
    "refused_lines",
)
REFUSED_HEADS = ("line", "column", "refused because")
CONTRADICTION = "another value of this series stands at this time already"
TOO_MANY_SERIES = "the source has too many new series: try again later"


class Stopped(Exception):
    """Somebody cancelled, or another worker stores this file."""


def store_file(pk: int, *, now: datetime) -> None:
    file = ImportedFile.objects.select_related("source", "by").filter(pk=pk, state=State.STORING).first()
    if file is None:
        return
    message = f"Stored from {file.file_name}"[:200]
    with actor.acting(file.by, message=message), scopes.everything():
        end_values: dict[str, Any]
        try:
            _FileStore(file, now).store()
            end_values = {"state": State.DONE, "content": b"", "lines_done": file.lines}
        except Stopped:
            return
        except (BodyError, BadImportRule) as error:
            end_values = {"state": State.FAILED, "problem": str(error)[:500]}
        except store.RemoteStorageUnavailable:
            end_values = {
                "state": State.FAILED,
                "problem": "The remote storage cannot be reached. Try again.",
            }
        except Exception:
            log.exception("file %s was not stored", pk)
            end_values = {
                "state": State.FAILED,
                "problem": "Muster failed to store the file. Its log has the error.",
            }
        ImportedFile.objects.filter(pk=pk, state=State.STORING).update(**end_values, ended_at=now)


class _FileStore:
    def __init__(self, file: ImportedFile, now: datetime) -> None:
        self._file, self._source, self._now = file, file.source, now
        self._window = ingest.window(now)
        self._earlier_values = EarlierValues()
        self._numbers: dict[bytes, int] = {}

    def store(self) -> None:
        file = self._file
        self._add_waiting()
        samples = FileSamples(self._source, self._window)
        lines_before = file.lines_done
        for line in read_lines(text_of(file), file.table_rule, samples):
            if line <= lines_before:
                if len(samples) >= PART or line == lines_before:
                    samples.take()
            elif len(samples) >= PART:
                self._store_part(samples.take(), line)
        self._store_part(samples.take(), file.lines)

    def _add_waiting(self) -> None:
        """Add samples of the source that Muster took but has not drained yet, the newest first."""
        batches = InboxBatch.objects.waiting().filter(source=self._source).order_by("-pk")[:MOST_BATCHES]
        samples, unit_rules = 0, self._source.units
        for packed in batches.values_list("columns", flat=True).iterator(10):
            columns = unpack(bytes(packed))
            conversions = [reading_of(unit_rules, labels_of(key))[:2] for key in columns.keys]
            scales, offsets = np.array(conversions, np.float64).reshape(-1, 2)[columns.series_index].T
            numbers = self._numbers_of(columns.keys)[columns.series_index]
            values = columns.value * scales + offsets
            self._earlier_values.add(numbers, columns.ts_ms, values)
            samples += len(values)
            if samples > MOST_WAITING:
                return

    def _numbers_of(self, keys: Sequence[bytes]) -> Ints:
        numbers = self._numbers
        return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)

    def _add_stored(self, part: FilePart, numbers: Ints) -> None:
        """Add the samples in the store at the instants of a part. A store may have many samples between two of these:
        those of a few series are read at a time."""
        bare_keys = {split_key(key, self._source.replica_label)[0]: key for key in part.keys}
        number_of_digest = {digest_of_key(bare): self._numbers[key] for bare, key in bare_keys.items()}
        rows = Series.objects.filter(source=self._source, digest__in=list(number_of_digest)).order_by("pk")
        number_of_series = {
            pk: number_of_digest[bytes(digest)] for pk, digest in rows.values_list("pk", "digest")
        }
        after, until = instant(int(part.ts_ms.min()) - 1), instant(int(part.ts_ms.max()))
        places = places_of(numbers, part.ts_ms)
        for series in batched(number_of_series, SERIES_AT_A_TIME):
            ids = np.array(series, np.int64)
            samples = store.samples(ids, after=after, until=until)
            numbers_of_ids = np.array([number_of_series[pk] for pk in series], np.int64)
            numbers_read = numbers_of_ids[np.searchsorted(ids, samples.series)]
            is_in_part = np.isin(places_of(numbers_read, samples.ts_ms), places)
            self._earlier_values.add(
                numbers_read[is_in_part], samples.ts_ms[is_in_part], samples.value[is_in_part]
            )

    def _store_part(self, part: FilePart, line: int) -> None:
        numbers = part.key_numbers
        if len(part.lines):
            numbers = self._numbers_of(part.keys)[part.key_numbers]
            self._add_stored(part, numbers)
        repeats, contradictions = self._earlier_values.add(numbers, part.ts_ms, part.stored_values)
        refusals = part.refusals + _refusals(part, contradictions, RefusalReason.BAD_LINE, CONTRADICTION)
        is_new = ~(repeats | contradictions)
        new_keys = [part.keys[number] for number in part.key_numbers[is_new].tolist()]
        columns = assemble(
            new_keys,
            part.ts_ms[is_new],
            part.sent_values[is_new],
            window=self._window,
            rejected=Rejections(),
        )
        with transaction.atomic():
            self._claim()
            columns_let_in = receive.let_in(columns, source=self._source, now=self._now)
            if columns_let_in.samples < columns.samples:
                keys_let_in = set(columns_let_in.keys)
                is_left_out = is_new & np.array(
                    [part.keys[number] not in keys_let_in for number in part.key_numbers.tolist()]
                )
                reason = RefusalReason.TOO_MANY_NEW_SERIES
                refusals += _refusals(part, is_left_out, reason, TOO_MANY_SERIES)
            stored, repeated = self._accept(columns_let_in, refusals)
            self._count(line, stored, repeated + int(repeats.sum()), refusals)

    def _claim(self) -> None:
        file = ImportedFile.objects.select_for_update().only("state", "lines_done").get(pk=self._file.pk)
        if file.state != State.STORING or file.lines_done != self._file.lines_done:
            raise Stopped

    def _accept(self, new_columns: SampleColumns, refusals: Sequence[RefusedCell]) -> tuple[int, int]:
        """Return how many values are stored now, and how many were before."""
        rejected = Rejections()
        for refusal in refusals:
            rejected.add(refusal.reason, 1, f"line {refusal.line}: {refusal.text}")
        columns = dataclasses.replace(new_columns, rejected=rejected)
        receipt = ingest.accept(source=self._source, columns=columns, now=self._now)
        return (0, receipt.samples) if receipt.duplicate else (receipt.samples, 0)

    def _count(self, line: int, stored: int, repeated: int, refusals: Sequence[RefusedCell]) -> None:
        file = self._file
        file.lines_done = min(line, file.lines)
        file.stored_values += stored
        file.repeated_values += repeated
        file.refused_values += len(refusals)
        file.progressed_at = Now()
        if refusals and len(file.refused_lines) < MOST_REFUSED_BYTES:
            file.refused_lines = _lengthen(bytes(file.refused_lines), refusals)
        file.save(update_fields=PROGRESS_FIELDS)


def _lengthen(table: bytes, refusals: Sequence[RefusedCell]) -> bytes:
    rows: list[tuple[Any, ...]] = [(each.line, each.column, each.text) for each in refusals]
    longer = table + b"".join(sheets.chunks(rows if table else [REFUSED_HEADS, *rows]))
    if len(longer) < MOST_REFUSED_BYTES:
        return longer
    return longer + b"".join(sheets.chunks([("", "", "Muster lists no further refused lines")]))


def _refusals(part: FilePart, flags: Any, reason: RefusalReason, text: str) -> list[RefusedCell]:
    return [
        RefusedCell(part.lines[place], part.columns[place], reason, f"column {part.columns[place]}: {text}")
        for place in np.flatnonzero(flags).tolist()
    ]
