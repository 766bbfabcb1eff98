"""The windows of one workload at one site, from its hours; the number of statements does not depend on the sites."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Exists, Max, OuterRef, Q

from inventory.models import Site
from readiness.assessment.evidence.core.parsed import LEAST_TRUSTED_LAST
from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.factors.core.series import FactorSeries
from readiness.tradeoffs.factors.queries import factors_of, known_rates, series_of
from readiness.tradeoffs.factors.queries.stored import SourceSeries
from readiness.tradeoffs.models import FactorDay
from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing.core.figures import factor_figure
from readiness.tradeoffs.placing.core.weighing import IN_SERVICE
from readiness.tradeoffs.windows import core as windows
from readiness.tradeoffs.windows.answer import (
    PRICE,
    Aim,
    HoursShown,
    HoursSource,
    SiteOfRun,
    Windows,
    WindowsAnswer,
    WindowsQuestion,
    instant_of,
    weights_of,
)
from readiness.tradeoffs.windows.core import CHEAPEST, CLEANEST, LEARNT_DAYS, DeferrableRun, Hours, Trial
from web.parameters import BadParameter

type Newest = dict[str, datetime]


def planned(envelope: Envelope, question: WindowsQuestion, *, now: datetime) -> WindowsAnswer:
    kinds = (str(PRICE), f"carbon_{question.carbon}")
    runs_at, sites, ends = _places(envelope.slug, question.site, now)
    run_site = _chosen(runs_at, sites, ends, question.site, kinds)
    asked_at = instant_of(question.at, ZoneInfo(run_site.time_zone)) if run_site and question.at else None
    newest = ends.get(run_site.slug, {}) if run_site else {}
    nothing = WindowsAnswer(
        question=question,
        envelope=envelope,
        at=now,
        site=SiteOfRun(run_site.slug, run_site.name, ZoneInfo(run_site.time_zone)) if run_site else None,
        runs_at=tuple((slug, sites[slug].name) for slug in runs_at),
        others=tuple((slug, site.name) for slug, site in sites.items() if slug not in runs_at),
        currency=question.currency,
        kinds=kinds,
        sources={},
        missing=tuple(kind for kind in kinds if kind not in newest),
        hourly=tuple(sorted(newest)),
        pue=None,
        aim=question.aim or (Aim.COST if PRICE in newest else Aim.CARBON),
    )
    if run_site is None or not envelope.deferrable_h or len(nothing.missing) == len(kinds):
        return nothing
    return _answer_with_hours(nothing, run_site, newest, asked_at)


def _answer_with_hours(
    nothing: WindowsAnswer, site: Site, newest: Newest, asked_at: datetime | None
) -> WindowsAnswer:
    question, now = nothing.question, nothing.at
    known_to = min(newest[kind] for kind in nothing.kinds if kind in newest)
    around = asked_at or min(now, known_to)
    length = timedelta(hours=question.hours + nothing.deferred_h)
    start = around - length - timedelta(days=question.days + LEARNT_DAYS + 1)
    all_series = series_of(site.pk, None, start, around + length + timedelta(days=1))
    series_by_kind = {
        kind: best
        for kind in nothing.kinds
        if (best := _best([each for each in all_series if each.kind == kind], around, length))
    }
    hours, currency = _hours(series_by_kind, nothing.kinds, question.currency, now)
    if hours.price is None and hours.carbon is None:
        return replace(nothing, missing=nothing.kinds)
    work, span = _work(hours, question, nothing.deferred_h, now=now, asked_at=asked_at)
    return replace(
        nothing,
        currency=currency,
        sources={kind: _source(each, all_series) for kind, each in series_by_kind.items()},
        missing=tuple(kind for kind in nothing.kinds if kind not in series_by_kind),
        pue=_pue(site, now),
        windows=_windows(hours, work, span, question.carbon_price),
        trial=_trial(hours, work, nothing.aim, question, ZoneInfo(site.time_zone)),
    )


def _places(
    workload: str, requested_slug: str, now: datetime
) -> tuple[tuple[str, ...], dict[str, Site], dict[str, Newest]]:
    """Return where it runs and the sites to choose from; for those where it runs, and the requested one, the end of the
    newest day of each hourly factor.
    """
    runs_at = workloads.running([workload], day=now.date()).get(workload, ())
    has_hours = Exists(FactorDay.objects.filter(site=OuterRef("pk")))
    offered = Q(slug__in={*runs_at, requested_slug}) | Q(has_hours, stage__in=IN_SERVICE)
    sites = {site.slug: site for site in Site.objects.filter(offered).order_by("name", "pk")}
    newest: dict[str, Newest] = {}
    days = FactorDay.objects.filter(site__slug__in={*runs_at, requested_slug}).order_by()
    for slug, kind, day_on in days.values_list("site__slug", "kind").annotate(newest=Max("day_on")):
        newest.setdefault(slug, {})[kind] = datetime.combine(day_on + timedelta(days=1), time(), UTC)
    return runs_at, sites, newest


def _chosen(
    runs_at: tuple[str, ...],
    sites: dict[str, Site],
    ends: dict[str, Newest],
    requested_slug: str,
    kinds: tuple[str, str],
) -> Site | None:
    if requested_slug:
        if requested_slug not in sites:
            raise BadParameter("site", f"No site is called {requested_slug}.")
        return sites[requested_slug]

    def hourly_kinds(slug: str) -> int:
        return sum(kind in ends.get(slug, ()) for kind in kinds)

    return sites[max(runs_at, key=hourly_kinds)] if runs_at else None


def _best(series: Sequence[SourceSeries], around: datetime, length: timedelta) -> SourceSeries | None:
    def rank(each: SourceSeries) -> tuple[float, int, str]:
        values = each.series.part_between(around - length, around + length).values
        known_s = float(np.count_nonzero(~np.isnan(values))) * each.series.step_s
        return -known_s, LEAST_TRUSTED_LAST.index(each.provenance), each.source

    with_values = [each for each in series if not np.isnan(each.series.values).all()]
    return min(with_values, key=rank, default=None)


def _source(series: SourceSeries, all_series: Sequence[SourceSeries]) -> HoursSource:
    others = {each.source for each in all_series if each.kind == series.kind} - {series.source}
    return HoursSource(series.source, series.provenance, tuple(sorted(others)))


def _hours(
    series: dict[str, SourceSeries], kinds: tuple[str, str], requested_currency: str, now: datetime
) -> tuple[Hours, str]:
    price, carbon = (series.get(kind) for kind in kinds)
    currency = requested_currency or (price.currency if price else "")
    values: FactorSeries | None = price.series if price else None
    if price is not None and price.currency != currency:
        rate = known_rates(now).rate_between(price.currency, currency)
        if rate is None:
            raise BadParameter("currency", f"No rate from {price.currency} to {currency} is known.")
        values = FactorSeries(price.series.step_s, price.series.starts_s, price.series.values * rate.rate)
    return windows.aligned_hours(values, carbon.series if carbon else None), currency


def _pue(site: Site, now: datetime) -> BandedFigure:
    (site_factors,) = factors_of([site.pk], now, kinds=("pue",), regions=())
    return factor_figure("PUE", site_factors.factors.get("pue"))


def _work(
    hours: Hours, question: WindowsQuestion, deferred_h: float, *, now: datetime, asked_at: datetime | None
) -> tuple[DeferrableRun, HoursShown]:
    length, put_off = timedelta(hours=question.hours), timedelta(hours=deferred_h)
    span, start_at = HoursShown.ASKED, asked_at
    if start_at is None:
        span, start_at = HoursShown.COMING, windows.next_slot(now, hours.step)
        ends = [windows.known_until(each) for each in (hours.price, hours.carbon) if each is not None]
        until = min((end for end in ends if end is not None), default=None)
        if until is not None and until < start_at + length:
            span, start_at = HoursShown.RECENT, until - length - put_off
    start_at = windows.next_slot(start_at, hours.step)
    return DeferrableRun(question.hours, start_at, start_at + length + put_off, not question.pauses), span


def _windows(hours: Hours, work: DeferrableRun, span: HoursShown, carbon_price: float) -> Windows:
    inside = hours.part_between(work.earliest_at, work.deadline_at)
    slots = -(-(work.deadline_at - work.earliest_at) // hours.step)
    return Windows(
        work=work,
        span=span,
        hours=inside,
        at_once=windows.plan_at_once(hours, work),
        flat=(windows.flat(hours.price, work), windows.flat(hours.carbon, work)),
        cheapest=windows.best(hours, work, CHEAPEST),
        cleanest=windows.best(hours, work, CLEANEST),
        priced=windows.best(hours, work, windows.weights_at(carbon_price)) if carbon_price else None,
        front=windows.trade_off(hours, work),
        skipped={
            name: slots - int(np.count_nonzero(~np.isnan(each.values)))
            for name, each in (("price", inside.price), ("carbon", inside.carbon))
            if each is not None
        },
    )


def _trial(hours: Hours, work: DeferrableRun, aim: Aim, question: WindowsQuestion, zone: ZoneInfo) -> Trial:
    first = work.earliest_at.astimezone(zone)
    before = [first.date() - timedelta(days=back) for back in range(question.days, 0, -1)]
    length = work.deadline_at - work.earliest_at
    asks = [
        replace(work, earliest_at=at, deadline_at=at + length)
        for at in windows.asked_on(before, first.timetz().replace(tzinfo=None), zone)
    ]
    return windows.tried(hours, asks, weights_of(aim, question.carbon_price), zone)
