"""A workload's windows in words: what a plan saves, which hours are looked at, what is missing."""

from datetime import datetime
from zoneinfo import ZoneInfo

from readiness.tradeoffs.models import FactorKind
from readiness.tradeoffs.units import difference, number
from readiness.tradeoffs.windows.answer import (
    MOST_DEFERRED_H,
    PRICE,
    Figures,
    HoursShown,
    SiteOfRun,
    Windows,
    WindowsAnswer,
    less,
    share,
    total,
)
from readiness.tradeoffs.windows.core import Piece, Plan
from web.units import how_many
from web.units import instant as local_instant


def kind_name(kind: str) -> str:
    return str(FactorKind(kind).label)


def why_not(answer: WindowsAnswer) -> str:
    if not answer.envelope.deferrable_h:
        return f"The envelope of {answer.envelope.name} says that the work cannot wait."
    if answer.site is None:
        return "The workload runs nowhere today. Choose a site."
    if answer.windows is None and not set(answer.kinds).isdisjoint(answer.hourly):
        return f"There is no hourly data for {answer.site.name} around {answer.question.at}."
    if answer.windows is None:
        kinds = " · ".join(kind_name(kind) for kind in answer.missing)
        lacking = f"{answer.site.name} has no hourly data for {kinds}"
        return f"{lacking}. Monthly means cannot be used instead."
    if not answer.windows.any_plan:
        start, until = _ends(answer.windows, answer.site)
        run = f"a run of {number(answer.question.hours)} h"
        return f"The hourly data between {start} and {until} has gaps, so {run} cannot be planned."
    return ""


def how_to_load(answer: WindowsAnswer, kind: str) -> str:
    instead = [each for each in answer.hourly if kind != PRICE and each.startswith("carbon_")]
    sentences = ["Send a file of instants and values"]
    if instead:
        sentences.append(f"hourly values exist for {', '.join(kind_name(each) for each in instead)}")
    return " · ".join(sentences)


def instant(at: datetime, zone: ZoneInfo) -> str:
    """`25 Nov 2026 14:00 CET`: local time at the site."""
    return local_instant(at, zone)


def _ends(windows: Windows, site: SiteOfRun) -> list[str]:
    return [instant(at, site.zone) for at in (windows.work.earliest_at, windows.work.deadline_at)]


def clocks(start_at: datetime, end_at: datetime, zone: ZoneInfo) -> str:
    return ", ".join(dict.fromkeys(str(at.astimezone(zone).tzname()) for at in (start_at, end_at)))


def zone_told(windows: Windows, site: SiteOfRun) -> str:
    ends = (windows.work.earliest_at, windows.work.deadline_at)
    # A hyphen would allow a line break after it.
    offsets = dict.fromkeys(
        f"UTC{at.astimezone(site.zone):%:z}".replace("-", "\N{MINUS SIGN}") for at in ends
    )
    return f"{site.zone.key} ({', '.join(offsets)})"


def piece(run: Piece, zone: ZoneInfo) -> str:
    return f"{instant(run.start_at, zone)} – {instant(run.end_at, zone)}"


def span_told(windows: Windows, site: SiteOfRun) -> str:
    start, end = _ends(windows, site)
    run = f"A run of {number(windows.work.hours)} h"
    if windows.span is HoursShown.COMING:
        return f"{run} that may start now and must end by {end}."
    if windows.span is HoursShown.RECENT:
        return f"There is no hourly data for the future. {run} in the last known hours, {start} to {end}."
    return f"{run} between {start} and {end}."


def notes(answer: WindowsAnswer, windows: Windows) -> list[str]:
    sentences = []
    for kind in answer.missing:
        what = "costs are unknown" if kind == PRICE else "emissions are unknown"
        sentences.append(f"There is no hourly {kind_name(kind).lower()}, so {what}.")
    names = {"price": kind_name(PRICE), "carbon": kind_name(answer.kinds[1])}
    for name, count in windows.skipped.items():
        if count:
            unknown = how_many(count, "step of the span is", "steps of the span are")
            sentences.append(f"{unknown} unknown in {names[name].lower()}; plans by it leave those out.")
    if answer.power_kw is None:
        sentences.append(
            f"The workload's power at the meter is unknown ({answer.lacks}), so figures are for 1 kW at the meter."
        )
    if answer.question.carbon_price and windows.priced is None:
        sentences.append("A carbon price needs price and carbon intensity for the same hours.")
    if answer.envelope.deferrable_h > MOST_DEFERRED_H:
        sentences.append("Only one week is considered, although the work can wait longer.")
    return sentences


def named_plans(answer: WindowsAnswer) -> list[tuple[str, str, Plan]]:
    windows = answer.windows
    if windows is None:
        return []
    priced = f"With carbon at {number(answer.question.carbon_price)} {answer.currency}/t"
    plans = (
        ("at-once", "At once", windows.at_once),
        ("cheapest", "Cheapest", windows.cheapest),
        ("priced", priced, windows.priced),
        ("cleanest", "Cleanest", windows.cleanest),
    )
    return [(key, name, plan) for key, name, plan in plans if plan is not None]


def saves(answer: WindowsAnswer, figures_at_once: Figures, other: Figures) -> list[tuple[str, str]]:
    changes = (
        (figures_at_once.shown_money, other.shown_money, answer.money_unit),
        (figures_at_once.shown_carbon, other.shown_carbon, answer.carbon_unit),
    )
    return [
        _change(difference(before, after), share(before, after), unit)
        for before, after, unit in changes
        if before is not None and after is not None
    ]


def _change(saved: float, part: float | None, unit: str) -> tuple[str, str]:
    if abs(saved) < 1e-9:
        return f"the same {unit}", ""
    by = "" if part is None else f" ({number(round(100 * abs(part), 1))} %)"
    text = f"{number(abs(saved))} {unit} {'less' if saved > 0 else 'more'}{by}"
    return text, "ok" if saved > 0 else "warn"


def finding(answer: WindowsAnswer) -> str:
    chosen_plan, windows, site = answer.chosen_plan, answer.windows, answer.site
    if windows is None or site is None:
        return why_not(answer)
    if chosen_plan is None:
        return why_not(answer) or "The aim has no data: choose the other aim."
    if chosen_plan.pieces == windows.at_once.pieces:
        return "Running at once is the best plan."
    changes = saves(answer, answer.figures(windows.at_once), answer.figures(chosen_plan))
    at = instant(chosen_plan.start_at, site.zone)
    return f"Start at {at} instead of at once: {', '.join(text for text, _tone in changes) or 'unknown'}."


def exchange(answer: WindowsAnswer) -> str:
    windows = answer.windows
    if windows is None or windows.cheapest is None or windows.cleanest is None:
        return ""
    dearer = less(windows.cleanest.money, windows.cheapest.money)
    cleaner = less(windows.cheapest.grams, windows.cleanest.grams)
    if dearer is None or cleaner is None:
        return ""
    if dearer <= 1e-9 or cleaner <= 1e-9:
        return "The cheapest plan is also the cleanest."
    given_up = Figures(dearer, cleaner, answer.power_kw)
    costs = f"costs {number(given_up.shown_money or 0.0)} {answer.money_unit} more than the cheapest"
    emits = f"emits {number(given_up.shown_carbon or 0.0)} {answer.carbon_unit} less"
    price = f"{number(dearer / cleaner * 1e6)} {answer.currency} for a tonne"
    return f"The cleanest plan {costs} and {emits}: {price}."


def trial_finding(answer: WindowsAnswer) -> str:
    if answer.trial is None or not answer.trial.days:
        return "There is not enough hourly data of earlier days to try the rule."
    total_at_once, ruled, best = (
        total(answer.worths(part)) or 0.0 for part in ("at_once", "by_rule", "best")
    )
    days = how_many(len(answer.trial.days), "day", "days")
    at_once, saved, foreseen = (
        f"{number(total_at_once)} {answer.trial_unit}",
        difference(total_at_once, ruled),
        difference(total_at_once, best),
    )
    if saved >= 0:
        would = f"would have saved {number(saved)} of {at_once}; perfect foresight {number(foreseen)}"
    else:
        would = f"would have cost {number(-saved)} more than {at_once}; foresight saves {number(foreseen)}"
    return f"On {days} the rule {would}."
