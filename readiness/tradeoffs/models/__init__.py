"""What is known of sites from outside: factors with unit, source and days, hourly series, round trips, rates."""

from readiness.tradeoffs.models.factors import FactorBasis, FactorKind, LatencyFactor, SiteFactor
from readiness.tradeoffs.models.rates import ExchangeRate
from readiness.tradeoffs.models.series import FactorDay

__all__ = [
    "ExchangeRate",
    "FactorBasis",
    "FactorDay",
    "FactorKind",
    "LatencyFactor",
    "SiteFactor",
]
