"""External facts about sites (factors, hourly series, round trips, rates), decisions based on them, and portfolios
computed from them."""

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
