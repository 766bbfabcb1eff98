"""Frozen rows to what the parts of the page kit read: key figures, facts, strips, words for labels and rates."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html

from telemetry.core.matching import ObjectKind
from telemetry.core.registry import registry
from telemetry.explore import ExploredLine
from telemetry.intake import HOUR, Hour, InboxBacklog, Intake, RefusalCount, object_of
from telemetry.models import InboxBatch, Series, Source, SourceFlip, SourceState
from telemetry.params import OBJECTS
from telemetry.unmatched import NOUNS, why_unmatched
from web import visibility
from web.ages import ago
from web.links import page_url
from web.states import state
from web.units import duration, how_many, instant, number, plural
from web.workers import Worker

type Card = dict[str, Any]

CLOCKS = (SourceState.LATE, SourceState.SILENT)
# Seconds of waiting in the queue that are worth a look, and that are bad.
QUEUE_WARN_S, QUEUE_BAD_S = 30, 300
# What each reason for a refusal means, as the ingest page says it.
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


def place_words(source: Source) -> str:
    if source.site:
        return str(source.site)
    return f"by label {source.site_label}"


def tone_of(source_state: str) -> str:
    return {SourceState.LATE: "warn", SourceState.SILENT: "bad"}.get(SourceState(source_state), "")


def rate(samples_per_s: float | None) -> str:
    return "" if samples_per_s is None else number(samples_per_s)


def lag(seconds: float | None) -> str:
    """Time from receipt to stored; below ten seconds tenths matter."""
    if seconds is None:
        return ""
    return f"{number(seconds, 1)} s" if seconds < 10 else duration(seconds)


def strip(row: Intake) -> Card:
    """The last 24 hours as stretches of one state each, and a sentence that says them.

    Hours that are alike are one rectangle: a list of sources would otherwise have a thousand of them.
    """
    stretches = [
        _stretch(worst, list(hours))
        for worst, hours in groupby(enumerate(row.strip), key=lambda place: place[1].state)
    ]
    bad = sum(hour.state in CLOCKS for hour in row.strip)
    return {"stretches": stretches, "label": f"Late or silent in {bad} of the last 24 hours"}


def _stretch(worst: str, hours: list[tuple[int, Hour]]) -> Card:
    first, began = hours[0]
    samples, refused = sum(hour.samples for _, hour in hours), sum(hour.rejected for _, hour in hours)
    words = [
        f"{instant(began.start)} – {instant(hours[-1][1].start + HOUR)}: {state('source', worst).word}",
        how_many(samples, "sample", "samples"),
    ]
    if refused:
        words.append(f"{number(refused)} refused")
    return {"state": worst, "x": 10 * first, "width": 10 * len(hours) - 2, "title": ", ".join(words)}


def key_figures(
    rows: Sequence[Intake], queue: InboxBacklog, workers: Sequence[Worker], *, unmatched: int, now: datetime
) -> list[Card]:
    return [
        _sources(rows),
        {
            "label": "Rate",
            "value": number(sum(row.samples_per_s or 0 for row in rows)),
            "unit": "samples/s",
            "note": f"{number(sum(row.samples_24h for row in rows))} in 24 h",
        },
        _queue(queue, now),
        _workers(workers, now),
        _refused(rows),
        {
            "label": "Unmatched series",
            "value": number(unmatched),
            "url": reverse("series-unmatched"),
            "note": "kept, but they describe no object" if unmatched else "every series has its object",
            "tone": "warn" if unmatched else "",
        },
    ]


def _sources(rows: Sequence[Intake]) -> Card:
    counts = {each: sum(row.state == each for row in rows) for each in SourceState}
    late, silent = counts[SourceState.LATE], counts[SourceState.SILENT]
    notes = [
        f"{counts[each]} {str(state('source', each).word).lower()}"
        for each in (SourceState.SILENT, SourceState.LATE, SourceState.PAUSED)
        if counts[each]
    ]
    if waiting := counts[SourceState.WAITING]:
        notes.append(f"{waiting} waiting")
    return {
        "label": "Sources on time",
        "value": number(counts[SourceState.ON_TIME]),
        "unit": f"of {len(rows)}",
        "note": " · ".join(notes) or "all on time",
        "tone": "bad" if silent else "warn" if late else "",
    }


def _queue(queue: InboxBacklog, now: datetime) -> Card:
    waited_s = (now - queue.oldest_received_at).total_seconds() if queue.oldest_received_at else 0.0
    oldest = format_html("oldest {}", ago(queue.oldest_received_at, now=now))
    card = {
        "label": "Queue",
        "value": number(queue.batches),
        "unit": plural(queue.batches, "batch", "batches"),
        "note": oldest if queue.batches else "nothing waits",
        "tone": "bad" if waited_s >= QUEUE_BAD_S else "warn" if waited_s >= QUEUE_WARN_S else "",
    }
    if queue.failed:
        failed = how_many(queue.failed, "batch set aside", "batches set aside")
        card |= {"note": format_html("{} · {}", card["note"], failed), "tone": "bad"}
    return card


def _workers(workers: Sequence[Worker], now: datetime) -> Card:
    if not workers:
        note = "no heartbeat for a minute: nothing is stored"
        return {"label": "Workers", "value": "0", "note": note, "tone": "bad"}
    newest = max(worker.seen_at for worker in workers)
    return {
        "label": "Workers",
        "value": number(len(workers)),
        "note": format_html("heartbeat {}", ago(newest, now=now)),
    }


def _refused(rows: Sequence[Intake]) -> Card:
    refused = sum(row.rejected_24h for row in rows)
    senders = sum(row.rejected_24h > 0 for row in rows)
    note = f"from {how_many(senders, 'source', 'sources')}"
    return {
        "label": "Refused, 24 h",
        "value": number(refused),
        "unit": plural(refused, "sample", "samples"),
        "note": note if refused else "everything was taken",
        "tone": "warn" if refused else "",
    }


def owner_words(source: Source) -> str:
    return visibility.name_of(source.owner) or "nobody"


def to_hand_over(rows: Iterable[Intake]) -> list[Card]:
    """Sources whose owner has left. Their tokens go on working."""
    return [
        {
            "id": row.source.pk,
            "name": row.source.name,
            "url": page_url(row.source) or "",
            "owner": owner_words(row.source),
            "prefix": row.source.token.prefix if row.source.token else "",
        }
        for row in rows
        if row.source.lost_owner
    ]


def facts(row: Intake, *, now: datetime) -> list[Card]:
    source = row.source
    where = (
        {"value": str(source.site), "url": page_url(source.site) or ""}
        if source.site
        else {"value": f"by the label {source.site_label}"}
    )
    since = f"since {instant(row.state_since)}" if row.state_since else ""
    clock = row.state if row.state in CLOCKS else ""
    return [
        {"term": "State", "kind": "source", "state": row.state, "note": since},
        {"term": "Site", **where},
        {
            "term": "Last sample",
            "value": ago(row.last_sample_at, now=now),
            "note": f"late after {duration(row.limit_s)}",
            "clock": clock,
        },
        {"term": "Last received", "value": ago(row.last_received_at, now=now)},
        {"term": "Rate", "value": rate(row.samples_per_s) or None, "unit": "samples/s"},
        {
            "term": "Lag",
            "value": lag(row.lag_s) or None,
            "note": "receipt to stored, longest of 10 min",
        },
        {"term": "Refused, 24 h", "value": number(row.rejected_24h)},
        {
            "term": "Cadence and grace",
            "value": f"{duration(source.cadence_s)} + {duration(source.grace_s)}",
        },
        {"term": "Provenance", "kind": "provenance", "state": source.provenance},
        {
            "term": "Owner",
            "value": owner_words(source),
            "note": "has left: name another" if source.lost_owner else "",
        },
        {"term": "Token", "value": f"{source.token.prefix}…" if source.token else "none"},
        {
            "term": "Changes",
            "value": "history",
            "url": link("history", model="telemetry.source", id=source.pk),
        },
        *([{"term": "Description", "value": source.description}] if source.description else []),
    ]


def refusals(refused: Iterable[RefusalCount]) -> list[Card]:
    return [
        {
            "reason": each.reason,
            "words": REASONS.get(each.reason, ""),
            "count": number(each.count),
            "example": each.example,
            "last_at": each.last_at,
        }
        for each in refused
    ]


def flip_lines(flips: Iterable[SourceFlip]) -> list[Card]:
    return [
        {"id": flip.pk, "at": flip.at, "from_state": flip.from_state, "to_state": flip.to_state}
        for flip in flips
    ]


def label_words(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(labels.items())


def unit_of(series: Series) -> str:
    metric = registry().get(series.metric, series.labels)
    return metric.unit if metric else ""


def object_url(series: Series) -> str:
    described = object_of(series)
    return (page_url(described) or "") if described is not None else ""


def explore_url(series: Series) -> str:
    """The explorer, showing this series alone."""
    asked = [("metric", series.metric)]
    if series.site is not None:
        asked.append(("site", series.site.slug))
    asked += [("labels", f"{name}={value}") for name, value in sorted(series.labels.items())]
    return f"{reverse('explore')}?{urlencode(asked)}"


def metric_url(series: Series) -> str:
    """The explorer, showing every series of this one's metric and object."""
    asked = [("metric", series.metric)]
    if series.site is not None:
        asked.append(("site", series.site.slug))
    described = next((name for name in OBJECTS if getattr(series, name)), "")
    return link("explore", **dict(asked), **({described: getattr(series, described)} if described else {}))


def line_url(line: ExploredLine) -> str:
    """The explorer with this line alone, where it is one series."""
    return explore_url(line.series) if line.series else ""


def unmatched(series: Iterable[Series]) -> list[Card]:
    return [
        {
            "id": unmatched_series.pk,
            "metric": unmatched_series.metric,
            "url": explore_url(unmatched_series),
            "why": why_unmatched(unmatched_series),
            "source": unmatched_series.source,
            "first_seen_at": unmatched_series.first_seen_at,
        }
        for unmatched_series in series
    ]


def set_aside(batches: Iterable[InboxBatch]) -> list[Card]:
    return [
        {
            "id": batch.pk,
            "dialog": f"discard-{batch.pk}",
            "source": batch.source,
            "failure": batch.failure,
            "received_at": batch.received_at,
            "samples": how_many(batch.samples, "sample", "samples"),
        }
        for batch in batches
    ]


def narrowed(params: QueryDict) -> list[Card]:
    """The object that a question is narrowed to, with the address that asks without it."""
    return [
        {
            "name": name,
            "value": params[name],
            "label": NOUNS[ObjectKind(kind)],
            "remove_url": _without(params, name),
        }
        for name, kind in OBJECTS.items()
        if params.get(name)
    ]


def _without(params: QueryDict, name: str) -> str:
    kept = [(each, value) for each, values in params.lists() for value in values if each != name]
    return f"{reverse('explore')}?{urlencode(kept)}"


def link(name: str, *args: Any, **query: Any) -> str:
    """The address of a page, with a query string of what is not empty."""
    asked = urlencode([(key, value) for key, value in query.items() if value not in ("", None)])
    return f"{reverse(name, args=args)}{'?' if asked else ''}{asked}"


def breadcrumbs(source: Source | None, *, here: str) -> list[Card]:
    crumbs = [{"label": "Telemetry", "url": reverse("ingest")}]
    if source is not None:
        crumbs.append({"label": source.name, "url": reverse("source", args=[source.pk])})
    return [*crumbs, {"label": here, "url": ""}]
