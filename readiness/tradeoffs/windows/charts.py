"""Hours of price and carbon with the windows in them, the trade-off between both, and the rule on past days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from plotly import graph_objects as go

from readiness.tradeoffs.core.deferral import Plan
from readiness.tradeoffs.core.windows import SlotSeries
from readiness.tradeoffs.windows import lines, trial_lines
from readiness.tradeoffs.windows.planned import PRICE, SiteOfRun, Windows, WindowsAnswer
from web.charts import Figure, figure, ms, nothing

ROLES = {"at-once": "muted", "cheapest": "gap", "priced": "accent", "cleanest": "ok"}
LINES = {"price": ("deployed", "line"), "carbon": ("energy", "dash")}
MARGIN = {"l": 62, "r": 58, "t": 16, "b": 34}
NARROW = {"margin": {"l": 48, "r": 44}, "xaxis": {"nticks": 4}}
ABOVE, BELOW = [0.22, 1], [0, 0.16]
"""Shares of the height: the hours, and below them when each plan runs."""


def hours(answer: WindowsAnswer) -> Figure:
    """A line for each factor that is known by the hour, and below them the hours that each plan takes."""
    windows, site = answer.windows, answer.site
    if windows is None or site is None:
        return nothing(lines.why_not(answer))
    price, carbon = windows.hours.price, windows.hours.carbon
    traces = []
    if price is not None:
        traces.append(_line(price, lines.kind_name(PRICE), "price", "y"))
    if carbon is not None:
        traces.append(
            _line(carbon, lines.kind_name(answer.kinds[1]), "carbon", "y2" if price is not None else "y")
        )
    plans = lines.named_plans(answer)
    traces += [_bar(name, plan, ROLES[key], -row) for row, (key, name, plan) in enumerate(plans)]
    layout = _hours_layout([each for each in (price, carbon) if each is not None], windows, site, len(plans))
    meta = {
        "finding": lines.finding(answer),
        "footer": f"Hours are those of the site: {lines.zone_told(windows, site)}. The table has UTC beside them.",
        "table": _hours_table(answer, windows, plans),
        "narrow": NARROW,
        "zone": site.zone.key,
    }
    return figure(traces, layout, meta)


def _hours_layout(drawn: Sequence[SlotSeries], windows: Windows, site: SiteOfRun, plans: int) -> go.Layout:
    work = windows.work
    clocks = lines.clocks(work.earliest_at, work.deadline_at, site.zone)
    layout = go.Layout(
        margin=MARGIN,
        hovermode="x unified",
        xaxis={
            "type": "date",
            "range": [ms(work.earliest_at), ms(work.deadline_at)],
            "anchor": "y3",
            "title": {"text": f"Time at the site, {clocks}"},
        },
        yaxis={"title": {"text": drawn[0].unit}, "domain": ABOVE},
        yaxis3={"domain": BELOW, "visible": False, "range": [0.4 - plans, 0.6], "fixedrange": True},
    )
    if len(drawn) > 1:
        layout.yaxis2 = {
            "title": {"text": drawn[1].unit},
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "tickmode": "auto",
        }
    return layout


def _line(series: SlotSeries, name: str, key: str, axis: str) -> go.Scatter:
    """Steps, since a value holds for its slot; the last is drawn to its end."""
    slots = series.slots
    x = [ms(slot.start_at) for slot in slots]
    y = [slot.value for slot in slots]
    if slots:
        x, y = [*x, ms(slots[-1].start_at + series.step)], [*y, slots[-1].value]
    return go.Scatter(
        x=x, y=y, name=f"{name}, {series.unit}", mode="lines", yaxis=axis, connectgaps=False,
        line={"width": 2, "shape": "hv", "dash": "dash" if LINES[key][1] == "dash" else "solid"},
        meta={"role": LINES[key][0]},
    )  # fmt: skip


def _bar(name: str, plan: Plan, role: str, row: int) -> go.Scatter:
    """When a plan runs, as a thick line below the hours; a pause breaks it."""
    x: list[int | None] = []
    for piece in plan.pieces:
        x += [ms(piece.start_at), ms(piece.end_at), None]
    return go.Scatter(
        x=x, y=[None if at is None else row for at in x], name=name, mode="lines", yaxis="y3", connectgaps=False,
        line={"width": 9}, meta={"role": role}, hoverinfo="skip",
    )  # fmt: skip


def _hours_table(answer: WindowsAnswer, windows: Windows, plans: Sequence[tuple[str, str, Plan]]) -> Figure:
    site = answer.site
    assert site is not None
    series = [each for each in (windows.hours.price, windows.hours.carbon) if each is not None]
    names = [
        f"{lines.kind_name(kind)}, {each.unit}"
        for kind, each in zip(
            [
                kind
                for kind, one in zip(answer.kinds, (windows.hours.price, windows.hours.carbon), strict=True)
                if one
            ],
            series,
            strict=True,
        )
    ]
    rows: list[list[Any]] = []
    for place, slot in enumerate(series[0].slots):
        end_at = slot.start_at + series[0].step
        running = [
            name
            for _key, name, plan in plans
            if any(piece.start_at < end_at and piece.end_at > slot.start_at for piece in plan.pieces)
        ]
        rows.append(
            [
                *lines.hour_words(slot.start_at, site.zone),
                *(each.slots[place].value for each in series),
                ", ".join(running),
            ]
        )
    columns = [f"{'At the site'} ({site.zone.key})", "UTC", *names, "Runs in"]
    return {"columns": columns, "rows": rows}


def trade_off(answer: WindowsAnswer) -> Figure:
    """Money against carbon of each plan; the line joins the corners of the front."""
    windows, site = answer.windows, answer.site
    if windows is None or site is None:
        return nothing(lines.why_not(answer))
    if not windows.front:
        return nothing("Money and carbon are known together in too few of these hours.")
    cost, emits = lines.money_unit(answer), lines.carbon_unit(answer)
    layout = go.Layout(
        margin={"l": 62, "r": 16, "t": 12, "b": 48},
        hovermode="closest",
        xaxis={
            "title": {"text": f"Cost, {cost} (lower is better)"},
            "zeroline": False,
        },
        yaxis={
            "title": {"text": f"Carbon, {emits} (lower is better)"},
            "zeroline": False,
        },
    )
    columns = [
        "Start at the site",
        "UTC",
        f"{'Cost'}, {cost}",
        f"{'Carbon'}, {emits}",
    ]
    rows = [[*lines.hour_words(plan.start_at, site.zone), *_at(answer, plan)] for plan in windows.front]
    meta = {
        "finding": lines.exchange(answer),
        "narrow": NARROW,
        "table": {"columns": columns, "rows": rows},
    }
    return figure([_corners(answer, windows, site), *_marks(answer, windows)], layout, meta)


def _corners(answer: WindowsAnswer, windows: Windows, site: SiteOfRun) -> go.Scatter:
    points = [_at(answer, plan) for plan in windows.front]
    hover = f"%{{text}}<br>%{{x:.4g}} {lines.money_unit(answer)}<br>%{{y:.4g}} {lines.carbon_unit(answer)}"
    return go.Scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        text=[lines.instant(plan.start_at, site.zone) for plan in windows.front],
        name="Best for some carbon price",
        mode="lines+markers",
        line={"width": 2},
        marker={"size": 9},
        hovertemplate=f"{hover}<extra></extra>",
        meta={"role": "accent"},
    )


def _marks(answer: WindowsAnswer, windows: Windows) -> list[go.Scatter]:
    """At once, flat, and what the aim takes, where both figures are known."""
    once, flat, chosen = windows.at_once, windows.flat, answer.chosen
    given = [
        ("At once", once.money, once.grams, "circle", "gap", 11),
        ("Flat, at the mean of these hours", flat.money, flat.grams, "diamond", "muted", 11),
    ]
    if chosen is not None:
        name = "What the aim takes"
        given.append((name, chosen.money, chosen.grams, "circle-open", "deployed", 17))
    return [
        _mark(name, x, y, symbol, role, size=size)
        for name, per_kw, grams, symbol, role, size in given
        if (x := lines.money(answer, per_kw)) is not None and (y := lines.carbon(answer, grams)) is not None
    ]


def _at(answer: WindowsAnswer, plan: Plan) -> tuple[float, float]:
    return lines.money(answer, plan.money) or 0.0, lines.carbon(answer, plan.grams) or 0.0


def _mark(name: str, x: float, y: float, symbol: str, role: str, *, size: int) -> go.Scatter:
    return go.Scatter(
        x=[x], y=[y], name=name, mode="markers",
        marker={"symbol": symbol, "size": size, "line": {"width": 2.5 if symbol.endswith("-open") else 0}},
        hovertemplate=f"{name}<br>%{{x:.4g}}<br>%{{y:.4g}}<extra></extra>", meta={"role": role},
    )  # fmt: skip


def trial(answer: WindowsAnswer) -> Figure:
    """Draw the savings of each past day against running at once: the rule as bars, perfect foresight as a line."""
    if answer.trial is None or not answer.trial.days or answer.site is None:
        return nothing(lines.why_not(answer) or trial_lines.finding(answer))
    days, zone, unit = answer.trial.days, answer.site.zone, trial_lines.unit(answer)
    worth = {
        part: [trial_lines.shown(answer, answer.worth(getattr(day, part))) for day in days]
        for part in trial_lines.PARTS
    }
    saved = {
        part: [lines.less(once, one) for once, one in zip(worth["at_once"], worth[part], strict=True)]
        for part in ("by_rule", "best")
    }
    asked = [date_format(day.asked_at.astimezone(zone), "j M") for day in days]
    traces = [
        go.Bar(x=asked, y=saved["by_rule"], name="By the rule", meta={"role": "accent"}),
        go.Scatter(
            x=asked, y=saved["best"], name="Perfect foresight", mode="lines+markers",
            line={"width": 1.6}, marker={"size": 5}, meta={"role": "ok"},
        ),
    ]  # fmt: skip
    layout = go.Layout(
        margin=MARGIN | {"r": 16},
        hovermode="x unified",
        xaxis={"type": "category", "nticks": 8, "tickangle": 0},
        yaxis={"title": {"text": f"Saved, {unit}"}},
    )
    return figure(
        traces,
        layout,
        {"finding": trial_lines.finding(answer), "narrow": NARROW, "table": _trial_table(answer, worth)},
    )


def _trial_table(answer: WindowsAnswer, worth: dict[str, list[float | None]]) -> Figure:
    assert answer.trial is not None
    assert answer.site is not None
    zone, unit = answer.site.zone, trial_lines.unit(answer)
    heads = [f"{name}, {unit}" for name in trial_lines.names().values()]
    rows = [
        [
            day.asked_at.astimezone(zone).isoformat(timespec="minutes"),
            *(worth[part][place] for part in trial_lines.PARTS),
            day.by_rule.start_at.astimezone(zone).isoformat(timespec="minutes"),
            day.best.start_at.astimezone(zone).isoformat(timespec="minutes"),
        ]
        for place, day in enumerate(answer.trial.days)
    ]
    columns = ["Asked for", *heads, "The rule starts", "The best starts"]
    return {"columns": columns, "rows": rows}
