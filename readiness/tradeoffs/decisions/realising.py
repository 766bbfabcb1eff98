"""The outcome of a decision so far: each objective from telemetry and the factors of the time, or why it is unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q

from readiness.evidence.queries import start_of
from readiness.scoring.core.states import Provenance
from readiness.scoring.models import ScorePoint
from readiness.tradeoffs import queries
from readiness.tradeoffs.core import realised
from readiness.tradeoffs.core.factors import Factor, KnownValue, ValueBasis, capital_hour
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.core.realised import (
    MONTH_H,
    MeasuredSpan,
    Metered,
    RatePerKwh,
    RealisedFigure,
    unknown,
)
from readiness.tradeoffs.decisions import metering
from readiness.tradeoffs.models import Decision, DecisionForecast
from readiness.tradeoffs.queries import measured
from readiness.tradeoffs.queries.series import SourceSeries
from readiness.workloads.models import Placement

BEFORE = timedelta(days=30)
"""Days before a decision in which a site's totals are looked for."""
PEAK, IN_USE = "site-peak-power", "site-accelerators"
"""Forecasts for the whole site with the workload, as p5-forecast-accuracy asks of plans."""


def span_of(decision: Decision, now: datetime) -> MeasuredSpan:
    """From the decision until the day of its review begins, or until now."""
    return MeasuredSpan(decision.decided_at, min(now, start_of(decision.due_on)))


def accelerators_held(decision: Decision) -> int:
    """How many of the chosen site's accelerators it holds: those of its type where they are not alike to today's."""
    held = decision.demand.get("held")
    return held or sum(need["count"] for need in decision.demand.get("accelerators", ()))


def realised_of(decision: Decision, now: datetime) -> tuple[RealisedFigure, ...]:
    """An outcome for each forecast of the decision, in their order."""
    reading = RealisedReading(decision, span_of(decision, now), now)
    return tuple(_outcome(reading, forecast) for forecast in decision.forecasts.all())


def _outcome(reading: RealisedReading, forecast: DecisionForecast) -> RealisedFigure:
    read = READ.get(forecast.objective)
    if read is None:
        why = "Nothing measures it: it is worked out of the others when a placement is asked for."
        return unknown(forecast.objective, forecast.unit, why)
    if reading.span.end <= reading.span.start:
        return unknown(forecast.objective, forecast.unit, "Nothing has come of it yet.")
    realised = read(reading, forecast)
    if realised.figure.value is not None and realised.figure.unit != forecast.unit:
        why = f"It came in {realised.figure.unit}, and was expected in {forecast.unit}."
        return unknown(forecast.objective, forecast.unit, why)
    return realised


@dataclass
class RealisedReading:
    """The sources that several objectives of one decision share, each read once."""

    decision: Decision
    span: MeasuredSpan
    now: datetime

    @property
    def site_id(self) -> int:
        return self.decision.site_id

    @cached_property
    def placed(self) -> MeasuredSpan | str:
        """The part of the span in which the workload ran at the chosen site; why none, where it did not."""
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
            return f"It was not placed at {self.decision.site.name} from {self.span.words}."
        first, last = started
        start = max(self.span.start, start_of(first))
        end = self.span.end if last is None else min(self.span.end, start_of(last + timedelta(days=1)))
        return (
            MeasuredSpan(start, end)
            if start < end
            else f"It was placed at {self.decision.site.name} too late."
        )

    @cached_property
    def share(self) -> float | str:
        """The share among the accelerators in service at the site."""
        asked = accelerators_held(self.decision)
        there = sum(measured.accelerators_by_type([self.site_id]).get(self.site_id, {}).values())
        if not asked:
            return "The envelope asks for no accelerators, so that its part of the site's power is unknown."
        if there < asked:
            return f"{asked} accelerators were asked for, and {there} are in service at the site."
        return asked / there

    @cached_property
    def factors(self) -> dict[str, Factor]:
        (known,) = queries.factors_of([self.site_id], self.span.end)
        return dict(known.factors)

    def factor(self, kind: str) -> KnownValue | None:
        return self.factors[kind].best

    @cached_property
    def metered(self) -> Metered | str:
        if isinstance(self.placed, str):
            return self.placed
        pue = self.factor("pue")
        return metering.power_of(self.site_id, self.placed, pue=pue.value if pue else None, now=self.now)

    def money(self, currency: str, to_currency: str) -> float | str:
        """How many of one currency the other is."""
        if currency == to_currency:
            return 1.0
        rate = queries.known_rates(self.span.end).between(currency, to_currency)
        return rate.rate if rate else f"No rate from {currency} to {to_currency} is known."

    def held(self, currency: str) -> float | str:
        """Return the cost of holding the accelerators for a month, without energy, or the reason why it is unknown."""
        count = accelerators_held(self.decision)
        hour = self.factor("accelerator_hour_cost")
        if hour is not None and hour.basis is not ValueBasis.COMPUTED:
            energy = self._energy_in_contract(currency)
            rate = self.money(hour.currency, currency)
            missing = next((one for one in (energy, rate) if isinstance(one, str)), None)
            return missing or count * MONTH_H * hour.value * float(rate) - float(energy)
        capex, years = self.factor("accelerator_capex"), self.factor("depreciation_years")
        if capex is None or years is None:
            return f"Accelerator-hour cost: {self.factors['accelerator_hour_cost'].unknown}"
        rate = self.money(capex.currency, currency)
        return rate if isinstance(rate, str) else count * MONTH_H * capital_hour(capex, years).value * rate

    def _energy_in_contract(self, currency: str) -> float | str:
        """A stated cost of an hour has the energy in it that was expected."""
        price = self.factor("electricity_price")
        energy = next((one for one in self.decision.forecasts.all() if one.objective == "energy"), None)
        if price is None or energy is None or energy.value is None:
            return "How much energy was expected, or at what price, is unknown."
        rate = self.money(price.currency, currency)
        return rate if isinstance(rate, str) else energy.value * price.value * rate

    @cached_property
    def drawn(self) -> tuple[Metered, float, MeasuredSpan] | str:
        """The site's power, the workload's share of it and over which time; why not, where one of them is unknown."""
        placed, share, power = self.placed, self.share, self.metered
        if isinstance(placed, str):
            return placed
        if isinstance(share, str):
            return share
        return power if isinstance(power, str) else (power, share, metering.whole_hours(placed))

    def rate(self, kind: str) -> tuple[RatePerKwh, str] | str:
        """A factor per kWh over the span, with its currency: hours before one value; why not, where nobody knows it."""
        series = _best(queries.series_of(self.site_id, kind, self.span.start, self.span.end))
        if series is not None:
            rate = RatePerKwh(
                series.series, f"{series.source}, by the hour", series.provenance == "simulated"
            )
            return rate, series.currency
        known = self.factor(kind)
        if known is None:
            return f"{self.factors[kind].unknown}"
        return RatePerKwh(known.value, known.source, known.provenance == "simulated"), known.currency


def _best(found: Sequence[SourceSeries]) -> SourceSeries | None:
    """The series that knows most hours; of two alike what is published, then by name."""
    if not found:
        return None
    return min(
        found, key=lambda series: (-len(series.series.values), series.basis != "published", series.source)
    )


def _drawn(
    reading: RealisedReading,
    forecast: DecisionForecast,
    worked_out: Callable[[Metered, float, MeasuredSpan], RealisedFigure],
) -> RealisedFigure:
    """Return what is worked out of the workload's power, once all that this takes is known."""
    if isinstance(reading.drawn, str):
        return unknown(forecast.objective, forecast.unit, reading.drawn)
    return worked_out(*reading.drawn)


def _energy(reading: RealisedReading, forecast: DecisionForecast) -> RealisedFigure:
    name = forecast.objective
    return _drawn(reading, forecast, lambda metered, share, span: realised.energy(name, metered, share, span))


def _carbon(reading: RealisedReading, forecast: DecisionForecast) -> RealisedFigure:
    name = forecast.objective
    known_rate = reading.rate(reading.decision.demand.get("carbon", "carbon_average"))
    if isinstance(known_rate, str):
        return unknown(name, forecast.unit, known_rate)
    rate, _currency = known_rate
    return _drawn(
        reading, forecast, lambda metered, share, span: realised.carbon(name, metered, share, rate, span)
    )


def _cost(reading: RealisedReading, forecast: DecisionForecast) -> RealisedFigure:
    """Capital of the accelerators for all hours, and the energy that was metered at the prices of its hours. A stated
    cost of an hour has energy in it as it was expected, which is taken off.
    """
    name, unit = forecast.objective, forecast.unit
    currency = unit.partition("/")[0]
    known_rate = reading.rate("electricity_price")
    if isinstance(known_rate, str):
        return unknown(name, unit, known_rate)
    rate, of_price = known_rate
    money = reading.money(of_price, currency)
    held = reading.held(currency)
    for missing in (money, held):
        if isinstance(missing, str):
            return unknown(name, unit, missing)
    scaled = rate.times(float(money))
    return _drawn(
        reading,
        forecast,
        lambda metered, share, span: realised.cost(
            name, metered, share, scaled, span, currency=currency, fixed=float(held)
        ),
    )


def _latency(reading: RealisedReading, forecast: DecisionForecast) -> RealisedFigure:
    demand = reading.decision.demand
    return metering.latency_of(
        forecast.objective,
        reading.site_id,
        demand.get("regions", []),
        demand.get("percentile", 99.0),
        reading.span.start,
        reading.span.end,
    )


def _readiness(reading: RealisedReading, forecast: DecisionForecast) -> RealisedFigure:
    """The score of the last day of the span that has one."""
    point = (
        ScorePoint.objects.filter(
            site_id=reading.site_id,
            score__isnull=False,
            on_date__gt=reading.span.start.date(),
            evaluated_at__lte=reading.span.end,
        )
        .order_by("-on_date")
        .first()
    )
    if point is None or point.score is None:
        return unknown(forecast.objective, forecast.unit, "The site was not scored in this time.")
    value = point.score * (100 if forecast.unit == "points" else 1)
    figure = BandedFigure(
        value, forecast.unit, Provenance.ESTIMATED, point.evaluated_at, source=f"score of {point.on_date}"
    )
    return RealisedFigure(forecast.objective, figure)


def _peak(reading: RealisedReading, forecast: DecisionForecast) -> RealisedFigure:
    return metering.peak_of(forecast.objective, reading.site_id, reading.span.start, reading.span.end)


def _in_use(reading: RealisedReading, forecast: DecisionForecast) -> RealisedFigure:
    return metering.in_use_of(forecast.objective, reading.site_id, reading.span, now=reading.now)


READ: dict[str, Callable[[RealisedReading, DecisionForecast], RealisedFigure]] = {
    "cost": _cost,
    "latency": _latency,
    "energy": _energy,
    "carbon": _carbon,
    "readiness": _readiness,
    PEAK: _peak,
    IN_USE: _in_use,
}
