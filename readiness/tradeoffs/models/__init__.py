"""Facts about sites from outside (factors, hourly series, round trips, rates), decisions made on it, and
portfolios worked out from it."""

from readiness.tradeoffs.models.decisions import Decision, DecisionForecast, DecisionOutcome
from readiness.tradeoffs.models.factors import FactorBasis, FactorKind, LatencyFactor, SiteFactor
from readiness.tradeoffs.models.portfolios import PortfolioRun
from readiness.tradeoffs.models.rates import ExchangeRate
from readiness.tradeoffs.models.series import FactorDay

__all__ = [
    "Decision",
    "DecisionForecast",
    "DecisionOutcome",
    "ExchangeRate",
    "FactorBasis",
    "FactorDay",
    "FactorKind",
    "LatencyFactor",
    "PortfolioRun",
    "SiteFactor",
]
