"""Energy, carbon and cost of a workload at a site over a span, from meters, or why one is unknown.

A site's meters see everything that runs there. A workload's part is its share of the accelerators in service, including
idle ones, because they are available. So a figure is an estimate even if every meter measures, and is marked as one.

Only hours in which all series are known are added; the sum stands for a mean month if it covers `ENOUGH` of the span.

A forecast's **error** is realised less expected, in the objective's unit: above 0 means more than expected. Its
**percent error** is 100 x error / |realised|, without a value if nothing was realised: percentage errors are relative
to the realised value (R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast accuracy", International
Journal of Forecasting 22, 2006, section 2.2).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.assessment.scoring.core.states import Provenance
from readiness.tradeoffs.factors.core.factors import HOURS_A_MONTH
from readiness.tradeoffs.factors.core.series import FactorSeries, Integral, integrated
from readiness.tradeoffs.moves.options import BandedFigure, FigureError

ENOUGH = 0.8
"""The least share of the span with all data known. Operator-set default."""


@dataclass(frozen=True, slots=True)
class MeasuredSpan:
    start: datetime
    end: datetime

    @property
    def words(self) -> str:
        return f"{self.start:%-d %b %Y} to {self.end:%-d %b %Y}"


@dataclass(frozen=True, slots=True)
class Metered:
    """Power of a site in kW. `pue` is the factor to multiply by, 1 if the meter sees everything."""

    power_kw: FactorSeries
    pue: float
    simulated: bool
    source: str


@dataclass(frozen=True, slots=True)
class RatePerKwh:
    """The price or intensity of a kWh: a series if known, else one value for the whole span."""

    per_kwh: FactorSeries | float
    source: str
    simulated: bool = False

    def times(self, by: float) -> "RatePerKwh":
        if by == 1:
            return self
        if not isinstance(self.per_kwh, FactorSeries):
            return replace(self, per_kwh=self.per_kwh * by)
        series = self.per_kwh
        return replace(self, per_kwh=FactorSeries(series.step_s, series.starts_s, series.values * by))


def energy(metered: Metered, share: float, span: MeasuredSpan) -> BandedFigure:
    whole = integrated(metered.power_kw, metered.pue * share, span.start, span.end)
    return _monthly("kWh/month", whole, span, metered.simulated, [metered.source])


def carbon(metered: Metered, share: float, intensity: RatePerKwh, span: MeasuredSpan) -> BandedFigure:
    """kg of CO2e of a mean month, from hourly gCO2e/kWh."""
    return _metered_at_rate("kg CO2e/month", metered, share / 1000, intensity, span)


def cost(
    metered: Metered,
    share: float,
    price: RatePerKwh,
    span: MeasuredSpan,
    *,
    currency: str,
    fixed: float = 0.0,
) -> BandedFigure:
    """Money of a mean month: energy at the price of its hours, and fixed costs."""
    realised = _metered_at_rate(f"{currency}/month", metered, share, price, span)
    return realised if realised.value is None else replace(realised, value=realised.value + fixed)


def _metered_at_rate(
    unit: str, metered: Metered, scale: float, rate: RatePerKwh, span: MeasuredSpan
) -> BandedFigure:
    factor = metered.pue * scale
    if isinstance(rate.per_kwh, FactorSeries):
        whole = integrated(metered.power_kw, rate.per_kwh, span.start, span.end)
        whole = replace(whole, total=None if whole.total is None else whole.total * factor)
    else:
        whole = integrated(metered.power_kw, factor * rate.per_kwh, span.start, span.end)
    simulated = metered.simulated or rate.simulated
    return _monthly(unit, whole, span, simulated, [metered.source, rate.source])


def _monthly(
    unit: str, whole: Integral, span: MeasuredSpan, simulated: bool, sources: Sequence[str]
) -> BandedFigure:
    if whole.total is None or whole.coverage < ENOUGH:
        why = f"Only {100 * whole.coverage:.0f} % of {span.words} is known; {100 * ENOUGH:.0f} % is needed."
        return BandedFigure(None, unit, source=why)
    return BandedFigure(
        whole.total / whole.covered_h * HOURS_A_MONTH,
        unit,
        Provenance.SIMULATED if simulated else Provenance.ESTIMATED,
        span.end,
        source=f"{'; '.join(sources)}; {100 * whole.coverage:.0f} % of {span.words}",
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """One objective of one decision. None means unknown, because a side is unknown or nothing was realised."""

    expected: BandedFigure
    realised: BandedFigure
    error: float | None
    percent: float | None
    within_band: bool | None


def compare(expected: BandedFigure, realised: BandedFigure) -> Comparison:
    if expected.value is None or realised.value is None:
        return Comparison(expected, realised, None, None, None)
    if expected.unit != realised.unit:
        raise FigureError(f"expected in {expected.unit}, realised in {realised.unit}")
    error = realised.value - expected.value
    percent = 100 * error / abs(realised.value) if realised.value else None
    within = None
    if expected.low is not None or expected.high is not None:
        within = expected.least <= realised.value <= expected.most
    return Comparison(expected, realised, error, percent, within)


def mean_percent(comparisons: Iterable[Comparison]) -> float | None:
    """The mean of the absolute percent errors that are known (MAPE)."""
    percents = [abs(each.percent) for each in comparisons if each.percent is not None]
    return math.fsum(percents) / len(percents) if percents else None
