"""Legends of the charts, which the page shows above them."""

from __future__ import annotations

from readiness.tradeoffs.windows import charts, lines
from readiness.tradeoffs.windows.planned import PRICE, WindowsAnswer

type Entry = dict[str, str]


def legends(answer: WindowsAnswer) -> dict[str, list[Entry]]:
    return {"hours": hours(answer), "trade_off": trade_off(), "back_test": trial()}


def hours(answer: WindowsAnswer) -> list[Entry]:
    if answer.windows is None:
        return []
    series = {
        "price": (PRICE, answer.windows.hours.price),
        "carbon": (answer.kinds[1], answer.windows.hours.carbon),
    }
    drawn = [
        _entry(lines.kind_name(kind), *charts.LINES[key])
        for key, (kind, values) in series.items()
        if values is not None
    ]
    return drawn + [_entry(name, charts.ROLES[key], "area") for key, name, _plan in lines.named_plans(answer)]


def trade_off() -> list[Entry]:
    return [
        _entry("Best for some carbon price", "accent", "line"),
        _entry("At once", "gap", "dot"),
        _entry("Flat", "muted", "diamond"),
        _entry("What the aim takes", "deployed", "ring"),
    ]


def trial() -> list[Entry]:
    return [
        _entry("By the rule", "accent", "area"),
        _entry("Perfect foresight", "ok", "line"),
    ]


def _entry(label: str, role: str, shape: str) -> Entry:
    return {"label": label, "role": role, "shape": shape}
