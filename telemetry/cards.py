"""Frozen rows to what the parts of the page kit read: key figures, facts, strips, words for labels and rates."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

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
from web.units import duration, instant, number
from web.workers import Worker

type Card = dict[str, Any]

CLOCKS = (SourceState.LATE, SourceState.SILENT)
# Seconds of waiting in the queue that are worth a look, and that are bad.
QUEUE_WARN_S, QUEUE_BAD_S = 30, 300
# What each reason for a refusal means, as the ingest page says it.
REASONS = {
    "no_metric_name": _("a series without a metric name"),
    "bad_label_name": _("a label name with letters that are not allowed"),
    "duplicate_label": _("the same label twice in one series"),
    "invalid_utf8": _("text that is not UTF-8"),
    "too_many_labels": _("a series with too many labels"),
    "label_too_long": _("a label name or value that is too long"),
    "series_too_large": _("a series whose labels are too large together"),
    "native_histogram": _("a native histogram; classic ones are taken"),
    "too_far_in_future": _("a time too far ahead: check the sender's clock"),
    "too_old": _("older than raw samples are kept"),
    "malformed_body": _("a body that cannot be read"),
    "body_too_large": _("a body that is too large"),
    "unsupported_encoding": _("a compression that is not taken"),
    "body_too_slow": _("a body that came too slowly"),
    "wrong_content_type": _("a body of another kind than remote write 1.0"),
    "too_many_new_series": _("more new series than are taken in five minutes; they are taken later"),
    "too_many_series": _("more series than a source may have"),
    "not_a_number": _("a value that is no number"),
    "no_reading": _("a value that its exporter sends where it read nothing"),
}


def place_words(source: Source) -> str:
    if source.site:
        return str(source.site)
    return gettext("by label %(label)s") % {"label": source.site_label}


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
    label = ngettext(
        "Late or silent in %(n)s of the last 24 hours", "Late or silent in %(n)s of the last 24 hours", bad
    )
    return {"stretches": stretches, "label": label % {"n": bad}}


def _stretch(worst: str, hours: list[tuple[int, Hour]]) -> Card:
    first, began = hours[0]
    samples, refused = sum(hour.samples for _, hour in hours), sum(hour.rejected for _, hour in hours)
    words = [
        f"{instant(began.start)} – {instant(hours[-1][1].start + HOUR)}: {state('source', worst).word}",
        ngettext("%(n)s sample", "%(n)s samples", samples) % {"n": number(samples)},
    ]
    if refused:
        words.append(gettext("%(n)s refused") % {"n": number(refused)})
    return {"state": worst, "x": 10 * first, "width": 10 * len(hours) - 2, "title": ", ".join(words)}


def key_figures(
    rows: Sequence[Intake], queue: InboxBacklog, workers: Sequence[Worker], *, unmatched: int, now: datetime
) -> list[Card]:
    return [
        _sources(rows),
        {
            "label": gettext("Rate"),
            "value": number(sum(row.samples_per_s or 0 for row in rows)),
            "unit": gettext("samples/s"),
            "note": gettext("%(n)s in 24 h") % {"n": number(sum(row.samples_24h for row in rows))},
        },
        _queue(queue, now),
        _workers(workers, now),
        _refused(rows),
        {
            "label": gettext("Unmatched series"),
            "value": number(unmatched),
            "url": reverse("series-unmatched"),
            "note": gettext("kept, but they describe no object")
            if unmatched
            else gettext("every series has its object"),
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
        notes.append(gettext("%(n)s waiting") % {"n": waiting})
    return {
        "label": gettext("Sources on time"),
        "value": number(counts[SourceState.ON_TIME]),
        "unit": gettext("of %(all)s") % {"all": len(rows)},
        "note": " · ".join(notes) or gettext("all on time"),
        "tone": "bad" if silent else "warn" if late else "",
    }


def _queue(queue: InboxBacklog, now: datetime) -> Card:
    waited_s = (now - queue.oldest_received_at).total_seconds() if queue.oldest_received_at else 0.0
    oldest = format_html(gettext("oldest {}"), ago(queue.oldest_received_at, now=now))
    card = {
        "label": gettext("Queue"),
        "value": number(queue.batches),
        "unit": ngettext("batch", "batches", queue.batches),
        "note": oldest if queue.batches else gettext("nothing waits"),
        "tone": "bad" if waited_s >= QUEUE_BAD_S else "warn" if waited_s >= QUEUE_WARN_S else "",
    }
    if queue.failed:
        failed = ngettext("%(n)s batch set aside", "%(n)s batches set aside", queue.failed) % {
            "n": queue.failed
        }
        card |= {"note": format_html("{} · {}", card["note"], failed), "tone": "bad"}
    return card


def _workers(workers: Sequence[Worker], now: datetime) -> Card:
    if not workers:
        note = gettext("no heartbeat for a minute: nothing is stored")
        return {"label": gettext("Workers"), "value": "0", "note": note, "tone": "bad"}
    newest = max(worker.seen_at for worker in workers)
    return {
        "label": gettext("Workers"),
        "value": number(len(workers)),
        "note": format_html(gettext("heartbeat {}"), ago(newest, now=now)),
    }


def _refused(rows: Sequence[Intake]) -> Card:
    refused = sum(row.rejected_24h for row in rows)
    senders = sum(row.rejected_24h > 0 for row in rows)
    note = ngettext("from %(n)s source", "from %(n)s sources", senders) % {"n": senders}
    return {
        "label": gettext("Refused, 24 h"),
        "value": number(refused),
        "unit": ngettext("sample", "samples", refused),
        "note": note if refused else gettext("everything was taken"),
        "tone": "warn" if refused else "",
    }


def owner_words(source: Source) -> str:
    return visibility.name_of(source.owner) or gettext("nobody")


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
        else {"value": gettext("by the label %(label)s") % {"label": source.site_label}}
    )
    since = gettext("since %(at)s") % {"at": instant(row.state_since)} if row.state_since else ""
    clock = row.state if row.state in CLOCKS else ""
    return [
        {"term": gettext("State"), "kind": "source", "state": row.state, "note": since},
        {"term": gettext("Site"), **where},
        {
            "term": gettext("Last sample"),
            "value": ago(row.last_sample_at, now=now),
            "note": gettext("late after %(limit)s") % {"limit": duration(row.limit_s)},
            "clock": clock,
        },
        {"term": gettext("Last received"), "value": ago(row.last_received_at, now=now)},
        {"term": gettext("Rate"), "value": rate(row.samples_per_s) or None, "unit": gettext("samples/s")},
        {
            "term": gettext("Lag"),
            "value": lag(row.lag_s) or None,
            "note": gettext("receipt to stored, longest of 10 min"),
        },
        {"term": gettext("Refused, 24 h"), "value": number(row.rejected_24h)},
        {
            "term": gettext("Cadence and grace"),
            "value": f"{duration(source.cadence_s)} + {duration(source.grace_s)}",
        },
        {"term": gettext("Provenance"), "kind": "provenance", "state": source.provenance},
        {
            "term": gettext("Owner"),
            "value": owner_words(source),
            "note": gettext("has left: name another") if source.lost_owner else "",
        },
        {"term": gettext("Token"), "value": f"{source.token.prefix}…" if source.token else gettext("none")},
        {
            "term": gettext("Changes"),
            "value": gettext("history"),
            "url": link("history", model="telemetry.source", id=source.pk),
        },
        *([{"term": gettext("Description"), "value": source.description}] if source.description else []),
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
            "samples": ngettext("%(n)s sample", "%(n)s samples", batch.samples)
            % {"n": number(batch.samples)},
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
    crumbs = [{"label": gettext("Telemetry"), "url": reverse("ingest")}]
    if source is not None:
        crumbs.append({"label": source.name, "url": reverse("source", args=[source.pk])})
    return [*crumbs, {"label": here, "url": ""}]
