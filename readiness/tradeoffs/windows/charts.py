"""Hours of price and carbon with the windows in them, the trade-off between both, and the rule on past days."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from plotly import graph_objects as go

from readiness.tradeoffs.factors.core.series import FactorSeries
from readiness.tradeoffs.windows import sentences
from readiness.tradeoffs.windows.answer import PRICE, TRIED, SiteOfRun, Windows, WindowsAnswer, less
from readiness.tradeoffs.windows.core import Plan
from web.charts import Figure, bars, figure, line, ms, nothing, points, table
from web.units import day as day_text

ROLES = {"at-once": "muted", "cheapest": "gap", "priced": "accent", "cleanest": "ok"}
PRICE_LOOK, CARBON_LOOK = ("deployed", "line"), ("energy", "dash")
MARGIN = {"l": 62, "r": 58, "t": 16, "b": 34}
NARROW = {"margin": {"l": 48, "r": 44}, "xaxis": {"nticks": 4}}
ABOVE, BELOW = [0.22, 1], [0, 0.16]
"""Shares of the height: the hours above, and the times of the plans below."""


def hours_legend(answer: WindowsAnswer) -> list[dict[str, str]]:
    drawn = [(sentences.kind_name(kind), *_look(kind)) for kind, _unit, _series in answer.hours]
    drawn += [(name, ROLES[key], "block") for key, name, _plan in sentences.named_plans(answer)]
    return [{"label": label, "role": role, "shape": shape} for label, role, shape in drawn]


def hours(answer: WindowsAnswer) -> Figure:
    windows, site = answer.windows, answer.site
    if windows is None or site is None:
        return nothing(sentences.why_not(answer))
    plans = sentences.named_plans(answer)
    traces = [
        _line(kind, unit, series, f"y{place}" if place > 1 else "y")
        for place, (kind, unit, series) in enumerate(answer.hours, start=1)
    ]
    traces += [_bar(name, plan, ROLES[key], -row) for row, (key, name, plan) in enumerate(plans)]
    layout = _hours_layout([unit for _kind, unit, _series in answer.hours], windows, site, len(plans))
    zone = sentences.zone_told(windows, site)
    meta = {
        "finding": sentences.finding(answer),
        "footer": f"Hours are those of the site: {zone}. The table has UTC beside them.",
        "table": _hours_table(answer, site),
        "narrow": NARROW,
        "zone": site.zone.key,
    }
    return figure(traces, layout, meta)


def _look(kind: str) -> tuple[str, str]:
    return PRICE_LOOK if kind == PRICE else CARBON_LOOK


def _hours_layout(units: list[str], windows: Windows, site: SiteOfRun, plans: int) -> go.Layout:
    work = windows.work
    clocks = sentences.clocks(work.earliest_at, work.deadline_at, site.zone)
    layout = go.Layout(
        margin=MARGIN,
        hovermode="x unified",
        xaxis={
            "type": "date",
            "range": [ms(work.earliest_at), ms(work.deadline_at)],
            "anchor": "y3",
            "title": {"text": f"Time at the site, {clocks}"},
        },
        yaxis={"title": {"text": units[0]}, "domain": ABOVE},
        yaxis3={"domain": BELOW, "visible": False, "range": [0.4 - plans, 0.6], "fixedrange": True},
    )
    if len(units) > 1:
        look = {"overlaying": "y", "side": "right", "showgrid": False, "tickmode": "auto"}
        layout.yaxis2 = {"title": {"text": units[1]}, **look}
    return layout


def _line(kind: str, unit: str, series: FactorSeries, axis: str) -> go.Scatter:
    """Draw steps, because a value holds for its slot; the last slot is drawn to its end."""
    role, dash = _look(kind)
    starts, values = series.starts_s.tolist(), _values(series)
    return line(
        f"{sentences.kind_name(kind)}, {unit}",
        [1000 * start for start in (*starts, starts[-1] + series.step_s)] if starts else [],
        [*values, *values[-1:]],
        role,
        width=2,
        shape="hv",
        dash="dash" if dash == "dash" else "solid",
        yaxis=axis,
        connectgaps=False,
    )


def _values(series: FactorSeries) -> list[float | None]:
    return [None if np.isnan(value) else value for value in series.values.tolist()]


def _bar(name: str, plan: Plan, role: str, row: int) -> go.Scatter:
    x: list[int | None] = []
    for piece in plan.pieces:
        x += [ms(piece.start_at), ms(piece.end_at), None]
    y = [None if at is None else row for at in x]
    return line(name, x, y, role, width=9, yaxis="y3", connectgaps=False, hoverinfo="skip")


def _hours_table(answer: WindowsAnswer, site: SiteOfRun) -> Figure:
    plans = sentences.named_plans(answer)
    names = [f"{sentences.kind_name(kind)}, {unit}" for kind, unit, _series in answer.hours]
    first = answer.hours[0][2]
    columns = [_values(series) for _kind, _unit, series in answer.hours]
    rows = []
    for start_s, *values in zip(first.starts_s.tolist(), *columns, strict=True):
        start_at, end_at = (datetime.fromtimestamp(at, site.zone) for at in (start_s, start_s + first.step_s))
        running = [
            name
            for _key, name, plan in plans
            if any(piece.start_at < end_at and piece.end_at > start_at for piece in plan.pieces)
        ]
        rows.append([*_hour(start_at, site.zone), *values, ", ".join(running)])
    return table([f"At the site ({site.zone.key})", "UTC", *names, "Runs in"], rows)


def _hour(at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    utc = datetime.fromtimestamp(at.timestamp(), ZoneInfo("UTC"))
    return at.astimezone(zone).isoformat(timespec="minutes"), f"{utc:%Y-%m-%dT%H:%MZ}"


def trade_off(answer: WindowsAnswer) -> Figure:
    windows, site = answer.windows, answer.site
    if windows is None or site is None:
        return nothing(sentences.why_not(answer))
    if not windows.front:
        return nothing("Money and carbon are known together in too few of these hours.")
    cost, emits = f"Cost, {answer.money_unit}", f"Carbon, {answer.carbon_unit}"
    figures = [answer.figures(plan) for plan in windows.front]
    x, y = [each.shown_money or 0.0 for each in figures], [each.shown_carbon or 0.0 for each in figures]
    corners = line(
        "Best for some carbon price",
        x,
        y,
        "accent",
        width=2,
        mode="lines+markers",
        marker={"size": 9},
        text=[sentences.instant(plan.start_at, site.zone) for plan in windows.front],
        hover=f"%{{text}}<br>%{{x:.4g}} {answer.money_unit}<br>%{{y:.4g}} {answer.carbon_unit}<extra></extra>",
    )
    layout = go.Layout(
        margin={"l": 62, "r": 16, "t": 12, "b": 48},
        hovermode="closest",
        xaxis={"title": {"text": f"{cost} (lower is better)"}, "zeroline": False},
        yaxis={"title": {"text": f"{emits} (lower is better)"}, "zeroline": False},
    )
    rows = [
        [*_hour(plan.start_at, site.zone), *figures_of_plan]
        for plan, *figures_of_plan in zip(windows.front, x, y, strict=True)
    ]
    meta = {
        "finding": sentences.exchange(answer),
        "narrow": NARROW,
        "table": table(["Start at the site", "UTC", cost, emits], rows),
    }
    return figure([corners, *_marks(answer, windows)], layout, meta)


def _marks(answer: WindowsAnswer, windows: Windows) -> list[go.Scatter]:
    marks = [
        ("At once", answer.figures(windows.at_once), "gap", {"symbol": "circle", "size": 11}),
        ("Flat, at the mean of these hours", answer.flat, "muted", {"symbol": "diamond", "size": 11}),
    ]
    if answer.chosen_plan is not None:
        ring = {"symbol": "circle-open", "size": 17, "line": {"width": 2.5}}
        marks.append(("Chosen by the aim", answer.figures(answer.chosen_plan), "deployed", ring))
    return [
        points(
            name,
            [figures.shown_money],
            [figures.shown_carbon],
            role,
            hover=f"{name}<br>%{{x:.4g}}<br>%{{y:.4g}}<extra></extra>",
            marker=marker,
        )
        for name, figures, role, marker in marks
        if figures.shown_money is not None and figures.shown_carbon is not None
    ]


def trial(answer: WindowsAnswer) -> Figure:
    if answer.trial is None or not answer.trial.days or answer.site is None:
        return nothing(sentences.why_not(answer) or sentences.trial_finding(answer))
    days, zone, unit = answer.trial.days, answer.site.zone, answer.trial_unit
    worths = [answer.worths(part) for part in TRIED]
    ruled, best = ([less(*pair) for pair in zip(worths[0], each, strict=True)] for each in worths[1:])
    request_days = [day_text(day.asked_at.astimezone(zone).date()) for day in days]
    traces = [
        bars("By the rule", request_days, ruled, "accent", hover=None),
        line(
            "Perfect foresight", request_days, best, "ok", width=1.6, mode="lines+markers", marker={"size": 5}
        ),
    ]
    layout = go.Layout(
        margin=MARGIN | {"r": 16},
        hovermode="x unified",
        xaxis={"type": "category", "nticks": 8, "tickangle": 0},
        yaxis={"title": {"text": f"Saved, {unit}"}},
    )
    heads = [f"{name}, {unit}" for name in ("At once", "By the rule", "Perfect foresight")]
    rows = [
        [
            _hour(day.asked_at, zone)[0],
            *worths_of_day,
            _hour(day.by_rule.start_at, zone)[0],
            _hour(day.best.start_at, zone)[0],
        ]
        for day, *worths_of_day in zip(days, *worths, strict=True)
    ]
    meta = {
        "finding": sentences.trial_finding(answer),
        "narrow": NARROW,
        "table": table(["Requested", *heads, "The rule starts", "The best starts"], rows),
    }
    return figure(traces, layout, meta)
