"""The hours of a site, and what else a workload's windows are made of; as many statements for any number of sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, Max, OuterRef, Q

from inventory.models import Site
from readiness.evidence.core.provenance import LEAST_TRUSTED_LAST
from readiness.tradeoffs.core.deferral import LEARNT_DAYS, Hours, on_one_grid
from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.tradeoffs.core.series import FactorSeries
from readiness.tradeoffs.models import FactorDay
from readiness.tradeoffs.placing.figures import FactorInput, factor_input
from readiness.tradeoffs.placing.weighing import IN_SERVICE
from readiness.tradeoffs.queries import factors_of, known_rates, series_of
from readiness.tradeoffs.queries.series import SourceSeries
from readiness.tradeoffs.windows.params import Aim, WindowsQuestion, instant_of
from readiness.tradeoffs.windows.planned import (
    PRICE,
    HoursSource,
    SiteOfRun,
    WindowsAnswer,
    trial_of,
    weights_of,
    windows_of,
    work_of,
)
from readiness.workloads.core.envelope import Envelope
from readiness.workloads.models import Placement

type Newest = dict[str, datetime]


@dataclass(frozen=True, slots=True)
class _Places:
    """Sites by slug that can be chosen; of those where it runs, and the one asked for, the end of the newest day of
    each hourly factor."""

    runs_at: tuple[str, ...]
    sites: dict[str, Site]
    newest: dict[str, Newest]


def planned(envelope: Envelope, question: WindowsQuestion, *, now: datetime) -> WindowsAnswer:
    """Raises BadTradeoffQuestion for what cannot be asked of it."""
    kinds = (PRICE, f"carbon_{question.carbon}")
    places = _places(envelope.slug, question.site, now)
    chosen = _chosen(places, question.site, kinds)
    asked_at = instant_of(question.at, ZoneInfo(chosen.time_zone)) if chosen and question.at else None
    newest = places.newest.get(chosen.slug, {}) if chosen else {}
    nothing = WindowsAnswer(
        question=question,
        envelope=envelope,
        at=now,
        site=SiteOfRun(chosen.slug, chosen.name, ZoneInfo(chosen.time_zone)) if chosen else None,
        runs_at=tuple((slug, places.sites[slug].name) for slug in places.runs_at),
        others=_others(places),
        currency=question.currency,
        kinds=kinds,
        sources={},
        missing=tuple(kind for kind in kinds if kind not in newest),
        hourly=tuple(sorted(newest)),
        pue=None,
        aim=question.aim or (Aim.COST if PRICE in newest else Aim.CARBON),
    )
    if chosen is None or not envelope.deferrable_h or len(nothing.missing) == len(kinds):
        return nothing
    return _with_hours(nothing, chosen, newest, asked_at)


def _with_hours(
    nothing: WindowsAnswer, chosen: Site, newest: Newest, asked_at: datetime | None
) -> WindowsAnswer:
    question, now = nothing.question, nothing.at
    known_to = min(newest[kind] for kind in nothing.kinds if kind in newest)
    around = asked_at or min(now, known_to)
    length = timedelta(hours=question.hours + nothing.deferred_h)
    start = around - length - timedelta(days=question.days + LEARNT_DAYS + 1)
    read = series_of(chosen.pk, None, start, around + length + timedelta(days=1))
    found = {
        kind: best
        for kind in nothing.kinds
        if (best := _best([each for each in read if each.kind == kind], around, length))
    }
    hours, currency = _hours(found, nothing.kinds, question.currency, now)
    if hours.price is None and hours.carbon is None:
        return replace(nothing, missing=nothing.kinds)
    work, span = work_of(hours, question, nothing.deferred_h, now=now, asked_at=asked_at)
    assert nothing.site is not None
    return replace(
        nothing,
        currency=currency,
        sources={kind: _source(each, read) for kind, each in found.items()},
        missing=tuple(kind for kind in nothing.kinds if kind not in found),
        pue=_pue(chosen, now),
        windows=windows_of(hours, work, span, question.carbon_price),
        trial=trial_of(
            hours, work, question.days, weights_of(nothing.aim, question.carbon_price), nothing.site.zone
        ),
    )


def _places(workload: str, asked: str, now: datetime) -> _Places:
    """Return where the class runs, and every site in service with hours; three statements."""
    running = (
        Placement.objects.on(now.date())
        .filter(workload_class__slug=workload)
        .order_by("site__name", "pk")
        .values_list("site__slug", flat=True)
    )
    runs_at = tuple(dict.fromkeys(running))
    has_hours = Exists(FactorDay.objects.filter(site=OuterRef("pk")))
    wanted = Q(slug__in={*runs_at, asked}) | Q(has_hours, stage__in=IN_SERVICE)
    sites = {site.slug: site for site in Site.objects.filter(wanted).order_by("name", "pk")}
    newest: dict[str, Newest] = {}
    days = FactorDay.objects.filter(site__slug__in={*runs_at, asked}).order_by()
    for slug, kind, day_on in days.values_list("site__slug", "kind").annotate(newest=Max("day_on")):
        newest.setdefault(slug, {})[kind] = datetime.combine(day_on + timedelta(days=1), time(), UTC)
    return _Places(runs_at, sites, newest)


def _others(places: _Places) -> tuple[tuple[str, str], ...]:
    """Sites in service that have hours, and the one asked for, beside those where it runs."""
    return tuple((slug, site.name) for slug, site in places.sites.items() if slug not in places.runs_at)


def _chosen(places: _Places, asked: str, kinds: tuple[str, str]) -> Site | None:
    """The site that is asked for; else of those where it runs the one with most of its factors by the hour."""
    if asked:
        if asked not in places.sites:
            raise BadTradeoffQuestion("site", f"No site is called {asked}.")
        return places.sites[asked]
    by_hours = sorted(
        places.runs_at, key=lambda slug: -sum(kind in places.newest.get(slug, ()) for kind in kinds)
    )
    return places.sites[by_hours[0]] if by_hours else None


def _best(series: Sequence[SourceSeries], around: datetime, length: timedelta) -> SourceSeries | None:
    """Choose the source that knows most around the instant, then the more trusted, then by name."""

    def rank(each: SourceSeries) -> tuple[float, int, str]:
        values = each.series.within(around - length, around + length).values
        known_s = float((values == values).sum()) * each.series.step_s
        return -known_s, LEAST_TRUSTED_LAST.index(each.provenance), each.source

    with_values = [each for each in series if (each.series.values == each.series.values).any()]
    return min(with_values, key=rank, default=None)


def _source(chosen: SourceSeries, read: Sequence[SourceSeries]) -> HoursSource:
    others = {each.source for each in read if each.kind == chosen.kind} - {chosen.source}
    return HoursSource(chosen.source, chosen.provenance, chosen.unit, tuple(sorted(others)))


def _hours(
    series: dict[str, SourceSeries], kinds: tuple[str, str], asked: str, now: datetime
) -> tuple[Hours, str]:
    """Both series, and the currency that money is in: the price's own unless another is asked for."""
    price, carbon = (series.get(kind) for kind in kinds)
    currency = asked or (price.currency if price else "")
    values: FactorSeries | None = price.series if price else None
    if price is not None and price.currency != currency:
        rate = known_rates(now).between(price.currency, currency)
        if rate is None:
            raise BadTradeoffQuestion("currency", f"No rate from {price.currency} to {currency} is known.")
        values = FactorSeries(price.series.step_s, price.series.starts_s, price.series.values * rate.rate)
    return on_one_grid(values, carbon.series if carbon else None, f"{currency}/kWh"), currency


def _pue(site: Site, now: datetime) -> FactorInput:
    (known,) = factors_of([site.pk], now, kinds=("pue",), regions=())
    return factor_input("PUE", known.factors.get("pue"))
