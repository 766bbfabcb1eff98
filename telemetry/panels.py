"""The series of one object, on its page in the inventory: what was last measured, when, and by which source."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from inventory import panels
from inventory.models import Accelerator, CoolingUnit, Device, Link, Port, PowerFeed
from inventory.panels import Panel
from telemetry import cards, intake, queries
from telemetry.core.codes import code_of
from telemetry.core.registry import registry
from telemetry.explore import distinct_names
from telemetry.models import Series
from web.ages import ago
from web.units import format_value, number

SHOWN = 12
# So far back the newest samples are looked for; the last hour that is kept tells of series that stopped before.
WITHIN_S = 86_400
COLUMNS: dict[type[Model], str] = {
    Accelerator: "accelerator_id",
    CoolingUnit: "cooling_unit_id",
    Device: "device_id",
    Link: "link_id",
    Port: "port_id",
    PowerFeed: "power_feed_id",
}


def register() -> None:
    for model in COLUMNS:
        panels.register(model, series_panel)


def series_panel(obj: Model, *, user: User, now: datetime) -> Panel | None:
    if not user.has_perm("telemetry.view_series"):
        return None
    column = COLUMNS[type(obj)]
    found = list(intake.series().filter(**{column: obj.pk}).select_related("source__status"))
    shown = sorted(found, key=_usefulness)[:SHOWN]
    actions = []
    if found:
        actions.append({"label": _("All"), "url": f"{reverse('series-list')}?{urlencode({column: obj.pk})}"})
    return Panel(
        key="series",
        title=_("Series"),
        sub=number(len(found)),
        template="telemetry/series_panel.html",
        context={"rows": _rows(shown, column, obj.pk, now), "more": len(found) - len(shown)},
        span=12,
        order=300,
        links=actions,
    )


def _usefulness(series: Series) -> tuple[bool, bool, bool, str, int]:
    """Those that go on, then those whose health is judged, then those with a known meaning."""
    metric = registry().get(series.metric, series.labels)
    return (
        series.ended_at is not None,
        not (metric and metric.health),
        metric is None,
        series.metric,
        series.pk,
    )


def _rows(shown: list[Series], column: str, pk: int, now: datetime) -> list[dict[str, Any]]:
    newest = {
        one.series_id: queries.Reading(one.value, one.ts)
        for one in queries.latest(
            {series.site_id for series in shown if series.site_id},
            {series.metric for series in shown},
            now=now,
            within_s=WITHIN_S,
            with_ended=True,
        )
        if getattr(one, column) == pk
    }
    newest |= queries.last_kept({series.pk for series in shown} - set(newest))
    names = _names(shown)
    return [_row(series, names[series.pk], newest.get(series.pk), now) for series in shown]


def _names(shown: Iterable[Series]) -> dict[int, str]:
    """What tells the series of one metric apart; nothing where there is one."""
    by_metric: dict[str, list[Series]] = {}
    for series in shown:
        by_metric.setdefault(series.metric, []).append(series)
    names = {}
    for alike in by_metric.values():
        apart = distinct_names([series.labels for series in alike]) if len(alike) > 1 else [""]
        names |= {series.pk: name for series, name in zip(alike, apart, strict=True)}
    return names


def _row(series: Series, name: str, newest: queries.Reading | None, now: datetime) -> dict[str, Any]:
    metric = registry().get(series.metric, series.labels)
    status = getattr(series.source, "status", None)
    clock = status.state if status and status.state in cards.CLOCKS else ""
    shown = format_value(newest.value, metric.unit if metric else "") if newest else None
    return {
        "series": series,
        "title": metric.title if metric else "",
        "name": name,
        "url": cards.explore_url(series),
        "value": shown.value if shown else None,
        "unit": shown.unit if shown else "",
        "state": metric.state_name(newest.value) if metric and newest else "",
        "code": code_of(metric, newest.value if newest else None),
        "provenance": series.source.provenance,
        "age": ago(newest.ts, now=now) if newest else "",
        "at": newest.ts if newest else None,
        "clock": clock,
    }
