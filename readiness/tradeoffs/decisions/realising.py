"""The outcome of a decision so far: each objective from telemetry and the factors of the time, or why it is unknown."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
from django.db.models import Q

from readiness.assessment.evidence import queries as evidence
from readiness.assessment.evidence.core.load import WORDS, MeteringLevel, complete_sum, site_load
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.assessment.evidence.gather import meters_of, power_by_site
from readiness.assessment.evidence.measures import POWER_METRICS, ROUND_TRIP, SITE_LOAD, SITE_POWER_METRICS
from readiness.assessment.evidence.queries import start_of
from readiness.assessment.scoring.core.states import Provenance
from readiness.assessment.scoring.models import ScorePoint
from readiness.demand.workloads.models import Placement
from readiness.tradeoffs.decisions import core as realised
from readiness.tradeoffs.decisions.core import MeasuredSpan, Metered, RatePerKwh
from readiness.tradeoffs.factors import queries
from readiness.tradeoffs.factors.core.factors import (
    HOURS_A_MONTH,
    Factor,
    KnownValue,
    ValueBasis,
    capital_hour,
)
from readiness.tradeoffs.factors.core.series import FactorSeries
from readiness.tradeoffs.factors.queries.site_factors import NO_HARDWARE, site_hardware
from readiness.tradeoffs.factors.queries.stored import SourceSeries
from readiness.tradeoffs.models import Decision, DecisionForecast
from readiness.tradeoffs.moves.options import BandedFigure
from telemetry.queries import window_means
from web.units import day

HOUR_S = 3600
IN_USE_METRIC = "slurm_gpus_alloc"
SEND_NOTHING = "No meter of the site sent power in this time."


class NotKnown(Exception):
    """There is no figure; the message says why."""


def whole_hours(span: MeasuredSpan) -> MeasuredSpan:
    start = span.start.replace(minute=0, second=0, microsecond=0)
    return MeasuredSpan(start if start == span.start else start + timedelta(hours=1), span.end)


def power_of(site_id: int, span: MeasuredSpan, *, pue: float | None, now: datetime) -> Metered:
    """Power by the hour at the outermost complete meters.

    Raises NotKnown without complete meters. Meters behind the supply do not see cooling, so theirs is multiplied by
    `pue`. The supply is one series, so it is tried first; thousands of nodes are only read if nobody meters it.
    """
    hours = whole_hours(span)
    why = SEND_NOTHING
    for metrics in (SITE_POWER_METRICS, POWER_METRICS):
        series = window_means([site_id], metrics, start=hours.start, end=hours.end, now=now, step_s=HOUR_S)
        sent = power_by_site(series).get(site_id)
        load = site_load(sent.levels(meters_of([site_id])[site_id])) if sent is not None else None
        if load is None or load.level is None:
            why = load.reason if load is not None and load.reason else why
            continue
        if not load.level.sees_everything and pue is None:
            raise NotKnown("Only IT power is metered, and the PUE of the site is unknown.")
        starts = int(hours.start.timestamp()) + HOUR_S * np.arange(load.windows.size, dtype=np.int64)
        factor = 1.0 if load.level.sees_everything else pue or 1.0
        words = f"{WORDS[load.level]}" + ("" if factor == 1.0 else f" x PUE {factor:.3g}")
        is_simulated = worst_provenance(mean.provenance for mean in series) == Provenance.SIMULATED
        return Metered(FactorSeries(HOUR_S, starts, load.windows), factor, is_simulated, words)
    raise NotKnown(why)


def peak_of(site_id: int, first: datetime, end: datetime) -> BandedFigure:
    """The highest 5-minute mean of the site's power over the UTC days after that of `first`, kW. Meters are in a chain;
    the outermost known level counts.
    """
    days = _days(first, end)
    means = evidence.peaks([site_id], {SITE_LOAD.key}, days=days, now=end).get(site_id, [])
    measured = [mean for mean in means if mean.value is not None]
    if not measured:
        raise NotKnown(next((mean.detail for mean in means if mean.detail), SEND_NOTHING))
    peak = min(measured, key=lambda value: list(MeteringLevel).index(MeteringLevel(value.part)))
    source = f"peak of {days} days, {peak.part}"
    return BandedFigure(peak.value, "kW", Provenance(peak.provenance), peak.taken_at, source=source)


def accelerators_in_use(site_id: int, span: MeasuredSpan, *, now: datetime) -> BandedFigure:
    hours = whole_hours(span)
    means = window_means([site_id], [IN_USE_METRIC], start=hours.start, end=hours.end, now=now, step_s=HOUR_S)
    series = [mean for mean in means if mean.object_kind == "site"]
    total = complete_sum(np.vstack([mean.values for mean in series])) if series else np.empty(0)
    hours_with_value = total[np.isfinite(total)]
    if not hours_with_value.size:
        raise NotKnown(f"No scheduler sent {IN_USE_METRIC} in this time.")
    return BandedFigure(
        float(hours_with_value.max()),
        "accelerators",
        Provenance(worst_provenance(mean.provenance for mean in series)),
        max(mean.newest_at for mean in series),
        source=f"highest hour of {IN_USE_METRIC}",
    )


def latency_of(
    site_id: int, regions: Sequence[str], percentile: float, first: datetime, end: datetime
) -> BandedFigure:
    """The worst round trip to these user regions at the percentile, over the UTC days after that of `first`.

    Computed as in p2-placement-latency: the percentile of all probes, not a mean of percentiles.
    """
    if not regions:
        raise NotKnown("The envelope serves no user region.")
    days = _days(first, end)
    if days < 1:
        raise NotKnown("No whole day has passed yet.")
    trips = evidence.quantiles([site_id], {ROUND_TRIP.key}, q=percentile / 100, days=days, now=end)
    by_region = {trip.part: trip for trip in trips.get(site_id, ()) if trip.value is not None}
    unmeasured_regions = [region for region in regions if region not in by_region]
    if unmeasured_regions:
        raise NotKnown(f"No round trip from {', '.join(unmeasured_regions)} was measured in this time.")
    worst = max((by_region[region] for region in regions), key=lambda trip: trip.value or 0.0)
    source = f"p{percentile:g} of {days} days from {worst.part}"
    return BandedFigure(worst.value, "ms", Provenance(worst.provenance), worst.taken_at, source=source)


def _days(first: datetime, end: datetime) -> int:
    return (end.astimezone(UTC).date() - first.astimezone(UTC).date()).days


BEFORE = timedelta(days=30)
"""Number of days before a decision that give the site's totals."""
PEAK, IN_USE = "site-peak-power", "site-accelerators"
"""Forecasts for the whole site with the workload, as p5-forecast-accuracy asks for plans."""


def accelerators_held(decision: Decision) -> int:
    """Number of the chosen site's accelerators that it holds; of the site's type if that differs from today's."""
    held_count = decision.demand.get("held")
    return held_count or sum(need["count"] for need in decision.demand.get("accelerators", ()))


def expected_of_site(decision: Decision, now: datetime) -> dict[str, BandedFigure]:
    """Return peak power and accelerators in use of the chosen site: the last days plus the workload.

    The past is measured; without measurements nothing is forecast.
    """
    start, site_id = now - BEFORE, decision.site_id
    runs_there = Placement.objects.holding_on(now.date()).filter(
        workload_class=decision.workload, site=decision.site
    )
    adds = 0.0 if runs_there.exists() else 1.0
    power_kw = decision.demand.get("peak_kw", decision.demand["it_kw"])
    count = accelerators_held(decision)
    expected = {}
    if power_kw is not None:
        with suppress(NotKnown):
            peak = peak_of(site_id, start, now)
            expected[PEAK] = _more(peak, adds * power_kw * _pue(site_id, now))
    if count:
        with suppress(NotKnown):
            in_use = accelerators_in_use(site_id, MeasuredSpan(start, now), now=now)
            expected[IN_USE] = _more(in_use, adds * count)
    return expected


def _more(before: BandedFigure, added: float) -> BandedFigure:
    # A sum of a measured and a declared value is not a measurement.
    is_simulated = before.provenance is Provenance.SIMULATED
    return replace(
        before,
        value=(before.value or 0.0) + added,
        provenance=Provenance.SIMULATED if is_simulated else Provenance.ESTIMATED,
        source=f"{before.source}, and {added:.4g} {before.unit} of the envelope",
    )


def _pue(site_id: int, now: datetime) -> float:
    """Return the power at the supply for a kW of IT; 1, the least possible, if unknown."""
    (site_factors,) = queries.factors_of([site_id], now)
    best = site_factors.factors["pue"].best
    return best.value if best else 1.0


type Outcome = tuple[BandedFigure, str]
"""The realised figure of a forecast, and the reason if it is unknown."""


def realised_of(decision: Decision, now: datetime) -> list[Outcome]:
    span = MeasuredSpan(decision.decided_at, min(now, start_of(decision.due_on)))
    reading = RealisedReading(decision, span, now)
    return [_outcome(reading, forecast) for forecast in decision.forecasts.all()]


def _outcome(reading: "RealisedReading", forecast: DecisionForecast) -> Outcome:
    try:
        return _figure(reading, forecast), ""
    except NotKnown as error:
        return BandedFigure(None, forecast.unit), str(error)


def _figure(reading: "RealisedReading", forecast: DecisionForecast) -> BandedFigure:
    reader = READ.get(forecast.objective)
    if reader is None:
        raise NotKnown("Nothing measures this objective: a placement derives it from the others.")
    if reading.span.end <= reading.span.start:
        raise NotKnown("There is no outcome yet.")
    figure = reader(reading, forecast)
    if figure.value is None:
        raise NotKnown(figure.source)
    if figure.unit != forecast.unit:
        raise NotKnown(f"The outcome is in {figure.unit}, the forecast in {forecast.unit}.")
    return figure


def _known[T](value: T | str) -> T:
    if isinstance(value, str):
        raise NotKnown(value)
    return value


@dataclass
class RealisedReading:
    """Sources that several objectives of one decision share, each read once. Raises NotKnown for an unknown one."""

    decision: Decision
    span: MeasuredSpan
    now: datetime

    @property
    def site_id(self) -> int:
        return self.decision.site_id

    @cached_property
    def placed(self) -> MeasuredSpan | str:
        site = self.decision.site.name
        started = (
            Placement.objects.filter(
                Q(ended_on=None) | Q(ended_on__gte=self.span.start.date()),
                workload_class_id=self.decision.workload_id,
                site_id=self.site_id,
                started_on__lte=self.span.end.date(),
            )
            .order_by("started_on")
            .values_list("started_on", "ended_on")
            .first()
        )
        if started is None:
            return f"The workload was not placed at {site} from {self.span.words}."
        first, last = started
        start = max(self.span.start, start_of(first))
        end = self.span.end if last is None else min(self.span.end, start_of(last + timedelta(days=1)))
        return MeasuredSpan(start, end) if start < end else f"The workload was placed at {site} too late."

    @cached_property
    def share(self) -> float | str:
        needed_count = accelerators_held(self.decision)
        in_service = sum(site_hardware([self.site_id]).get(self.site_id, NO_HARDWARE).counts.values())
        if not needed_count:
            return "The envelope asks for no accelerators, so its part of the site's power is unknown."
        if in_service < needed_count:
            return f"The workload needs {needed_count} accelerators, and {in_service} are in service at the site."
        return needed_count / in_service

    @cached_property
    def metered(self) -> Metered | str:
        pue = self.factor("pue")
        try:
            return power_of(self.site_id, _known(self.placed), pue=pue.value if pue else None, now=self.now)
        except NotKnown as error:
            return str(error)

    @property
    def drawn(self) -> tuple[Metered, float, MeasuredSpan]:
        placed_span, share = _known(self.placed), _known(self.share)
        return _known(self.metered), share, whole_hours(placed_span)

    @cached_property
    def factors(self) -> dict[str, Factor]:
        (site_factors,) = queries.factors_of([self.site_id], self.span.end)
        return dict(site_factors.factors)

    def factor(self, kind: str) -> KnownValue | None:
        return self.factors[kind].best

    def money(self, currency: str, to_currency: str) -> float:
        if currency == to_currency:
            return 1.0
        rate = queries.known_rates(self.span.end).rate_between(currency, to_currency)
        if rate is None:
            raise NotKnown(f"No rate from {currency} to {to_currency} is known.")
        return rate.rate

    def accelerator_capital(self, currency: str) -> float:
        hours = accelerators_held(self.decision) * HOURS_A_MONTH
        hour = self.factor("accelerator_hour_cost")
        if hour is not None and hour.basis is not ValueBasis.COMPUTED:
            energy = self._energy_in_contract(currency)
            return hours * hour.value * self.money(hour.currency, currency) - energy
        capex, years = self.factor("accelerator_capex"), self.factor("depreciation_years")
        if capex is None or years is None:
            raise NotKnown(f"Accelerator-hour cost: {self.factors['accelerator_hour_cost'].unknown}")
        return hours * capital_hour(capex, years).value * self.money(capex.currency, currency)

    def _energy_in_contract(self, currency: str) -> float:
        """A stated cost of an hour includes the expected energy."""
        price = self.factor("electricity_price")
        forecasts = {forecast.objective: forecast.value for forecast in self.decision.forecasts.all()}
        energy_kwh = forecasts.get("energy")
        if price is None or energy_kwh is None:
            raise NotKnown("The expected energy or its price is unknown.")
        return energy_kwh * price.value * self.money(price.currency, currency)

    def rate(self, kind: str) -> tuple[RatePerKwh, str]:
        series = _best(queries.series_of(self.site_id, kind, self.span.start, self.span.end))
        if series is not None:
            is_simulated = series.provenance == "simulated"
            return RatePerKwh(series.series, f"{series.source}, by the hour", is_simulated), series.currency
        best_value = self.factor(kind)
        if best_value is None:
            raise NotKnown(self.factors[kind].unknown)
        return RatePerKwh(
            best_value.value, best_value.source, best_value.provenance == "simulated"
        ), best_value.currency


def _best(series: Sequence[SourceSeries]) -> SourceSeries | None:
    return min(
        series,
        key=lambda each: (-len(each.series.values), each.basis != "published", each.source),
        default=None,
    )


def _energy(reading: RealisedReading, forecast: DecisionForecast) -> BandedFigure:
    return realised.energy(*reading.drawn)


def _carbon(reading: RealisedReading, forecast: DecisionForecast) -> BandedFigure:
    rate, _currency = reading.rate(reading.decision.demand.get("carbon", "carbon_average"))
    power, share, span = reading.drawn
    return realised.carbon(power, share, rate, span)


def _cost(reading: RealisedReading, forecast: DecisionForecast) -> BandedFigure:
    """Capital of the accelerators for all hours, and the metered energy at the prices of its hours. A stated cost of an
    hour includes the expected energy, which is subtracted.
    """
    currency = forecast.unit.partition("/")[0]
    rate, of_price = reading.rate("electricity_price")
    rate = rate.times(reading.money(of_price, currency))
    capital = reading.accelerator_capital(currency)
    power, share, span = reading.drawn
    return realised.cost(power, share, rate, span, currency=currency, fixed=capital)


def _latency(reading: RealisedReading, forecast: DecisionForecast) -> BandedFigure:
    demand, span = reading.decision.demand, reading.span
    regions, percentile = demand.get("regions", []), demand.get("percentile", 99.0)
    return latency_of(reading.site_id, regions, percentile, span.start, span.end)


def _readiness(reading: RealisedReading, forecast: DecisionForecast) -> BandedFigure:
    """The score of the last scored day of the span."""
    scored = ScorePoint.objects.filter(
        site_id=reading.site_id,
        score__isnull=False,
        on_date__gt=reading.span.start.date(),
        evaluated_at__lte=reading.span.end,
    )
    point = scored.order_by("-on_date").first()
    if point is None or point.score is None:
        raise NotKnown("The site was not scored in this time.")
    value = point.score * (100 if forecast.unit == "points" else 1)
    source = f"score of {day(point.on_date)}"
    return BandedFigure(value, forecast.unit, Provenance.ESTIMATED, point.evaluated_at, source=source)


READ: dict[str, Callable[[RealisedReading, DecisionForecast], BandedFigure]] = {
    "cost": _cost,
    "latency": _latency,
    "energy": _energy,
    "carbon": _carbon,
    "readiness": _readiness,
    PEAK: lambda reading, _: peak_of(reading.site_id, reading.span.start, reading.span.end),
    IN_USE: lambda reading, _: accelerators_in_use(reading.site_id, reading.span, now=reading.now),
}
