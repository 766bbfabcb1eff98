"""Entering what is known of sites: values, round trips, rates, hourly series. All of what is sent or nothing."""

from readiness.tradeoffs.operations.entering import Entered
from readiness.tradeoffs.operations.factors import enter_factors, import_factors, remove_factor
from readiness.tradeoffs.operations.latencies import enter_latencies, import_latencies
from readiness.tradeoffs.operations.loading import Loaded, NotInstalled, load_factors
from readiness.tradeoffs.operations.rates import enter_rates, import_rates
from readiness.tradeoffs.operations.series import SeriesOf, enter_series, import_series

__all__ = [
    "Entered",
    "Loaded",
    "NotInstalled",
    "SeriesOf",
    "enter_factors",
    "enter_latencies",
    "enter_rates",
    "enter_series",
    "import_factors",
    "import_latencies",
    "import_rates",
    "import_series",
    "load_factors",
    "remove_factor",
]
