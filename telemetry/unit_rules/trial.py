"""Try a unit rule: what the newest values of some series would be with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan

import numpy as np
from django.db.models import Q

from telemetry import store
from telemetry.core.instants import HOUR, instant
from telemetry.core.registry import registry
from telemetry.core.unit_rules import STAR, SentUnit, SourceUnits
from telemetry.models import Series, Source, UnitRule
from telemetry.queries import DatedValue, last_kept
from web.units import Formatted, format_value

MOST_SERIES = 3


@dataclass(frozen=True, slots=True)
class TrialRow:
    """The newest value of a series. `after` is None if its sent value is unknown: it was read before the rule that is
    in force."""

    series: Series
    taken_at: datetime
    before: Formatted
    after: Formatted | None


def series_of_rule(source: Source, pattern: str) -> Q:
    if STAR not in pattern:
        return Q(source=source, metric=pattern)
    return Q(source=source, metric__regex=f"^{'.*'.join(map(re.escape, pattern.split(STAR)))}$")


def newest_values(series_ids: Sequence[int], *, now: datetime) -> dict[int, DatedValue]:
    """The newest reading of a few series: of the last hour by the sample, else by its roll-up."""
    ids = np.array(sorted(series_ids), np.int64)
    columns = (column.tolist() for column in store.samples(ids, after=now - HOUR, until=now))
    readings = sorted((ts_ms, series_id, value) for series_id, ts_ms, value in zip(*columns, strict=True))
    newest = {
        series_id: DatedValue(value, instant(ts_ms))
        for ts_ms, series_id, value in readings
        if not isnan(value)
    }
    return last_kept(set(series_ids) - set(newest)) | newest


def trial_rows(
    source: Source, rule: SentUnit, *, replaced: UnitRule | None = None, now: datetime
) -> list[TrialRow]:
    """Read the newest values of the first series that the rule is about; `replaced` is the rule that it changes."""
    fitting = Series.objects.filter(series_of_rule(source, rule.pattern), ended_at=None)
    series_list = list(fitting.order_by("metric", "pk")[:MOST_SERIES])
    newest = newest_values([series.pk for series in series_list], now=now)
    stored_rules = list(source.unit_rules.all())
    others = tuple(
        each.sent_unit for each in stored_rules if each != replaced and each.metric != rule.pattern
    )
    present, tried = SourceUnits(tuple(each.sent_unit for each in stored_rules)), SourceUnits((*others, rule))
    since = {each.sent_unit: each.in_force_since for each in stored_rules}
    rows = []
    for series in series_list:
        if series.pk not in newest:
            continue
        taken_at, value = newest[series.pk].ts, newest[series.pk].value
        metric = registry().get(series.metric, series.labels)
        unit = metric.unit if metric else ""
        applied = present.rule_for(series.metric)
        after = None
        if applied is None or since[applied] <= taken_at:
            sent = present.conversion(series.metric, metric).invert(value)
            after = format_value(tried.conversion(series.metric, metric).apply(sent), unit)
        rows.append(TrialRow(series, taken_at, format_value(value, unit), after))
    return rows
