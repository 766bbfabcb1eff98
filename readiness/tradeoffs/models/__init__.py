"""Facts about sites from outside (factors, hourly series, round trips, rates), decisions made on it, and
portfolios worked out from it."""

from readiness.tradeoffs.models.decisions import Decision, DecisionForecast, DecisionOutcome
from readiness.tradeoffs.models.factors import (
    HOURLY_KINDS,
    ExchangeRate,
    FactorBasis,
    FactorDay,
    FactorKind,
    LatencyFactor,
    SiteFactor,
)
from readiness.tradeoffs.models.portfolios import PortfolioRun
