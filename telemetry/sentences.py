"""Sentences about sources and series."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from telemetry.core.codes import code_of
from telemetry.core.labels import NAME
from telemetry.core.mapping import MappedObject, named_objects
from telemetry.core.matching import By, MatchCandidate, ObjectKind, uuid_form
from telemetry.core.metric import MetricKind
from telemetry.core.registry import registry
from telemetry.core.spec import Aggregation, QuerySpec
from telemetry.core.trust import SkewDirection
from telemetry.intake import HOUR, Hour, Intake
from telemetry.models import Series, Source, SourceState, SourceStatus
from web.states import state
from web.units import duration, format_value, how_many, instant, number, plural, time_of_day

CLOCKS = (SourceState.LATE, SourceState.SILENT)
REASONS = {
    "no_metric_name": "a series without a metric name",
    "bad_label_name": "a label name with letters that are not allowed",
    "duplicate_label": "the same label twice in one series",
    "invalid_utf8": "text that is not UTF-8",
    "too_many_labels": "a series with too many labels",
    "label_too_long": "a label name or value that is too long",
    "series_too_large": "a series whose labels are too large together",
    "native_histogram": "a native histogram; use classic histograms",
    "exemplar": "an exemplar; its sample is stored",
    "bad_line": "a line or cell that is not of the format",
    "bad_point": "a point without a value, or whose figures contradict each other",
    "delta_up_and_down": "changes of a sum that goes up and down: send it cumulative",
    "too_far_in_future": "a time too far ahead: check the sender's clock",
    "too_old": "older than the period for which raw samples are kept",
    "malformed_body": "a body that is not valid",
    "body_too_large": "a body that is too large",
    "unsupported_encoding": "a compression that is not supported",
    "body_too_slow": "a body that arrived too slowly",
    "wrong_content_type": "a body of a type that its address does not take",
    "too_many_new_series": "too many new series in five minutes; later ones are accepted again",
    "too_many_series": "more series than a source may have",
    "not_a_number": "a value that is not a number, as of a summary without observations",
    "no_reading": "a placeholder that the exporter sends when it has no value",
    "series_ended": "the end of a series, which a sender marks when its target goes",
    "sent_before": "a sample of a body that came a second time",
}
"""The meaning of each reason why samples were refused or ignored."""


def place_of(source: Source) -> str:
    return str(source.site) if source.site else f"by label {source.site_label}"


def lag(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{number(seconds, 1)} s" if seconds < 10 else duration(seconds)


def clock(status: SourceStatus | None) -> str:
    """The clock skew in words: "agrees with Muster's, 2 s behind"; "" before it was measured."""
    if status is None or status.clock_skew_s is None:
        return ""
    words = skew(status.clock_skew_s)
    if status.clock == SkewDirection.AGREES:
        return f"agrees with Muster's, {words}"
    return f"{words} of Muster's" if status.clock == SkewDirection.AHEAD else f"{words} Muster's"


def skew(seconds: float) -> str:
    """A clock skew in words: "42 s ahead"."""
    return f"{duration(abs(seconds))} {'ahead' if seconds > 0 else 'behind'}"


def states_of(rows: list[Intake]) -> str:
    counts = {
        each: sum(row.state == each for row in rows)
        for each in (SourceState.SILENT, SourceState.LATE, SourceState.PAUSED, SourceState.WAITING)
    }
    return " · ".join(
        f"{count} {state('source', each).word.lower()}" for each, count in counts.items() if count
    )


def strip(row: Intake) -> dict[str, Any]:
    """The last 24 hours as stretches of one state each, and a sentence about them. Equal hours share a rectangle, or a
    list of sources would have a thousand of them."""
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


# How the readings of one series within a step are combined.
PER_STEP: dict[Aggregation, str] = {
    Aggregation.AVG: "mean",
    Aggregation.MIN: "lowest",
    Aggregation.MAX: "highest",
    Aggregation.SUM: "sum",
    Aggregation.COUNT: "number of samples",
    Aggregation.LAST: "last",
    Aggregation.RATE: "rate per second",
    Aggregation.INCREASE: "increase",
    Aggregation.QUANTILE: "quantile",
}


def title(metric: str, spec: QuerySpec, series: int) -> str:
    parts = [metric]
    if spec.aggregation is Aggregation.RATE:
        parts.append("rate")
    elif spec.aggregation is Aggregation.QUANTILE:
        parts.append(f"p{100 * (spec.quantile or 0):.6g}")
    elif spec.aggregation is not Aggregation.AVG:
        parts.append(str(PER_STEP[spec.aggregation]))
    if spec.group_by == () and series > 1:
        parts.append(together(spec.combine, series))
    elif spec.group_by and series > 1:
        by = f"by {', '.join(spec.group_by)}"
        parts.append(f"{together(spec.combine, series)} {by}")
    return ", ".join(parts)


def together(combine: Aggregation, series: int) -> str:
    return f"{PER_STEP[combine]} of {number(series)} series"


def step(spec: QuerySpec) -> str:
    how = PER_STEP[spec.aggregation]
    if spec.aggregation is Aggregation.RATE:
        how = "mean rate"
    return f"each point the {how} of {duration(spec.step_s)}"


def left_out(count: int) -> str:
    if not count:
        return ""
    interfaces = plural(count, "a loopback or virtual interface", "loopback or virtual interfaces")
    return f"without {number(count)} series of {interfaces}"


# "no device named gpu-07": enough alternatives to act on, not every form of the rules.
MOST_NAMED = 3
NOUNS = {
    ObjectKind.ACCELERATOR: "accelerator",
    ObjectKind.DEVICE: "device",
    ObjectKind.PORT: "port",
    ObjectKind.FEED: "power feed",
    ObjectKind.COOLING_UNIT: "cooling unit",
    ObjectKind.LINK: "link",
    ObjectKind.SITE: "site",
}
_BY = {
    By.UUID: "no single %(noun)s has the UUID %(a)s",
    By.SERIAL: "no single %(noun)s has the serial %(a)s",
    By.HOST: "no single %(noun)s is called %(a)s or has that address",
    By.HOST_INDEX: "device %(a)s has no %(noun)s %(b)s",
    By.HOST_PORT: "device %(a)s has no %(noun)s %(b)s",
    By.NAME: "no single %(noun)s is called %(a)s",
    By.SLUG: "no %(noun)s has the slug %(a)s",
}


def why_unmatched(series: Series) -> str:
    """Why its labels name no object, and what mapping rules say of it that the reader sees."""
    reason = _why_no_site(series) if series.site is None else _why_no_object(series)
    return f"{reason} {_why_no_rule(series)}".rstrip()


def _why_no_rule(series: Series) -> str:
    rules = {rule.name: rule for rule in series.source.mapping_rules.all()}
    mappings = [rule.series_mapping for rule in rules.values()]
    objects: dict[MappedObject, str] = {}
    for mapping, mapped_object in named_objects(
        mappings, {NAME: series.metric, **series.labels}, series.site_id
    ):
        words = f"{NOUNS[mapped_object.kind]} {mapped_object.name}".rstrip()
        objects.setdefault(mapped_object, f"{mapping.name} names {words} at {rules[mapping.name].site}")
    if len(objects) > 1:
        return f"Series mapping rules disagree: {', '.join(objects.values())}."
    if objects:
        return f"The series mapping rule {', '.join(objects.values())}, where no single object has that name."
    return ""


def _why_no_object(series: Series) -> str:
    tried = _best(registry().candidates({"__name__": series.metric, **series.labels}))
    if not tried:
        return "Its labels do not name an object: no host, port or serial."
    reasons = "; ".join(_reason(candidate, series.labels) for candidate in tried)
    return f"At {series.site} {reasons}."


def _why_no_site(series: Series) -> str:
    label = series.source.site_label
    slug = series.labels.get(label, "")
    if not label:
        return "Its site was deleted."
    if not slug:
        return f"The label {label}, which names the site, is missing."
    return f"No site has the slug {slug} (label {label})."


def _best(candidates: list[MatchCandidate]) -> list[MatchCandidate]:
    """One alternative of each kind and key part: the short forms of a host add nothing."""
    first_of_kind: dict[tuple[str, str], MatchCandidate] = {}
    for candidate in candidates:
        first_of_kind.setdefault((candidate.kind, candidate.by), candidate)
    return list(first_of_kind.values())[:MOST_NAMED]


def _reason(candidate: MatchCandidate, labels: Mapping[str, str]) -> str:
    # Show the label's value, not the normalised form that was compared.
    written = {form: value for value in labels.values() for form in (uuid_form(value), value.lower())}
    parts = [written.get(part, part) for part in candidate.key]
    return str(_BY[candidate.by]) % {"noun": NOUNS[candidate.kind], "a": parts[0], "b": parts[-1]}


def reading(metric: str, value: float | None, unit: str, *, taken_at: datetime | None = None) -> str:
    """Format a value as its metric names it: "91 °C", "3 (low)", "XID 79"; "2 in 24 h, last at 05:12" for a counter,
    whose value is of the time when it rose last; "" without a value."""
    if value is None:
        return ""
    definition = registry().get(metric, None)
    if (code := code_of(definition, value)) is not None:
        return code.name
    if definition and (word := next((rule.word(value) for rule in definition.health if rule.label), "")):
        return word
    name = definition.state_name(value) if definition else ""
    text = str(format_value(value, unit))
    if definition and definition.kind is MetricKind.COUNTER and taken_at is not None:
        return f"{text}, last at {time_of_day(taken_at)}"
    return f"{text} ({name})" if name else text
