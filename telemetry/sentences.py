"""Sentences about sources and series that a page has to work out."""

from itertools import groupby
from typing import Any

from telemetry.intake import HOUR, Hour, Intake
from telemetry.models import Source, SourceState
from web.states import state
from web.units import duration, how_many, instant, number

CLOCKS = (SourceState.LATE, SourceState.SILENT)
REASONS = {
    "no_metric_name": "a series without a metric name",
    "bad_label_name": "a label name with letters that are not allowed",
    "duplicate_label": "the same label twice in one series",
    "invalid_utf8": "text that is not UTF-8",
    "too_many_labels": "a series with too many labels",
    "label_too_long": "a label name or value that is too long",
    "series_too_large": "a series whose labels are too large together",
    "native_histogram": "a native histogram; classic ones are taken",
    "too_far_in_future": "a time too far ahead: check the sender's clock",
    "too_old": "older than raw samples are kept",
    "malformed_body": "a body that cannot be read",
    "body_too_large": "a body that is too large",
    "unsupported_encoding": "a compression that is not taken",
    "body_too_slow": "a body that came too slowly",
    "wrong_content_type": "a body of another kind than remote write 1.0",
    "too_many_new_series": "more new series than are taken in five minutes; they are taken later",
    "too_many_series": "more series than a source may have",
    "not_a_number": "a value that is no number",
    "no_reading": "a value that its exporter sends where it read nothing",
}
"""What each reason for a refusal means."""


def place_of(source: Source) -> str:
    return str(source.site) if source.site else f"by label {source.site_label}"


def lag(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{number(seconds, 1)} s" if seconds < 10 else duration(seconds)


def states_of(rows: list[Intake]) -> str:
    counts = {
        each: sum(row.state == each for row in rows)
        for each in (SourceState.SILENT, SourceState.LATE, SourceState.PAUSED, SourceState.WAITING)
    }
    return " · ".join(
        f"{count} {state('source', each).word.lower()}" for each, count in counts.items() if count
    )


def strip(row: Intake) -> dict[str, Any]:
    """The last 24 hours as stretches of one state each, and a sentence that says them.

    Hours that are alike are one rectangle: a list of sources would otherwise have a thousand of them.
    """
    stretches = [
        _stretch(worst, list(hours))
        for worst, hours in groupby(enumerate(row.strip), key=lambda place: place[1].state)
    ]
    bad = sum(hour.state in CLOCKS for hour in row.strip)
    return {"stretches": stretches, "label": f"Late or silent in {bad} of the last 24 hours"}


def _stretch(worst: str, hours: list[tuple[int, Hour]]) -> dict[str, Any]:
    first, began = hours[0]
    samples, refused = sum(hour.samples for _, hour in hours), sum(hour.rejected for _, hour in hours)
    words = [
        f"{instant(began.start)} – {instant(hours[-1][1].start + HOUR)}: {state('source', worst).word}",
        how_many(samples, "sample", "samples"),
    ]
    if refused:
        words.append(f"{number(refused)} refused")
    return {"state": worst, "x": 10 * first, "width": 10 * len(hours) - 2, "title": ", ".join(words)}
