"""A workload's windows in words: plans as rows, what each saves, what is missing and how to load it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import fsum
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format

from readiness.tradeoffs.core.deferral import Plan
from readiness.tradeoffs.core.words import number
from readiness.tradeoffs.models import FactorKind
from readiness.tradeoffs.windows.params import MOST_DEFERRED_H
from readiness.tradeoffs.windows.planned import (
    PRICE,
    HoursShown,
    HoursSource,
    SiteOfRun,
    Windows,
    WindowsAnswer,
)
from web.units import how_many

type Line = dict[str, Any]

SHOWN_PIECES = 3


def less(before: float | None, after: float | None) -> float | None:
    """Return what is saved; below 0 where it is more."""
    return None if before is None or after is None else before - after


def share(before: float | None, after: float | None) -> float | None:
    """Return what is saved as a share of what running at once takes; None where that is nothing or less."""
    saved = less(before, after)
    return None if saved is None or before is None or before <= 0 else saved / before


def total(values: Iterable[float | None]) -> float | None:
    """Unknown where one is, or there is none."""
    found = list(values)
    known = [each for each in found if each is not None]
    return fsum(known) if known and len(known) == len(found) else None


def kind_name(kind: str) -> str:
    return str(FactorKind(kind).label)


def why_not(answer: WindowsAnswer) -> str:
    """Why there is no window at all; "" where there is one."""
    if not answer.envelope.deferrable_h:
        return f"The envelope of {answer.envelope.name} says that it may not wait."
    if answer.site is None:
        return "It runs nowhere today, and no site was chosen."
    if answer.windows is None and not set(answer.kinds).isdisjoint(answer.hourly):
        return f"Around {answer.question.at} no hours are known of {answer.site.name}."
    if answer.windows is None:
        kinds = " · ".join(kind_name(kind) for kind in answer.missing)
        lacking = f"Of {answer.site.name} nobody has entered hours of: {kinds}"
        return f"{lacking}. Means of a month say nothing about hours."
    if not answer.windows.any_plan:
        start = instant(answer.windows.work.earliest_at, answer.site.zone)
        until = instant(answer.windows.work.deadline_at, answer.site.zone)
        run = f"a run of {number(answer.question.hours)} h"
        return f"Between {start} and {until} too few hours in a row are known for {run}."
    return ""


def to_load(answer: WindowsAnswer, *, may_enter: bool) -> list[Line]:
    """Each factor without hours, with how to load them, and what else of it is known by the hour."""
    if answer.site is None or not answer.envelope.deferrable_h:
        return []
    lines = []
    for kind in answer.missing:
        asked = urlencode({"site": answer.site.slug, "kind": kind})
        instead = [each for each in answer.hourly if kind != PRICE and each.startswith("carbon_")]
        sentences = ["Send a file of instants and values"]
        if instead:
            names = ", ".join(kind_name(each) for each in instead)
            sentences.append(f"by the hour there is {names}")
        lines.append(
            {
                "kind": kind_name(kind),
                "url": f"{reverse('factor-hours-add')}?{asked}" if may_enter else "",
                "api": f"POST {reverse('tradeoffs-api-site-factor-list')}series/",
                "how": " · ".join(sentences),
            }
        )
    return lines


def instant(at: datetime, zone: ZoneInfo) -> str:
    """`Wed 25 Nov 14:00 CET`: at the site."""
    local = at.astimezone(zone)
    return f"{date_format(local, 'D j M H:i')} {local.tzname()}"


def clocks(start_at: datetime, end_at: datetime, zone: ZoneInfo) -> str:
    """`CST`, or `CDT, CST` where clocks change in between."""
    return ", ".join(dict.fromkeys(str(at.astimezone(zone).tzname()) for at in (start_at, end_at)))


def zone_told(windows: Windows, site: SiteOfRun) -> str:
    """`America/Chicago (UTC−06:00)`, with both offsets where clocks change in between."""
    ends = (windows.work.earliest_at, windows.work.deadline_at)
    # A hyphen would let the line break after it.
    offsets = dict.fromkeys(
        f"UTC{at.astimezone(site.zone):%:z}".replace("-", "\N{MINUS SIGN}") for at in ends
    )
    return f"{site.zone.key} ({', '.join(offsets)})"


def in_utc(at: datetime) -> str:
    return date_format(at, "j M H:i") + " UTC"


def span_told(answer: WindowsAnswer) -> str:
    """Which hours are looked at."""
    windows, site = answer.windows, answer.site
    if windows is None or site is None:
        return ""
    start, end = (instant(at, site.zone) for at in (windows.work.earliest_at, windows.work.deadline_at))
    run = f"A run of {number(windows.work.hours)} h"
    if windows.span is HoursShown.COMING:
        return f"{run} that may start now and has to end by {end}."
    if windows.span is HoursShown.RECENT:
        return f"No hours ahead are known. {run} in the last known ones, {start} to {end}."
    return f"{run} between {start} and {end}."


def notes(answer: WindowsAnswer) -> list[str]:
    """Return what a reader has to know of the figures: what is unknown, and what was left out."""
    windows, told = answer.windows, []
    if windows is None:
        return []
    for kind in answer.missing:
        what = "costs are unknown" if kind == PRICE else "emissions are unknown"
        told.append(f"Without hours of {kind_name(kind).lower()}, {what}.")
    names = {"price": kind_name(PRICE), "carbon": kind_name(answer.kinds[1])}
    for name, count in windows.skipped.items():
        if count:
            unknown = how_many(count, "step of the span is", "steps of the span are")
            told.append(f"{unknown} unknown in {names[name].lower()}; no plan by it runs there.")
    if answer.power_kw is None:
        told.append(f"Its power at the meter is unknown ({answer.lacks}): figures are for 1 kW there.")
    if answer.question.carbon_price and windows.priced is None:
        told.append("A carbon price needs price and intensity of the same hours.")
    if answer.envelope.deferrable_h > MOST_DEFERRED_H:
        told.append("A week is looked at, though it may wait longer.")
    return told


def money_unit(answer: WindowsAnswer) -> str:
    return answer.currency if answer.power_kw is not None else f"{answer.currency}/kW".strip("/")


def carbon_unit(answer: WindowsAnswer) -> str:
    return "kg CO2e" if answer.power_kw is not None else "g CO2e/kW"


def money(answer: WindowsAnswer, per_kw: float | None) -> float | None:
    return answer.money(per_kw) if answer.power_kw is not None else per_kw


def carbon(answer: WindowsAnswer, grams: float | None) -> float | None:
    return answer.kg(grams) if answer.power_kw is not None else grams


def named_plans(answer: WindowsAnswer) -> list[tuple[str, str, Plan]]:
    """Key, name and plan of those there are."""
    windows = answer.windows
    if windows is None:
        return []
    priced = f"With carbon at {number(answer.question.carbon_price)} {answer.currency}/t"
    given = (
        ("at-once", "At once", windows.at_once),
        ("cheapest", "Cheapest", windows.cheapest),
        ("priced", priced, windows.priced),
        ("cleanest", "Cleanest", windows.cleanest),
    )
    return [(key, name, plan) for key, name, plan in given if plan is not None]


def rows(answer: WindowsAnswer) -> list[Line]:
    """Running at once, at the mean of the span, and each plan, with what it saves."""
    windows, site = answer.windows, answer.site
    if windows is None or site is None:
        return []
    once, chosen = windows.at_once, answer.chosen
    lines = [
        {
            "key": key,
            "name": name,
            "chosen": plan is chosen,
            "local": [
                _piece(piece.start_at, piece.end_at, site.zone) for piece in plan.pieces[:SHOWN_PIECES]
            ],
            "utc": in_utc(plan.start_at),
            "more": max(len(plan.pieces) - SHOWN_PIECES, 0),
            **_figures(answer, plan.money, plan.grams),
            "saves": [] if plan is once else _saves(answer, once, plan.money, plan.grams),
        }
        for key, name, plan in named_plans(answer)
    ]
    flat = {
        "key": "flat",
        "name": "Flat, at the mean of these hours",
        "chosen": False,
        "local": [],
        "utc": "",
        "more": 0,
        **_figures(answer, windows.flat.money, windows.flat.grams),
        "saves": _saves(answer, once, windows.flat.money, windows.flat.grams),
    }
    return [lines[0], flat, *lines[1:]]


def _piece(start_at: datetime, end_at: datetime, zone: ZoneInfo) -> str:
    """`Wed 25 Nov 14:00 – 18:00 CET`, the day again where it ends on another, the zone where clocks change between."""
    start, end = start_at.astimezone(zone), end_at.astimezone(zone)
    same_day = start.date() == end.date()
    last = date_format(end, "H:i" if same_day else "D j M H:i")
    first_zone = "" if start.tzname() == end.tzname() else f" {start.tzname()}"
    return f"{date_format(start, 'D j M H:i')}{first_zone} – {last} {end.tzname()}"


def _figures(answer: WindowsAnswer, per_kw: float | None, grams: float | None) -> Line:
    return {
        "cost": amount(money(answer, per_kw), money_unit(answer)),
        "carbon": amount(carbon(answer, grams), carbon_unit(answer)),
    }


def amount(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{number(value)} {unit}".strip()


def _saves(answer: WindowsAnswer, once: Plan, per_kw: float | None, grams: float | None) -> list[Line]:
    pairs = (
        (less(once.money, per_kw), share(once.money, per_kw), money, money_unit(answer)),
        (less(once.grams, grams), share(once.grams, grams), carbon, carbon_unit(answer)),
    )
    return [
        _change(shown(answer, saved), part, unit) for saved, part, shown, unit in pairs if saved is not None
    ]


def _change(saved: float | None, part: float | None, unit: str) -> Line:
    """Less is well, more is not, and the word says it beside the colour."""
    if saved is None or abs(saved) < 1e-9:
        return {"text": f"the same {unit}", "tone": ""}
    by = "" if part is None else f" ({number(round(100 * abs(part), 1))} %)"
    text = f"{number(abs(saved))} {unit} {'less' if saved > 0 else 'more'}{by}"
    return {"text": text, "tone": "ok" if saved > 0 else "warn"}


def finding(answer: WindowsAnswer) -> str:
    """The plan of the aim in one sentence."""
    chosen, windows, site = answer.chosen, answer.windows, answer.site
    if windows is None or site is None:
        return why_not(answer)
    if chosen is None:
        return why_not(answer) or "What it aims at is unknown: choose the other aim."
    changes = [each["text"] for each in _saves(answer, windows.at_once, chosen.money, chosen.grams)]
    if chosen.pieces == windows.at_once.pieces:
        return "Running at once is the best there is in these hours."
    at = instant(chosen.start_at, site.zone)
    return f"Start at {at} instead of at once: {', '.join(changes) or 'unknown'}."


def exchange(answer: WindowsAnswer) -> str:
    """Return what cheapest and cleanest give up of each other."""
    windows = answer.windows
    if windows is None or windows.cheapest is None or windows.cleanest is None:
        return ""
    dearer = less(windows.cleanest.money, windows.cheapest.money)
    cleaner = less(windows.cheapest.grams, windows.cleanest.grams)
    if dearer is None or cleaner is None:
        return ""
    if dearer <= 1e-9 or cleaner <= 1e-9:
        return "The cheapest plan is the cleanest as well: nothing has to be traded."
    costs = f"costs {number(money(answer, dearer) or 0.0)} {money_unit(answer)} more than the cheapest"
    emits = f"emits {number(carbon(answer, cleaner) or 0.0)} {carbon_unit(answer)} less"
    price = f"{number(dearer / cleaner * 1e6)} {answer.currency} for a tonne"
    return f"The cleanest plan {costs} and {emits}: {price}."


def sources(answer: WindowsAnswer) -> list[Line]:
    lines = []
    for kind in answer.kinds:
        source: HoursSource | None = answer.sources.get(kind)
        others = f"not used: {', '.join(source.others)}" if source and source.others else ""
        lines.append(
            {
                "term": kind_name(kind),
                "value": source.name if source else "unknown: no source has hours of it",
                "note": " · ".join(each for each in (source.provenance if source else "", others) if each),
            }
        )
    power, note = f"unknown: {answer.lacks}", ""
    if answer.power_kw is not None and answer.pue is not None and answer.pue.known is not None:
        it_kw, pue = answer.envelope.it_kw or 0.0, answer.pue.known
        power = f"{number(it_kw)} kW × PUE {number(pue.value)} = {number(answer.power_kw)} kW"
        note = f"PUE: {pue.source}"
    lines.append({"term": "Power at the meter", "value": power, "note": note})
    lines.append(
        {
            "term": "May wait",
            "value": f"{number(answer.envelope.deferrable_h)} h",
            "note": "how long a run takes is in no envelope; it is what you ask",
        }
    )
    return lines


def hour_words(at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The beginning of a slot at the site with its offset, and in UTC."""
    return at.astimezone(zone).isoformat(timespec="minutes"), at.strftime("%Y-%m-%dT%H:%MZ")
